"""From the results of the ascents to certificates over rho. NumPy and SciPy only.

The repaired certificate, with the budget on x before the noise (errata, B1'):
    sup over P with W_c(P, P_0) <= rho of E_P[l^(x)] <= gamma rho + E_P0 sup_x [l^(x) - gamma ||x - x0||_2^2]
for every gamma >= 0, where l^ is the smoothed loss. The printed one (Theorem 1 of the NAL paper) has rho -
d sigma^2 in place of rho, and is false.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from rsviz.distributional.losses import CONCAVE_FROM, PopulationError, concave_from
from rsviz.lazy import lazy

stats = lazy("scipy.stats")

PROVED, NOT_PROVED = "proved", "not proved"
POINTS = 201
"""Points of rho in a stored curve, besides the attained ones."""


@dataclass(frozen=True)
class AscentResults:
    """The last points of the ascents of N images, for G values of gamma.

    gammas: (G,), rising. cost: ||x_K - x0||^2, float64 (G, N). loss: the smoothed loss at x_K, (G, N).
    noiseless: the loss without noise at x_K, (G, N).
    slope: estimates of the squared gradient at x_K, (G, N); NaN where concavity is not proved.
    clean, noiseless_clean: like loss and noiseless, at x0, (N,).
    dim, scale: d and sigma. bound: M, or None.
    """

    gammas: np.ndarray
    cost: np.ndarray
    loss: np.ndarray
    noiseless: np.ndarray
    slope: np.ndarray
    clean: np.ndarray
    noiseless_clean: np.ndarray
    dim: int
    scale: float
    bound: float | None

    @property
    def noise_budget(self) -> float:
        """d sigma^2 = E ||Z||^2: the cost of the noise alone."""
        return self.dim * self.scale**2


@dataclass(frozen=True)
class DualLines:
    """The line gamma rho + intercept of every gamma.

    intercept, low, high: (G,), the estimate of E sup_x [l^(x) - gamma ||x - x0||^2] and its limits; all three
    contain `gap`.
    gap: (G,), estimate of what the ascents may have missed; 0 where concavity is not proved.
    proved: bool (G,), whether the inner problem is proved concave.
    """

    gammas: np.ndarray
    intercept: np.ndarray
    low: np.ndarray
    high: np.ndarray
    gap: np.ndarray
    proved: np.ndarray


def surrogates(results: AscentResults) -> np.ndarray:
    """sup_x [l^(x) - gamma ||x - x0||^2] of every image, as far as the ascents found it: (G, N).

    It is the largest value over all points that any ascent reached, x0 included. Therefore it falls with
    gamma, and no attained point lies above a line. The maximum of noisy estimates errs upwards.
    """
    cost = np.concatenate([np.zeros_like(results.clean)[None], results.cost])
    loss = np.concatenate([results.clean[None], results.loss])
    return (loss - results.gammas[:, None, None] * cost).max(1)


def dual_lines(results: AscentResults, alpha: float = 0.05) -> DualLines:
    """The lines and their limits, which hold for all gammas together with probability at least 1 - alpha.

    The images are taken as independent draws from the population. For a bounded loss the limits are those of
    Maurer and Pontil 2009 (empirical Bernstein), otherwise those of Student's t, which are approximate.
    Where concavity is proved, mu = 2 gamma - 2 phi(1) M / sigma^2 and an ascent misses at most
    ||gradient||^2 / (2 mu) of the supremum of its image; the mean of this is estimated, with a normal limit.
    """
    values, count = surrogates(results), results.clean.size
    mean, share = values.mean(1), alpha / len(results.gammas)
    deviation = values.std(1, ddof=1)
    if results.bound is None:
        half = stats.t.ppf(1 - share / 2, count - 1) * deviation / np.sqrt(count)
    else:
        half = _bernstein(deviation, count, results.bound, share / 2)
    proved = results.gammas > concave_from(results.bound, results.scale)
    gap, gap_high = np.zeros_like(mean), np.zeros_like(mean)
    if proved.any():
        mu = 2 * results.gammas[proved] - 2 * CONCAVE_FROM * results.bound / results.scale**2
        missed = results.slope[proved] / (2 * mu[:, None])
        error = missed.std(1, ddof=1) / np.sqrt(count)
        gap[proved] = missed.mean(1).clip(0)
        gap_high[proved] = (missed.mean(1) + stats.norm.ppf(1 - share) * error).clip(0)
    low, high = (mean - half).clip(0), mean + half  # no loss is below 0
    if results.bound is not None:
        high = high.clip(max=results.bound)
    return DualLines(results.gammas, mean + gap, low, high + gap_high, gap, proved)


def _bernstein(deviation, count, bound, alpha):
    """Half width of a one-sided limit on a mean of values in [0, bound]: Maurer, Pontil 2009, Theorem 4."""
    log = np.log(2 / alpha)
    return np.sqrt(2 * deviation**2 * log / count) + 7 * bound * log / (3 * (count - 1))


def envelope(
    gammas: ArrayLike, intercept: ArrayLike, rho: ArrayLike, bound: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """min over gamma of gamma rho + intercept at every rho, and the place of that gamma; -1 for the bound M.

    It is concave and nondecreasing in rho. Raises PopulationError for rho below 0.
    """
    rho = np.asarray(rho, np.float64)
    if not (rho >= 0).all():
        raise PopulationError("rho holds values below 0 or NaN; the budget must be at least 0.")
    return _smallest(gammas, intercept, rho, bound)


def printed(
    gammas: ArrayLike, intercept: ArrayLike, rho: ArrayLike, noise_budget: float, bound: float | None = None
) -> np.ndarray:
    """The right side of Theorem 1 as printed: the envelope at rho - d sigma^2. Not a certificate."""
    return _smallest(gammas, intercept, np.asarray(rho, np.float64) - noise_budget, bound)[0]


def _smallest(gammas, intercept, rho, bound):
    values = np.asarray(gammas)[:, None] * rho + np.asarray(intercept)[:, None]
    place, smallest = values.argmin(0), values.min(0)
    if bound is not None:
        place, smallest = np.where(smallest > bound, -1, place), np.minimum(smallest, bound)
    return smallest, place


def attained(cost: ArrayLike, loss: ArrayLike, clean: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Attained worst cases, sorted by cost: (mean cost, mean loss). The first one is the unmoved images."""
    rho = np.append(0.0, np.asarray(cost).mean(1))
    reached = np.append(np.mean(clean), np.asarray(loss).mean(1))
    order = np.argsort(rho, kind="stable")
    return rho[order], reached[order]


def false_stretches(
    rho: ArrayLike, claimed: ArrayLike, budgets: np.ndarray, reached: np.ndarray
) -> list[list[float]]:
    """Stretches [from, to] of the grid rho where `claimed` is below a loss attained within that budget.

    budgets, reached: as `attained` gives them.
    """
    best = np.array([reached[budgets <= budget].max(initial=-np.inf) for budget in rho])
    below = np.concatenate([[False], claimed < best, [False]])
    edges = np.flatnonzero(np.diff(below.astype(int)))
    return [
        [float(rho[first]), float(rho[last - 1])] for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def _printed_false(lines: DualLines, results: AscentResults) -> list[list[float]]:
    """Where the printed right side is below a loss without noise; beyond this grid it is above all."""
    budgets, reached = attained(results.cost, results.noiseless, results.noiseless_clean)
    grid = np.union1d(np.linspace(0, 1.15 * (results.noise_budget + budgets[-1]), POINTS), budgets)
    claimed = printed(lines.gammas, lines.intercept, grid, results.noise_budget, results.bound)
    return false_stretches(grid, claimed, budgets, reached)


@dataclass(frozen=True)
class PopulationPoint:
    """One gamma of a certificate.

    phi: the surrogate of Theorem 1, or without the noise in the cost. rho, loss: the attained worst case.
    noiseless_loss: the loss without noise there. intercept: of the line. band_low, band_high: its limits.
    gap: estimate of what the ascents may have missed. concave: PROVED or NOT_PROVED.
    """

    gamma: float
    phi: float
    rho: float
    loss: float
    noiseless_loss: float = field(metadata={"json": "bare_loss"})
    intercept: float
    band_low: float
    band_high: float
    gap: float
    concave: str


@dataclass(frozen=True)
class PopulationCertificate:
    """The certificate of one series, as plain values.

    bound: M, or None. noise_budget: d sigma^2. clean_loss: mean smoothed loss of the unmoved images.
    points: one for each gamma. attained: budgets and losses of the attained worst cases.
    rho: a grid from 0. certificate, low, high, printed: on this grid.
    concave: on this grid, whether the lowest line is proved.
    printed_false: stretches of rho in which the printed right side is below a loss that a population within
    rho attains without noise.
    """

    bound: float | None
    noise_budget: float
    clean_loss: float
    points: list[PopulationPoint]
    attained: list[list[float]]
    rho: list[float]
    certificate: list[float]
    low: list[float]
    high: list[float]
    concave: list[bool]
    printed: list[float]
    printed_false: list[list[float]]


def certificate(
    results: AscentResults, alpha: float = 0.05, noise_in_cost: bool = True
) -> PopulationCertificate:
    """The certificate of a population from the results of its ascents.

    alpha: probability of error of the band. noise_in_cost: whether phi pays for the noise.
    """
    lines = dual_lines(results, alpha)
    budgets, reached = attained(results.cost, results.loss, results.clean)
    grid = np.linspace(0, 1.15 * max(float(budgets[-1]), 1e-6), POINTS)
    rho = np.union1d(grid, budgets)  # a chord between two grid points would pass below an attained point
    curve, place = envelope(lines.gammas, lines.intercept, rho, results.bound)
    claimed = printed(lines.gammas, lines.intercept, rho, results.noise_budget, results.bound)
    proved = np.append(lines.proved, results.bound is not None)  # the last one is for place -1
    return PopulationCertificate(
        bound=results.bound,
        noise_budget=results.noise_budget,
        clean_loss=float(results.clean.mean()),
        points=_points(lines, results, results.noise_budget if noise_in_cost else 0.0),
        attained=[budgets.tolist(), reached.tolist()],
        rho=rho.tolist(),
        certificate=curve.tolist(),
        low=envelope(lines.gammas, lines.low, rho, results.bound)[0].tolist(),
        high=envelope(lines.gammas, lines.high, rho, results.bound)[0].tolist(),
        concave=proved[place].tolist(),
        printed=claimed.tolist(),
        printed_false=_printed_false(lines, results) if results.scale else [],
    )


def _points(lines: DualLines, results: AscentResults, paid: float) -> list[PopulationPoint]:
    """paid: what the noise costs in phi."""
    return [
        PopulationPoint(
            gamma=float(gamma),
            phi=float(lines.intercept[g] - gamma * paid),
            rho=float(results.cost[g].mean()),
            loss=float(results.loss[g].mean()),
            noiseless_loss=float(results.noiseless[g].mean()),
            intercept=float(lines.intercept[g]),
            band_low=float(lines.low[g]),
            band_high=float(lines.high[g]),
            gap=float(lines.gap[g]),
            concave=PROVED if lines.proved[g] else NOT_PROVED,
        )
        for g, gamma in enumerate(lines.gammas)
    ]


def epsilon(rho: float) -> float:
    """The size of an equally strong attack on single images: eps^2 = rho, equation 8 of the NAL paper.

    rho: mean of ||x - x0||^2. The equation of the paper counts the noise too, and then eps is at least
    sqrt(d) sigma; its table gives less (errata, B2), so it must have left the noise out, as here.
    """
    if not rho >= 0:
        raise PopulationError(f"rho is {rho:g}; it must be at least 0.")
    return math.sqrt(rho)


@dataclass(frozen=True)
class BudgetReading:
    """A certificate at one budget rho. epsilon: size of equally strong attacks."""

    rho: float
    epsilon: float
    certificate: float
    low: float
    high: float
    printed: float
    concave: str


def at_budget(curve: PopulationCertificate, budgets: ArrayLike) -> list[BudgetReading]:
    """Read a certificate at each budget rho. Raises PopulationError for a budget below 0."""
    budgets = np.asarray(budgets, np.float64)
    gammas, intercept, low, high, concave = (
        [getattr(point, name) for point in curve.points]
        for name in ("gamma", "intercept", "band_low", "band_high", "concave")
    )
    certified, place = envelope(gammas, intercept, budgets, curve.bound)
    low, high = (envelope(gammas, values, budgets, curve.bound)[0] for values in (low, high))
    claimed = printed(gammas, intercept, budgets, curve.noise_budget, curve.bound)
    return [
        BudgetReading(
            rho=float(rho),
            epsilon=epsilon(rho),
            certificate=float(certified[k]),
            low=float(low[k]),
            high=float(high[k]),
            printed=float(claimed[k]),
            concave=PROVED if place[k] < 0 else concave[place[k]],
        )
        for k, rho in enumerate(budgets)
    ]
