"""Lessons on paper and in the shell."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsviz.lessons import LESSONS, Lesson, Page, Plane, Step, handout
from tests.shell import shell

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/lessons/ten_minutes.toml"
SHORT = Lesson(
    "own",
    "Short",
    "",
    (),
    (
        Step("A plane", "Some words.", Plane("scene=sectors&show=ball,g"), "Said."),
        Step("A page", "Other words.", Page("bounds"), "Said.", "bounds"),
        LESSONS["radius"].steps[0],
    ),
    (),
)


def test_a_pdf_has_a_page_for_each_step():
    content = handout.pdf(replace(SHORT, steps=2 * SHORT.steps[1:2]))
    assert content.startswith(b"%PDF") and content.count(b"/Type /Page\n") == 2


def test_a_png_shows_pictures_words_and_links_of_every_step():
    sheet = np.asarray(Image.open(io.BytesIO(handout.png(SHORT, "http://localhost:8501"))).convert("L"))
    height, width = handout.PAGE.height, handout.PAGE.width
    assert sheet.shape == (2 * height, 2 * width)
    ink = [sheet[row : row + height, left : left + width] < 200 for row in (0, height) for left in (0, width)]
    top, bottom = handout.TOP, handout.TOP + handout.PICTURE
    for page in ink[:3]:
        assert page[:top].any() and page[top:bottom].any() and page[bottom : height - 50].any()
    assert ink[0][top:bottom].mean() > 0.05 and not ink[3].any()


def test_the_shell_lists_shows_and_prints_lessons(tmp_path):
    status, out, _ = shell("lessons", "list", "--json")
    assert status == 0 and [one["key"] for one in json.loads(out)["lessons"]] == list(LESSONS)
    status, out, _ = shell("lessons", "show", 3)
    assert status == 0 and LESSONS["confidence"].steps[2].words in out and "(right)" in out
    status, out, _ = shell("lessons", "show", "confidence", "--json")
    assert [step["title"] for step in json.loads(out)["steps"]] == [
        one.title for one in LESSONS["confidence"].steps
    ]
    status, out, _ = shell("lessons", "show", "--own", EXAMPLE)
    assert status == 0 and out.startswith("Smoothing in ten minutes")
    one_step = tmp_path / "one.toml"
    one_step.write_text('[[steps]]\nlink = "/bounds"\n', "utf-8")
    status, out, _ = shell("lessons", "handout", "--own", one_step, "--out", tmp_path / "x.pdf", "--json")
    assert status == 0 and json.loads(out)["pages"] == 1 and (tmp_path / "x.pdf").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "9"], "KEY is '9'; it must be 1 to 8"),
        (["show"], "name one lesson"),
        (["show", "noise", "--own", EXAMPLE], "name one lesson"),
        (["show", "--own", "nowhere.toml"], "--own is nowhere.toml; it cannot be read"),
        (["handout", "1", "--out", "x.jpg"], "must end in .pdf or .png"),
    ],
)
def test_the_shell_answers_bad_input_with_a_sentence(arguments, sentence):
    status, out, errors = shell("lessons", *arguments)
    assert status == 2 and out == "" and sentence in errors and errors.count("\n") == 1
