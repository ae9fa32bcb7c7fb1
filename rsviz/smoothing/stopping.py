"""What a run of CERTIFY is asked for, when it ends, and which limits it may claim then. No torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rsviz.confidence import PROCEDURES
from rsviz.confidence.stopping import PROVED, UNDECIDED, good_enough, outlook, stopping_status
from rsviz.errors import RsvizError
from rsviz.noise import MAX_SEED

HAND_SHARE = 0.1
"""Part of alpha kept for a stop by hand. At alpha = 0.001 the limits at n become 1 % wider by it."""

COMPLETE, OUT_OF_REACH, GOOD_ENOUGH, BY_HAND = "complete", "out of reach", "good enough", "by hand"
ENDINGS = (COMPLETE, PROVED, OUT_OF_REACH, GOOD_ENOUGH, BY_HAND)
"""Why a run ended: all n votes; the radius asked for proved, or out of reach; good enough; stopped."""

STEP, GROWTH = 16, 8
"""Rules are checked after 16, 32, ... votes; later the distance is an eighth of the votes drawn."""


@dataclass(frozen=True)
class Claim:
    """Limits that may be claimed: by which procedure, and the probability of error that they spend."""

    procedure: str
    alpha: float
    p_a_lower: float
    p_b_upper: float


@dataclass(frozen=True)
class Terms:
    """What is fixed before the first draw, and so makes the claim at the end hold.

    n0, n: selecting and estimating draws. seed: of all noise.
    alpha: probability that the run ends with a false claim. procedure: key of a valid one of PROCEDURES.
    until_radius: end when this radius (pixel units) is proved or out of reach.
    within: end when the proved radius is within this percentage of the most that n votes could prove.
    stoppable: a person or a program that has seen all votes so far may end the run at any moment.

    Why the claim is false with probability at most alpha, whichever way a run ends:
    - It goes to n, always: the limits of `procedure` at alpha on n votes, as published.
    - It has a rule, or the procedure is `anytime`: `anytime` at alpha wherever it ends, n included. One event
      of probability alpha (Ville's inequality) covers every moment, so the reason for ending does not matter.
    - It is stoppable besides going to n: before n the claim is `anytime` at alpha / 10, at n it is
      `procedure` at 9 alpha / 10. A claim is false only if the sequence ever fails or the limits at n do,
      whatever the decision to stop rests on; by the union bound that has probability at most alpha.
    """

    n0: int = 100
    n: int = 100_000
    alpha: float = 0.001
    procedure: str = "cohen"
    seed: int = 0
    until_radius: float | None = None
    within: float | None = None
    stoppable: bool = False

    def __post_init__(self) -> None:
        for name in ("n0", "n"):
            _whole(name, getattr(self, name), low=1)
        _whole("seed", self.seed, low=0, high=MAX_SEED)
        if not 0 < self.alpha < 1:
            raise RsvizError(f"alpha is {self.alpha}; it must lie between 0 and 1.")
        check_procedure(self.procedure)
        if self.until_radius is not None and not 0 < self.until_radius < np.inf:
            raise RsvizError(f"until_radius is {self.until_radius}; it must be a positive, finite radius.")
        if self.within is not None and not 0 < self.within < 100:
            raise RsvizError(f"within is {self.within}; it must be a percentage between 0 and 100.")
        if self.until_radius is not None and self.within is not None:
            raise RsvizError("until_radius and within are both given; a run ends by one rule.")

    @property
    def has_rule(self) -> bool:
        return self.until_radius is not None or self.within is not None

    @property
    def always(self) -> bool:
        """Whether one procedure holds at every moment, the last one included."""
        return self.has_rule or PROCEDURES[self.procedure].always

    @property
    def alpha_before_n(self) -> float:
        """Spent by the limits of `anytime` while votes arrive."""
        return self.alpha * HAND_SHARE if self.stoppable and not self.always else self.alpha

    @property
    def alpha_at_n(self) -> float:
        """Spent by the limits on all n votes."""
        return self.alpha - self.alpha_before_n if self.stoppable and not self.always else self.alpha

    def limits_after(self, drawn: int) -> tuple[str, float]:
        """(procedure, alpha) of the limits that may be claimed after this many estimating votes.

        Before n they are those that hold at every moment, at n those of the requested procedure. In a run
        that is not stoppable and has no rule, a claim before n is an alternative to the claim at n: to report
        whichever came first may err with probability up to 2 alpha.
        """
        if drawn < self.n:
            return "anytime", self.alpha_before_n
        return "anytime" if self.always else self.procedure, self.alpha_at_n

    def claim(self, counts: Sequence[int], top: int) -> Claim:
        """The limits that may be claimed from these votes (classes,) for the class `top`."""
        procedure, alpha = self.limits_after(sum(counts))
        p_a_lower, p_b_upper = PROCEDURES[procedure].limits(np.array(counts), top, alpha)
        return Claim(procedure, alpha, float(p_a_lower), float(p_b_upper))

    def ending(self, counts: Sequence[int], top: int, radius: Callable[..., Any]) -> str | None:
        """Why the run ends with these votes, as one of ENDINGS; None: it goes on.

        radius: function of limits (p_a_lower, p_b_upper): the tight bound's `certified_radius`. The rules are
        checked at fixed checkpoints only, so that a run ends after the same votes on every machine.
        """
        drawn = sum(counts)
        if drawn >= self.n:
            return COMPLETE
        if not self.has_rule or drawn != next_checkpoint(drawn - 1):
            return None
        view = outlook(np.array(counts), top, self.n, self.alpha, radius)
        if self.within is not None:
            return GOOD_ENOUGH if good_enough(view, self.within / 100) else None
        assert self.until_radius is not None  # one of the two rules is set
        decided = str(stopping_status(view, self.until_radius))
        return None if decided == UNDECIDED else decided


def check_procedure(key: str) -> None:
    """Raise RsvizError unless `key` names a procedure with proved limits."""
    allowed = ", ".join(name for name, procedure in PROCEDURES.items() if procedure.valid)
    if key not in PROCEDURES:
        raise RsvizError(f"procedure is {key!r}; it must be one of {allowed}.")
    if not PROCEDURES[key].valid:
        raise RsvizError(
            f"procedure is {key!r}, which makes no certificate: its limits are not proved to hold with "
            f"probability 1 - alpha; those of {allowed} are."
        )


def next_checkpoint(drawn: int) -> int:
    """The first checkpoint after `drawn` votes."""
    checkpoint = STEP
    while checkpoint <= drawn:
        checkpoint += max(STEP, checkpoint // GROWTH // STEP * STEP)
    return checkpoint


def _whole(name: str, value: Any, low: int, high: int | None = None) -> None:
    allowed = f"of at least {low}" if high is None else f"from {low} to {high}"
    wrong = isinstance(value, bool) or not isinstance(value, int | np.integer)
    if wrong or value < low or (high is not None and value > high):
        raise RsvizError(f"{name} is {value}; it must be an integer {allowed}.")
