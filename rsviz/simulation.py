"""The confidence procedures where the true probabilities are known: failure rates, peeking, radii.

Radii are those of the tight bound for Gaussian noise in l2 with sigma = 1, so in units of sigma. No torch.
Every result depends on its arguments alone, the seed included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc, gammaln, ndtri

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES, clopper_pearson_lower, log_evidence, sequence_lower
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.noise.streams import SIMULATED_ESTIMATION, SIMULATED_SELECTION, SIMULATED_WATCHING
from rsviz.smoothing.certify import Certificates, certificates

MOST_VOTES = 10_000_000
MOST_CLASSES = 1_000
MOST_RUNS = 100_000


def class_probabilities(p_a: float, classes: int, share: float) -> np.ndarray:
    """Probabilities of `classes` classes: p_a, then `share` of the rest, then the others evenly.

    p_a: in (0, 1). share: in (0, 1], raised to an even part of the rest where it is smaller. Two classes have
    no others: the second has all of the rest.
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
    """The radius that n votes can prove at most, in units of sigma: Phi^-1(alpha^(1/n)), when all agree.

    For Clopper-Pearson with p_B = 1 - p_A. Source: Cohen, Rosenfeld and Kolter 2019, Section 4.
    """
    return np.maximum(ndtri(alpha ** (1 / np.asarray(n, float))), 0.0)


@dataclass(frozen=True)
class Outcome:
    """One procedure on many sets of votes; arrays (runs,).

    top: the class that was certified, or would have been. radius: 0 where it abstains. limits_fail:
    p_a_lower > p_A or p_b_upper < p_B. certificate_fails: a radius is given that is larger than the true one,
    or for a class that is not the top one.
    """

    top: np.ndarray
    p_a_lower: np.ndarray
    p_b_upper: np.ndarray
    radius: np.ndarray
    limits_fail: np.ndarray
    certificate_fails: np.ndarray


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
        """(classes chosen on n0 votes (runs,), votes (runs, classes)); more runs leave the first ones be."""
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

    def truth(self, top):
        """(p_A, p_B) where these are the certified classes; arrays of one shape."""
        truth = np.array(self.probabilities)
        second, first = np.argsort(truth, kind="stable")[-2:]
        return truth[top], np.where(top == first, truth[second], truth[first])


def interval(failures: int, runs: int, alpha: float = 0.05) -> tuple[float, float]:
    """Clopper-Pearson interval, alpha/2 on each side, of a rate that was counted."""
    low = float(clopper_pearson_lower(failures, runs, alpha / 2))
    return low, 1.0 - float(clopper_pearson_lower(runs - failures, runs, alpha / 2))


def peeking(p: float, n: int, alpha: float, first: int = 10) -> dict[str, np.ndarray]:
    """Exact probability that somebody who looks after every vote has been shown a false lower limit by then.

    p: true probability of the class. n: votes, up to 20,000; the first look is after `first` votes.
    Returns float64 (n,), after 1 to n votes: "cohen" for Clopper-Pearson at alpha, "anytime" for the
    confidence sequence. No simulation: the distribution of votes among those not yet deceived, vote by vote.
    """
    if not (0 < p < 1 and 0 < alpha < 1):
        raise RsvizError(f"p is {p} and alpha is {alpha}; both must lie between 0 and 1.")
    if not 1 <= first <= n <= 20_000:
        raise RsvizError(f"n is {n}; it must be an integer from {first} to 20000.")
    deceiving = {
        "cohen": lambda k, looks: betainc(np.maximum(k, 1), looks - k + 1, p) < alpha,  # P(Bin(n, p) >= k)
        "anytime": lambda k, looks: log_evidence(k, looks, p) > -np.log(alpha),
    }
    found = {}
    for key, is_false in deceiving.items():
        fewest = _fewest(is_false, n)
        found[key] = _deceived(p, fewest, first)
    return found


def _fewest(is_false, n):
    """Fewest votes for the class with a false limit after 1 to n votes, one more than all where none has.

    They never become fewer, so those after every 16th vote bracket the others.
    """
    rough = np.unique(np.append(np.arange(1, n, 16), n))
    at_rough = _bisect(is_false, rough, np.zeros_like(rough), rough + 1)
    looks = np.arange(1, n + 1)
    after = np.searchsorted(rough, looks)
    low = np.where(after > 0, at_rough[after - 1] - 1, 0)
    return _bisect(is_false, looks, low, np.minimum(at_rough[after], looks + 1))


def _bisect(is_false, looks, low, high):
    """The smallest votes in (low, high] with a false limit, after each of `looks`; low is not, high is."""
    while (low + 1 < high).any():
        middle = (low + high) // 2
        false = is_false(middle, looks)
        low, high = np.where(false, low, middle), np.where(false, middle, high)
    return high


def _deceived(p, fewest, first):
    """P(votes for the class reach `fewest` at some look by then): those who do leave the distribution.

    `fewest` grows by 0 or 1 a vote, so after the first look they leave one by one.
    """
    n, q, every = len(fewest), 1 - p, 32
    start = np.arange(first + 1)
    left = np.zeros(n + 2)  # by votes for the class, of those not deceived
    left[: first + 1] = np.exp(_log_choose(first, start) + start * np.log(p) + (first - start) * np.log(q))
    gone = np.zeros(n)
    gone[first - 1] = left[fewest[first - 1] :].sum()
    left[fewest[first - 1] :] = 0.0
    looks = np.arange(1, n + 1)
    spread = 9 * np.sqrt(looks * p * q) + 10  # what lies outside weighs below 1e-15
    lows = np.maximum(0, looks * p - spread).astype(int).tolist()
    limits = fewest.tolist()
    scale = 1.0  # of `left`: a vote against multiplies all by q, which is made up for every 32 votes
    for i in range(first, n):
        low, limit = lows[i], limits[i]
        left[low + 1 : limit + 1] += (p / q) * left[low:limit]
        scale *= q
        gone[i] = left[limit] * scale
        left[limit] = 0.0
        if i % every == 0:
            left[low:limit] *= scale
            scale = 1.0
    return np.cumsum(gone)


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def path(p: float, n: int, alpha: float, seed: int, points: int = 300) -> dict[str, np.ndarray]:
    """What one watcher sees: votes drawn, share of the class, and lower limits, at up to `points` moments."""
    if not 10 <= n <= MOST_VOTES:
        raise RsvizError(f"n is {n}; it must be an integer from 10 to {MOST_VOTES}.")
    drawn = np.unique(np.geomspace(10, n, points).astype(np.int64))
    votes = np.random.default_rng([seed, SIMULATED_WATCHING]).binomial(np.diff(drawn, prepend=0), p).cumsum()
    return {
        "drawn": drawn,
        "share": votes / drawn,
        "cohen": clopper_pearson_lower(votes, drawn, alpha),
        "anytime": sequence_lower(votes, drawn, alpha),
    }


def expected_counts(probabilities, n) -> np.ndarray:
    """Votes that fall as the probabilities say, integers (len(n), classes), rounded so that they sum to n."""
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


def same_votes(p_a, n: int, alpha: float, n0: int = 100) -> dict[str, np.ndarray]:
    """Exact probability that CERTIFY gives a false certificate, for two classes and each p_a >= 1/2.

    "other": the class is chosen on n0 votes of their own. "same": it is the one that leads the n votes.
    False: p_a_lower > 1/2 and above the true probability of the class that was chosen.
    """
    p_a = np.asarray(p_a, float)
    if not ((p_a >= 0.5) & (p_a < 1)).all():
        raise RsvizError(f"p_a is {p_a}; it must lie in [0.5, 1).")
    counts = np.arange(n // 2 + 1, n + 1)
    lower = clopper_pearson_lower(counts, n, alpha)

    def beyond(limit, p):  # P(p_a_lower > limit) for a class of probability p
        k = counts[0] + np.searchsorted(lower, limit, side="right")
        return np.where(k > n, 0.0, betainc(np.minimum(k, n), n - np.minimum(k, n) + 1, p))

    first, second = beyond(p_a, p_a), beyond(np.full_like(p_a, 0.5), 1 - p_a)
    few = (n0 - 1) // 2  # votes for the first with which it does not lead; at a tie it does
    chooses_second = betaincc(few + 1, n0 - few, p_a)
    return {"other": (1 - chooses_second) * first + chooses_second * second, "same": first + second}
