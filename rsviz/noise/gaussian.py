"""Isotropic Gaussian noise."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rsviz.noise.base import Floats, Noise, empty
from rsviz.noise.integrals import NODES, mean_linf

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Gaussian(Noise):
    """Density exp(-||z||_2^2 / (2 sigma^2)) / (sqrt(2 pi) sigma)^d.

    scale: sigma, the standard deviation of each coordinate, in pixel units, > 0.
    """

    key = "gaussian"
    title = "Gaussian"
    norm = "l2"
    symbol = "σ"
    latex = r"\sigma"

    def sample(self, shape: Sequence[int], generator: "Generator", out: "Tensor | None" = None) -> "Tensor":
        return empty(shape, generator, out).normal_(0.0, self.scale, generator=generator)

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Floats:
        return rng.normal(0.0, self.scale, shape)

    def log_density(self, z: ArrayLike) -> Floats:
        z = np.asarray(z, np.float64)
        squares = np.square(z / self.scale).sum(-1)
        return -squares / 2 - z.shape[-1] * math.log(math.sqrt(2 * math.pi) * self.scale)

    def level_size(self, share: ArrayLike) -> Floats:
        return self.scale * np.sqrt(-2 * np.log(share))

    def deviation(self, dim: int) -> float:
        """sigma, in every dimension."""
        return self.scale

    def marginal_density(self, t: ArrayLike, dim: int) -> Floats:
        return np.exp(-np.square(np.asarray(t) / self.scale) / 2) / (math.sqrt(2 * math.pi) * self.scale)

    def marginal_cdf(self, t: ArrayLike, dim: int) -> Floats:
        return special.ndtr(np.asarray(t) / self.scale)

    @staticmethod
    def unit_norm(norm: str, dim: Floats) -> Floats:
        """l1: d sqrt(2/pi). l2: mean of the chi distribution with d degrees of freedom. linf: an integral."""
        if norm == "l1":
            return dim * math.sqrt(2 / math.pi)
        if norm == "l2":
            return math.sqrt(2) * special.poch(dim / 2, 0.5)
        return mean_linf(2 * special.ndtr(-NODES), dim)

    def linf_quantile(self, q: ArrayLike, dim: ArrayLike) -> Floats:
        """sigma Phi^-1((1 + q^(1/d)) / 2)."""
        beyond = -np.expm1(np.log(q) / np.asarray(dim, np.float64))
        return -self.scale * special.ndtri(beyond / 2)

    @staticmethod
    def _after_shift(p_a: Floats, moved: Floats) -> Floats:
        """Phi(Phi^-1(p_a) - r / sigma); a half-space attains it (Cohen et al. 2019, Lemma 4)."""
        return special.ndtr(special.ndtri(p_a) - moved)
