"""Somebody who looks at the limits while votes arrive, or chooses the class on the votes that certify it."""

import numpy as np
from scipy.special import betainc, betaincc, gammaln

from rsviz.confidence import clopper_pearson_lower, log_evidence, sequence_lower
from rsviz.errors import RsvizError
from rsviz.noise.streams import SIMULATED_WATCHING

MOST_VOTES = 10_000_000


def peeking(p: float, n: int, alpha: float, first: int = 10) -> dict[str, np.ndarray]:
    """Exact probability that a false lower limit has been shown to somebody who looks after every vote.

    p: true probability of the class. n: votes, up to 20,000; the first look is after `first` votes.
    Returns float64 (n,), after 1 to n votes: "cohen" for Clopper-Pearson at alpha, "anytime" for the
    confidence sequence. Nothing is drawn: the distribution of the votes of people who have not yet seen a
    false limit is computed vote by vote.
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
    """The fewest votes for the class that give a false limit, after 1 to n votes; n + 1 where none do.

    The numbers never fall, so those after every 16th vote enclose the others.
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
    """Probability that the votes for the class have reached `fewest` at some look, after 1 to n votes.

    People whose votes reach it leave the distribution. `fewest` grows by 0 or 1 a vote, so after the first
    look only one number of votes leaves at a time.
    """
    n, q, every = len(fewest), 1 - p, 32
    start = np.arange(first + 1)
    left = np.zeros(n + 2)  # probability by votes for the class, of people who stay
    left[: first + 1] = np.exp(_log_choose(first, start) + start * np.log(p) + (first - start) * np.log(q))
    gone = np.zeros(n)
    gone[first - 1] = left[fewest[first - 1] :].sum()
    left[fewest[first - 1] :] = 0.0
    looks = np.arange(1, n + 1)
    spread = 9 * np.sqrt(looks * p * q) + 10  # probabilities beyond are below 1e-15
    lows = np.maximum(0, looks * p - spread).astype(int).tolist()
    limits = fewest.tolist()
    scale = 1.0  # a vote for another class multiplies all of `left` by q; applied every 32 votes
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
