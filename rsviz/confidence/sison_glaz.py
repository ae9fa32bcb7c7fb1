"""Sison-Glaz simultaneous intervals as Li's published code uses them, through statsmodels."""

import functools
import warnings

import numpy as np

from rsviz.confidence.record import Procedure
from rsviz.errors import RsvizError

MOST_VOTES = 100_000
"""The search goes vote by vote, so its time grows; beyond this the moments also lose their digits."""

MOST_DIFFERENT = 500
"""Different count vectors in one call: each is a search of its own, of 5 to 500 ms."""


def seconds_needed(counts, alpha) -> float:
    """About how long limits on these votes (..., classes) take, within a factor of three; inf: refused."""
    counts = np.asarray(counts)
    rows = np.unique(np.sort(counts.reshape(-1, counts.shape[-1]), axis=-1), axis=0)
    if len(rows) > MOST_DIFFERENT or rows.sum(-1).max(initial=0) > MOST_VOTES:
        return float("inf")
    steps = np.sqrt(rows.sum(-1) * np.log(1 / alpha))  # of the search, each over every class that has votes
    return float(2e-4 * (steps * (rows > 0).sum(-1)).sum())


def _sison_glaz(tally, alpha):
    if tally.n.max(initial=0) > MOST_VOTES:
        raise RsvizError(
            f"counts holds {tally.n.max():,} votes; sison-glaz takes at most {MOST_VOTES:,}, for its search "
            "goes vote by vote."
        )
    rows = np.sort(tally.counts.reshape(-1, tally.counts.shape[-1]), axis=-1)
    rows, place = np.unique(rows, axis=0, return_inverse=True)
    if len(rows) > MOST_DIFFERENT:
        raise RsvizError(
            f"counts holds {len(rows):,} different count vectors; sison-glaz takes at most "
            f"{MOST_DIFFERENT:,} a call, for each needs a search of its own."
        )
    widths = np.array([_widths(tuple(row[row > 0].tolist()), alpha) for row in rows]).reshape(-1, 2)
    below, above = widths[place.ravel()].reshape(*tally.n.shape, 2).transpose(-1, *range(tally.n.ndim))
    n = np.maximum(tally.n, 1)
    leads = (tally.votes >= tally.runner_up) & np.isfinite(below) & np.isfinite(above)
    with np.errstate(invalid="ignore"):
        p_a_lower = np.where(leads, np.maximum(tally.votes / n - below, 0.0), 0.0)
        p_b_upper = np.where(leads, np.minimum(tally.runner_up / n + above, 1.0 - p_a_lower), 1.0)
    return p_a_lower, p_b_upper


@functools.lru_cache(maxsize=10_000)
def _widths(counts, alpha):
    """How far the intervals reach below and above each share; NaN, NaN where they degenerate.

    counts: the positive ones. Degenerate: nothing is found, or nothing is allowed for below, as for a single
    class, where the lower limit would be certainty.
    """
    from statsmodels.stats.proportion import multinomial_proportions_confint  # takes seconds to import

    refused = (np.nan, np.nan)
    if not counts:
        return refused
    shares = np.array(counts) / sum(counts)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            # an empty class more, whose interval is not cut off at 1
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
    colour="#D55E00",
    valid=False,
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
    _limits=_sison_glaz,
    same_votes=True,
)
