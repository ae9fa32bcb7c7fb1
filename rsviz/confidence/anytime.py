"""The one-sided beta-binomial confidence sequence: limits that hold at every number of votes at once.

For a fixed p the votes' likelihood ratio against p, averaged over a prior on larger probabilities,

    M_n(p) = integral over q in (p, 1) of q^k (1-q)^(n-k) dq / ((1-p) p^k (1-p)^(n-k)),

is a martingale under p that starts at 1, so it ever exceeds 1/alpha with probability at most alpha (Ville).
The limit after n votes is the smallest p whose M_n(p) has not: with probability at least 1 - alpha it never
exceeds the true p. With u = (q-p)/(1-p) and o = (1-p)/p

    M_n(p) = integral over u in (0, 1) of (1 + u o)^k (1-u)^(n-k) du,

which grows with o and with each further vote for the class, and falls with each vote against it; as a
function of s = log o, log M_n is convex (a mixture of products of log-convex functions). So there is one
root, the limit rises with each vote for the class and falls with each against it, and Newton's method
approaches the root from the safe side.

For the runner-up: p_B is the probability of one fixed class, so its sequence holds at all times at once. The
largest other count is never below its count, and an upper limit grows with the count; so the upper limit
of the largest other count is above p_B whenever the one of that fixed class is. (Proof P3 of the errata, at
every n.)
Source: Robbins 1970 (mixture and Ville's inequality); prior a = b = 1, as in the errata, "What follows", 6.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincc, betaln, expit

from rsviz.confidence.record import CheckedCounts, Floats, Procedure

MOST_STEPS = 60
"""Newton's method needs about six steps; from the worst start, at tiny alpha, about twenty."""


def sequence_lower(k: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """Lower limit of the confidence sequence after n votes with k successes.

    With probability at least 1 - alpha it stays at or below the true p for all n at once.
    k, n: counts that broadcast, 0 <= k <= n. alpha: in (0, 1).
    Returns float64, 0 where k = 0; never above the exact limit, and below it by less than 1e-7 of its
    distance from k/n.
    """
    return expit(-_log_odds_against(k, n, alpha))


def sequence_upper(k: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """Upper limit of the confidence sequence after n votes with k successes: 1 - the lower of failures."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    return expit(_log_odds_against(n - k, n, alpha))


def log_evidence(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """log M_n(p), the evidence of k successes in n votes for a probability above p; float64.

    The lower limit at alpha exceeds p where this exceeds log(1/alpha).
    k, n: counts, 0 <= k <= n. p: in (0, 1). Arrays broadcast.
    """
    k, n, p = (np.asarray(value, float) for value in (k, n, p))
    with np.errstate(divide="ignore", over="ignore"):  # minus infinity where p is far above k/n
        return _log_mixture(np.log1p(-p) - np.log(p), k, n)[0]


def _log_odds_against(k: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """log((1-p)/p) of the lower limit p, rounded up; inf where k = 0."""
    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    shape, some = k.shape, np.flatnonzero(k > 0)
    # Simulated votes hold few different pairs: each pair is solved once
    pairs, place = np.unique(k.ravel()[some] + 1j * n.ravel()[some], return_inverse=True)
    against = np.full(k.size, np.inf)
    against[some] = _solve(pairs.real, pairs.imag, alpha)[place]
    return against.reshape(shape)


def _solve(k: Floats, n: Floats, alpha: float) -> Floats:
    """The root s of log M(s) = log(1/alpha) for k > 0, from above."""
    # Larger than the rounding error of log M, so that the result errs to the safe side
    margin = 1e-12 + 4 * np.finfo(float).eps * n * np.log(n + 2)
    target = margin - np.log(alpha)
    # Start near the normal limit; after one step every iterate is above the root
    width = np.sqrt(2 * target + np.log(n + 1))
    s = np.log((n - k + 0.5) / (k + 0.5)) + width * np.sqrt((n + 1) / ((k + 0.5) * (n - k + 0.5)))
    for _ in range(MOST_STEPS):
        log_m, slope = _log_mixture(s, k, n)
        s = s - (log_m - target) / slope
        if (np.abs(log_m - target) <= margin / 4).all():
            return s
    raise ArithmeticError("the limit of the confidence sequence was not found")  # never seen


def _log_mixture(s: Floats, k: Floats, n: Floats) -> tuple[Floats, Floats]:
    """log M and its derivative, at the log-odds s."""
    soft = np.logaddexp(0.0, s)
    log_p, log_q, p = -soft, s - soft, expit(-s)
    log_m = betaln(k + 1, n - k + 1) + np.log(betaincc(k + 1, n - k + 1, p)) - k * log_p - (n - k + 1) * log_q
    return log_m, k - (n + 1) * p + p * np.exp(-log_m)


def _anytime(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    if checked.counts.shape[-1] == 2:
        p_a_lower = sequence_lower(checked.votes, checked.n, alpha)
        return p_a_lower, 1.0 - p_a_lower
    p_a_lower = sequence_lower(checked.votes, checked.n, alpha / 2)
    return p_a_lower, np.minimum(sequence_upper(checked.runner_up, checked.n, alpha / 2), 1.0 - p_a_lower)


ANYTIME = Procedure(
    key="anytime",
    title="Confidence sequence, at every moment",
    short="anytime",
    statement=(
        "With probability at least 1 - alpha the limits hold after every number of votes at once: watch, "
        "stop when you like, and the certificate stands. Two classes: all of alpha for p_A. More: half of it "
        "for p_A, half for the largest other count."
    ),
    source=(
        "Robbins 1970; beta-binomial mixture as in Howard, Ramdas, McAuliffe and Sekhon 2021; the runner-up "
        "by proof P3 of the errata, at every n"
    ),
    assumes="The class was chosen before the first of these votes; the draws are independent.",
    colour="#56B4E9",
    valid=True,
    formula=_anytime,
    always=True,
)
