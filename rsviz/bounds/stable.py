"""Differences without loss of digits where p_a is next to p_b, p_a next to 1, or p_b next to 0."""

import numpy as np
from scipy.special import ndtri

from rsviz.bounds.record import Floats


def log_ratio(p_a: Floats, p_b: Floats) -> Floats:
    """log(p_a / p_b) >= 0; inf where p_b = 0 < p_a."""
    near = p_a <= 2 * p_b
    return np.where(near, np.log1p((p_a - p_b) / np.where(near, p_b, 1.0)), np.log(p_a) - np.log(p_b))


def normal_quantile_difference(p_a: Floats, p_b: Floats) -> Floats:
    """Phi^-1(p_a) - Phi^-1(p_b).

    Where the two are close, the subtraction would lose digits. The gap then comes from the series
    p_a - p_b = phi(m) * gap * (1 + He_2(m) h^2/6 + He_4(m) h^4/120 + ...), m the middle and h = gap/2.
    """
    x_a, x_b = ndtri(p_a), ndtri(p_b)
    gap, middle = x_a - x_b, (x_a + x_b) / 2
    half, square = gap / 2, middle**2
    series = 1 + (square - 1) * half**2 / 6 + (square**2 - 6 * square + 3) * half**4 / 120
    density = np.exp(-square / 2) / np.sqrt(2 * np.pi)
    close = gap * (1 + np.abs(middle)) < 0.05
    return np.where(close, (p_a - p_b) / (density * series), gap)


def laplace_quantile_difference(p_a: Floats, p_b: Floats) -> Floats:
    """G^-1(p_a) - G^-1(p_b), G the distribution function of the unit Laplace law.

    For p_a <= 1/2 this is log(p_a / p_b), for larger p_a it is -log(4 p_b (1 - p_a)).
    """
    upper = -_log_of_double(1 - p_a) - _log_of_double(p_b)
    return np.where(p_a <= 0.5, log_ratio(p_a, p_b), upper)


def _log_of_double(p: Floats) -> Floats:
    return np.where(p > 0.25, np.log1p(2 * p - 1), np.log(2 * p))


def minus_log_of_rest(p_a: Floats, p_b: Floats) -> Floats:
    """-log(1 - p_a + p_b)."""
    gap = p_a - p_b
    return np.where(gap < 0.5, -np.log1p(-gap), -np.log((1 - p_a) + p_b))
