"""One record for each procedure: its promise, its assumptions, and the function from votes to limits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.errors import RsvizError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class CheckedCounts:
    """Votes that passed `check_counts`. counts: int64 (..., classes). top: class index (...)."""

    counts: Integers
    top: Integers

    @cached_property
    def n(self) -> Integers:
        """Votes in all, (...)."""
        return self.counts.sum(-1)

    @cached_property
    def votes(self) -> Integers:
        """Votes of the top class, (...)."""
        return np.take_along_axis(self.counts, self.top[..., None], axis=-1)[..., 0]

    @cached_property
    def others(self) -> Integers:
        """Votes of every other class, (..., classes - 1)."""
        is_top = np.arange(self.counts.shape[-1]) == self.top[..., None]
        return self.counts[~is_top].reshape(*self.n.shape, self.counts.shape[-1] - 1)

    @cached_property
    def runner_up(self) -> Integers:
        """Votes of the largest other class, (...)."""
        return self.others.max(-1)


@dataclass(frozen=True)
class Procedure:
    """A rule that computes limits on probabilities from votes.

    key: its name in links and commands. short: its name in pictures. colour: its colour in every picture.
    valid: P(p_A < p_a_lower or p_B > p_b_upper) <= alpha is proved for `limits`, for all true probabilities,
    if `assumes` holds.
    statement: what it does, and what is known about its error.
    formula: the function from (CheckedCounts, alpha) to (p_a_lower, p_b_upper).
    same_votes: its source chooses the class on the same votes.
    always: the limits hold at every number of votes at once, so that one may watch and stop.
    compared_with: key of the procedure whose radius from the same votes a certificate reports beside it.
    seconds_needed: for a slow procedure, the function from (counts, alpha) to the seconds that `limits`
    takes, within a factor of three; inf where it refuses.
    """

    key: str
    title: str
    short: str
    colour: str
    valid: bool
    statement: str
    source: str
    assumes: str
    formula: Callable[[CheckedCounts, float], tuple[Floats, Floats]]
    same_votes: bool = False
    always: bool = False
    compared_with: str = ""
    seconds_needed: Callable[[ArrayLike, float], float] | None = None

    def limits(self, counts: ArrayLike, top: ArrayLike, alpha: float = 0.001) -> tuple[Floats, Floats]:
        """Limits on the probabilities of the class `top` and of every other class.

        counts: votes (..., classes), integers >= 0.
        top: class index (...), chosen without looking at these votes.
        alpha: probability of error, in (0, 1).
        Returns (p_a_lower, p_b_upper), float64 arrays (...). A certificate needs p_a_lower > p_b_upper; then
        p_a_lower + p_b_upper <= 1. Where there are no votes, the limits are 0 and 1.
        Raises RsvizError, a ValueError that names the argument.
        """
        checked = check_counts(counts, top, alpha)
        p_a_lower, p_b_upper = self.formula(checked, float(alpha))
        drawn = checked.n > 0
        return np.where(drawn, p_a_lower, 0.0), np.where(drawn, p_b_upper, 1.0)


def check_counts(counts: ArrayLike, top: ArrayLike, alpha: float) -> CheckedCounts:
    """The votes as CheckedCounts, or an RsvizError that names what is wrong with them."""
    counts, top = np.asarray(counts), np.asarray(top)
    if counts.ndim < 1 or counts.shape[-1] < 2:
        raise RsvizError(f"counts has shape {counts.shape}; its last axis must hold at least two classes.")
    if not np.issubdtype(counts.dtype, np.integer) or (counts < 0).any():
        raise RsvizError("counts holds other values than votes; votes must be integers >= 0.")
    if not np.issubdtype(top.dtype, np.integer) or (top < 0).any() or (top >= counts.shape[-1]).any():
        raise RsvizError(f"top is {top}; it must be a class index from 0 to {counts.shape[-1] - 1}.")
    try:
        top = np.broadcast_to(top, counts.shape[:-1])
    except ValueError:
        raise RsvizError(
            f"top has shape {top.shape}; it must broadcast to {counts.shape[:-1]}, one class for each row of "
            "counts."
        ) from None
    check_alpha(alpha)
    return CheckedCounts(counts.astype(np.int64), top)


def check_alpha(alpha: float) -> None:
    """RsvizError unless alpha lies in (0, 1)."""
    if not (isinstance(alpha, int | float | np.number) and 0 < alpha < 1):
        raise RsvizError(f"alpha is {alpha}; it must lie between 0 and 1.")
