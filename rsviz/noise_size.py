"""How much noise a certificate takes: mechanisms made comparable, and what they certify against dimension."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rsviz.bounds import Bound, certifying
from rsviz.errors import RsvizError
from rsviz.noise import NOISES, Noise
from rsviz.noise.streams import SAMPLED_NORMS, numpy_generator
from rsviz.norms import conversion

DIMENSIONS: Mapping[str, int] = MappingProxyType(
    {"MNIST": 784, "CIFAR-10": 3_072, "Tiny ImageNet": 12_288, "ImageNet": 150_528}
)
"""Input values of the field's datasets: 28², 3·32², 3·64² and 3·224²."""


@dataclass(frozen=True)
class Slope:
    """A lower bound on the noise, E||z||_inf >= const * radius * d^power, of which the constant is unknown.

    norm: of the radius. notion: the robustness it is stated for, which is not the certificate of a class.
    With E||z||_inf fixed the radius can then fall no slower than d^-power.
    """

    theorem: str
    norm: str
    notion: str
    power: float


SLOPES = (
    Slope("Theorem 12", "l2", "D_MR", 0.0),
    Slope("Theorem 16", "linf", "D_∞", 1.0),
    Slope("Theorem 17", "linf", "D_MR", 0.5),
)
"""Of the Unified framework. As printed they also speak of mechanisms that look at x, and there they fail: the
one that always answers the middle of [0, r]^d is robust for free, and is never farther off than r/2.

For noise drawn without looking at x, of smooth density p, the orders follow from d = -E[z . s] with s =
grad log p, whose size is at most E[||z||_inf ||s||_1]. D_inf <= ||delta||_inf / sigma for all shifts
gives ||s||_1 <= 1/sigma, hence E||z||_inf >= sigma d, which l_inf-exponential noise meets. D_MR <=
||delta||^2 / (2 sigma^2) bounds the Fisher information: in l2 its eigenvalues by 1/sigma^2, in l_inf its
trace, as an average over delta in {-1, 1}^d. E||s||_1^2 is at most d times the trace, so the root mean
square of ||z||_inf is at least sigma in l2, and sigma sqrt(d) in l_inf.
"""


@dataclass(frozen=True)
class Certified:
    """The largest radius that the bounds of rsviz prove for one mechanism in one norm.

    radius: in pixel units, in that norm. bound: what proves it, in its own norm. tight: no larger radius
    holds for this noise in this norm; where False, the radius went through a norm equivalence, and a better
    bound may exist.
    """

    radius: float
    bound: Bound
    tight: bool


def certified(noise: Noise, norm: str, p_a: float, p_b: float, dim: int) -> Certified:
    """The best proved radius of `noise` in `norm`; p_a, p_b as for Bound.radius, dim: input values."""
    # In a norm of its own a tight bound exceeds the others, so it does in every norm they are read in
    radii = [
        (float(bound.radius_in(norm, p_a, p_b, noise.scale, dim)), bound)
        for bound in certifying(noise.key)
        if bound.tight
    ]
    radius, bound = max(radii, key=lambda pair: pair[0])
    # Gaussian noise looks alike in every direction, so the l2 radius is met in l1 along one coordinate
    return Certified(radius, bound, bound.tight and (bound.norm == norm or bound.noise == "gaussian"))


@dataclass(frozen=True)
class EqualScale:
    """Every mechanism at this scale, in pixel units."""

    scale: float

    def noise(self, key: str, dim: int) -> Noise:
        return NOISES[key](self.scale)


@dataclass(frozen=True)
class EqualDeviation:
    """Every mechanism at the scale at which each coordinate has this standard deviation, in pixel units."""

    deviation: float

    def noise(self, key: str, dim: int) -> Noise:
        return NOISES[key].with_deviation(self.deviation, dim)


@dataclass(frozen=True)
class EqualRadius:
    """Every mechanism at the scale at which it certifies this radius in this norm, given the probabilities.

    radius: pixel units, > 0. norm: "l1", "l2" or "linf". p_a, p_b: of top class and runner-up, p_a > p_b.
    """

    radius: float
    norm: str
    p_a: float
    p_b: float

    def noise(self, key: str, dim: int) -> Noise:
        """Radii are proportional to the scale. RsvizError where no scale certifies anything."""
        unit = certified(NOISES[key](1.0), self.norm, self.p_a, self.p_b, dim).radius
        if not 0 < unit < np.inf:
            raise RsvizError(
                f"p_a is {self.p_a} and p_b is {self.p_b}; p_b < p_a < 1 is needed for a radius that depends "
                "on the scale."
            )
        return NOISES[key](self.radius / unit)


Rule = EqualScale | EqualDeviation | EqualRadius


def expected_norms(rule: Rule, key: str, norm: str, dims) -> np.ndarray:
    """E||z|| at each dimension of one mechanism under a rule; float64, in pixel units."""
    return scales(rule, key, dims) * _unit_norms(key, norm, tuple(map(int, dims)))


def scales(rule: Rule, key: str, dims) -> np.ndarray:
    """The scale of one mechanism under a rule at each dimension."""
    return np.array([rule.noise(key, int(dim)).scale for dim in dims])


@functools.lru_cache(maxsize=64)
def _unit_norms(key: str, norm: str, dims: tuple) -> np.ndarray:
    """At scale 1; the integrals take longer than all else, and no scale changes them."""
    return NOISES[key](1.0).expected_norm(norm, dims)


def sampled_norms(key: str, dims, seed: int, values: int = 100_000) -> list[np.ndarray]:
    """Norms of NumPy draws at scale 1 for each dimension: float64 (draws, 3), in l1, l2 and linf.

    values: about so many numbers are drawn for each dimension, in 4 to 1000 draws; norms at another scale
    are these times the scale. Every dimension has a stream of its own.
    """
    found = []
    for dim in dims:
        rng = numpy_generator(seed, SAMPLED_NORMS, key, int(dim))
        count = int(np.clip(values // dim, 4, 1000))
        size = np.abs(NOISES[key](1.0).draw((count, int(dim)), rng))
        found.append(np.stack([size.sum(1), np.sqrt(np.square(size).sum(1)), size.max(1)], axis=1))
    return found


HOLDS = ("linf", "deviation")


def radius_against_dimension(bound: Bound, norm, p_a, p_b, dims, size: float, hold: str) -> np.ndarray:
    """Radius of `bound`, read in `norm`, at each dimension while the size of its noise is held; float64.

    bound: one whose own radius needs no dimension, such as cohen-l2 or exponential-linf. dims: integers.
    size: in pixel units, of E||z||_inf where hold is "linf", as in the Unified framework, else of the
    deviation of one coordinate, where hold is "deviation".
    """
    unit = NOISES[bound.noise](1.0)
    if hold not in HOLDS:
        raise RsvizError(f"hold is {hold!r}; it must be one of: {', '.join(HOLDS)}.")
    if hold == "linf":
        sizes = _unit_norms(bound.noise, "linf", tuple(map(int, dims)))
    else:
        sizes = np.array([unit.deviation(int(dim)) for dim in dims])
    factors = np.array([conversion(bound.norm, norm, int(dim)) for dim in dims])
    return size / sizes * factors * bound.radius(p_a, p_b)


def largest_dimension_won(over: Bound, under: Bound, norm, p_a, p_b, hold: str, limit=200) -> int | None:
    """The largest d up to `limit` in which `over` certifies more than `under` at equal size of the noise.

    None where it does so in no dimension from 2; arguments as for radius_against_dimension.
    """
    dims = np.arange(2, limit + 1)
    one, other = (radius_against_dimension(bound, norm, p_a, p_b, dims, 1.0, hold) for bound in (over, under))
    won = dims[one > other]
    return int(won[-1]) if len(won) else None
