"""When to stop drawing: a radius is decided, or nearly everything is proved that more votes could prove.

A run that may stop early says so before its first vote. It then uses the confidence sequence (`anytime`) from
the first vote to the last, also when it reaches n. Wherever it stops, its certificate is that of `anytime` on
the votes so far, and errs with probability at most alpha. Clopper-Pearson's result at n belongs to a run
without such a rule: reporting whichever of the two comes first could err with up to 2 alpha. (A run that only
a person may stop divides alpha between the two: see rsviz.smoothing.Terms.)

    radius = lambda p_a_lower, p_b_upper: bound.certified_radius(p_a_lower, p_b_upper, sigma)
    view = outlook(counts, top, n=100_000, alpha=0.001, radius=radius)
    stopping_status(view, r)         # "proved", "out of reach" or "undecided"
    good_enough(view, within=0.05)   # True: stop

Everything is vectorised over the leading axes of counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.confidence.anytime import ANYTIME, sequence_lower, sequence_upper
from rsviz.confidence.record import CheckedCounts, Floats, check_counts
from rsviz.errors import RsvizError

PROVED, OUT_OF_REACH, UNDECIDED = "proved", "out of reach", "undecided"


@dataclass(frozen=True)
class Outlook:
    """What the votes so far prove, and what further votes could prove; float64 arrays (...).

    p_a_lower, p_b_upper: limits of `anytime`.
    radius: proved now, 0 where nothing is. At all times at once it is right with probability at least
    1 - alpha.
    p_a_upper, p_b_lower: limits on the other side, from another sequence.
    true_at_most: upper limit of the radius of the true probabilities, at all times at once with probability
    at least 1 - alpha. Its error is separate from that of `radius`.
    votes_at_most: the radius proved at n if all further votes went to the top class. This is certain: no
    other votes prove more, now or at n.
    """

    p_a_lower: Floats
    p_b_upper: Floats
    radius: Floats
    p_a_upper: Floats
    p_b_lower: Floats
    true_at_most: Floats
    votes_at_most: Floats

    @property
    def most(self) -> Floats:
        """The largest radius that votes up to n can be expected to prove: the smaller upper limit."""
        return np.minimum(self.true_at_most, self.votes_at_most)


def outlook(
    counts: ArrayLike,
    top: ArrayLike,
    n: ArrayLike,
    alpha: float,
    radius: Callable[[Floats, Floats], Floats],
) -> Outlook:
    """What the votes so far prove, and what votes up to n could prove.

    counts: votes so far (..., classes).
    top: class index (...), chosen before these votes.
    n: votes planned, at least those in counts.
    alpha: in (0, 1).
    radius: function of limits (p_a_lower, p_b_upper), 0 where the first is not larger, such as
    `certified_radius` of a Bound with its scale.
    Raises RsvizError, a ValueError that names the argument.
    """
    checked = check_counts(counts, top, alpha)
    rest = np.asarray(n) - checked.n
    if not np.issubdtype(rest.dtype, np.integer) or (rest < 0).any():
        raise RsvizError(
            f"n is {n!s}; it must be an integer, and not below the {checked.n.max():,} votes drawn so far."
        )
    p_a_lower, p_b_upper = ANYTIME.limits(checked.counts, checked.top, alpha)
    p_a_upper, p_b_lower = _other_side(checked, alpha)
    is_top = np.arange(checked.counts.shape[-1]) == checked.top[..., None]
    at_best = checked.counts + np.where(is_top, rest[..., None], 0)
    return Outlook(
        p_a_lower=p_a_lower,
        p_b_upper=p_b_upper,
        radius=radius(p_a_lower, p_b_upper),
        p_a_upper=p_a_upper,
        p_b_lower=p_b_lower,
        true_at_most=radius(p_a_upper, p_b_lower),
        votes_at_most=radius(*ANYTIME.limits(at_best, checked.top, alpha)),
    )


def stopping_status(view: Outlook, radius: float) -> str | NDArray[np.str_]:
    """Whether the certificate of this radius is decided: "proved", "out of reach" or "undecided".

    proved: the certificate holds now, and errs with probability at most alpha.
    out of reach: either the true radius is smaller, which is wrong with probability at most alpha; or it is
    certain that no votes up to n prove the radius, although it may be true.
    Returns one word, or an array of words (...).
    """
    found = np.select([view.radius >= radius, view.most < radius], [PROVED, OUT_OF_REACH], default=UNDECIDED)
    return found if found.ndim else str(found)


def good_enough(view: Outlook, within: float) -> bool | NDArray[np.bool_]:
    """Whether the proved radius is at least 1 - within of the most that votes up to n could prove.

    within: in (0, 1); 0.05 for 5 %. Also True where nothing can be proved any more, because the most is 0.
    """
    if not 0 < within < 1:
        raise RsvizError(f"within is {within}; it must lie between 0 and 1.")
    found = view.radius >= (1 - within) * view.most
    return found if found.ndim else bool(found)


def _other_side(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    """(p_a_upper, p_b_lower): at all times at once p_A is below, and some other class above, w.p. 1 - alpha.

    Two classes: all of alpha for p_A. More: half for p_A, and half divided among the others, because the one
    that leads is not known beforehand. The others share 1 - p_A, so one of them has at least an even part.
    """
    others = checked.counts.shape[-1] - 1
    if others == 1:
        p_a_upper = sequence_upper(checked.votes, checked.n, alpha)
        return p_a_upper, 1.0 - p_a_upper
    p_b_lower = sequence_lower(checked.runner_up, checked.n, alpha / 2 / others)
    p_a_upper = np.minimum(sequence_upper(checked.votes, checked.n, alpha / 2), 1.0 - p_b_lower)
    return p_a_upper, np.maximum(p_b_lower, (1.0 - p_a_upper) / others)
