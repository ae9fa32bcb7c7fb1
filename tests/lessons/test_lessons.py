"""The lessons: limits of words, one question, pictures that are true, legible and inside their frames."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import vl_convert

from rsviz import lessons
from rsviz.figures.contrast import contrast, word_colours
from rsviz.lessons import (
    FRAMES,
    HIDABLE,
    LESSONS,
    PLANE_CONTROLS,
    Chart,
    Plane,
    attack,
    compared,
    confidence,
    counting,
    counts,
    radius,
    training,
    votes,
)
from rsviz.lessons import records as limits
from rsviz.lessons.charts import INK
from rsviz.lessons.planes import plane_of
from rsviz.noise import Gaussian
from rsviz.plane import SCENES
from rsviz.simulation import ceiling
from rsviz.ui.playground.address import ADDRESS
from rsviz.ui.shell import PAGES

STEPS = [(key, number) for key, lesson in LESSONS.items() for number in range(1, len(lesson.steps) + 1)]
CHARTS = [
    (key, number, option)
    for key, number in STEPS
    if isinstance(picture := LESSONS[key].steps[number - 1].picture, Chart)
    for option in (picture.choice.options if picture.choice else [""])
]
DARK = "#0E1117"
MISCONCEPTIONS = (
    "The certificate is about f.",
    "The noisy images are what is certified.",
    "Noisy images must be clipped to [0, 1] first.",
    "g should always answer with the class that has most votes.",
    "p_B is 1 - p_A.",
    "alpha is the share of test images that may be wrong.",
    "One may sample until it certifies.",
    "A bigger sigma gives a bigger radius.",
    "Accuracy and certified accuracy are the same.",
    "Abstentions may be left out of accuracy.",
    "Certified means correct.",
)


def step_of(key, number):
    return LESSONS[key].steps[number - 1]


def words(text) -> int:
    return len(text.split())


def test_together_the_lessons_remove_every_misconception():
    assert set(MISCONCEPTIONS) <= {one for lesson in LESSONS.values() for one in lesson.removes}


@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_asks_once_and_the_reveal_follows(key):
    lesson = LESSONS[key]
    asking = [number for number, step in enumerate(lesson.steps, 1) if step.asks]
    assert 4 <= len(lesson.steps) <= 6
    assert len(asking) == 1 and 1 < asking[0] < len(lesson.steps)
    assert len(lesson.predictions) == 3 and sum(one.right for one in lesson.predictions) == 1
    assert lesson.removes and set(lesson.hides) <= set(HIDABLE)


def test_the_right_answer_is_not_always_at_the_same_place():
    places = {[one.right for one in lesson.predictions].index(True) for lesson in LESSONS.values()}
    assert places == {0, 1, 2}


@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_says_little_at_once(key):
    lesson = LESSONS[key]
    assert words(lesson.question) <= limits.QUESTION_WORDS
    for one in lesson.predictions:
        assert words(one.says) <= limits.SAYS_WORDS and words(one.why) <= limits.WHY_WORDS
    for step in lesson.steps:
        asked = [lesson.question, *(one.says for one in lesson.predictions)] if step.asks else [step.words]
        assert words(step.title) <= limits.TITLE_WORDS and words(step.words) <= limits.WORDS
        assert bool(step.words) != step.asks
        assert words(" ".join([step.title, *asked])) <= limits.SCREEN_WORDS
        assert 2 <= len(re.findall(r"[.!?](?: |$)", step.speaker)) <= 5


@pytest.mark.parametrize(("key", "number"), STEPS)
def test_what_a_step_links_is_a_page_and_its_playground_is_allowed(key, number):
    step = step_of(key, number)
    page, _, query = step.link.partition("?")
    assert not step.link or page in {one.key for one in PAGES}
    if page == "playground":
        plane_of(query)
    if isinstance(step.picture, Plane):
        given = {part.partition("=")[0]: [part.partition("=")[2]] for part in step.picture.query.split("&")}
        assert set(given) <= set(ADDRESS.fields)
        for name, texts in given.items():
            ADDRESS.fields[name].read(texts)  # ValueError where it is not allowed
        plane_of(step.picture.query)
        assert set(step.picture.controls) <= set(PLANE_CONTROLS) and len(step.picture.controls) <= 3


@pytest.mark.parametrize(("key", "number", "option"), CHARTS)
def test_a_chart_is_large_and_legible_in_both_frames(key, number, option):
    picture = step_of(key, number).picture
    if picture.choice:
        assert picture.choice.first in picture.choice.options
        assert 1 <= len(picture.choice.options) <= (10 if picture.choice.plays else 8)
    assert picture.alt(option).endswith(".") and 40 < len(picture.alt(option)) < 500
    colours = word_colours()
    for frame in FRAMES:
        svg = vl_convert.vegalite_to_svg(json.dumps(picture.draw(option, frame)))
        width, height = (
            float(re.search(rf'<svg[^>]* {side}="([0-9.]+)"', svg)[1]) for side in ("width", "height")
        )
        assert width <= frame.width + 1 and height <= frame.height + 1
        letters = [float(size) for size in re.findall(r'font-size="([0-9.]+)px"', svg)]
        assert min(letters, default=frame.letters) >= frame.letters
        for text in re.findall(r"<text[^>]*>", svg):
            fill = re.search(r'fill="([^"]+)"', text)[1]
            if fill.upper() != INK:
                light, dark = colours[fill]
                assert contrast(light, "#FFFFFF") >= 4.5 and contrast(dark, DARK) >= 4.5


SENTENCES = {"words", "says", "why", "speaker", "title", "question"}
NAMES = re.compile(
    r"l2|CIFAR-10|8/255|\[0, 1\]|near 0|1/√?d|1 [−-] p_A|(?:same|this|the|say|written) [0-9]\b"
)
"""What looks like a number and is a name, a definition, or a digit that is seen."""


SOURCES = sorted(Path(lessons.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_number_is_typed_into_a_sentence(path):
    """Numbers in sentences come from the arrays that the pictures show, by f-strings."""
    typed = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Step", "Prediction", "Lesson"):
            for part in [*node.args, *(one.value for one in node.keywords if one.arg in SENTENCES)]:
                texts = part.values if isinstance(part, ast.JoinedStr) else [part]
                typed += [
                    one.value
                    for one in texts
                    if isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                    and " " in one.value
                    and re.search(r"[0-9]", NAMES.sub("", one.value))
                ]
    assert typed == []


def test_the_sentences_of_the_trade_off_hold_for_the_shipped_certificates():
    low, high, adversarial = (
        training.series(key) for key in (training.LOW, training.HIGH, training.ADVERSARIAL)
    )
    assert high.accuracy(0.0) < low.accuracy(0.0) and high.accuracy(0.75) > low.accuracy(0.75)
    assert adversarial.accuracy(0.0) < low.accuracy(0.0) and adversarial.accuracy(0.75) > 1.5 * low.accuracy(
        0.75
    )
    assert low.accuracy(0.0) - adversarial.accuracy(0.0) < 0.02


def test_attacks_and_proof_do_not_cross():
    for one in counts.attacks().values():
        if one["radii"]:
            assert one["verdict"] != "changed" or one["distance_l2"] > one["radii"]["cohen-l2"]
    path = counts.attacks()["best"]["path"]
    assert all(share >= least for share, least in zip(path["share"], path["envelope"], strict=True))
    least = Gaussian(attack.BEST["scale"]).least_probability(path["p_a_lower"], path["distance"])
    assert path["envelope"] == pytest.approx(least, abs=1e-9)
    assert path["share"] == [row[path["class"]] / sum(row) for row in path["counts"]]
    assert {attack.changed(key) for key in attack.TRIED} == {True, False}


def test_the_rocket_has_another_leader_later_and_the_written_1_needs_its_runner_up():
    rocket, one = counts.votes()["rocket"], counts.votes()["one"]
    assert all(rocket.proved(n).predicted is None for n in rocket.counts)
    assert rocket.counts[rocket.n].argmax() != rocket.counts[votes.QUESTION].argmax()
    assert one.proved(procedure="cohen").predicted is None and one.proved().radius > 0.1


def test_the_claim_is_false_somewhere_for_every_constant_that_is_shown():
    for constant in compared.CONSTANTS:
        _, claimed, tight = compared.broken(constant)
        assert (claimed > tight).any() and (claimed < tight).any()


def test_the_shipped_votes_are_those_of_the_networks():
    """The first votes again; two may differ where the logits of another processor tie within rounding."""
    stored = counts.votes()["nine-0.625"]
    again = counting.votes(replace(counting.VOTES["nine-0.625"], most=30))
    assert np.abs(np.array(again["counts0"]) - stored.counts0).sum() <= 4
    for n in (10, 30):
        assert np.abs(np.array(again["counts"][str(n)]) - stored.counts[n]).sum() <= 4
    assert [counts.png_url(one) for one in again["noisy"]] == list(stored.noisy)


def test_votes_are_of_what_the_table_of_counts_says():
    for key, what in counting.VOTES.items():
        stored = counts.votes()[key]
        assert (stored.checkpoint, stored.sample, stored.scale) == (what.checkpoint, what.sample, what.scale)
        for n, found in stored.counts.items():
            assert found.sum() == n
        assert (np.diff([stored.counts[n] for n in sorted(stored.counts)], axis=0) >= 0).all()


def test_words_that_stand_for_numbers_hold():
    gains = np.diff([float(ceiling(n, counts.ALPHA)) for n in radius.NUMBERS])
    assert (gains < 1).all()  # "ten times the votes buy less than one sigma"
    assert "200" in SCENES["rain"].act  # "two hundred certificates"
    assert len(compared.PROOFS) == 4  # "four proofs"
    proved = {one.scale: one.proved() for one in radius.nines()}
    assert radius.best().scale == max(
        (scale for scale, one in proved.items() if one.predicted == 9), key=lambda scale: proved[scale].radius
    )
    assert proved[1.0].predicted == 8 and proved[1.0].radius > 1
    assert counts.votes()["cat"].name(0) == "frog" and counts.votes()["cat"].proved().radius > 0.2
    assert confidence.false_after(confidence.REPEATS) <= confidence.ALPHA * confidence.REPEATS
    assert confidence.peeked()["cohen"][-1] > 5 * confidence.ALPHA > 5 * confidence.peeked()["anytime"][-1]
