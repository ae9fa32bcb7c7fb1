"""One-sided Clopper-Pearson limits, for a number of votes that was fixed beforehand."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from rsviz.confidence.record import Floats


def clopper_pearson_lower(k: ArrayLike, n: ArrayLike, alpha: ArrayLike) -> Floats:
    """One-sided lower limit for k successes in n draws: at most p with probability at least 1 - alpha.

    k, n: counts, 0 <= k <= n. alpha: in (0, 1). Arrays broadcast; float64; 0 where k = 0.
    Source: Clopper and Pearson 1934.
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    return np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, alpha), 0.0)


def clopper_pearson_upper(k: ArrayLike, n: ArrayLike, alpha: ArrayLike) -> Floats:
    """One-sided upper limit for k successes in n draws: at least p with probability at least 1 - alpha."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    return 1.0 - clopper_pearson_lower(n - k, n, alpha)
