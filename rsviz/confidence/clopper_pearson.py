"""One-sided Clopper-Pearson limits, for a number of votes that was fixed beforehand."""

import numpy as np
from scipy.special import betaincinv


def clopper_pearson_lower(k, n, alpha):
    """One-sided lower limit: p >= it with probability at least 1 - alpha, for k successes in n draws.

    k, n: counts that broadcast, 0 <= k <= n. alpha: in (0, 1). Returns float64; 0 where k = 0.
    Source: Clopper and Pearson 1934.
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    return np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, alpha), 0.0)


def clopper_pearson_upper(k, n, alpha):
    """One-sided upper limit: p <= it with probability at least 1 - alpha, for k successes in n draws."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    return 1.0 - clopper_pearson_lower(n - k, n, alpha)
