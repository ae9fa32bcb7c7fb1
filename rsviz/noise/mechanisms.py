"""The four mechanisms: density, draws, and how large the noise is in each norm."""

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import ClassVar

import numpy as np
from scipy import special

from rsviz.errors import RsvizError
from rsviz.noise import norms

_LARGEST_BELOW_ONE = 1 - 2.0**-24
"""In float32; the logarithm of what is left of 1 stays finite."""


class Noise:
    """What every mechanism has; a subclass is a frozen dataclass with its scale as the only field.

    key, title: its name in links, and for people. norm: that of its tight bound; the bounds that fit it are
    rsviz.bounds.certifying(key), and every bound reads in the other norms through `Bound.radius_in`.
    Draws are independent; a draw is symmetric around 0, and its coordinates have the same distribution.
    prefixes: on a CPU, the first 16 k draws from a generator are the same however many are asked for.

    Subclasses give `log_density`, `sample`, `draw`, `deviation`, `marginal_density`, `marginal_cdf`,
    `expected_norm` and `linf_quantile`, all exact for every dimension: closed forms, or one-dimensional
    integrals to about 1e-10 (see rsviz.noise.norms).
    """

    key: ClassVar[str]
    title: ClassVar[str]
    norm: ClassVar[str]
    prefixes: ClassVar[bool] = True

    def __post_init__(self):
        (field,) = fields(self)
        value = getattr(self, field.name)
        if isinstance(value, bool) or not isinstance(value, Real) or not (math.isfinite(value) and value > 0):
            raise RsvizError(
                f"{field.name} is {str(value)[:60]}; it must be a positive, finite number of pixel units."
            )

    def density(self, z) -> np.ndarray:
        """exp(log_density): z float (..., d) -> float64 (...), per pixel unit to the power d."""
        return np.exp(self.log_density(z))

    @classmethod
    def with_deviation(cls, deviation: float, dim: int) -> "Noise":
        """The mechanism whose coordinates have this standard deviation, in pixel units, in dimension dim."""
        return cls(deviation / cls(1.0).deviation(dim))


@dataclass(frozen=True)
class Gaussian(Noise):
    """Isotropic Gaussian noise: density ~ exp(-||z||_2^2 / (2 sigma^2)).

    sigma: standard deviation per coordinate, in pixel units, > 0.
    """

    sigma: float

    key: ClassVar[str] = "gaussian"
    title: ClassVar[str] = "Gaussian"
    norm: ClassVar[str] = "l2"

    @property
    def scale(self) -> float:
        return self.sigma

    def sample(self, shape, generator, out=None):
        """Float32 noise of `shape` on the generator's device, written into `out` where one is given."""
        return _empty(shape, generator, out).normal_(0.0, self.sigma, generator=generator)

    def draw(self, shape, rng) -> np.ndarray:
        """The same in NumPy: float64 noise of `shape` from a numpy.random.Generator."""
        return rng.normal(0.0, self.sigma, shape)

    def log_density(self, z) -> np.ndarray:
        """-||z||_2^2 / (2 sigma^2) - d/2 log(2 pi sigma^2); z float (..., d) -> float64 (...)."""
        z = np.asarray(z, np.float64)
        squares = np.square(z / self.sigma).sum(-1)
        return -squares / 2 - z.shape[-1] * math.log(math.sqrt(2 * math.pi) * self.sigma)

    def deviation(self, dim: int) -> float:
        """Standard deviation of one coordinate: sigma, in every dimension."""
        return self.sigma

    def marginal_density(self, t, dim: int) -> np.ndarray:
        """Density of one coordinate at t, per pixel unit."""
        return np.exp(-np.square(np.asarray(t) / self.sigma) / 2) / (math.sqrt(2 * math.pi) * self.sigma)

    def marginal_cdf(self, t, dim: int) -> np.ndarray:
        """P(one coordinate <= t)."""
        return special.ndtr(np.asarray(t) / self.sigma)

    def expected_norm(self, norm: str, dim):
        """E||z||: l1 and l2 in closed form (mean of the chi distribution), linf by an integral."""
        return self.sigma * norms.gaussian(norm, dim)

    def linf_quantile(self, q, dim) -> np.ndarray:
        """The t with P(||z||_inf <= t) = q: sigma Phi^-1((1 + q^(1/d)) / 2)."""
        beyond = -np.expm1(np.log(q) / np.asarray(dim, np.float64))
        return -self.sigma * special.ndtri(beyond / 2)


@dataclass(frozen=True)
class Laplace(Noise):
    """Independent Laplace noise: density exp(-||z||_1 / lambda) / (2 lambda)^d.

    scale: lambda, in pixel units, > 0.
    """

    scale: float

    key: ClassVar[str] = "laplace"
    title: ClassVar[str] = "Laplace"
    norm: ClassVar[str] = "l1"

    def sample(self, shape, generator, out=None):
        """Float32 noise of `shape` on the generator's device, written into `out` where one is given.

        One uniform number u in [-1, 1) a value, z = -lambda sign(u) log(1 - |u|): up to 16.6 lambda, beyond
        which there is a probability of 2^-24.
        """
        import torch

        out = _empty(shape, generator, out).uniform_(-1.0, 1.0, generator=generator)
        size = out.abs().clamp_(max=_LARGEST_BELOW_ONE).neg_().log1p_()
        return torch.copysign(size, out, out=out).mul_(self.scale)

    def draw(self, shape, rng) -> np.ndarray:
        """The same in NumPy: float64 noise of `shape` from a numpy.random.Generator."""
        return rng.laplace(0.0, self.scale, shape)

    def log_density(self, z) -> np.ndarray:
        """-||z||_1 / lambda - d log(2 lambda); z float (..., d) -> float64 (...)."""
        z = np.asarray(z, np.float64)
        return -np.abs(z).sum(-1) / self.scale - z.shape[-1] * math.log(2 * self.scale)

    def deviation(self, dim: int) -> float:
        """Standard deviation of one coordinate: sqrt(2) lambda, in every dimension."""
        return math.sqrt(2) * self.scale

    def marginal_density(self, t, dim: int) -> np.ndarray:
        """Density of one coordinate at t, per pixel unit."""
        return np.exp(-np.abs(t) / self.scale) / (2 * self.scale)

    def marginal_cdf(self, t, dim: int) -> np.ndarray:
        """P(one coordinate <= t)."""
        return _from_tail(t, np.exp(-np.abs(t) / self.scale))

    def expected_norm(self, norm: str, dim):
        """E||z||: l1 d lambda and linf lambda (1 + 1/2 + ... + 1/d) in closed form, l2 by an integral."""
        return self.scale * norms.laplace(norm, dim)

    def linf_quantile(self, q, dim) -> np.ndarray:
        """The t with P(||z||_inf <= t) = q: -lambda log(1 - q^(1/d))."""
        return -self.scale * np.log(-np.expm1(np.log(q) / np.asarray(dim, np.float64)))


@dataclass(frozen=True)
class LinfExponential(Noise):
    """The exponential mechanism in l_inf: density exp(-||z||_inf / sigma) / ((2 sigma)^d d!).

    Its level sets are cubes; its coordinates depend on each other through the cube's size, and with the
    scale kept they grow in proportion to the dimension. In one dimension it is Laplace noise.

    scale: sigma, in pixel units, > 0.
    Source: Unified framework, eq. 6, Theorem 15 (the expected norm is d sigma) and Remark 14 (the sampler).
    """

    scale: float

    key: ClassVar[str] = "linf-exponential"
    title: ClassVar[str] = "ℓ∞-exponential"
    norm: ClassVar[str] = "linf"
    prefixes: ClassVar[bool] = False  # the sizes of all draws come first

    def sample(self, shape, generator, out=None):
        """Float32 noise of `shape` on the generator's device, written into `out` where one is given.

        The first axis counts draws, all others belong to one draw: d is the product of their lengths. Each
        draw has an R ~ Gamma(d + 1, sigma) of its own and is uniform in the cube [-R, R]^d.
        """
        import torch

        out = _empty(shape, generator, out)
        # torch's only gamma draws that take a generator; float64, for R has as many digits as its values
        order = torch.full((len(out),), _values(shape) + 1.0, dtype=torch.float64, device=out.device)
        radius = torch._standard_gamma(order, generator=generator).mul_(self.scale).to(out.dtype)
        out.uniform_(-1.0, 1.0, generator=generator)
        return out.mul_(radius.view(-1, *[1] * (out.dim() - 1)))

    def draw(self, shape, rng) -> np.ndarray:
        """The same in NumPy: float64 noise of `shape` (draws, ...) from a numpy.random.Generator."""
        radius = rng.gamma(_values(shape) + 1.0, self.scale, (shape[0], *[1] * (len(shape) - 1)))
        return rng.uniform(-1.0, 1.0, shape) * radius

    def log_density(self, z) -> np.ndarray:
        """-||z||_inf / sigma - d log(2 sigma) - log d!; z float (..., d) -> float64 (...)."""
        z = np.asarray(z, np.float64)
        dim = z.shape[-1]
        return -np.abs(z).max(-1) / self.scale - dim * math.log(2 * self.scale) - math.lgamma(dim + 1)

    def deviation(self, dim: int) -> float:
        """Standard deviation of one coordinate: sigma sqrt((d + 1)(d + 2) / 3), from E R^2 / 3."""
        return self.scale * math.sqrt((dim + 1) * (dim + 2) / 3)

    def marginal_density(self, t, dim: int) -> np.ndarray:
        """Density of one coordinate at t, per pixel unit: E[1/(2R); R > |t|] = Q(d, |t|/sigma) / (2 d sigma).

        Q is the regularised upper incomplete gamma function.
        """
        return special.gammaincc(dim, np.abs(t) / self.scale) / (2 * dim * self.scale)

    def marginal_cdf(self, t, dim: int) -> np.ndarray:
        """P(one coordinate <= t), from P(|z_i| > s sigma) = Q(d + 1, s) - s/d Q(d, s)."""
        s = np.abs(t) / self.scale
        beyond = special.gammaincc(dim + 1, s) - s / dim * special.gammaincc(dim, s)
        return _from_tail(t, np.maximum(beyond, 0.0))  # a difference, that rounding can take below 0

    def expected_norm(self, norm: str, dim):
        """E||z||: l1 d (d + 1) sigma / 2 and linf d sigma in closed form, l2 by an integral."""
        return self.scale * norms.linf_exponential(norm, dim)

    def linf_quantile(self, q, dim) -> np.ndarray:
        """The t with P(||z||_inf <= t) = q: ||z||_inf ~ Gamma(d, sigma)."""
        return self.scale * special.gammaincinv(dim, q)


@dataclass(frozen=True)
class Uniform(Noise):
    """Independent uniform noise on [-lambda, lambda]: density (2 lambda)^-d in the cube.

    Its density does not fall but ends; `norm` is the one that it certifies.
    scale: lambda, in pixel units, > 0.
    """

    scale: float

    key: ClassVar[str] = "uniform"
    title: ClassVar[str] = "Uniform"
    norm: ClassVar[str] = "l1"

    def sample(self, shape, generator, out=None):
        """Float32 noise of `shape` on the generator's device, written into `out` where one is given."""
        return _empty(shape, generator, out).uniform_(-self.scale, self.scale, generator=generator)

    def draw(self, shape, rng) -> np.ndarray:
        """The same in NumPy: float64 noise of `shape` from a numpy.random.Generator."""
        return rng.uniform(-self.scale, self.scale, shape)

    def log_density(self, z) -> np.ndarray:
        """-d log(2 lambda) in the cube, -inf outside; z float (..., d) -> float64 (...)."""
        z = np.asarray(z, np.float64)
        inside = np.abs(z).max(-1) <= self.scale
        return np.where(inside, -z.shape[-1] * math.log(2 * self.scale), -np.inf)

    def deviation(self, dim: int) -> float:
        """Standard deviation of one coordinate: lambda / sqrt(3), in every dimension."""
        return self.scale / math.sqrt(3)

    def marginal_density(self, t, dim: int) -> np.ndarray:
        """Density of one coordinate at t, per pixel unit."""
        return np.where(np.abs(t) <= self.scale, 1 / (2 * self.scale), 0.0)

    def marginal_cdf(self, t, dim: int) -> np.ndarray:
        """P(one coordinate <= t)."""
        return np.clip((np.asarray(t) / self.scale + 1) / 2, 0, 1)

    def expected_norm(self, norm: str, dim):
        """E||z||: l1 d lambda / 2 and linf lambda d / (d + 1) in closed form, l2 by an integral."""
        return self.scale * norms.uniform(norm, dim)

    def linf_quantile(self, q, dim) -> np.ndarray:
        """The t with P(||z||_inf <= t) = q: lambda q^(1/d)."""
        return self.scale * np.exp(np.log(q) / np.asarray(dim, np.float64))


def _empty(shape, generator, out):
    if out is not None:
        return out
    import torch

    return torch.empty(shape, dtype=torch.float32, device=generator.device)


def _values(shape) -> int:
    """Input values of one draw: the first axis counts draws."""
    return math.prod(shape[1:])


def _from_tail(t, beyond):
    """The distribution function of a symmetric value from P(|value| > |t|)."""
    return np.where(np.asarray(t) < 0, beyond / 2, 1 - beyond / 2)
