"""Limits from votes: known values, shapes, orderings, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtri

from rsviz.confidence import (
    PROCEDURES,
    clopper_pearson_lower,
    clopper_pearson_upper,
    default_procedure,
    sequence_lower,
    sequence_upper,
)
from rsviz.confidence.sison_glaz import MOST_DIFFERENT, MOST_VOTES, seconds_needed
from rsviz.errors import RsvizError

QUICK = [key for key, procedure in PROCEDURES.items() if procedure.seconds_needed is None]
VOTES = arrays(np.int64, some.integers(2, 6), elements=some.integers(0, 5_000))


def limits(key, counts, top=0, alpha=0.001):
    return tuple(float(limit) for limit in PROCEDURES[key].limits(np.array(counts), top, alpha))


def test_keys_and_order_are_those_that_others_rely_on():
    known = ["cohen", "split", "tcertify", "li", "sison-glaz", "anytime"]
    assert [key for key in PROCEDURES if key in known] == known
    assert [key for key in known if PROCEDURES[key].valid] == ["cohen", "split", "anytime"]
    for key, procedure in PROCEDURES.items():
        assert procedure.key == key
        assert procedure.title
        assert procedure.statement.endswith(".")
        assert procedure.assumes.endswith(".")
        assert procedure.source
    assert (default_procedure(2), default_procedure(3)) == ("cohen", "split")


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
    for key, procedure in PROCEDURES.items():
        p_a_lower, p_b_upper = procedure.limits(counts, top, alpha=0.01)
        assert p_a_lower.shape == p_b_upper.shape == (2, 2)
        for place in np.ndindex(2, 2):
            one = limits(key, counts[place], top[place], 0.01)
            assert (p_a_lower[place], p_b_upper[place]) == pytest.approx(one), key
    p_a_lower, p_b_upper = PROCEDURES["cohen"].limits(counts, top, alpha=0.01)
    assert np.allclose(p_a_lower + p_b_upper, 1)
    assert p_a_lower[0, 0] == clopper_pearson_lower(90, 100, 0.01)
    assert p_a_lower[1, 1] > p_a_lower[0, 0] > p_a_lower[0, 1]


@pytest.mark.parametrize("key", PROCEDURES)
def test_no_votes_prove_nothing(key):
    assert limits(key, np.zeros(10, int)) == (0, 1)
    p_a_lower, p_b_upper = PROCEDURES[key].limits(np.array([[0, 0, 0], [60, 20, 20]]), 0, 0.05)
    assert (p_a_lower[0], p_b_upper[0]) == (0, 1)
    assert 0 < p_a_lower[1] < 0.6


@pytest.mark.parametrize(
    ("counts", "top", "alpha", "named"),
    [
        ([3], 0, 0.1, "counts"),
        ([3, -1], 0, 0.1, "counts"),
        ([3.0, 1.0], 0, 0.1, "counts"),
        ([3, 1], 2, 0.1, "top"),
        ([3, 1], -1, 0.1, "top"),
        ([3, 1], 0.0, 0.1, "top"),
        ([[3, 1], [1, 3]], [0, 1, 0], 0.1, "top"),
        ([3, 1], 0, 0.0, "alpha"),
        ([3, 1], 0, 1.0, "alpha"),
        ([3, 1], 0, "0.1", "alpha"),
        ([3, 1], 0, float("nan"), "alpha"),
    ],
)
@pytest.mark.parametrize("key", PROCEDURES)
def test_bad_input_is_refused_in_one_sentence(key, counts, top, alpha, named):
    with pytest.raises(RsvizError, match=f"^{named} ") as refused:
        PROCEDURES[key].limits(counts, top, alpha)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize("key", QUICK)
@settings(max_examples=150, deadline=None)
@given(counts=VOTES, top=some.integers(0, 1), alpha=some.sampled_from([0.3, 0.05, 1e-3, 1e-9]))
def test_limits_lie_on_their_side_of_the_shares(key, counts, top, alpha):
    low, high = limits(key, counts, top, alpha)
    n, runner_up = counts.sum(), np.delete(counts, top).max()
    assert 0 <= low <= 1
    assert 0 <= high <= 1
    if n:
        assert low <= counts[top] / n
        assert high >= runner_up / n
    if low > high:
        assert low + high <= 1 + 1e-12


@pytest.mark.parametrize("key", [key for key in QUICK if key != "tcertify"])
@settings(max_examples=150, deadline=None)
@given(counts=VOTES, alpha=some.sampled_from([0.3, 0.05, 1e-3, 1e-9]))
def test_a_vote_for_the_top_class_never_loosens_and_one_against_never_tightens(key, counts, alpha):
    rounding = 1e-12
    low, high = limits(key, counts, 0, alpha)
    more, less = counts.copy(), counts.copy()
    more[0] += 1
    less[int(counts[1:].argmax()) + 1] += 1
    for_it, against_it = limits(key, more, 0, alpha), limits(key, less, 0, alpha)
    assert for_it[0] >= low - rounding
    assert for_it[1] <= high + rounding
    assert against_it[0] <= low + rounding
    assert against_it[1] >= high - rounding


@pytest.mark.parametrize("key", [key for key in PROCEDURES if PROCEDURES[key].valid])
@settings(max_examples=100, deadline=None)
@given(counts=VOTES)
def test_a_smaller_alpha_proves_less(key, counts):
    strict, loose = limits(key, counts, 0, 0.001), limits(key, counts, 0, 0.05)
    assert strict[0] <= loose[0]
    assert strict[1] >= loose[1]


@settings(max_examples=100, deadline=None)
@given(counts=VOTES, alpha=some.sampled_from([0.05, 1e-3]))
def test_tcertify_never_proves_less_than_certify_and_needs_one_half(counts, alpha):
    cohen, found = limits("cohen", counts, 0, alpha), limits("tcertify", counts, 0, alpha)
    assert found[0] - found[1] >= 0 or not cohen[0] > 0.5
    if cohen[0] > 0.5:
        assert ndtri(found[0]) - ndtri(found[1]) >= (ndtri(cohen[0]) - ndtri(cohen[1])) * (1 - 1e-9)
    else:
        assert found == cohen


def test_tcertify_is_algorithm_2_solved_one_alpha_at_a_time():
    random, alpha = np.random.default_rng(0), 0.01
    certified = 0
    for n in (100, 1_000, 100_000):
        for _ in range(12):
            counts = random.multinomial(n, random.dirichlet([4] + [0.5] * 5))
            best = (-np.inf, None, None)
            for share in np.arange(1, 11) / 10:
                low = float(clopper_pearson_lower(counts[0], n, share * alpha))
                high = 1 - low
                if share < 1:
                    level = (1 - share) * alpha
                    tails = lambda p, level=level, c=counts, n=n: stats.binom.cdf(c[1:], n, p).sum() - level  # noqa: E731
                    high = min(high, brentq(tails, counts[1:].max() / n, 1 - 1e-15, xtol=1e-15))
                if low > 0.5:
                    best = max(best, (ndtri(low) - ndtri(high), low, high))
            if best[1] is not None:
                certified += 1
                low, high = limits("tcertify", counts, 0, alpha)
                assert ndtri(low) - ndtri(high) == pytest.approx(best[0], rel=1e-8)
                assert (low, high) == pytest.approx(best[1:], rel=1e-8)
    assert certified >= 10


def test_known_values_of_the_errata():
    n, alpha = 100_000, 0.001
    low = sequence_lower(90_000, n, alpha)
    assert float(ndtri(low)) == pytest.approx(1.2566, abs=5e-5)
    assert float(ndtri(clopper_pearson_lower(90_000, n, alpha))) == pytest.approx(1.2648, abs=5e-5)
    for k, count, known in [(600, 1_000, 0.531899), (9_990, 10_000, 0.997128), (99_900, n, 0.998524)]:
        assert float(sequence_lower(k, count, alpha)) == pytest.approx(known, abs=6e-7)
    assert float(sequence_lower(990, 1_000, 0.05)) == pytest.approx(0.978336, abs=6e-7)


@pytest.mark.parametrize("p_a", [0.6, 0.9, 0.99, 0.999])
def test_watching_costs_at_most_three_percent_of_the_radius(p_a):
    n, alpha = 100_000, 0.001
    k = round(p_a * n)
    assert ndtri(sequence_lower(k, n, alpha)) >= 0.97 * ndtri(clopper_pearson_lower(k, n, alpha))
    rest = (n - k) // 9
    many = np.array([n - 9 * rest, *[rest] * 9])
    split, anytime = (
        ndtri(low) - ndtri(high) for low, high in (limits("split", many), limits("anytime", many))
    )
    assert 0.98 * split <= anytime < split


def test_split_proves_more_where_many_share_the_rest_and_below_one_half():
    many, two = [90_000, *[1_111] * 9], [90_000, 10_000]

    def radius(key, counts):
        low, high = limits(key, counts)
        return ndtri(low) - ndtri(high) if low > high else 0.0

    assert radius("split", many) / radius("cohen", many) == pytest.approx(1.38, abs=0.01)
    assert 0.995 < radius("split", two) / radius("cohen", two) < 1
    below = [30_000, *[7_777] * 9]
    assert radius("cohen", below) == radius("tcertify", below) == 0
    assert radius("split", below) > 0.8


def test_two_classes_spend_all_of_alpha_on_p_a_when_watched():
    low, high = limits("anytime", [90, 10])
    assert low == sequence_lower(90, 100, 0.001)
    assert high == 1 - low
    low, high = limits("anytime", [90, 6, 4])
    assert low == sequence_lower(90, 100, 0.0005)
    assert high == sequence_upper(6, 100, 0.0005)


def test_li_and_sison_glaz_say_nothing_of_a_class_that_does_not_lead():
    for key in ("li", "sison-glaz"):
        assert limits(key, [40, 60], 0, 0.05) == (0, 1)
        assert limits(key, [40, 60], 1, 0.05) != (0, 1)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ([98, 2] + [0] * 8, 0.96, 0.0409),
        ([95, 5] + [0] * 8, 0.92, 0.0931),
        ([60, 20, 20], 0.51, 0.3017),
        ([50, 50], 0.41, 0.6075),
        ([34, 33, 33], 0.24, 0.4408),
    ],
)
def test_sison_glaz_gives_the_limits_of_the_published_code(counts, low, high):
    found = limits("sison-glaz", counts, 0, 0.05)
    assert found[0] == pytest.approx(low, abs=1e-9)
    assert found[1] == pytest.approx(min(high, 1 - low), abs=3e-3)  # R interpolates the upper one otherwise


@pytest.mark.parametrize("counts", [[100] + [0] * 9, [99, 1] + [0] * 8, [1, 0], [0, 0]])
def test_sison_glaz_refuses_where_its_interval_degenerates(counts):
    assert limits("sison-glaz", counts, 0, 0.05) == (0, 1)


def test_sison_glaz_is_bounded_in_time():
    with pytest.raises(RsvizError, match=r"^counts holds .* votes; sison-glaz takes at most"):
        limits("sison-glaz", [MOST_VOTES, 1])
    different = np.stack([np.arange(MOST_DIFFERENT + 1), np.full(MOST_DIFFERENT + 1, 1_000)], -1)
    with pytest.raises(RsvizError, match=r"^counts holds .* different count vectors"):
        PROCEDURES["sison-glaz"].limits(different, 1, 0.05)
    assert seconds_needed(different, 0.05) == np.inf
    assert 0 < seconds_needed([95, 5], 0.05) < 0.1 < seconds_needed([[90_000, *[1_000] * 10]], 0.001) < 60
