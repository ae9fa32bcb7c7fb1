"""What PREDICT makes of votes."""

import numpy as np
from scipy.stats import binom

ABSTAIN = -1


def decide(counts, alpha: float):
    """PREDICT: the class with most votes, or ABSTAIN; wrong about g with probability at most alpha.

    counts: votes (..., K). The answer stands where a two-sided binomial test that first and second are
    equally likely rejects at alpha. Source: Cohen et al. 2019, PREDICT, Proposition 1.
    """
    counts = np.asarray(counts)
    ordered = np.sort(counts, axis=-1)
    first, second = ordered[..., -1], ordered[..., -2]
    p_value = np.minimum(1, 2 * binom.sf(first - 1, first + second, 0.5))
    return np.where(p_value <= alpha, counts.argmax(-1), ABSTAIN)
