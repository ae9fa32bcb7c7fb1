"""The exponential mechanism in l_inf."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rsviz.lazy import lazy
from rsviz.noise.base import Floats, Noise, empty, from_tail, values_of
from rsviz.noise.laplace import after_exponential_shift
from rsviz.noise.uniform import Uniform

if TYPE_CHECKING:
    from torch import Generator, Tensor

torch = lazy("torch")


class LinfExponential(Noise):
    """Density exp(-||z||_inf / sigma) / ((2 sigma)^d d!).

    Its level sets are cubes. Its coordinates depend on each other through the size of the cube, and at a
    fixed scale they grow in proportion to the dimension. In one dimension it is Laplace noise.

    scale: sigma, in pixel units, > 0.
    Source: Unified framework, eq. 6, Theorem 15 (the expected norm is d sigma) and Remark 14 (the sampler).
    """

    key = "linf-exponential"
    title = "ℓ∞-exponential"
    norm = "linf"
    symbol = "σ"
    latex = r"\sigma"
    prefixes = False  # the sizes of all draws come first
    independent = False

    def sample(self, shape: Sequence[int], generator: "Generator", out: "Tensor | None" = None) -> "Tensor":
        """Each draw has its own R ~ Gamma(d + 1, sigma) and is uniform in the cube [-R, R]^d."""
        out = empty(shape, generator, out)
        # torch's only gamma draws that take a generator; float64, because every digit of R reaches its values
        order = torch.full((len(out),), values_of(shape) + 1.0, dtype=torch.float64, device=out.device)
        radius = torch._standard_gamma(order, generator=generator).mul_(self.scale).to(out.dtype)
        out.uniform_(-1.0, 1.0, generator=generator)
        return out.mul_(radius.view(-1, *[1] * (out.dim() - 1)))

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Floats:
        radius = rng.gamma(values_of(shape) + 1.0, self.scale, (shape[0], *[1] * (len(shape) - 1)))
        return rng.uniform(-1.0, 1.0, shape) * radius

    def log_density(self, z: ArrayLike) -> Floats:
        z = np.asarray(z, np.float64)
        dim = z.shape[-1]
        return -np.abs(z).max(-1) / self.scale - dim * math.log(2 * self.scale) - math.lgamma(dim + 1)

    def level_size(self, share: ArrayLike) -> Floats:
        return -self.scale * np.log(share)

    def deviation(self, dim: int) -> float:
        """sigma sqrt((d + 1)(d + 2) / 3), from E R^2 / 3."""
        return self.scale * math.sqrt((dim + 1) * (dim + 2) / 3)

    def marginal_density(self, t: ArrayLike, dim: int) -> Floats:
        """E[1/(2R); R > |t|] = Q(d, |t|/sigma) / (2 d sigma), Q the regularised upper incomplete gamma."""
        return special.gammaincc(dim, np.abs(t) / self.scale) / (2 * dim * self.scale)

    def marginal_cdf(self, t: ArrayLike, dim: int) -> Floats:
        """From P(|z_i| > s sigma) = Q(d + 1, s) - s/d Q(d, s)."""
        s = np.abs(t) / self.scale
        beyond = special.gammaincc(dim + 1, s) - s / dim * special.gammaincc(dim, s)
        return from_tail(t, np.maximum(beyond, 0.0))  # rounding can take the difference below 0

    def quadrant(self, s: ArrayLike, t: ArrayLike) -> Floats:
        """exp(-M) (2 + M - m) / 8, with M the larger and m the smaller of s / sigma and t / sigma.

        The set where max(z) is r, both coordinates beyond s and t, has length 2 r - s - t; integrate from M.
        """
        s, t = np.asarray(s) / self.scale, np.asarray(t) / self.scale
        return np.exp(-np.maximum(s, t)) * (2 + np.abs(s - t)) / 8

    def quadrant_slope(self, s: ArrayLike, t: ArrayLike) -> Floats:
        s, t = np.asarray(s) / self.scale, np.asarray(t) / self.scale
        return np.exp(-np.maximum(s, t)) * (1 + np.maximum(s - t, 0.0)) / (8 * self.scale)

    @staticmethod
    def unit_norm(norm: str, dim: Floats) -> Floats:
        """R, of mean d + 1, times the norm of independent uniform noise."""
        return (dim + 1) * Uniform.unit_norm(norm, dim)

    def linf_quantile(self, q: ArrayLike, dim: ArrayLike) -> Floats:
        """||z||_inf ~ Gamma(d, sigma)."""
        return self.scale * special.gammaincinv(dim, q)

    @staticmethod
    def _after_shift(p_a: Floats, moved: Floats) -> Floats:
        """G(G^-1(p_a) - r / sigma), G the unit Laplace distribution function (errata, P2)."""
        return after_exponential_shift(p_a, moved)
