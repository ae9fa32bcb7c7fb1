"""The confidence procedures where the true probabilities are known: failure rates, peeking, radii.

Radii are those of the tight bound for Gaussian noise in l2 with sigma = 1, so in units of sigma. No torch.
Every result depends on its arguments alone, the seed included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES, clopper_pearson_lower
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.noise.streams import SIMULATED_ESTIMATION, SIMULATED_SELECTION
from rsviz.simulation.watching import MOST_VOTES, path, peeking, same_votes
from rsviz.smoothing.certify import Certificates, certificates

__all__ = [
    "Experiment",
    "Outcome",
    "Summary",
    "ceiling",
    "certify",
    "class_probabilities",
    "expected_counts",
    "interval",
    "path",
    "peeking",
    "radius",
    "radius_by_p_a",
    "radius_by_votes",
    "same_votes",
]

MOST_CLASSES = 1_000
MOST_RUNS = 100_000


def class_probabilities(p_a: float, classes: int, share: float) -> np.ndarray:
    """Probabilities of `classes` classes: p_a, then `share` of the rest, then the others evenly.

    p_a: in (0, 1). share: in (0, 1], at least an even part of the rest. Of two classes the second has all of
    the rest.
    """
    if not 0 < p_a < 1:
        raise RsvizError(f"p_a is {p_a}; it must lie between 0 and 1.")
    if isinstance(classes, bool) or not isinstance(classes, int) or not 2 <= classes <= MOST_CLASSES:
        raise RsvizError(f"classes is {classes}; it must be an integer from 2 to {MOST_CLASSES}.")
    if not 0 < share <= 1:
        raise RsvizError(f"share is {share}; it must lie in (0, 1].")
    if classes == 2:
        return np.array([p_a, 1 - p_a])
    second = max(share, 1 / (classes - 1))
    others = (1 - second) / (classes - 2)
    return np.concatenate([[p_a], (1 - p_a) * np.array([second] + [others] * (classes - 2))])


TIE = 1e-12
"""Probabilities closer than this are equal: shares of a rest that were rounded."""

_BOUND = BOUNDS["cohen-l2"]


def radius(p_a, p_b) -> np.ndarray:
    """Radius in units of sigma of true probabilities, arrays that broadcast; 0 where p_a <= p_b."""
    p_a, p_b = np.broadcast_arrays(np.asarray(p_a, float), np.asarray(p_b, float))
    return _BOUND.certified_radius(np.where(p_a > p_b + TIE, p_a, p_b), p_b)


def certify(counts, top, procedure: str, alpha: float) -> Certificates:
    """What a procedure proves from votes; radii in units of sigma.

    counts: votes (..., classes). top: the class (...) whose votes are counted. procedure: key of PROCEDURES.
    alpha: probability of error, in (0, 1).
    """
    unit = NOISES["gaussian"](1.0)
    return certificates(counts, top, procedure=procedure, alpha=alpha, noise=unit, dim=1, bounds=[_BOUND])


def ceiling(n, alpha: float) -> np.ndarray:
    """The largest radius that n votes can prove, in units of sigma: Phi^-1(alpha^(1/n)), when all agree.

    For Clopper-Pearson with p_B = 1 - p_A. Source: Cohen, Rosenfeld and Kolter 2019, Section 4.
    """
    return np.maximum(ndtri(alpha ** (1 / np.asarray(n, float))), 0.0)


@dataclass(frozen=True)
class Outcome:
    """One procedure on many sets of votes; arrays (runs,).

    top: the selected class. radius: 0 where the procedure abstains. limits_fail: p_a_lower > p_A or
    p_b_upper < p_B. certificate_fails: the radius is larger than the true one, or positive for a class that
    is not the top one.
    """

    top: np.ndarray
    p_a_lower: np.ndarray
    p_b_upper: np.ndarray
    radius: np.ndarray
    limits_fail: np.ndarray
    certificate_fails: np.ndarray


@dataclass(frozen=True)
class Summary:
    """One procedure in an experiment.

    first: (p_a_lower, p_b_upper, radius) of the first certificate. certified: its class. runs: how many were
    computed, None where it was only the first. Shares of the runs: false limits with their interval (low,
    high), false certificates, abstentions. mean_radius: of all runs, 0 where one abstains.
    """

    first: tuple[float, float, float]
    certified: int
    runs: int | None = None
    limits_false: float = np.nan
    low: float = np.nan
    high: float = np.nan
    certificates_false: float = np.nan
    abstains: float = np.nan
    mean_radius: float = np.nan


@dataclass(frozen=True)
class Experiment:
    """Certificates where the truth is known.

    probabilities: of the votes, (classes,), sum 1. n0, n: votes that choose the class, and that certify it.
    alpha: probability of error. runs: how many certificates. seed: of all votes.
    """

    probabilities: Sequence[float]
    n: int = 1_000
    alpha: float = 0.05
    runs: int = 1_000
    seed: int = 0
    n0: int = 100

    def __post_init__(self):
        truth = np.asarray(self.probabilities, float)
        fits = truth.ndim == 1 and 2 <= len(truth) <= MOST_CLASSES
        if not (fits and (truth >= 0).all() and abs(truth.sum() - 1) < 1e-9):
            raise RsvizError(
                f"probabilities are {str(self.probabilities)[:80]}; they must be 2 to {MOST_CLASSES} numbers "
                "of at least 0 that sum to 1."
            )
        for name, most in (("n", MOST_VOTES), ("n0", MOST_VOTES), ("runs", MOST_RUNS), ("seed", 2**53 - 1)):
            value = getattr(self, name)
            least = 0 if name == "seed" else 1
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise RsvizError(f"{name} is {value}; it must be an integer from {least} to {most}.")
        if not 0 < self.alpha < 1:
            raise RsvizError(f"alpha is {self.alpha}; it must lie between 0 and 1.")
        object.__setattr__(self, "probabilities", tuple((truth / truth.sum()).tolist()))

    @property
    def true_radius(self) -> float:
        """Radius of the class with the largest probability, in units of sigma."""
        second, first = np.sort(self.probabilities)[-2:]
        return float(radius(first, second))

    def votes(self) -> tuple[np.ndarray, np.ndarray]:
        """(classes selected by n0 votes (runs,), votes (runs, classes)); more runs keep the first ones."""
        selecting, certifying = (
            np.random.default_rng([self.seed, part]) for part in (SIMULATED_SELECTION, SIMULATED_ESTIMATION)
        )
        counts0 = selecting.multinomial(self.n0, self.probabilities, self.runs)
        return counts0.argmax(-1), certifying.multinomial(self.n, self.probabilities, self.runs)

    def outcomes(self, keys: Sequence[str] = tuple(PROCEDURES)) -> dict[str, Outcome]:
        """Outcome of each procedure on the same votes; each chooses its class as its source does."""
        tops, counts = self.votes()
        return {key: self.outcome(key, tops, counts) for key in keys}

    def outcome(self, key: str, tops, counts) -> Outcome:
        """One procedure on votes as `votes` gives them, or on some of them."""
        top = counts.argmax(-1) if PROCEDURES[key].same_votes else tops
        found = certify(counts, top, key, self.alpha)
        p_a, p_b = self.truth(top)
        return Outcome(
            top=top,
            p_a_lower=found.p_a_lower,
            p_b_upper=found.p_b_upper,
            radius=found.radius,
            limits_fail=(found.p_a_lower > p_a + TIE) | (found.p_b_upper < p_b - TIE),
            # two roundings of the same number are not a failure
            certificate_fails=found.radius > radius(p_a, p_b) * (1 + 1e-12),
        )

    def summary(self, outcome: Outcome) -> Summary:
        """The numbers of one procedure; of fewer runs than the experiment has only the first certificate."""
        limits = (outcome.p_a_lower, outcome.p_b_upper, outcome.radius)
        first, certified = tuple(float(values[0]) for values in limits), int(outcome.top[0])
        runs = len(outcome.top)
        if runs < self.runs:
            return Summary(first, certified)
        low, high = interval(int(outcome.limits_fail.sum()), runs)
        return Summary(
            first,
            certified,
            runs,
            limits_false=float(outcome.limits_fail.mean()),
            low=low,
            high=high,
            certificates_false=float(outcome.certificate_fails.mean()),
            abstains=float((outcome.radius == 0).mean()),
            mean_radius=float(outcome.radius.mean()),
        )

    @property
    def runner_up_share(self) -> float:
        """The share of the second largest probability in what the largest one leaves."""
        truth = np.sort(self.probabilities)[::-1]
        return float(truth[1] / truth[1:].sum()) if truth[0] < 1 else 1.0

    def truth(self, top):
        """(p_A, p_B) where these are the certified classes; arrays of one shape."""
        truth = np.array(self.probabilities)
        second, first = np.argsort(truth, kind="stable")[-2:]
        return truth[top], np.where(top == first, truth[second], truth[first])


def interval(failures: int, runs: int, alpha: float = 0.05) -> tuple[float, float]:
    """Clopper-Pearson interval of a rate: `failures` of `runs`, with alpha/2 on each side."""
    low = float(clopper_pearson_lower(failures, runs, alpha / 2))
    return low, 1.0 - float(clopper_pearson_lower(runs - failures, runs, alpha / 2))


def expected_counts(probabilities, n) -> np.ndarray:
    """Votes in the proportion of the probabilities, integers (len(n), classes), rounded to sum to n."""
    exact = np.outer(np.atleast_1d(n), probabilities)
    counts = np.floor(exact).astype(np.int64)
    missing = np.atleast_1d(n) - counts.sum(-1)
    order = np.argsort(np.argsort(counts - exact, axis=-1, kind="stable"), axis=-1)
    return counts + (order < missing[:, None])


def radius_by_votes(probabilities, n, alpha: float, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Radius that each procedure proves from typical votes, for each n. n: integers (points,)."""
    counts = expected_counts(probabilities, n)
    top = np.full(len(counts), int(np.argmax(probabilities)))
    return {key: certify(counts, top, key, alpha).radius for key in keys}


def radius_by_p_a(
    p_a, classes: int, share: float, n: int, alpha: float, keys: Sequence[str]
) -> dict[str, np.ndarray]:
    """Radius that each procedure proves from n typical votes, for each p_a (points,); "truth": the true one.

    classes, share: as for `class_probabilities`.
    """
    truths = np.array([class_probabilities(float(value), classes, share) for value in p_a])
    counts = np.concatenate([expected_counts(truth, n) for truth in truths])
    top = np.zeros(len(truths), dtype=np.int64)
    found = {key: certify(counts, top, key, alpha).radius for key in keys}
    return found | {"truth": radius(truths[:, 0], truths[:, 1:].max(-1))}
