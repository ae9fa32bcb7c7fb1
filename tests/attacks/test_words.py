"""What is said of a result: what is proved and what was found stay apart, and nothing is promised of f."""

from dataclasses import replace

import pytest

from rsviz.tasks.attack import shipped_example
from rsviz.tasks.attack.messages import gap_sentence, promise, verdict_sentence


@pytest.fixture
def result():
    return shipped_example().result


def test_the_best_bound_is_that_of_the_attack_s_norm(result):
    key, radius = result.best_radius
    assert radius == max(result.radii_in_norm.values())
    assert result.radii_in_norm[key] == radius
    assert replace(result, radii_in_norm={"cohen-l2": 0.0}).best_radius is None


def test_broken_beyond_the_radius_leaves_a_gap(result):
    text = gap_sentence(result)
    assert "proved up to" in text
    assert "broken at" in text
    assert "the gap of" in text


def test_a_change_inside_the_radius_is_called_an_error(result):
    inside = replace(result, distance_l2=0.1, inside=["cohen-l2"])
    assert inside.contradicts
    assert "error in rsviz" in gap_sentence(inside)
    same = replace(inside, after=result.certificate.predicted, verdict="unchanged")
    assert not same.contradicts
    assert "no attack can change the answer" in gap_sentence(same)


def test_what_was_not_changed_is_not_said_to_be_proved(result):
    held = replace(result, verdict="unchanged", after=result.before, after_name=result.before_name)
    assert "proves nothing beyond the radius" in gap_sentence(held)
    assert "still says 5" in verdict_sentence(held)


def test_an_abstention_is_neither_held_nor_broken(result):
    unsure = replace(result, verdict="abstained", after=None, after_name=None)
    assert "too close to name a class" in gap_sentence(unsure)
    assert verdict_sentence(unsure).startswith("Abstained")


def test_nothing_is_promised_without_a_certificate(result):
    assert promise(replace(result, certificate=None)) == ""
    assert promise(replace(result, certificate=replace(result.certificate, abstained=True))) == ""
    assert "0.001" in promise(result)
    assert "nothing here is proved" in gap_sentence(replace(result, noise=None))


def test_a_missed_target_is_named(result):
    assert "That is the target" in verdict_sentence(replace(result, target=result.after))
    assert "The target was class 4" in verdict_sentence(replace(result, target=4))
