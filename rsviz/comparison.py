"""Bounds side by side: over the triangle, along a slice, at one point; probabilities exact or estimated."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from rsviz.bounds import BOUNDS, Bound, tight_bound
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.norms import check_dim, conversion

TIE = 1e-9
"""Radii closer than this, relatively, are called equal: what the bounds are computed to."""

MAX_VOTES = 10_000_000


@dataclass(frozen=True)
class Votes:
    """What is known of the probabilities: n votes, and limits that hold with probability 1 - alpha."""

    n: int
    alpha: float = 0.001
    procedure: str = "cohen"

    def __post_init__(self):
        if self.procedure not in PROCEDURES:
            raise RsvizError(f"procedure is {self.procedure!r}; it must be one of: {', '.join(PROCEDURES)}.")
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= MAX_VOTES:
            raise RsvizError(f"n is {self.n}; it must be an integer from 1 to {MAX_VOTES}.")
        if not 0 < self.alpha < 1:
            raise RsvizError(f"alpha is {self.alpha}; it must lie between 0 and 1.")

    def limits(self, p_a, p_b):
        """(p_a_lower, p_b_upper) where the votes fall exactly as p_a and p_b say; (0, 0) where they abstain.

        p_a, p_b: 1-D arrays. The votes of neither class go to others, none with more than the runner-up.
        """
        top = np.rint(self.n * p_a).astype(np.int64)
        runner_up = np.minimum(np.rint(self.n * p_b).astype(np.int64), np.minimum(top, self.n - top))
        rest = self.n - top - runner_up
        largest = np.maximum(runner_up, 1)
        lower, upper = np.zeros(len(p_a)), np.zeros(len(p_a))
        # Rows with few classes go together; a row whose rest is dust has as many columns as it needs
        columns = -(-rest // largest)
        for few in np.unique(np.ceil(np.log2(columns + 1)).astype(int)):
            rows = np.flatnonzero(np.ceil(np.log2(columns + 1)).astype(int) == few)
            others = np.arange(columns[rows].max(initial=0))
            dust = np.clip(rest[rows, None] - others * largest[rows, None], 0, largest[rows, None])
            counts = np.concatenate([top[rows, None], runner_up[rows, None], dust], axis=1)
            winner = np.zeros(len(rows), dtype=np.int64)
            lower[rows], upper[rows] = PROCEDURES[self.procedure].limits(counts, winner, alpha=self.alpha)
        proved = lower > upper
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
    votes: Votes | None = None

    def __post_init__(self):
        if not (isinstance(self.scale, int | float) and math.isfinite(self.scale) and self.scale > 0):
            raise RsvizError(f"scale is {self.scale}; it must be a positive, finite number.")
        if check_dim(self.dim) is None:
            raise RsvizError("dim is missing; it must be an integer >= 1, the number of input values.")
        if self.norm is not None:
            conversion("l2", self.norm, self.dim)
        BOUNDS["dmr-l2"].parameters["c"].check(self.c)

    def scale_of(self, noise: str) -> float:
        """The scale that a noise is used with."""
        return self.scale / deviation(noise, self.dim) if self.equal_deviation else self.scale

    def norm_of(self, bound: Bound) -> str:
        return self.norm or bound.norm

    def parameters_of(self, bound: Bound) -> dict:
        return {"c": self.c} if "c" in bound.parameters else {}


def deviation(noise: str, dim: int) -> float:
    """Standard deviation of one coordinate of a noise with scale 1, in dimension `dim`."""
    if noise not in NOISES:
        raise RsvizError(f"noise is {noise!r}; it must be one of: {', '.join(NOISES)}.")
    return NOISES[noise](1.0).deviation(dim)


def cells(steps: int):
    """Centres (p_a, p_b) of the squares of side 1/steps that lie in the triangle, and that side.

    The centres keep off the edges, where radii are 0 or infinite. steps: even, from 10 to 400.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or not 10 <= steps <= 400 or steps % 2:
        raise RsvizError(f"steps is {steps}; it must be an even integer from 10 to 400.")
    b, a = np.indices((steps // 2, steps)).reshape(2, -1)
    inside = (b < a) & (a + b + 1 <= steps)
    return (a[inside] + 0.5) / steps, (b[inside] + 0.5) / steps, 1 / steps


def line(share: float, points: int = 400):
    """Points (p_a, p_b) with p_b = share * (1 - p_a), denser towards p_a = 1. share: in (0, 1]."""
    if not 0 < share <= 1:
        raise RsvizError(f"share is {share}; it must lie in (0, 1].")
    start = share / (1 + share)
    p_a = 1 - (1 - start) * np.linspace(1, 0.0447, points) ** 2
    return p_a, np.minimum(share * (1 - p_a), p_a)


def radius(key: str, p_a, p_b, setting: Setting) -> np.ndarray:
    """Radius of a bound in a setting; p_a, p_b: probabilities, or the shares of the votes."""
    bound = _bound(key)
    p_a, p_b = np.atleast_1d(p_a).astype(float), np.atleast_1d(p_b).astype(float)
    scale = setting.scale_of(bound.noise)
    if setting.votes is not None:
        bound.radius(p_a, p_b, dim=setting.dim)  # refuses shares outside the domain
        p_a, p_b = setting.votes.limits(p_a, p_b)
    return bound.radius_in(
        setting.norm_of(bound), p_a, p_b, scale, setting.dim, **setting.parameters_of(bound)
    )


def ratio(key: str, other: str, p_a, p_b, setting: Setting) -> np.ndarray:
    """Radius of `key` over radius of `other`; NaN where both are 0 or both infinite."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return radius(key, p_a, p_b, setting) / radius(other, p_a, p_b, setting)


def winners(keys, p_a, p_b, setting: Setting) -> np.ndarray:
    """Index into `keys` of the largest radius at each point, -1 where nothing is certified.

    Of equal radii (to within 1e-9) the first wins.
    """
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
    """Every bound at one point, in display order, with the numbers in its formula."""
    BOUNDS["cohen-l2"].radius(p_a, p_b)
    low_a, low_b = float(p_a), float(p_b)
    if setting.votes is not None:
        low_a, low_b = (float(limit[0]) for limit in setting.votes.limits(np.array([p_a]), np.array([p_b])))
    found = []
    for bound in BOUNDS.values():
        own = float(_in_own_norm(bound, low_a, low_b, setting))
        tight = tight_bound(bound)
        best = float(_in_own_norm(tight, low_a, low_b, setting)) if tight else 0.0
        same = own == best  # both 0 or both infinite
        norm = setting.norm_of(bound)
        found.append(
            AtPoint(
                bound=bound,
                radius=own * conversion(bound.norm, norm, setting.dim),
                norm=norm,
                converted=norm != bound.norm,
                of_tight=1.0 if same and best else own / best if best and math.isfinite(best) else None,
                formula=bound.filled(
                    low_a, low_b, setting.scale_of(bound.noise), setting.dim, **setting.parameters_of(bound)
                ),
                scale=setting.scale_of(bound.noise),
            )
        )
    return found


def _in_own_norm(bound, p_a, p_b, setting):
    return bound.radius(p_a, p_b, setting.scale_of(bound.noise), setting.dim, **setting.parameters_of(bound))


@dataclass(frozen=True)
class CounterExample:
    """A classifier that changes its class inside the radius that D_MR claims.

    In the first coordinate u of the input: class A for u <= edge_a, class B for u >= edge_b, others between.
    x is the origin; x moves by `step` along u. p_a, p_b: at x. moved_p_a, moved_p_b: at x moved.
    """

    p_a: float
    p_b: float
    scale: float
    c: float
    edge_a: float
    edge_b: float
    tight: float
    claimed: float
    step: float
    moved_p_a: float
    moved_p_b: float

    def probabilities(self, distance):
        """(p_A, p_B) after a move of these lengths."""
        distance = np.asarray(distance, dtype=float)
        return (
            ndtr((self.edge_a - distance) / self.scale),
            ndtr((distance - self.edge_b) / self.scale),
        )


def counter_example(p_a: float, p_b: float, scale: float = 0.5, c: float = 1.0) -> CounterExample | None:
    """The half-space classifier that refutes `dmr-l2` at this point; None where the claim is not too large.

    Its step lies half way between the tight and the claimed radius, so the class has changed.
    """
    tight = float(BOUNDS["cohen-l2"].radius(p_a, p_b, scale))
    claimed = float(BOUNDS["dmr-l2"].radius(p_a, p_b, scale, c=c))
    if not (math.isfinite(claimed) and claimed > tight * (1 + TIE)):
        return None
    edge_a, edge_b = float(scale * ndtri(p_a)), float(-scale * ndtri(p_b))
    step = (tight + claimed) / 2
    return CounterExample(
        p_a=p_a,
        p_b=p_b,
        scale=scale,
        c=c,
        edge_a=edge_a,
        edge_b=edge_b,
        tight=tight,
        claimed=claimed,
        step=step,
        moved_p_a=float(ndtr((edge_a - step) / scale)),
        moved_p_b=float(ndtr((step - edge_b) / scale)),
    )


def _bound(key) -> Bound:
    if key not in BOUNDS:
        raise RsvizError(f"{key} is not a bound; the bounds are: {', '.join(BOUNDS)}.")
    return BOUNDS[key]
