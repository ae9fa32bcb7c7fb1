"""Independent uniform noise."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rsviz.noise.base import Floats, Noise, empty
from rsviz.noise.integrals import mean_l2, one_minus_phi

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Uniform(Noise):
    """Density (2 lambda)^-d in the cube [-lambda, lambda]^d, 0 outside.

    scale: lambda, in pixel units, > 0.
    """

    key = "uniform"
    title = "Uniform"
    norm = "l1"
    symbol = "λ"
    latex = r"\lambda"

    @property
    def level_norm(self) -> str:
        """The support is a cube."""
        return "linf"

    def sample(self, shape: Sequence[int], generator: "Generator", out: "Tensor | None" = None) -> "Tensor":
        return empty(shape, generator, out).uniform_(-self.scale, self.scale, generator=generator)

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Floats:
        return rng.uniform(-self.scale, self.scale, shape)

    def log_density(self, z: ArrayLike) -> Floats:
        z = np.asarray(z, np.float64)
        inside = np.abs(z).max(-1) <= self.scale
        return np.where(inside, -z.shape[-1] * math.log(2 * self.scale), -np.inf)

    def level_size(self, share: ArrayLike) -> Floats:
        """lambda, for every level: the density is constant and then ends."""
        return np.full(np.shape(share), self.scale)

    def deviation(self, dim: int) -> float:
        """lambda / sqrt(3), in every dimension."""
        return self.scale / math.sqrt(3)

    def marginal_density(self, t: ArrayLike, dim: int) -> Floats:
        return np.where(np.abs(t) <= self.scale, 1 / (2 * self.scale), 0.0)

    def marginal_cdf(self, t: ArrayLike, dim: int) -> Floats:
        return np.clip((np.asarray(t) / self.scale + 1) / 2, 0, 1)

    @staticmethod
    def unit_norm(norm: str, dim: Floats) -> Floats:
        """l1: d/2. linf: d/(d + 1). l2: an integral."""
        if norm == "l1":
            return dim / 2
        if norm == "linf":
            return dim / (dim + 1)
        return mean_l2(_ONE_MINUS_PHI, dim)

    def linf_quantile(self, q: ArrayLike, dim: ArrayLike) -> Floats:
        """lambda q^(1/d)."""
        return self.scale * np.exp(np.log(q) / np.asarray(dim, np.float64))

    @staticmethod
    def _after_shift(p_a: Floats, moved: Floats) -> Floats:
        """p_a - r / (2 lambda), at least 0 (errata, P2)."""
        return np.maximum(p_a - moved / 2, 0.0)


def _closed(t: Floats) -> Floats:
    """1 - int exp(-t z^2) dz over 0 < z < 1."""
    root = np.sqrt(t)
    return 1 - math.sqrt(math.pi) / (2 * root) * special.erf(root)


_ONE_MINUS_PHI = one_minus_phi(_closed, moments=lambda k: 1 / (2 * k + 1))
