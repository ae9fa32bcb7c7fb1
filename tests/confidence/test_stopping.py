"""Rules for stopping: what they say is right, certain where it says so, and early."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from rsviz.confidence import PROCEDURES
from rsviz.confidence.stopping import OUT_OF_REACH, PROVED, UNDECIDED, good_enough, outlook, stopping_status
from rsviz.errors import RsvizError
from rsviz.simulation import class_probabilities, radius

N, ALPHA = 100_000, 0.001


def seen(counts, n=N, alpha=ALPHA, top=0):
    return outlook(np.array(counts), top, n, alpha, radius)


def test_what_is_proved_is_what_anytime_proves():
    view = seen([950, 30, 20])
    p_a_lower, p_b_upper = PROCEDURES["anytime"].limits(np.array([950, 30, 20]), 0, ALPHA)
    assert (view.p_a_lower, view.p_b_upper) == (p_a_lower, p_b_upper)
    assert view.radius == radius(p_a_lower, p_b_upper)
    assert view.p_a_lower < 0.95 < view.p_a_upper
    assert view.p_b_lower < 0.03 < view.p_b_upper
    assert view.radius < radius(0.95, 0.03) < view.true_at_most < view.votes_at_most


def test_the_three_answers():
    assert stopping_status(seen([950, 50]), 1.0) == PROVED
    assert stopping_status(seen([950, 50]), 1.6) == UNDECIDED
    assert stopping_status(seen([950, 50]), 3.0) == OUT_OF_REACH
    assert stopping_status(seen([0, 0]), 3.0) == UNDECIDED
    assert stopping_status(seen([0, 0]), 4.0) == OUT_OF_REACH, "no n votes prove it, whatever they say"
    assert stopping_status(seen([95, 5], n=100), 0.1) == PROVED
    assert stopping_status(seen([95, 5], n=100), 1.0) == OUT_OF_REACH, "all n are drawn"
    assert stopping_status(seen([0, 500]), 0.1) == OUT_OF_REACH
    assert stopping_status(seen([[950, 50], [0, 500]]), 1.0).tolist() == [PROVED, OUT_OF_REACH]


def test_good_enough():
    assert not good_enough(seen([950, 50]), 0.05)
    assert good_enough(seen([950, 50]), 0.5)
    assert good_enough(seen([95, 5], n=100), 0.01), "nothing is left to draw"
    assert good_enough(seen([0, 500]), 0.05), "nothing can be proved"
    assert not good_enough(seen([0, 0]), 0.05)
    assert good_enough(seen([[950, 50], [0, 500]]), 0.05).tolist() == [False, True]


@settings(max_examples=60, deadline=None)
@given(
    so_far=some.lists(some.integers(0, 300), min_size=2, max_size=4),
    rest=some.lists(some.integers(0, 300), min_size=2, max_size=4),
)
def test_no_votes_to_come_prove_more_than_said(so_far, rest):
    """Certain, not likely: whatever the rest is, at every moment of it."""
    classes = min(len(so_far), len(rest))
    so_far, rest = np.array(so_far[:classes]), np.array(rest[:classes])
    view = outlook(so_far, 0, int(so_far.sum() + rest.sum()), 0.05, radius)
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(classes), rest))
    later = so_far + np.cumsum(np.eye(classes, dtype=int)[order], axis=0)
    if len(later):
        p_a_lower, p_b_upper = PROCEDURES["anytime"].limits(later, 0, 0.05)
        assert radius(p_a_lower, p_b_upper).max() <= view.votes_at_most + 1e-9


@pytest.mark.parametrize(
    "truth",
    [class_probabilities(0.6, 2, 1.0), class_probabilities(0.5, 10, 1e-9), class_probabilities(0.95, 5, 0.5)],
)
def test_both_ends_hold_at_every_look_at_once(truth):
    """The radius proved, and the most that the true one may be, each false with at most alpha."""
    runs, alpha = 20_000, 0.05
    random = np.random.default_rng(5)
    true = radius(truth[0], truth[1:].max())
    counts = np.zeros((runs, len(truth)), dtype=np.int64)
    too_much, too_little = np.zeros(runs, bool), np.zeros(runs, bool)
    before = 0
    for now in np.unique(np.geomspace(1, 3_000, 60).astype(int)).tolist():
        counts += random.multinomial(now - before, truth, runs)
        view = outlook(counts, 0, 3_000, alpha, radius)
        too_much |= view.radius > true
        too_little |= view.true_at_most < true
        before = now
    allowed = stats.binom.ppf(1 - 1e-6, runs, alpha)
    assert too_much.sum() <= allowed
    assert too_little.sum() <= allowed


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize(("factor", "right"), [(0.5, OUT_OF_REACH), (1.5, PROVED)])
def test_a_clear_case_is_decided_with_a_tenth_of_the_votes(classes, factor, right):
    """r = 0.5 and 1.5 sigma; the true radius half as large, or half as large again."""
    for r in (0.5, 1.5):
        truth = truth_with_radius(factor * r, classes)
        random = np.random.default_rng(classes)
        counts, said = np.zeros((50, classes), dtype=np.int64), np.full(50, UNDECIDED, dtype=object)
        before = 0
        for now in np.unique(np.geomspace(10, N // 10, 80).astype(int)).tolist():
            open_runs = np.flatnonzero(said == UNDECIDED)
            if len(open_runs):
                counts[open_runs] += random.multinomial(now - before, truth, len(open_runs))
                said[open_runs] = stopping_status(outlook(counts[open_runs], 0, N, ALPHA, radius), r)
            before = now
        assert (said == right).all()


def truth_with_radius(wanted, classes):
    grid = np.linspace(1 / classes + 1e-6, 1 - 1e-6, 100_000)
    found = radius(grid, (1 - grid) / (classes - 1))
    return class_probabilities(float(grid[np.abs(found - wanted).argmin()]), classes, 1e-9)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"n": 999}, "n is 999"),
        ({"n": 1_000.5}, "n is 1000.5"),
        ({"alpha": 0}, "alpha is 0"),
        ({"counts": [1.5, 2]}, "counts holds"),
        ({"top": 3}, "top is 3"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(values, named):
    arguments = {"counts": [900, 60, 40], "top": 0, "n": 10_000, "alpha": 0.05, "radius": radius} | values
    with pytest.raises(RsvizError, match=f"^{named}"):
        outlook(**arguments)


def test_a_share_outside_its_range_is_refused():
    with pytest.raises(RsvizError, match=r"^within is 5"):
        good_enough(seen([90, 10]), 5)
