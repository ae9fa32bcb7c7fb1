"""Independent Laplace noise."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rsviz.lazy import lazy
from rsviz.noise.base import Floats, Noise, empty, from_tail
from rsviz.noise.integrals import mean_l2, one_minus_phi

if TYPE_CHECKING:
    from torch import Generator, Tensor

torch = lazy("torch")

_LARGEST_BELOW_ONE = 1 - 2.0**-24
"""In float32; the logarithm of what is left of 1 stays finite."""


class Laplace(Noise):
    """Density exp(-||z||_1 / lambda) / (2 lambda)^d.

    scale: lambda, in pixel units, > 0.
    """

    key = "laplace"
    title = "Laplace"
    norm = "l1"
    symbol = "λ"
    latex = r"\lambda"

    def sample(self, shape: Sequence[int], generator: "Generator", out: "Tensor | None" = None) -> "Tensor":
        """One uniform number u in [-1, 1) for each value, z = -lambda sign(u) log(1 - |u|).

        The largest |z| is 16.6 lambda; the probability of more is 2^-24.
        """
        out = empty(shape, generator, out).uniform_(-1.0, 1.0, generator=generator)
        size = out.abs().clamp_(max=_LARGEST_BELOW_ONE).neg_().log1p_()
        return torch.copysign(size, out, out=out).mul_(self.scale)

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Floats:
        return rng.laplace(0.0, self.scale, shape)

    def log_density(self, z: ArrayLike) -> Floats:
        z = np.asarray(z, np.float64)
        return -np.abs(z).sum(-1) / self.scale - z.shape[-1] * math.log(2 * self.scale)

    def level_size(self, share: ArrayLike) -> Floats:
        return -self.scale * np.log(share)

    def deviation(self, dim: int) -> float:
        """sqrt(2) lambda, in every dimension."""
        return math.sqrt(2) * self.scale

    def marginal_density(self, t: ArrayLike, dim: int) -> Floats:
        return np.exp(-np.abs(t) / self.scale) / (2 * self.scale)

    def marginal_cdf(self, t: ArrayLike, dim: int) -> Floats:
        return from_tail(t, np.exp(-np.abs(t) / self.scale))

    @staticmethod
    def unit_norm(norm: str, dim: Floats) -> Floats:
        """l1: d. linf: the harmonic number H_d, as the largest of d exponentials. l2: an integral."""
        if norm == "l1":
            return dim
        if norm == "linf":
            return special.digamma(dim + 1) + np.euler_gamma
        return mean_l2(_ONE_MINUS_PHI, dim)

    def linf_quantile(self, q: ArrayLike, dim: ArrayLike) -> Floats:
        """-lambda log(1 - q^(1/d))."""
        return -self.scale * np.log(-np.expm1(np.log(q) / np.asarray(dim, np.float64)))

    @staticmethod
    def _after_shift(p_a: Floats, moved: Floats) -> Floats:
        """G(G^-1(p_a) - r / lambda), G the distribution function; a half-line attains it (errata, P2)."""
        return after_exponential_shift(p_a, moved)


def after_exponential_shift(p_a: Floats, moved: Floats) -> Floats:
    """G(G^-1(p_a) - moved), G(x) = e^x / 2 below 0 and 1 - e^-x / 2 above.

    Written without log-odds, which would lose digits next to 0 and 1.
    """
    with np.errstate(divide="ignore"):
        at = np.where(p_a <= 0.5, np.log(2 * p_a), -np.log(2 * (1 - p_a))) - moved
    return np.where(at <= 0, np.exp(np.minimum(at, 0)) / 2, 1 - np.exp(-np.maximum(at, 0)) / 2)


def _closed(t: Floats) -> Floats:
    """1 - int exp(-z - t z^2) dz over z > 0."""
    root = np.sqrt(t)
    return 1 - math.sqrt(math.pi) / (2 * root) * special.erfcx(1 / (2 * root))


_ONE_MINUS_PHI = one_minus_phi(_closed, moments=lambda k: special.factorial(2 * k))
