"""The quiz: its form, and every number that it names."""

import re

import numpy as np
import pytest

from rsviz.bounds import BOUNDS
from rsviz.bounds.record import round_down
from rsviz.confidence import clopper_pearson_lower
from rsviz.evaluation import certified_accuracy
from rsviz.lessons import LESSONS
from rsviz.lessons.quiz import QUESTIONS, are_answers, outcomes
from rsviz.noise import NOISES
from rsviz.plane import SCENES, SmoothedPlane, certify_point
from rsviz.tasks.evaluate import certificates, series_of_votes, shipped_votes
from tests.addresses import wrong_parts

COHEN = BOUNDS["cohen-l2"]
THEMES = ["noise", "votes", "confidence", "radius", "bounds", "attack", "training", "linf"]


def test_there_is_one_question_for_the_theme_of_each_lesson():
    assert list(QUESTIONS) == THEMES == list(LESSONS)
    assert [one.theme for one in QUESTIONS.values()] == [one.title for one in LESSONS.values()]


def test_the_questions_are_not_those_of_the_lessons():
    for key, lesson in LESSONS.items():
        assert QUESTIONS[key].asks != lesson.question
        assert not {*QUESTIONS[key].answers} & {prediction.says for prediction in lesson.predictions}


@pytest.mark.parametrize("key", THEMES)
def test_a_question_is_short_and_its_link_is_taken(key):
    question = QUESTIONS[key]
    assert 3 <= len(question.answers) <= 4 and len(set(question.answers)) == len(question.answers)
    assert question.right in range(len(question.answers))
    assert len(question.asks.split()) <= 30
    assert all(len(answer.split()) <= 20 for answer in question.answers)
    assert 1 <= len(re.findall(r"[.?!](?: |$)", question.why)) <= 2
    assert wrong_parts(question.view) == []


def test_the_right_answer_is_not_always_the_longest_or_in_the_same_place():
    places = [question.right for question in QUESTIONS.values()]
    assert max(places.count(place) for place in places) <= 3
    longest = [
        max(range(len(one.answers)), key=lambda at: len(one.answers[at])) for one in QUESTIONS.values()
    ]
    assert sum(np.equal(longest, places)) <= len(QUESTIONS) / 2


def why(key):
    return QUESTIONS[key].why.replace("\u00a0", " ")


def test_f_breaks_inside_the_ball_of_the_island_where_g_does_not():
    scene = SCENES["island"]
    f, at = scene.class_map(), (scene.settings.x, scene.settings.y)
    found = certify_point(SmoothedPlane(f, NOISES["gaussian"](scene.settings.scale)), at)
    assert found.radius > 0
    assert found.base != found.top  # at the middle of the ball


def test_what_52_of_100_votes_prove():
    limit = clopper_pearson_lower(52, 100, 0.05)
    assert f"p_A ≥ {round_down(limit, 3)}" in why("votes")
    assert limit < 0.5


def test_which_scale_proves_more():
    weak, strong = COHEN.radius(0.99, 0.01, scale=0.25), COHEN.radius(0.80, 0.20, scale=0.5)
    assert why("radius").startswith(f"{weak:.2f} against {strong:.2f}")
    assert weak > strong


def test_what_is_proved_below_one_half():
    radius = COHEN.radius(0.45, 0.30, scale=0.5)
    assert f"proves {round_down(radius, 3)} here" in why("bounds")
    assert f"{1 - 0.45:.2f}" in QUESTIONS["bounds"].answers[2]
    assert 1 - 0.45 > 0.45  # so that nothing is proved with it


def columns(name):
    votes = shipped_votes()[name]
    series = series_of_votes(votes.header, certificates(votes, 0.001))
    return np.asarray(series.radius), np.asarray(series.correct)


def test_certified_in_a_wrong_class():
    radius, correct = columns("digits-smoothadv-0.25")
    wrong = radius[~correct]
    assert f"{(wrong > 0).sum()} of {len(radius)} digits are certified in a wrong class" in why("attack")
    assert wrong.max() > 0.2  # as in the question


def test_the_more_accurate_network_proves_less():
    said = QUESTIONS["training"].asks.replace("\u00a0", " "), why("training")
    found = [
        certified_accuracy(*columns(f"digits-{name}-0.25"), [0, 0.5]) for name in ("gaussian", "smoothadv")
    ]
    for at in (0, 1):
        assert re.findall(r"[\d.]+ %", said[at]) == [f"{100 * one[at]:.1f} %" for one in found]
    assert found[0][0] > found[1][0] and found[0][1] < found[1][1]


def test_how_much_every_value_may_change():
    small, large = 0.5 / np.sqrt(784), 0.5 / np.sqrt(150_528)
    assert f"by {small:.3f} with 784 values, by {large:.4f} with 150,528" in why("linf")
    assert small > large


def test_letters_are_answers_only_where_the_questions_have_them():
    assert are_answers("") and are_answers("cabcbdbc") and are_answers("aaa")
    assert (
        not are_answers("d")
        and not are_answers("A")
        and not are_answers("cabcbdbca")
        and not are_answers("c?")
    )


def test_outcomes_are_of_the_questions_that_were_answered():
    assert outcomes("") == {}
    assert outcomes("cb") == {"noise": True, "votes": False}
    right = "".join(question.right_letter for question in QUESTIONS.values())
    assert outcomes(right) == dict.fromkeys(QUESTIONS, True)
