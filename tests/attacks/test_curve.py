"""Curves of robust accuracy: what each attack must obey, and that breaks do not change them."""

import numpy as np
import pytest

from rsviz.attacks import AttackError
from rsviz.tasks.robustness import RobustnessRequest, run
from tests.here import last
from tests.tasks.samples import QUICK

BASE = QUICK["robustness"] | {"images": 12, "sizes": [0.1, 0.5, 3.0], "parameters": {"steps": 6, "draws": 4}}


def request(**changes):
    return RobustnessRequest.make(**BASE | changes)


def made(asked, done=None):
    return last(run(asked, done=done))


@pytest.fixture(scope="module")
def finished():
    return made(request())


def test_every_part_is_there_and_outcomes_add_up(finished):
    assert set(finished.done) == {*finished.request.part_keys(), "plans"}
    for one in finished.result.curves:
        assert one.size == [0.0, 0.1, 0.5, 3.0]
        total = np.array([one.right, one.abstained, one.wrong]).sum(0)
        np.testing.assert_allclose(total, 1.0)


def test_what_was_wrong_without_attack_stays_wrong(finished):
    for series in finished.request.series:
        clean = np.array(finished.done[series.clean_key])
        for size in finished.request.sizes:
            outcomes = np.array(finished.done[series.size_key(size)])
            np.testing.assert_array_equal(outcomes[clean != 0], clean[clean != 0])


def test_a_large_attack_breaks_f_and_a_small_one_g_rarely(finished):
    f, g = finished.result.curves
    assert f.right[-1] == 0  # three pixel units on 8 x 8 pixels
    assert g.right[1] >= g.right[-1]


def test_no_image_is_broken_inside_its_certified_radius(finished):
    """The soundness of both: what is certified at a size is not wrong there, whatever the attack."""
    g = finished.request.series[1]
    radius = np.array(finished.done[g.radius_key])
    for size in finished.request.sizes:
        outcomes = np.array(finished.done[g.size_key(size)])
        assert not (outcomes[radius > size] == 2).any()


def test_the_certified_curve_falls_and_begins_at_what_is_certified(finished):
    _, g = finished.result.curves
    radius = np.array(finished.done[finished.request.series[1].radius_key])
    assert g.certified[0] == (radius > 0).mean()
    assert (np.diff(g.certified) <= 0).all()
    assert finished.result.curves[0].certified is None


def test_a_break_changes_nothing(finished):
    for reached in run(request()):
        if reached.new and len(reached.done) > 4:
            break
    again = made(request(), reached.done)
    assert again.done == finished.done


def test_an_image_fares_the_same_in_a_larger_company():
    """A prefix of the images gives the prefix of the outcomes, though batches are cut otherwise."""
    few, many = made(request(images=5, scales=[0.25])), made(request(images=9, scales=[0.25]))
    series = few.request.series[0]
    for key in few.request.part_keys(series):
        assert few.done[key] == many.done[key][:5]


@pytest.mark.parametrize(
    ("attack", "parameters"),
    [("cw", {"steps": 8, "searches": 3, "draws": 4}), ("boundary", {"steps": 20, "votes": 30})],
)
def test_least_distortion_gives_all_sizes_in_one_run(attack, parameters):
    reached = made(request(attack=attack, parameters=parameters, scales=[0.0], images=6))
    (one,) = reached.result.curves
    assert (np.diff(one.right) <= 0).all()
    assert one.right[-1] < one.right[0]


def test_transfer_shares_the_clean_part_and_is_no_stronger_than_certified():
    asked = request(surrogate="digits-plain", scales=[0.25], images=6)
    reached = made(asked)
    white, transfer = reached.result.curves
    assert white.right[0] == transfer.right[0]
    assert transfer.surrogate == "digits-plain"
    assert len(reached.done) - 1 == 2 + 2 * 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes": []}, "sizes"),
        ({"sizes": [0.5, 0.5]}, "each larger than the one before"),
        ({"sizes": [0.0, 0.5]}, "positive"),
        ({"scales": [0.25, 0.25]}, "each of them once"),
        ({"scales": [-1.0]}, "between 0 and"),
        ({"parameters": {"epsilon": 1.0}}, "the sizes take its place"),
        ({"checkpoints": ["a", "a"]}, "twice"),
        ({"white_box": False}, "nothing is left to draw"),
        ({"attack": "transfer"}, "attack is 'transfer'"),
    ],
)
def test_bad_curves_are_refused_in_one_sentence(changes, words):
    with pytest.raises(AttackError, match=words):
        request(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checkpoints": ["digits-gaussian-0.25", "mnist-gaussian-0.70"]}, "take the same images"),
        ({"images": 501}, "has 500"),
        ({"checkpoints": ["../x"]}, "the name of a checkpoint"),
    ],
)
def test_a_job_of_curves_is_checked_before_it_begins(changes, words):
    with pytest.raises(AttackError, match=words):
        RobustnessRequest.for_job(BASE | changes)
