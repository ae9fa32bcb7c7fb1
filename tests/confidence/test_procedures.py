"""Limits from votes: known values, shapes, refusals, and coverage."""

import numpy as np
import pytest
from scipy import stats

from rsviz.confidence import PROCEDURES, clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError


@pytest.mark.parametrize("alpha", [0.05, 0.001, 1e-9])
@pytest.mark.parametrize("n", [1, 10, 1000, 100_000])
def test_clopper_pearson_inverts_the_binomial_tail(n, alpha):
    for k in {1, n // 2, n - 1, n} - {0}:
        lower = clopper_pearson_lower(k, n, alpha)
        assert stats.binom.sf(k - 1, n, lower) == pytest.approx(alpha, rel=1e-6)
    assert clopper_pearson_lower(n, n, alpha) == pytest.approx(alpha ** (1 / n), rel=1e-12)
    assert clopper_pearson_lower(0, n, alpha) == 0
    assert clopper_pearson_upper(n, n, alpha) == 1


def test_limits_broadcast_over_leading_axes():
    counts = np.array([[[90, 10, 0], [50, 25, 25]], [[1, 98, 1], [0, 0, 100]]])
    top = np.array([[0, 0], [1, 2]])
    p_a_lower, p_b_upper = PROCEDURES["cohen"].limits(counts, top, alpha=0.01)
    assert p_a_lower.shape == (2, 2)
    assert np.allclose(p_a_lower + p_b_upper, 1)
    assert p_a_lower[0, 0] == clopper_pearson_lower(90, 100, 0.01)
    assert p_a_lower[1, 1] > p_a_lower[0, 0] > p_a_lower[0, 1]


def test_no_votes_prove_nothing():
    p_a_lower, p_b_upper = PROCEDURES["cohen"].limits(np.zeros(10, int), 0, alpha=0.001)
    assert (p_a_lower, p_b_upper) == (0, 1)


@pytest.mark.parametrize(
    ("counts", "top", "alpha", "named"),
    [
        ([3], 0, 0.1, "counts"),
        ([3, -1], 0, 0.1, "counts"),
        ([3.0, 1.0], 0, 0.1, "counts"),
        ([3, 1], 2, 0.1, "top"),
        ([3, 1], 0, 0.0, "alpha"),
        ([3, 1], 0, float("nan"), "alpha"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(counts, top, alpha, named):
    with pytest.raises(RsvizError, match=f"^{named} ") as refused:
        PROCEDURES["cohen"].limits(counts, top, alpha)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.999])
def test_valid_procedures_cover(n, alpha, p):
    runs = 20_000
    votes = np.random.default_rng(0).binomial(n, p, runs)
    p_a_lower, _ = PROCEDURES["cohen"].limits(np.stack([votes, n - votes], -1), np.zeros(runs, int), alpha)
    failures = (p_a_lower > p).mean()
    assert failures <= alpha + 4 * np.sqrt(alpha / runs)
