"""The confidence sequence against its formula in fifty digits: never above the root, and next to it."""

import mpmath
import numpy as np
import pytest

from rsviz.confidence import log_evidence, sequence_lower, sequence_upper

CASES = [
    (k, n)
    for n in (1, 2, 5, 30, 1_000, 100_000, 10_000_000)
    for k in sorted({1, max(1, n // 1_000), max(1, n // 3), n - n // 10, max(1, n - 1), n})
]


def exact_log_evidence(k, n, p):
    """log M_n(p) in fifty digits, p below k/n: the whole beta integral less the part below p."""
    p, a, b = mpmath.mpf(p), k + 1, n - k + 1
    fraction = mpmath.mpf(1)
    for step in range(200 + int(6 * n**0.5), 0, -1):  # continued fraction of the incomplete beta function
        half = step // 2
        if step % 2:
            term = -mpmath.mpf(a + half) * (a + b + half) * p / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = mpmath.mpf(half) * (b - half) * p / ((a + 2 * half - 1) * (a + 2 * half))
        fraction = 1 + term / fraction
    below = mpmath.exp(a * mpmath.log(p) + b * mpmath.log(1 - p)) / (a * fraction)
    whole = mpmath.exp(mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b))
    return mpmath.log(whole - below) - k * mpmath.log(p) - b * mpmath.log(1 - p)


@pytest.mark.parametrize(("k", "n"), CASES)
def test_lower_limit_is_never_above_the_root_and_next_to_it(k, n):
    with mpmath.workdps(50):
        for alpha in (0.05, 1e-9):
            low = float(sequence_lower(k, n, alpha))
            beyond = exact_log_evidence(k, n, low) + mpmath.log(alpha)
            assert beyond >= 0
            slope = k - (n + 1) * mpmath.mpf(low) + mpmath.mpf(low) * mpmath.mpf(alpha)
            short = beyond / slope * low * (1 - mpmath.mpf(low))
            assert short <= 1e-7 * (mpmath.mpf(k) / n - low)


def test_evidence_is_the_formula():
    with mpmath.workdps(50):
        for k, n, p in [(3, 5, 0.4), (90, 100, 0.85), (999, 1_000, 0.99)]:
            assert float(log_evidence(k, n, p)) == pytest.approx(
                float(exact_log_evidence(k, n, p)), rel=1e-10
            )


def test_shapes_ends_and_order():
    low = sequence_lower([[0, 5], [10, 0]], [10, 10], 0.05)
    assert low.shape == (2, 2)
    assert low[0, 0] == low[1, 1] == 0
    assert sequence_upper(10, 10, 0.05) == 1
    assert sequence_lower(0, 0, 0.05) == 0
    k = np.arange(0, 1_001)
    assert (np.diff(sequence_lower(k, 1_000, 0.001)) > 0).all()
    assert (np.diff(sequence_upper(7, np.arange(7, 500), 0.001)) <= 0).all()
    n = 10 ** np.arange(1, 8)
    assert (np.diff(sequence_lower(n, n, 0.001)) > 0).all()
    assert sequence_lower(n, n, 1e-300)[0] > 0
