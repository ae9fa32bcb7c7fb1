"""Experiments with a known truth: probabilities, votes, outcomes, ceilings, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from rsviz.confidence import PROCEDURES, clopper_pearson_lower
from rsviz.errors import RsvizError
from rsviz.simulation import (
    Experiment,
    ceiling,
    class_probabilities,
    expected_counts,
    interval,
    path,
    peeking,
    radius,
    radius_by_p_a,
    radius_by_votes,
    same_votes,
)

FAST = [key for key, procedure in PROCEDURES.items() if procedure.seconds_needed is None]


@settings(max_examples=100, deadline=None)
@given(p_a=some.floats(0.01, 0.99), classes=some.integers(2, 200), share=some.floats(0.001, 1))
def test_shared_probabilities_sum_to_one_and_the_runner_up_is_second(p_a, classes, share):
    truth = class_probabilities(p_a, classes, share)
    assert len(truth) == classes
    assert truth.sum() == pytest.approx(1, abs=1e-12)
    assert truth[0] == p_a
    assert truth[1] >= truth[2:].max(initial=0) - 1e-12
    if classes > 2:
        assert truth[1] / (1 - p_a) == pytest.approx(max(share, 1 / (classes - 1)))


@settings(max_examples=100, deadline=None)
@given(
    weights=some.lists(some.floats(0.001, 1), min_size=2, max_size=12),
    n=some.lists(some.integers(1, 10**7), min_size=1, max_size=4),
)
def test_typical_votes_are_the_nearest_whole_ones(weights, n):
    truth = np.array(weights) / sum(weights)
    counts = expected_counts(truth, n)
    assert counts.sum(-1).tolist() == n
    assert (np.abs(counts - np.outer(n, truth)) < 1).all()


def test_the_same_seed_gives_the_same_votes_and_more_runs_leave_the_first_be():
    few, many = (Experiment((0.6, 0.3, 0.1), n=500, runs=runs, seed=4).votes() for runs in (10, 40))
    for some_votes, all_votes in zip(few, many, strict=True):
        assert np.array_equal(some_votes, all_votes[:10])
    other = Experiment((0.6, 0.3, 0.1), n=500, runs=10, seed=5).votes()
    assert not np.array_equal(few[1], other[1])


def test_outcomes_are_what_the_procedures_say_of_those_votes():
    asked = Experiment((0.5, 0.3, 0.2), n=200, alpha=0.05, runs=500, seed=1, n0=5)
    tops, counts = asked.votes()
    outcomes = asked.outcomes(FAST)
    assert outcomes["split"].top.tolist() == tops.tolist()
    assert outcomes["li"].top.tolist() == counts.argmax(-1).tolist()
    assert len(set(tops.tolist())) == 3, "five votes choose every class now and then"
    for key, outcome in outcomes.items():
        low, high = PROCEDURES[key].limits(counts, outcome.top, 0.05)
        assert np.array_equal(outcome.p_a_lower, low)
        p_a = np.array(asked.probabilities)[outcome.top]
        p_b = np.where(outcome.top == 0, 0.3, 0.5)
        assert np.array_equal(outcome.limits_fail, (low > p_a + 1e-12) | (high < p_b - 1e-12))
        wrong = (outcome.radius > 0) & ((outcome.top != 0) | (outcome.radius > radius(0.5, 0.3)))
        assert np.array_equal(outcome.certificate_fails, wrong)


def test_equal_classes_have_no_radius():
    assert Experiment((0.1,) * 10).true_radius == 0
    assert Experiment(tuple(class_probabilities(0.1, 10, 1e-9))).true_radius == 0
    assert Experiment((0.5, 0.5)).true_radius == 0
    assert Experiment((0.9, 0.1)).true_radius == pytest.approx(stats.norm.ppf(0.9))


def test_no_classifier_passes_the_ceiling():
    n = np.array([10, 1_000, 100_000])
    for alpha in (0.05, 0.001):
        agreed = np.stack([n, np.zeros_like(n)], -1)
        found = radius(*PROCEDURES["cohen"].limits(agreed, np.zeros(3, int), alpha))
        assert found == pytest.approx(ceiling(n, alpha), rel=1e-9)
    assert ceiling(100_000, 0.001) == pytest.approx(3.811, abs=5e-4)


def test_more_votes_buy_radius_and_never_reach_the_truth():
    truth = class_probabilities(0.9, 10, 0.2)
    n = 10 ** np.arange(2, 8)
    for key, found in radius_by_votes(truth, n, 0.001, FAST).items():
        assert (np.diff(found) > 0).all(), key
        assert (found < radius(truth[0], truth[1])).all()


def test_gains_are_those_of_the_errata():
    keys = ["cohen", "split", "tcertify"]
    for p_a, split, tcertify in ((0.9, 0.382, 0.382), (0.7, 1.256, 1.255)):
        asked = Experiment(tuple(class_probabilities(p_a, 10, 1e-9)), n=100_000, alpha=0.001, runs=4_000)
        means = {key: outcome.radius.mean() for key, outcome in asked.outcomes(keys).items()}
        assert means["split"] / means["cohen"] - 1 == pytest.approx(split, abs=0.002)
        assert means["tcertify"] / means["cohen"] - 1 == pytest.approx(tcertify, abs=0.002)


def test_gains_against_p_a_stay_below_the_truth_and_shrink_to_nothing_in_two_classes():
    p_a = np.array([0.3, 0.6, 0.9])
    many = radius_by_p_a(p_a, 10, 1e-9, 10_000, 0.001, ["cohen", "split"])
    assert (many["split"] < many["truth"]).all()
    assert (many["split"] > many["cohen"]).all()
    assert many["cohen"][0] == 0
    two = radius_by_p_a(p_a, 2, 1.0, 10_000, 0.001, ["cohen", "split"])
    assert (two["split"] <= two["cohen"]).all()


def test_a_path_is_one_set_of_growing_votes():
    found = path(0.9, 10_000, 0.05, seed=3)
    votes = found["share"] * found["drawn"]
    assert np.allclose(votes, np.rint(votes))
    assert (np.diff(votes) >= 0).all()
    assert found["drawn"][-1] == 10_000
    assert (found["anytime"] < found["cohen"]).all()
    assert found["cohen"][-1] == clopper_pearson_lower(np.rint(votes[-1]), 10_000, 0.05)
    assert np.array_equal(path(0.9, 10_000, 0.05, seed=3)["share"], found["share"])


def test_the_interval_of_a_count_is_clopper_pearsons():
    low, high = interval(30, 1_000)
    exact = stats.binomtest(30, 1_000).proportion_ci(0.95, method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == 1


def test_selecting_votes_are_weighed_as_they_fall():
    """Chosen on one vote, the worse of two classes is certified as often as that vote falls."""
    n, alpha, p, n0 = 100, 0.05, 0.55, 1
    asked = Experiment((p, 1 - p), n=n, alpha=alpha, runs=100_000, seed=2, n0=n0)
    false = asked.outcomes(["cohen"])["cohen"].certificate_fails.mean()
    exact = float(same_votes([p], n, alpha, n0)["other"][0])
    assert false == pytest.approx(exact, abs=4 * np.sqrt(exact / asked.runs))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Experiment((0.5, 0.4)), "probabilities are"),
        (lambda: Experiment((1.2, -0.2)), "probabilities are"),
        (lambda: Experiment((1.0,)), "probabilities are"),
        (lambda: Experiment((float("nan"), 1.0)), "probabilities are"),
        (lambda: Experiment((0.5, 0.5), n=0), "n is 0"),
        (lambda: Experiment((0.5, 0.5), n=1.5), r"n is 1\.5"),
        (lambda: Experiment((0.5, 0.5), runs=10**9), "runs is"),
        (lambda: Experiment((0.5, 0.5), seed=-1), "seed is -1"),
        (lambda: Experiment((0.5, 0.5), alpha=1), "alpha is 1"),
        (lambda: class_probabilities(1.0, 3, 0.5), r"p_a is 1\.0"),
        (lambda: class_probabilities(0.5, 1, 0.5), "classes is 1"),
        (lambda: class_probabilities(0.5, 3, 0.0), r"share is 0\.0"),
        (lambda: peeking(0.5, 10**6, 0.05), "n is 1000000"),
        (lambda: peeking(0.0, 100, 0.05), r"p is 0\.0"),
        (lambda: path(0.5, 5, 0.05, 0), "n is 5"),
        (lambda: same_votes([0.4], 100, 0.05), "p_a is"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, named):
    with pytest.raises(RsvizError, match=f"^{named}") as refused:
        call()
    assert "\n" not in str(refused.value)
