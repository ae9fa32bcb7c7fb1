"""What every noise mechanism has: density, draws, size, and how far a shift can lower a probability."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.errors import RsvizError, short
from rsviz.lazy import lazy
from rsviz.norms import NORMS

if TYPE_CHECKING:
    from torch import Generator, Tensor

torch = lazy("torch")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """A mechanism: independent draws, symmetric around 0, with coordinates of one common distribution.

    A subclass gives what raises NotImplementedError here, exact for every dimension: closed forms, or
    integrals to about ten digits.

    scale: in pixel units, positive and finite, else RsvizError.
    key, title: its name in links, and for people. norm: key of the norm of its tight bound; the bounds that
    fit it are rsviz.bounds.certifying(key). symbol, latex: of its scale, for text and for formulas.
    prefixes: on a CPU the first 16 k draws from a generator do not depend on how many are requested.
    independent: coordinates are independent of each other; else `quadrant` and `quadrant_slope` are its own.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    norm: ClassVar[str]
    symbol: ClassVar[str]
    latex: ClassVar[str]
    prefixes: ClassVar[bool] = True
    independent: ClassVar[bool] = True

    scale: float

    def __post_init__(self) -> None:
        value = self.scale
        if isinstance(value, bool) or not isinstance(value, Real) or not (math.isfinite(value) and value > 0):
            raise RsvizError(
                f"scale is {str(value)[:60]}; it must be a positive, finite number of pixel units."
            )

    @classmethod
    def with_deviation(cls, deviation: float, dim: int) -> Self:
        """The mechanism with this standard deviation of a coordinate, in pixel units, in dimension `dim`."""
        return cls(deviation / cls(1.0).deviation(dim))

    def sample(self, shape: Sequence[int], generator: "Generator", out: "Tensor | None" = None) -> "Tensor":
        """Float32 noise of `shape` on the generator's device, written into `out` where one is given.

        The first axis counts draws; all others belong to one draw.
        """
        raise NotImplementedError

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Floats:
        """Float64 noise of `shape` from a NumPy generator; the first axis counts draws."""
        raise NotImplementedError

    def log_density(self, z: ArrayLike) -> Floats:
        """Logarithm of the density: z (..., d) -> float64 (...)."""
        raise NotImplementedError

    def density(self, z: ArrayLike) -> Floats:
        """Density: z (..., d) -> float64 (...), per pixel unit to the power d."""
        return np.exp(self.log_density(z))

    @property
    def level_norm(self) -> str:
        """Key of the norm in which level sets of the density are balls; see `level_outline`."""
        return self.norm

    def level_size(self, share: ArrayLike) -> Floats:
        """Radius, in `level_norm`, of the ball where the density is at least `share` of its peak.

        share: in (0, 1]. The ball lies inside the support. Float64, pixel units.
        """
        raise NotImplementedError

    def level_outline(self, share: float) -> Floats:
        """Closed outline (n, 2) of a level set in two dimensions: density at least `share` of its peak.

        A mechanism with level sets that are no balls overrides this.
        """
        return NORMS[self.level_norm].circle * self.level_size(share)

    def deviation(self, dim: int) -> float:
        """Standard deviation of one coordinate in dimension `dim`, in pixel units."""
        raise NotImplementedError

    def marginal_density(self, t: ArrayLike, dim: int) -> Floats:
        """Density of one coordinate at t, per pixel unit."""
        raise NotImplementedError

    def marginal_cdf(self, t: ArrayLike, dim: int) -> Floats:
        """P(one coordinate <= t)."""
        raise NotImplementedError

    def quadrant(self, s: ArrayLike, t: ArrayLike) -> Floats:
        """P(z_1 > s, z_2 > t) in two dimensions, for s, t >= 0, exact to the last digits far out."""
        return self.marginal_cdf(-np.asarray(s), 2) * self.marginal_cdf(-np.asarray(t), 2)

    def quadrant_slope(self, s: ArrayLike, t: ArrayLike) -> Floats:
        """-d/ds of `quadrant`: the density of z_1 at s where z_2 > t, per pixel unit."""
        return self.marginal_density(s, 2) * self.marginal_cdf(-np.asarray(t), 2)

    def expected_norm(self, norm: str, dim: ArrayLike) -> Floats:
        """E||z|| in pixel units, float64 of the shape of `dim`.

        norm: a key of rsviz.norms.NORMS. dim: numbers of input values, integers >= 1.
        Raises RsvizError for an unknown norm or a dim that is no integer >= 1.
        """
        if norm not in NORMS:
            raise RsvizError(f"norm is {short(norm)}; it must be one of: {', '.join(NORMS)}.")
        dims = np.asarray(dim, np.float64)
        if not np.all((dims >= 1) & (dims == np.floor(dims)) & np.isfinite(dims)):
            raise RsvizError(f"dim is {str(dim)[:60]}; it must be integers >= 1, numbers of input values.")
        return self.scale * self.unit_norm(norm, dims)

    @staticmethod
    def unit_norm(norm: str, dim: Floats) -> Floats:
        """E||z|| at scale 1, of checked arguments."""
        raise NotImplementedError

    def linf_quantile(self, q: ArrayLike, dim: ArrayLike) -> Floats:
        """The t with P(||z||_inf <= t) = q, in pixel units; q in (0, 1)."""
        raise NotImplementedError

    def least_probability(self, p_a: ArrayLike, distance: ArrayLike) -> Floats:
        """The least probability that a class of probability p_a can keep when the image moves by `distance`.

        With p_b = 1 - p_a it reaches 1/2 at the radius of the tight bound.
        p_a: in [0, 1]; a lower limit gives a lower envelope. distance: >= 0, in pixel units, in `norm`.
        Arrays broadcast; float64. Raises RsvizError for a p_a outside [0, 1] or a negative distance.
        """
        p_a, distance = np.asarray(p_a, float), np.asarray(distance, float)
        if not ((p_a >= 0) & (p_a <= 1)).all():
            raise RsvizError(f"p_a is {p_a}; probabilities must lie in [0, 1].")
        if not (distance >= 0).all():
            raise RsvizError(f"distance is {distance}; it must be >= 0.")
        return self._after_shift(p_a, distance / self.scale)

    @staticmethod
    def _after_shift(p_a: Floats, moved: Floats) -> Floats:
        """`least_probability` at scale 1, of checked arguments."""
        raise NotImplementedError


def empty(shape: Sequence[int], generator: "Generator", out: "Tensor | None") -> "Tensor":
    """`out`, or a new float32 tensor on the generator's device."""
    if out is not None:
        return out
    return torch.empty(shape, dtype=torch.float32, device=generator.device)


def values_of(shape: Sequence[int]) -> int:
    """Input values of one draw: the first axis counts draws."""
    return math.prod(shape[1:])


def from_tail(t: ArrayLike, beyond: Floats) -> Floats:
    """The distribution function of a symmetric value from P(|value| > |t|)."""
    return np.where(np.asarray(t) < 0, beyond / 2, 1 - beyond / 2)
