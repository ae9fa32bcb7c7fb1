"""Expected norms of the mechanisms at scale 1, for every dimension.

Where no closed form is known, a one-dimensional integral over the positive half-line gives the mean to about
ten digits. For independent coordinates, with F the distribution function of |z_i|,

    E||z||_inf = int 1 - F(t)^d dt
    E||z||_2   = int (1 - phi(t)^d) t^(-3/2) dt / (2 sqrt(pi)),   phi(t) = E exp(-t z_i^2),

the second because sqrt(s) = int (1 - exp(-t s)) t^(-3/2) dt / (2 sqrt(pi)).
Each function takes a norm, "l1", "l2" or "linf", and dimensions (integers >= 1, an array or one), and returns
float64 of the same shape.
"""

import math

import numpy as np
from scipy import special

from rsviz.errors import RsvizError

_STEP = 0.1
_NODES = np.exp(np.arange(-110.0, 80.0, _STEP))
"""t = exp(s): the integrands are smooth and fall exponentially in s on both sides, where the trapezoidal
rule converges exponentially. The range covers dimensions up to 10^8."""

_SERIES_BELOW = 1e-3


def gaussian(norm: str, dim):
    """l1: d sqrt(2/pi). l2: mean of the chi distribution with d degrees of freedom. linf: by integral."""
    dim = _checked(norm, dim)
    if norm == "l1":
        return dim * math.sqrt(2 / math.pi)
    if norm == "l2":
        return math.sqrt(2) * special.poch(dim / 2, 0.5)
    return _half_line(_one_minus_power(2 * special.ndtr(-_NODES), dim))


def laplace(norm: str, dim):
    """l1: d. linf: the harmonic number H_d, as the largest of d exponentials. l2: by integral."""
    dim = _checked(norm, dim)
    if norm == "l1":
        return dim
    if norm == "linf":
        return special.digamma(dim + 1) + np.euler_gamma
    return _mean_l2(_LAPLACE_REST, dim)


def uniform(norm: str, dim):
    """l1: d/2. linf: d/(d + 1). l2: by integral."""
    dim = _checked(norm, dim)
    if norm == "l1":
        return dim / 2
    if norm == "linf":
        return dim / (dim + 1)
    return _mean_l2(_UNIFORM_REST, dim)


def linf_exponential(norm: str, dim):
    """R times the norm of uniform noise, independent of R ~ Gamma(d + 1), whose mean is d + 1."""
    return (_checked(norm, dim) + 1) * uniform(norm, dim)


def _checked(norm, dim) -> np.ndarray:
    if norm not in ("l1", "l2", "linf"):
        raise RsvizError(f"norm is {norm!r}; it must be one of: l1, l2, linf.")
    array = np.asarray(dim, np.float64)
    if not np.all((array >= 1) & (array == np.floor(array)) & np.isfinite(array)):
        raise RsvizError(f"dim is {str(dim)[:60]}; it must be integers >= 1, numbers of input values.")
    return array


def _half_line(values):
    """int f(t) dt over t > 0 from f at the nodes (..., nodes)."""
    return values @ (_NODES * _STEP)


def _mean_l2(rest, dim):
    """E||z||_2 for independent coordinates from 1 - phi at the nodes."""
    return _half_line(_one_minus_power(rest, dim) * _NODES**-1.5) / (2 * math.sqrt(math.pi))


def _one_minus_power(rest, dim):
    """1 - (1 - rest)^dim at the nodes, with every digit where rest is small; (..., nodes)."""
    with np.errstate(divide="ignore"):
        return -np.expm1(dim[..., None] * np.log1p(-rest))


def _rest(closed, moments):
    """1 - phi at the nodes: by its series for small t, where the closed form would lose every digit.

    closed: t -> 1 - phi(t). moments: E z^2, E z^4, ...
    """
    k = np.arange(1, len(moments) + 1)
    signs = np.where(k % 2, 1.0, -1.0) * moments / special.factorial(k)
    small = np.minimum(_NODES, _SERIES_BELOW)
    return np.where(_NODES < _SERIES_BELOW, (small[:, None] ** k) @ signs, closed(np.maximum(_NODES, small)))


def _laplace_closed(t):
    # int exp(-z - t z^2) dz over z > 0
    root = np.sqrt(t)
    return 1 - math.sqrt(math.pi) / (2 * root) * special.erfcx(1 / (2 * root))


def _uniform_closed(t):
    # int exp(-t z^2) dz over 0 < z < 1
    root = np.sqrt(t)
    return 1 - math.sqrt(math.pi) / (2 * root) * special.erf(root)


_ORDERS = np.arange(1, 9)
_LAPLACE_REST = _rest(_laplace_closed, special.factorial(2 * _ORDERS))
_UNIFORM_REST = _rest(_uniform_closed, 1 / (2 * _ORDERS + 1))
