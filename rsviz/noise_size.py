"""How much noise a certificate needs: comparable mechanisms, and what they certify against dimension."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rsviz.bounds import Bound, certifying
from rsviz.errors import RsvizError
from rsviz.noise import NOISES, Noise
from rsviz.noise.streams import DENSITY_DOTS, PICTURE_NOISE, SAMPLED_NORMS, numpy_generator
from rsviz.norms import NORMS, conversion

DIMENSIONS: Mapping[str, int] = MappingProxyType(
    {"MNIST": 784, "CIFAR-10": 3_072, "Tiny ImageNet": 12_288, "ImageNet": 150_528}
)
"""Input values of the field's datasets: 28², 3·32², 3·64² and 3·224²."""


@dataclass(frozen=True)
class Slope:
    """A lower bound on the noise, E||z||_inf >= const * radius * d^power, with an unknown constant.

    With E||z||_inf fixed, the radius falls at least as fast as d^-power.
    norm: of the radius. notion: the robustness it is stated for, which is not the certificate of a class.
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
"""Of the Unified framework. As printed they also cover mechanisms that depend on x, and there they fail: the
mechanism that always returns the middle of [0, r]^d is perfectly robust, and never farther off than r/2.

For noise that does not depend on x, with a smooth density p, the orders follow from d = -E[z . s] with
s = grad log p, which is at most E[||z||_inf ||s||_1]. D_inf <= ||delta||_inf / sigma for all shifts gives
||s||_1 <= 1/sigma, hence E||z||_inf >= sigma d; l_inf-exponential noise attains it. D_MR <=
||delta||^2 / (2 sigma^2) bounds the Fisher information: in l2 its eigenvalues by 1/sigma^2, in l_inf its
trace, as an average over delta in {-1, 1}^d. E||s||_1^2 is at most d times the trace, so the root mean
square of ||z||_inf is at least sigma in l2, and sigma sqrt(d) in l_inf.
"""


@dataclass(frozen=True)
class Certified:
    """The largest radius that the bounds of rsviz prove for one mechanism in one norm.

    radius: in pixel units, in that norm.
    bound: the bound that proves it, in the norm of that bound.
    tight: no larger radius holds for this noise in this norm. Where False, the radius was converted from
    another norm, and a better bound may exist.
    """

    radius: float
    bound: Bound
    tight: bool


def certified(noise: Noise, norm: str, p_a: float, p_b: float, dim: int) -> Certified:
    """The best proved radius of `noise` in `norm`; p_a, p_b as for Bound.radius, dim: input values."""
    # A tight bound exceeds all others of its norm, and so it does after a conversion to another norm
    radii = [
        (float(bound.radius_in(norm, p_a, p_b, noise.scale, dim)), bound)
        for bound in certifying(noise.key)
        if bound.tight
    ]
    radius, bound = max(radii, key=lambda pair: pair[0])
    # Where the level sets are l2 balls, all directions are alike, so that the l2 radius is attained along one
    # coordinate, and along a diagonal: the converted radii are tight too
    return Certified(radius, bound, bound.norm == norm or noise.level_norm == "l2")


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
    """E||z|| of one mechanism under a rule at each dimension; float64, in pixel units."""
    return scales(rule, key, dims) * _unit_norms(key, norm, tuple(map(int, dims)))


def scales(rule: Rule, key: str, dims) -> np.ndarray:
    """The scale of one mechanism under a rule at each dimension."""
    return np.array([rule.noise(key, int(dim)).scale for dim in dims])


@functools.lru_cache(maxsize=64)
def _unit_norms(key: str, norm: str, dims: tuple) -> np.ndarray:
    """Expected norms at scale 1, cached because the integrals are slow."""
    return NOISES[key](1.0).expected_norm(norm, dims)


def sampled_norms(key: str, dims, seed: int, values: int = 100_000) -> list[np.ndarray]:
    """Norms of NumPy draws at scale 1 for each dimension: float64 (draws, 3), in l1, l2 and linf.

    At another scale they are these times the scale. Every dimension has its own generator.
    values: numbers drawn for each dimension, approximately; in 4 to 1000 draws.
    """
    found = []
    for dim in dims:
        rng = numpy_generator(seed, SAMPLED_NORMS, key, int(dim))
        count = int(np.clip(values // dim, 4, 1000))
        size = np.abs(NOISES[key](1.0).draw((count, int(dim)), rng))
        found.append(np.stack([size.sum(1), np.sqrt(np.square(size).sum(1)), size.max(1)], axis=1))
    return found


@functools.lru_cache(maxsize=32)
def unit_draw(key: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """One float32 draw at scale 1 for an image of `shape`; at another scale it is this times the scale."""
    rng = numpy_generator(seed, PICTURE_NOISE, key)
    draw = NOISES[key](1.0).draw((1, *shape), rng)[0].astype(np.float32)
    draw.setflags(write=False)
    return draw


@functools.lru_cache(maxsize=32)
def unit_plane(key: str, seed: int, count: int = 300) -> np.ndarray:
    """Draws in two dimensions at scale 1, float64 (count, 2)."""
    return NOISES[key](1.0).draw((count, 2), numpy_generator(seed, DENSITY_DOTS, key))


@functools.lru_cache(maxsize=32)
def unit_means(key: str, dims: tuple[int, ...], seed: int) -> Mapping[str, np.ndarray]:
    """Mean norms of draws at scale 1 at each dimension, by norm; see `sampled_norms`."""
    means = np.array([norms.mean(0) for norms in sampled_norms(key, dims, seed)])
    return MappingProxyType(dict(zip(NORMS, means.T, strict=True)))


@dataclass(frozen=True)
class Comparison:
    """Every mechanism on one image, made comparable by a rule.

    x: float32 (C, H, W) in [0, 1]. seed: of the draws, an integer >= 0. p_a, p_b: probabilities of the top
    class and the runner-up, for certified radii.
    """

    rule: Rule
    x: np.ndarray
    seed: int
    p_a: float
    p_b: float

    @property
    def dim(self) -> int:
        """Number of input values."""
        return self.x.size

    @functools.cached_property
    def noises(self) -> dict[str, Noise]:
        """The mechanisms in the dimension of the image, by key."""
        return {key: self.rule.noise(key, self.dim) for key in NOISES}

    @functools.cached_property
    def draws(self) -> dict[str, np.ndarray]:
        """One draw of each mechanism, float32 (C, H, W)."""
        return {
            key: noise.scale * unit_draw(key, self.x.shape, self.seed) for key, noise in self.noises.items()
        }

    @functools.cached_property
    def plane(self) -> dict[str, Noise]:
        """The mechanisms in two dimensions, by key."""
        return {key: self.rule.noise(key, 2) for key in NOISES}

    def certified(self, key: str, norm: str) -> Certified:
        """The best proved radius of a mechanism in a norm."""
        return certified(self.noises[key], norm, self.p_a, self.p_b, self.dim)

    def numbers(self) -> list[dict]:
        """A row for each mechanism: its scale, sizes in every norm, exact and drawn, and radii."""
        rows = []
        for key, noise in self.noises.items():
            drawn = self.draws[key].ravel().astype(float)
            row = {"noise": key, "d": self.dim, "scale": noise.scale, "deviation": noise.deviation(self.dim)}
            for name, norm in NORMS.items():
                row[f"expected_{name}"] = float(noise.expected_norm(name, self.dim))
                row[f"drawn_{name}"] = float(np.linalg.norm(drawn, norm.order))
            row["median_linf"] = float(noise.linf_quantile(0.5, self.dim))
            row |= {f"radius_{name}": self.certified(key, name).radius for name in NORMS}
            rows.append(row | {"p_a": self.p_a, "p_b": self.p_b})
        return rows


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
