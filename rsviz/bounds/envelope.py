"""How fast a probability can fall when the image moves: what is promised on the way to the radius."""

import numpy as np
from scipy.special import ndtr, ndtri

from rsviz.errors import RsvizError


def least_probability(noise: str, p_a, distance, scale):
    """The least probability that a class of probability p_a can keep when the image moves by `distance`.

    gaussian, l2:         Phi(Phi^-1(p_a) - r / sigma), a half-space attains it
    laplace, l1, and linf-exponential, linf:
                          G(G^-1(p_a) - r / scale), G the distribution function of the unit Laplace law
    uniform, l1:          p_a - r / (2 scale), at least 0

    noise: a key of rsviz.noise.NOISES. p_a: in [0, 1]; a lower limit gives a lower envelope. distance: r >= 0
    in the norm of the noise's tight bound, in pixel units. scale: of the noise. Arrays broadcast; float64.
    With p_b = 1 - p_a the envelope meets 1/2 at the noise's tight radius.
    Raises RsvizError for an unknown noise, a p_a outside [0, 1], a negative distance or scale <= 0.
    Source: Cohen et al. 2019, Lemma 4 (Gaussian); proof P2 of the errata (the others).
    """
    p_a, distance = np.asarray(p_a, float), np.asarray(distance, float)
    if noise not in _FALLS:
        raise RsvizError(f"noise is {noise!r}; it must be one of {', '.join(_FALLS)}.")
    if not ((p_a >= 0) & (p_a <= 1)).all():
        raise RsvizError(f"p_a is {p_a}; probabilities lie in [0, 1].")
    if not ((distance >= 0).all() and np.isfinite(scale) and scale > 0):
        raise RsvizError(f"distance is {distance} and scale {scale}; they must be >= 0 and > 0.")
    return _FALLS[noise](p_a, distance / scale)


def _gaussian(p_a, moved):
    return ndtr(ndtri(p_a) - moved)


def _laplace(p_a, moved):
    """G(x) = e^x / 2 below 0 and 1 - e^-x / 2 above; log-odds would lose digits next to 0 and 1."""
    with np.errstate(divide="ignore"):
        at = np.where(p_a <= 0.5, np.log(2 * p_a), -np.log(2 * (1 - p_a))) - moved
    return np.where(at <= 0, np.exp(np.minimum(at, 0)) / 2, 1 - np.exp(-np.maximum(at, 0)) / 2)


def _uniform(p_a, moved):
    return np.maximum(p_a - moved / 2, 0.0)


_FALLS = {"gaussian": _gaussian, "laplace": _laplace, "linf-exponential": _laplace, "uniform": _uniform}
