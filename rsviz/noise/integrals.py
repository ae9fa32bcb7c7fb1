"""Expected norms for which no closed form is known, as one-dimensional integrals to about ten digits.

For independent coordinates, with F the distribution function of |z_i|,

    E||z||_inf = int 1 - F(t)^d dt
    E||z||_2   = int (1 - phi(t)^d) t^(-3/2) dt / (2 sqrt(pi)),   phi(t) = E exp(-t z_i^2),

both over t > 0; the second because sqrt(s) = int (1 - exp(-t s)) t^(-3/2) dt / (2 sqrt(pi)).
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from rsviz.noise.base import Floats

_STEP = 0.1
NODES: Floats = np.exp(np.arange(-110.0, 80.0, _STEP))
"""t = exp(s): the integrands are smooth and fall exponentially in s on both sides, where the trapezoidal
rule converges exponentially. The range covers dimensions up to 10^8."""

_SERIES_BELOW = 1e-3


def mean_linf(beyond: Floats, dim: Floats) -> Floats:
    """E||z||_inf of independent coordinates. beyond: P(|z_i| > t) at NODES. dim: float64 (...), integers."""
    return _half_line(_one_minus_power(beyond, dim))


def mean_l2(rest: Floats, dim: Floats) -> Floats:
    """E||z||_2 of independent coordinates. rest: 1 - phi(t) at NODES. dim: float64 (...), integers."""
    return _half_line(_one_minus_power(rest, dim) * NODES**-1.5) / (2 * math.sqrt(math.pi))


def one_minus_phi(closed: Callable[[Floats], Floats], moments: Callable[[Floats], Floats]) -> Floats:
    """1 - phi at NODES: its series for small t, where the closed form would lose every digit.

    closed: t -> 1 - phi(t). moments: k -> E z_i^(2 k).
    """
    k = np.arange(1.0, 9.0)
    signs = np.where(k % 2, 1.0, -1.0) * moments(k) / special.factorial(k)
    small = np.minimum(NODES, _SERIES_BELOW)
    return np.where(NODES < _SERIES_BELOW, (small[:, None] ** k) @ signs, closed(np.maximum(NODES, small)))


def _half_line(values: Floats) -> Floats:
    """int f(t) dt over t > 0 from f at the nodes (..., nodes)."""
    return np.asarray(values @ (NODES * _STEP))


def _one_minus_power(rest: Floats, dim: Floats) -> Floats:
    """1 - (1 - rest)^dim at the nodes, with every digit where rest is small; (..., nodes)."""
    with np.errstate(divide="ignore"):
        return -np.expm1(dim[..., None] * np.log1p(-rest))
