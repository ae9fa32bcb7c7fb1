"""When to stop drawing: a radius decided, or nearly all proved that more votes could prove.

A run that may stop early says so before its first vote, and then stands on the confidence sequence
(`anytime`) from the first vote to the last, also when it reaches n: wherever it stops, its certificate is
that of `anytime` on the votes so far and errs with probability at most alpha. Clopper-Pearson's result at n
belongs to a run without such a rule: to report whichever of the two came first could err with up to 2 alpha.
(A run that only a person may stop shares alpha between the two: see rsviz.smoothing.Terms.)

    radius = lambda p_a_lower, p_b_upper: bound.certified_radius(p_a_lower, p_b_upper, sigma)
    view = outlook(counts, top, n=100_000, alpha=0.001, radius=radius)
    decide(view, r)                  # "proved", "out of reach" or "undecided"
    good_enough(view, within=0.05)   # True: stop

All is vectorised over the leading axes of counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rsviz.confidence.anytime import ANYTIME, sequence_lower, sequence_upper
from rsviz.confidence.record import Tally, checked
from rsviz.errors import RsvizError

PROVED, OUT_OF_REACH, UNDECIDED = "proved", "out of reach", "undecided"


@dataclass(frozen=True)
class Outlook:
    """What the votes so far prove, and what further votes could; float64 arrays (...).

    p_a_lower, p_b_upper: limits of `anytime`. radius: proved now, 0 where nothing is; right at all times at
    once with probability at least 1 - alpha.
    p_a_upper, p_b_lower: the other side, from a sequence of its own. true_at_most: the radius of the true
    probabilities is at most this, at all times at once with probability at least 1 - alpha (an error apart
    from that of `radius`).
    votes_at_most: what would be proved if all votes still to come went to the top class; certain: no
    other votes prove more, now or at n.
    """

    p_a_lower: np.ndarray
    p_b_upper: np.ndarray
    radius: np.ndarray
    p_a_upper: np.ndarray
    p_b_lower: np.ndarray
    true_at_most: np.ndarray
    votes_at_most: np.ndarray

    @property
    def most(self):
        """The most that votes up to n can be expected to prove: the smaller of the two upper ends."""
        return np.minimum(self.true_at_most, self.votes_at_most)


def outlook(counts, top, n, alpha: float, radius: Callable) -> Outlook:
    """What the votes so far prove, and what votes up to n could.

    counts: votes so far (..., classes). top: class index (...), chosen before these votes. n: votes planned,
    at least those in counts. alpha: in (0, 1). radius: function of limits (p_a_lower, p_b_upper), 0 where the
    first is not larger: `certified_radius` of a Bound with its scale.
    Raises RsvizError, a ValueError that names the argument.
    """
    tally = checked(counts, top, alpha)
    rest = np.asarray(n) - tally.n
    if not np.issubdtype(rest.dtype, np.integer) or (rest < 0).any():
        raise RsvizError(
            f"n is {n}; it must be an integer, and not below the {tally.n.max():,} votes drawn so far."
        )
    p_a_lower, p_b_upper = ANYTIME.limits(tally.counts, tally.top, alpha)
    p_a_upper, p_b_lower = _other_side(tally, alpha)
    is_top = np.arange(tally.counts.shape[-1]) == tally.top[..., None]
    at_best = tally.counts + np.where(is_top, rest[..., None], 0)
    return Outlook(
        p_a_lower=p_a_lower,
        p_b_upper=p_b_upper,
        radius=radius(p_a_lower, p_b_upper),
        p_a_upper=p_a_upper,
        p_b_lower=p_b_lower,
        true_at_most=radius(p_a_upper, p_b_lower),
        votes_at_most=radius(*ANYTIME.limits(at_best, tally.top, alpha)),
    )


def decide(view: Outlook, radius: float):
    """Whether the certificate of this radius is decided: "proved", "out of reach" or "undecided".

    proved: the certificate stands now, and errs with probability at most alpha.
    out of reach: either the true radius is smaller, which is wrong with probability at most alpha; or it is
    certain that no votes up to n prove it, though it may be true.
    """
    found = np.select([view.radius >= radius, view.most < radius], [PROVED, OUT_OF_REACH], default=UNDECIDED)
    return found if found.ndim else str(found)


def good_enough(view: Outlook, within: float):
    """Whether the radius proved is within this share of the most that votes up to n could prove.

    within: in (0, 1); 0.05 for 5 %. True as well where nothing can be proved any more: the most is 0.
    """
    if not 0 < within < 1:
        raise RsvizError(f"within is {within}; it must lie between 0 and 1.")
    found = view.radius >= (1 - within) * view.most
    return found if found.ndim else bool(found)


def _other_side(tally: Tally, alpha):
    """(p_a_upper, p_b_lower): at all times at once p_A is below, and some other class above, w.p. 1 - alpha.

    Two classes: all of alpha for p_A. More: half for p_A, and half shared by the others, for which of them
    leads is not known beforehand; and the others share 1 - p_A, so one of them has its part of that.
    """
    others = tally.counts.shape[-1] - 1
    if others == 1:
        p_a_upper = sequence_upper(tally.votes, tally.n, alpha)
        return p_a_upper, 1.0 - p_a_upper
    p_b_lower = sequence_lower(tally.runner_up, tally.n, alpha / 2 / others)
    p_a_upper = np.minimum(sequence_upper(tally.votes, tally.n, alpha / 2), 1.0 - p_b_lower)
    return p_a_upper, np.maximum(p_b_lower, (1.0 - p_a_upper) / others)
