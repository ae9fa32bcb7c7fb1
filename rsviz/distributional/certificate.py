"""From the ends of the ascents to certificates over rho. NumPy and SciPy only.

The repaired certificate, with the budget on x before the noise (errata, B1'):
    sup over P with W_c(P, P_0) <= rho of E_P[l^(x)] <= gamma rho + E_P0 sup_x [l^(x) - gamma ||x - x0||_2^2]
for every gamma >= 0, where l^ is the smoothed loss. The printed one (Theorem 1 of the NAL paper) has rho -
d sigma^2 in place of rho, and is false.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from rsviz.distributional.losses import CONCAVE_FROM, DistributionError, concave_from

PROVED, NOT_PROVED = "proved", "not proved"
POINTS = 201


@dataclass(frozen=True)
class AscentResults:
    """Where the ascents of N images ended, for G values of gamma.

    gammas: (G,), rising. cost: ||x_K - x0||^2, float64 (G, N). loss: the smoothed loss there, (G, N), and
    clean: that of the images themselves, (N,). noiseless, noiseless_clean: the same of the loss without
    noise.
    slope: estimates of the squared gradient at the end, (G, N); NaN where concavity is not proved.
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
        """d sigma^2 = E ||Z||^2: what the noise alone costs."""
        return self.dim * self.scale**2


@dataclass(frozen=True)
class DualLines:
    """The line gamma rho + intercept of every gamma.

    intercept, low, high: (G,), the estimate of E sup_x [l^(x) - gamma ||x - x0||^2] and its limits; `gap` is
    in all of them. gap: (G,), what the ascent may have missed at most, estimated; 0 where nothing is proved.
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

    The largest over all points that any ascent reached, x0 included: so it falls with gamma, and the line of
    each gamma passes no attained point above it. Taking the largest of noisy estimates errs upwards.
    """
    cost = np.concatenate([np.zeros_like(results.clean)[None], results.cost])
    loss = np.concatenate([results.clean[None], results.loss])
    return (loss - results.gammas[:, None, None] * cost).max(1)


def dual_lines(results: AscentResults, alpha: float = 0.05) -> DualLines:
    """The lines and their limits, all of which hold together but for a probability alpha.

    The images are taken for independent draws from the population. For a bounded loss the limits are those of
    Maurer and Pontil 2009 (empirical Bernstein), for another one those of Student's t, which is only
    approximate. Where concavity is proved, mu = 2 gamma - 2 phi(1) M / sigma^2 and the ascent missed at most
    ||gradient||^2 / (2 mu) of each image's supremum; the mean of that is estimated, with a normal limit.
    """
    values, count = surrogates(results), results.clean.size
    mean, share = values.mean(1), alpha / len(results.gammas)
    deviation = values.std(1, ddof=1)
    if results.bound is None:
        half = t.ppf(1 - share / 2, count - 1) * deviation / np.sqrt(count)
    else:
        half = _bernstein(deviation, count, results.bound, share / 2)
    proved = results.gammas > concave_from(results.bound, results.scale)
    gap, gap_high = np.zeros_like(mean), np.zeros_like(mean)
    if proved.any():
        mu = 2 * results.gammas[proved] - 2 * CONCAVE_FROM * results.bound / results.scale**2
        missed = results.slope[proved] / (2 * mu[:, None])
        error = missed.std(1, ddof=1) / np.sqrt(count)
        gap[proved] = missed.mean(1).clip(0)
        gap_high[proved] = (missed.mean(1) + norm.ppf(1 - share) * error).clip(0)
    low, high = (mean - half).clip(0), mean + half  # no loss is below 0
    if results.bound is not None:
        high = high.clip(max=results.bound)
    return DualLines(results.gammas, mean + gap, low, high + gap_high, gap, proved)


def _bernstein(deviation, count, bound, alpha):
    """Half width of a one-sided limit on a mean of values in [0, bound]: Maurer, Pontil 2009, Theorem 4."""
    log = np.log(2 / alpha)
    return np.sqrt(2 * deviation**2 * log / count) + 7 * bound * log / (3 * (count - 1))


def envelope(gammas, intercept, rho, bound=None) -> tuple[np.ndarray, np.ndarray]:
    """min over gamma of gamma rho + intercept at every rho, and the place of the gamma; -1: the bound M.

    Concave and nondecreasing in rho, as a smallest of such lines. Raises DistributionError for rho below 0.
    """
    rho = np.asarray(rho, np.float64)
    if not (rho >= 0).all():
        raise DistributionError("rho holds values below 0 or NaN; the budget must be at least 0.")
    return _smallest(gammas, intercept, rho, bound)


def printed(gammas, intercept, rho, noise_budget, bound=None) -> np.ndarray:
    """The right side of Theorem 1 as printed: the envelope at rho - d sigma^2. Not a certificate."""
    return _smallest(gammas, intercept, np.asarray(rho, np.float64) - noise_budget, bound)[0]


def _smallest(gammas, intercept, rho, bound):
    values = np.asarray(gammas)[:, None] * rho + np.asarray(intercept)[:, None]
    place, smallest = values.argmin(0), values.min(0)
    if bound is not None:
        place, smallest = np.where(smallest > bound, -1, place), np.minimum(smallest, bound)
    return smallest, place


def attained(cost, loss, clean) -> tuple[np.ndarray, np.ndarray]:
    """Worst cases that were reached: (mean cost, mean loss), the unmoved images first, sorted by cost."""
    rho = np.append(0.0, np.asarray(cost).mean(1))
    reached = np.append(np.mean(clean), np.asarray(loss).mean(1))
    order = np.argsort(rho, kind="stable")
    return rho[order], reached[order]


def false_stretches(rho, claimed, budgets, reached) -> list[list[float]]:
    """Where `claimed` on the grid rho lies below a loss reached with no larger budget: [[from, to], ...]."""
    best = np.array([reached[budgets <= budget].max(initial=-np.inf) for budget in rho])
    below = np.concatenate([[False], claimed < best, [False]])
    edges = np.flatnonzero(np.diff(below.astype(int)))
    return [
        [float(rho[first]), float(rho[last - 1])] for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def _printed_false(drawn: DualLines, results: AscentResults) -> list[list[float]]:
    """Where the printed right side lies below a loss without noise; beyond this grid it lies above all."""
    budgets, reached = attained(results.cost, results.noiseless, results.noiseless_clean)
    grid = np.union1d(np.linspace(0, 1.15 * (results.noise_budget + budgets[-1]), POINTS), budgets)
    claimed = printed(drawn.gammas, drawn.intercept, grid, results.noise_budget, results.bound)
    return false_stretches(grid, claimed, budgets, reached)


def certificate(results: AscentResults, alpha: float = 0.05, noise_in_cost: bool = True) -> dict:
    """Everything that is drawn of one series, as plain values.

    points: for each gamma its phi (the surrogate of Theorem 1, or without the noise in the cost), the
    attained rho and loss, the limits band_low and band_high on the line's intercept, the estimated gap of the
    ascent, and whether concavity is proved. rho: a grid from 0 on; certificate, low, high, printed: on it;
    concave: whether the line that is lowest there is proved. printed_false: stretches of rho in which the
    printed right side lies below a loss that is reached without noise by a population within rho.
    """
    drawn = dual_lines(results, alpha)
    budgets, reached = attained(results.cost, results.loss, results.clean)
    grid = np.linspace(0, 1.15 * max(float(budgets[-1]), 1e-6), POINTS)
    rho = np.union1d(grid, budgets)  # a chord between two of the grid would pass below what is reached there
    curve, place = envelope(drawn.gammas, drawn.intercept, rho, results.bound)
    claimed = printed(drawn.gammas, drawn.intercept, rho, results.noise_budget, results.bound)
    paid = results.noise_budget if noise_in_cost else 0.0
    proved = np.append(drawn.proved, results.bound is not None)  # the last for place -1
    return {
        "noise_budget": results.noise_budget,
        "clean_loss": float(results.clean.mean()),
        "points": [
            {
                "gamma": float(gamma),
                "phi": float(drawn.intercept[g] - gamma * paid),
                "rho": float(results.cost[g].mean()),
                "loss": float(results.loss[g].mean()),
                "bare_loss": float(results.noiseless[g].mean()),
                "intercept": float(drawn.intercept[g]),
                "band_low": float(drawn.low[g]),
                "band_high": float(drawn.high[g]),
                "gap": float(drawn.gap[g]),
                "concave": PROVED if drawn.proved[g] else NOT_PROVED,
            }
            for g, gamma in enumerate(drawn.gammas)
        ],
        "attained": [budgets.tolist(), reached.tolist()],
        "rho": rho.tolist(),
        "certificate": curve.tolist(),
        "low": envelope(drawn.gammas, drawn.low, rho, results.bound)[0].tolist(),
        "high": envelope(drawn.gammas, drawn.high, rho, results.bound)[0].tolist(),
        "concave": proved[place].tolist(),
        "printed": claimed.tolist(),
        "printed_false": _printed_false(drawn, results) if results.scale else [],
    }
