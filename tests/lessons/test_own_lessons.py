"""A teacher's own lesson: what a file may say, and one sentence for what it may not."""

import re
from pathlib import Path

import pytest

from rsviz.errors import RsvizError
from rsviz.lessons import LESSONS, Page, Plane
from rsviz.lessons.own import LARGEST, MOST_STEPS, PAGES, read_own
from rsviz.ui import shell

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/lessons/ten_minutes.toml"
STEP = '[[steps]]\nlink = "{}"\n'
ASKS = STEP.format("/lesson?n=1&step=2") + STEP.format("/lesson?n=1&step=3")
PREDICTIONS = "".join(f'[[predictions]]\nsays = "{one}"\nright = {one == "b"}\n'.lower() for one in "abc")


def linked(link, more=""):
    return STEP.format(link) + more


def test_the_example_is_read():
    lesson = read_own(EXAMPLE.read_text("utf-8"))
    assert [type(step.picture).__name__ for step in lesson.steps] == ["Plane", "Plane", "Chart", "Page"]
    assert lesson.steps[0].asks and lesson.steps[1].picture.controls == ("scale", "act")
    assert lesson.steps[2] == list(LESSONS.values())[3].steps[3]
    assert lesson.hides == ("link",) and lesson.title == "Smoothing in ten minutes"


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_every_step_of_every_lesson_can_be_taken(number):
    taken = list(LESSONS.values())[number - 1]
    own = read_own("".join(linked(f"/lesson?n={number}&step={at + 1}") for at in range(len(taken.steps))))
    assert own.steps == taken.steps
    assert (own.question, own.predictions) == (taken.question, taken.predictions)


def test_a_step_may_have_words_of_its_own_and_another_option():
    own = read_own(linked("/lesson?n=2&step=2&show=30", 'title = "Mine"\nwords = "Only thirty."\n'))
    step, theirs = own.steps[0], LESSONS["votes"].steps[1]
    assert (step.title, step.words, step.speaker) == ("Mine", "Only thirty.", theirs.speaker)
    assert step.picture.choice.first == "30" and step.picture.draw is theirs.picture.draw


def test_an_address_that_is_copied_in_lecture_mode_is_a_link():
    assert read_own(linked("/lesson?n=4&step=3&hall=1&vote=2")).steps == (LESSONS["radius"].steps[2],)


def test_every_other_page_can_be_shown():
    assert {one.key for one in shell.PAGES} - {"start", "lesson", "playground"} >= set(PAGES)
    own = read_own(
        "".join(linked(f"/{page}?x=1") for page in PAGES) + linked("/playground?scene=moons-plain")
    )
    assert [step.picture for step in own.steps] == [
        *(Page(f"{page}?x=1") for page in PAGES),
        Plane("scene=moons-plain"),
    ]


WRONG = {
    "no TOML": ("title = ", "no TOML"),
    "deep": ("a = " + "[" * 5_000, "no TOML"),
    "large": ("# " + "x" * LARGEST, f"at most {LARGEST:,}"),
    "empty": ("", "0 steps"),
    "many steps": (linked("/bounds") * (MOST_STEPS + 1), f"1 to {MOST_STEPS}"),
    "unknown key": ("author = 1\n" + linked("/bounds"), "'author' is no entry of the lesson"),
    "unknown key of a step": (linked("/bounds", "colour = 1\n"), "'colour' is no entry of step 1"),
    "steps that are no steps": ("steps = 3", "[[steps]]"),
    "a step without a link": ('[[steps]]\ntitle = "x"\n', "The link of step 1 is None"),
    "another host": (linked("https://example.org/lesson?n=1"), "without a host"),
    "another host, hidden": (linked("//example.org/bounds"), "without a host"),
    "another host, backslash": (linked("/\\\\example.org/bounds"), "without a host"),
    "a script": (linked("javascript:alert(1)"), "without a host"),
    "a broken address": (linked("http://[x"), "must begin with /"),
    "an unknown page": (linked("/settings"), "'settings'; it must be one of: playground, lesson"),
    "a file": (linked("/../../etc/passwd"), "it must be one of"),
    "no such lesson": (linked("/lesson?n=9"), "n is '9'; it must be a whole number from 1 to 8"),
    "no such step": (linked("/lesson?n=1&step=99"), "step is '99'"),
    "a strange digit": (linked("/lesson?n=٣"), "n is '٣'"),
    "a lesson without a number": (linked("/lesson"), "n is ''"),
    "unknown parameter of a lesson": (linked("/lesson?n=1&x=2"), "'x'; it may have n, step, show"),
    "no such option": (linked("/lesson?n=2&step=2&show=31"), "show is '31'"),
    "no options": (linked("/lesson?n=1&step=1&show=31"), "one of: none"),
    "no such scene": (linked("/playground?scene=moon"), "scene is 'moon'"),
    "a number out of range": (linked("/playground?scale=9"), "scale of a link of the playground is '9'"),
    "no number": (linked("/playground?x=nan"), "x of a link of the playground is 'nan'"),
    "unknown parameter of the playground": (linked("/playground?zoom=2"), "has no 'zoom'"),
    "unknown layer": (linked("/playground?show=dots,halo"), "'halo'"),
    "a broken drawing": (linked("/playground?scene=draw&map=xyz"), "Step 1: the drawing"),
    "controls of another page": (linked("/bounds", 'controls = ["scale"]\n'), "the link is of bounds"),
    "unknown control": (linked("/playground", 'controls = ["zoom"]\n'), "controls of step 1"),
    "a long title": (
        linked("/bounds", f'title = "{"a " * 9}"\n'),
        "title of step 1 has 9 words; it may have 8",
    ),
    "long words": (linked("/bounds", f'words = "{"a " * 26}"\n'), "26 words"),
    "a long word": (linked("/bounds", f'words = "{"a" * 41}"\n'), "41 letters"),
    "a long speech": (linked("/bounds", f'speaker = "{"a" * 3_001}"\n'), "3,001 characters"),
    "no text": (linked("/bounds", "title = 3\n"), "must be a text in quotes"),
    "unknown part to hide": ('hides = ["all"]\n' + linked("/bounds"), "hides of the lesson"),
    "asks, no question": (linked("/bounds", "asks = true\n") + linked("/bounds"), "belong together"),
    "a question, none asks": (f'question = "q?"\n{PREDICTIONS}' + linked("/bounds"), "belong together"),
    "no answer follows": (linked("/lesson?n=1&step=2"), "no step follows"),
    "two questions": (ASKS + ASKS, "Step 3 asks"),
    "two predictions": (
        'question = "q?"\n' + PREDICTIONS[: PREDICTIONS.rindex("[[")] + linked("/bounds", "asks = true\n"),
        "2 predictions, 1 of them right",
    ),
    "no right one": (
        f'question = "q?"\n{PREDICTIONS.replace("true", "false")}' + linked("/bounds", "asks = true\n"),
        "3 predictions, 0 of them right",
    ),
    "right is a number": ('[[predictions]]\nsays = "a"\nright = 1\n' + linked("/bounds"), "true or false"),
    "too much on the screen": (
        f'question = "{"q " * 14}"\n{PREDICTIONS.replace(chr(34) + "a", chr(34) + "a" + " a" * 6)}'.replace(
            '"b"', '"' + "b " * 7 + '"'
        ).replace('"c"', '"' + "c " * 7 + '"')
        + linked("/bounds", f'asks = true\ntitle = "{"t " * 8}"\n')
        + linked("/bounds"),
        "43 words",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_gets_one_sentence(what):
    text, expected = WRONG[what]
    with pytest.raises(RsvizError, match=re.escape(expected)) as error:
        read_own(text)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 600
