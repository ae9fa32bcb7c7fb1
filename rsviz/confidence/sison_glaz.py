"""Sison-Glaz simultaneous intervals as Li's published code uses them, through statsmodels."""

import functools
import warnings

import numpy as np
from numpy.typing import ArrayLike

from rsviz.confidence.record import CheckedCounts, Floats, Procedure
from rsviz.errors import RsvizError

MOST_VOTES = 100_000
"""The search goes vote by vote, so its time grows; with more votes its moments also lose their digits."""

MOST_DIFFERENT = 500
"""Different count vectors in one call: each needs its own search of 5 to 500 ms."""


def seconds_needed(counts: ArrayLike, alpha: float) -> float:
    """Seconds that limits on these votes (..., classes) take, within a factor of three; inf where refused."""
    counts = np.asarray(counts)
    rows = np.unique(np.sort(counts.reshape(-1, counts.shape[-1]), axis=-1), axis=0)
    if len(rows) > MOST_DIFFERENT or rows.sum(-1).max(initial=0) > MOST_VOTES:
        return float("inf")
    steps = np.sqrt(rows.sum(-1) * np.log(1 / alpha))  # of the search, each over every class that has votes
    return float(2e-4 * (steps * (rows > 0).sum(-1)).sum())


def _sison_glaz(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    if checked.n.max(initial=0) > MOST_VOTES:
        raise RsvizError(
            f"counts holds {checked.n.max():,} votes; sison-glaz takes at most {MOST_VOTES:,}, "
            "because its search goes vote by vote."
        )
    rows = np.sort(checked.counts.reshape(-1, checked.counts.shape[-1]), axis=-1)
    rows, place = np.unique(rows, axis=0, return_inverse=True)
    if len(rows) > MOST_DIFFERENT:
        raise RsvizError(
            f"counts holds {len(rows):,} different count vectors; sison-glaz takes at most "
            f"{MOST_DIFFERENT:,} in a call, because each needs its own search."
        )
    widths = np.array([_widths(tuple(row[row > 0].tolist()), alpha) for row in rows]).reshape(-1, 2)
    below, above = widths[place.ravel()].reshape(*checked.n.shape, 2).transpose(-1, *range(checked.n.ndim))
    n = np.maximum(checked.n, 1)
    leads = (checked.votes >= checked.runner_up) & np.isfinite(below) & np.isfinite(above)
    with np.errstate(invalid="ignore"):
        p_a_lower = np.where(leads, np.maximum(checked.votes / n - below, 0.0), 0.0)
        p_b_upper = np.where(leads, np.minimum(checked.runner_up / n + above, 1.0 - p_a_lower), 1.0)
    return p_a_lower, p_b_upper


@functools.lru_cache(maxsize=10_000)
def _widths(counts: tuple[int, ...], alpha: float) -> tuple[float, float]:
    """Distances of the interval's ends below and above each share; NaN, NaN where the interval degenerates.

    It degenerates where statsmodels finds none, or where its lower end is the share, as for a single class:
    the lower limit would then be certainty.
    counts: the positive ones.
    """
    from statsmodels.stats.proportion import multinomial_proportions_confint  # takes seconds to import

    refused = (np.nan, np.nan)
    if not counts:
        return refused
    shares = np.array(counts) / sum(counts)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            # with one more class, which is empty: its interval is not cut off at 1
            intervals = multinomial_proportions_confint((*counts, 0), alpha, method="sison-glaz")
    except Exception:  # statsmodels raises a bare Exception where its search ends without a result
        return refused
    below, above = float(shares[-1] - intervals[-2, 0]), float(intervals[-1, 1])
    degenerate = not (np.isfinite(intervals).all() and below > 0 and above < 1 and intervals[-2, 0] > 0)
    return refused if degenerate else (below, above)


SISON_GLAZ = Procedure(
    key="sison-glaz",
    title="Sison-Glaz, as in Li's code",
    short="Sison-Glaz",
    statement=(
        "Two-sided simultaneous intervals of the class with the most votes and of the runner-up, on the same "
        "votes; p_B is also at most 1 - p_a_lower. An approximation for many classes with many votes each: "
        "at alpha = 0.05 and n = 100 the limits fail with 0.12 at p_A = 0.9 in two classes. Where the "
        "interval degenerates, as when all votes agree, there are no limits; the published code gave "
        "certainty there and failed with 0.95 at p_A = 0.9995."
    ),
    source=(
        "Sison and Glaz 1995, through statsmodels; the code of Li et al. 2019 (R's MultinomialCI); errata "
        "A11, A12"
    ),
    assumes="That the approximation holds, which it does not next to p_A = 1.",
    colour="#D55E00",
    valid=False,
    formula=_sison_glaz,
    same_votes=True,
    seconds_needed=seconds_needed,
)
