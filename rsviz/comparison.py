"""Bounds side by side: over the triangle, along a slice, at one point; probabilities exact or from votes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from rsviz.bounds import BOUNDS, Bound, tight_bound
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.norms import NORMS, check_dim, conversion

TIE = 1e-9
"""Radii closer than this, relatively, are called equal: the accuracy to which bounds are computed."""

MOST_VOTES = 10_000_000

Points = tuple[np.ndarray, np.ndarray]
"""(p_a, p_b), float64 (points,)."""


@dataclass(frozen=True)
class ExpectedVotes:
    """Votes that fall exactly as the probabilities say, and the limits that they prove.

    n: votes, from 1 to 10,000,000. alpha: probability of error, in (0, 1). procedure: key of PROCEDURES.
    """

    n: int
    alpha: float = 0.001
    procedure: str = "cohen"

    def __post_init__(self):
        if self.procedure not in PROCEDURES:
            raise RsvizError(f"procedure is {self.procedure!r}; it must be one of: {', '.join(PROCEDURES)}.")
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= MOST_VOTES:
            raise RsvizError(f"n is {self.n}; it must be an integer from 1 to {MOST_VOTES}.")
        if not 0 < self.alpha < 1:
            raise RsvizError(f"alpha is {self.alpha}; it must lie between 0 and 1.")

    def limits(self, p_a: np.ndarray, p_b: np.ndarray) -> Points:
        """(p_a_lower, p_b_upper), float64 (points,); (0, 0) where the votes prove nothing.

        p_a, p_b: shares of the two top classes (points,). The remaining votes go to other classes, none with
        more votes than the runner-up.
        """
        top = np.rint(self.n * p_a).astype(np.int64)
        runner_up = np.minimum(np.rint(self.n * p_b).astype(np.int64), np.minimum(top, self.n - top))
        rest = self.n - top - runner_up
        largest = np.maximum(runner_up, 1)
        lower, upper = np.zeros(len(p_a)), np.zeros(len(p_a))
        # Rows with few classes are computed together: a row with many small classes needs many columns
        columns = -(-rest // largest)
        for few in np.unique(np.ceil(np.log2(columns + 1)).astype(int)):
            rows = np.flatnonzero(np.ceil(np.log2(columns + 1)).astype(int) == few)
            others = np.arange(columns[rows].max(initial=0))
            dust = np.clip(rest[rows, None] - others * largest[rows, None], 0, largest[rows, None])
            counts = np.concatenate([top[rows, None], runner_up[rows, None], dust], axis=1)
            winner = np.zeros(len(rows), dtype=np.int64)
            lower[rows], upper[rows] = PROCEDURES[self.procedure].limits(counts, winner, alpha=self.alpha)
        proved = lower > upper  # the radius of (0, 0) is 0
        return np.where(proved, lower, 0.0), np.where(proved, np.minimum(upper, 1 - lower), 0.0)


@dataclass(frozen=True)
class Setting:
    """How bounds are compared.

    scale: of every noise in pixel units, or, with equal_deviation, the standard deviation that each pixel's
    noise has. dim: number of input values. norm: every radius is read in this norm; None: in its own.
    c: of the D_MR claims. votes: None for exact probabilities.
    """

    scale: float = 0.5
    equal_deviation: bool = False
    dim: int = 784
    norm: str | None = None
    c: float = 1.0
    votes: ExpectedVotes | None = None

    def __post_init__(self):
        if not (isinstance(self.scale, int | float) and math.isfinite(self.scale) and self.scale > 0):
            raise RsvizError(f"scale is {self.scale}; it must be a positive, finite number.")
        if check_dim(self.dim) is None:
            raise RsvizError("dim is missing; it must be an integer >= 1, the number of input values.")
        if self.norm is not None:
            conversion("l2", self.norm, self.dim)
        BOUNDS["dmr-l2"].parameters["c"].check(self.c)

    def scale_of(self, noise: str) -> float:
        """The scale of a noise (key of NOISES) in this setting, in pixel units."""
        return self.scale / deviation(noise, self.dim) if self.equal_deviation else self.scale

    def norm_of(self, bound: Bound) -> str:
        """The norm in which the radius of a bound is read."""
        return self.norm or bound.norm

    def parameters_of(self, bound: Bound) -> dict[str, float]:
        """What a bound needs besides the scale and the dimension."""
        return {"c": self.c} if "c" in bound.parameters else {}


def deviation(noise: str, dim: int) -> float:
    """Standard deviation of one coordinate of a noise with scale 1, in dimension `dim`."""
    if noise not in NOISES:
        raise RsvizError(f"noise is {noise!r}; it must be one of: {', '.join(NOISES)}.")
    return NOISES[noise](1.0).deviation(dim)


CORNER = 0.2


@dataclass(frozen=True)
class Region:
    """A part of the triangle. extent: largest p_a; p_b goes to half of that. least: smallest p_a + p_b."""

    title: str
    extent: float = 1.0
    least: float = 0.0

    def cells(self, steps: int = 120) -> tuple[np.ndarray, np.ndarray, float]:
        """(p_a, p_b, side) of the squares of side extent/steps in the region; steps as for `cells`."""
        p_a, p_b, side = (values * self.extent for values in cells(steps))
        inside = p_a + p_b >= self.least
        return p_a[inside], p_b[inside], side


REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        "whole": Region("the whole triangle"),
        "plotted": Region("as plotted: p_A + p_B ≥ 0.2", least=CORNER),
        "corner": Region("the corner: p_A ≤ 0.2", extent=CORNER),
    }
)


def cells(steps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Centres (p_a, p_b) of the squares of side 1/steps in the triangle, and that side.

    The centres keep off the edges, where radii are 0 or infinite.
    steps: even, from 10 to 400; else RsvizError.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or not 10 <= steps <= 400 or steps % 2:
        raise RsvizError(f"steps is {steps}; it must be an even integer from 10 to 400.")
    b, a = np.indices((steps // 2, steps)).reshape(2, -1)
    inside = (b < a) & (a + b + 1 <= steps)
    return (a[inside] + 0.5) / steps, (b[inside] + 0.5) / steps, 1 / steps


def surfaces(
    keys: Iterable[str], setting: "Setting", steps: int = 60
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Radii on a grid: (p_a (2 steps,), p_b (steps,), radii (steps, 2 steps) by key).

    Radii are NaN outside the triangle. steps: from 5 to 200.
    """
    p_a, p_b, side = cells(2 * steps)
    columns, rows = np.rint(p_a / side - 0.5).astype(int), np.rint(p_b / side - 0.5).astype(int)
    radii = {}
    for key in keys:
        radii[key] = np.full((steps, 2 * steps), np.nan)
        radii[key][rows, columns] = radius(key, p_a, p_b, setting)
    return (np.arange(2 * steps) + 0.5) * side, (np.arange(steps) + 0.5) * side, radii


def line(share: float, points: int = 400) -> Points:
    """Points (p_a, p_b) with p_b = share * (1 - p_a), denser towards p_a = 1. share: in (0, 1]."""
    if not 0 < share <= 1:
        raise RsvizError(f"share is {share}; it must lie in (0, 1].")
    start = share / (1 + share)
    p_a = 1 - (1 - start) * np.linspace(1, 0.0447, points) ** 2
    return p_a, np.minimum(share * (1 - p_a), p_a)


def radius(key: str, p_a, p_b, setting: Setting) -> np.ndarray:
    """Radius of a bound in a setting, float64 (points,), in pixel units and the norm of the setting.

    p_a, p_b: probabilities, or the shares of the votes. Raises RsvizError outside the triangle.
    """
    bound = _bound(key)
    p_a, p_b = np.atleast_1d(p_a).astype(float), np.atleast_1d(p_b).astype(float)
    return _in_own_norm(bound, p_a, p_b, setting) * conversion(
        bound.norm, setting.norm_of(bound), setting.dim
    )


def _in_own_norm(bound: Bound, p_a, p_b, setting: Setting) -> np.ndarray:
    scale, parameters = setting.scale_of(bound.noise), setting.parameters_of(bound)
    exact = bound.radius(p_a, p_b, scale, setting.dim, **parameters)
    if setting.votes is None:
        return exact
    return bound.certified_radius(*setting.votes.limits(p_a, p_b), scale, setting.dim, **parameters)


def ratio(key: str, other: str, p_a, p_b, setting: Setting) -> np.ndarray:
    """Radius of `key` over radius of `other`; NaN where both are 0 or both infinite."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return radius(key, p_a, p_b, setting) / radius(other, p_a, p_b, setting)


@dataclass(frozen=True)
class Extremes:
    """Where a ratio is largest and smallest (indices), and the share of its points at which it is below 1."""

    largest: int
    smallest: int
    below_one: float


def extremes(ratios: np.ndarray) -> Extremes | None:
    """The extremes of the finite ratios; None where there are none."""
    finite = np.isfinite(ratios)
    if not finite.any():
        return None
    known = np.where(finite, ratios, np.nan)
    below = float(np.mean(ratios[finite] < 1 - TIE))
    return Extremes(int(np.nanargmax(known)), int(np.nanargmin(known)), below)


def refuted(key: str, p_a, p_b, setting: Setting) -> np.ndarray:
    """Whether a claim exceeds the tight radius of its noise and norm, at each point; there it is false."""
    tight = tight_bound(_bound(key))
    if _bound(key).rigorous or tight is None:
        return np.zeros(np.shape(np.atleast_1d(p_a)), bool)
    return radius(key, p_a, p_b, setting) > radius(tight.key, p_a, p_b, setting) * (1 + TIE)


def comparable(keys: Sequence[str], setting: Setting) -> Setting:
    """The setting in which the radii of these bounds have one norm: its own, else that of the lowest order.

    A ball of that norm lies in the ball of a higher order with the same radius, so no radius shrinks.
    """
    norms = {setting.norm_of(_bound(key)) for key in keys}
    return setting if len(norms) < 2 else replace(setting, norm=min(norms, key=lambda key: NORMS[key].order))


def winners(keys: Sequence[str], p_a, p_b, setting: Setting) -> np.ndarray:
    """Index into `keys` of the largest radius, the first of equal ones; -1 where nothing is certified."""
    table = np.stack([radius(key, p_a, p_b, setting) for key in keys])
    largest = table.max(axis=0)
    with np.errstate(invalid="ignore"):
        wins = (table >= largest * (1 - TIE)) | (table == largest)
    return np.where(largest > 0, wins.argmax(axis=0), -1)


@dataclass(frozen=True)
class AtPoint:
    """One bound at one point. of_tight: radius over the tight radius of the same noise and norm."""

    bound: Bound
    radius: float
    norm: str
    converted: bool
    of_tight: float | None
    formula: str
    scale: float

    @property
    def refuted(self) -> bool:
        """The claim exceeds the tight radius here, so some classifier breaks it."""
        return not self.bound.rigorous and self.of_tight is not None and self.of_tight > 1 + TIE


def at_point(p_a: float, p_b: float, setting: Setting) -> list[AtPoint]:
    """Every bound at one point, in display order. Raises RsvizError for a point outside the triangle."""
    BOUNDS["cohen-l2"].radius(p_a, p_b)  # refuses a point outside the triangle
    at, shown = (np.array([p_a], float), np.array([p_b], float)), (float(p_a), float(p_b))
    if setting.votes is not None:
        shown = tuple(float(limit[0]) for limit in setting.votes.limits(*at))
    found = []
    for bound in BOUNDS.values():
        own = float(_in_own_norm(bound, *at, setting)[0])
        tight = tight_bound(bound)
        best = float(_in_own_norm(tight, *at, setting)[0]) if tight else 0.0
        same = own == best  # both 0 or both infinite
        norm, scale = setting.norm_of(bound), setting.scale_of(bound.noise)
        found.append(
            AtPoint(
                bound=bound,
                radius=own * conversion(bound.norm, norm, setting.dim),
                norm=norm,
                converted=norm != bound.norm,
                of_tight=1.0 if same and best else own / best if best and math.isfinite(best) else None,
                formula=bound.filled(*shown, scale, setting.dim, **setting.parameters_of(bound)),
                scale=scale,
            )
        )
    return found


def _bound(key: str) -> Bound:
    if key not in BOUNDS:
        raise RsvizError(f"{key} is not a bound; the bounds are: {', '.join(BOUNDS)}.")
    return BOUNDS[key]
