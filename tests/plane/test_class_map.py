"""A class map travels as text and as runs and comes back the same; anything else is refused."""

import base64
import re
import zlib

import numpy as np
import pytest

from rsviz.errors import RsvizError
from rsviz.plane import CELL, CENTRES, HALF, SCENES, SIDE, ClassMap
from rsviz.plane.class_map import LONGEST_TEXT
from tests.plane.random_maps import KINDS, random_map


def packed(content: bytes, classes="2") -> str:
    return classes + base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


GOOD = packed(b"01" * (SIDE * SIDE // 2))
HOSTILE_TEXTS = {
    "empty": "",
    "no digits": "2",
    "six classes": "6" + GOOD[1:],
    "a class that is not announced": packed(b"2" * SIDE * SIDE),
    "a class beyond all": packed(b"7" * SIDE * SIDE),
    "letters": packed(b"x" * SIDE * SIDE),
    "half of it": GOOD[: len(GOOD) // 2],
    "one letter changed": GOOD[:9] + "A" + GOOD[10:] if GOOD[9] != "A" else GOOD[:9] + "B" + GOOD[10:],
    "a cell too few": packed(b"0" * (SIDE * SIDE - 1)),
    "a cell too many": packed(b"0" * (SIDE * SIDE + 1)),
    "a zip bomb": packed(bytes(5_000_000)),
    "too long": "2" + "A" * LONGEST_TEXT,
    "ten megabytes": "2" + "A" * 10_000_000,
    "a script": "2<script>alert(1)</script>",
    "a new line": GOOD + "\n",
    "no ASCII": "2" + "é" * 40,
    "padding": GOOD + "==",
}


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_runs_come_back_as_the_same_map(kind):
    rng = np.random.default_rng(1)
    for _ in range(3):
        f = random_map(kind, rng)
        text, runs = f.text(), f.runs()
        for back in (ClassMap.from_text(text), ClassMap.from_runs(runs, f.classes)):
            assert np.array_equal(back.cells, f.cells)
            assert back.classes == f.classes
        assert len(text) <= LONGEST_TEXT
        assert re.fullmatch(r"[A-Za-z0-9_-]+", text)  # a link needs no escapes


def test_the_longest_map_fits_into_a_link():
    dust = random_map("dust", np.random.default_rng(2), classes=5)
    assert 7_500 < len(dust.text()) <= LONGEST_TEXT


def test_a_simple_drawing_makes_a_short_link():
    assert all(len(scene.class_map().text()) < 1_000 for scene in SCENES.values())


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_text_that_is_no_map_is_refused_with_one_short_sentence(name):
    with pytest.raises(RsvizError) as refusal:
        ClassMap.from_text(HOSTILE_TEXTS[name])
    is_one_sentence(str(refusal.value))


@pytest.mark.parametrize(
    "runs",
    ["", "A1", "A16384B0", "A16385", "a16384", "F16384", "A-1B16385", "A16384 ", "A1" * 30_000, "A999999"],
)
def test_runs_that_are_no_map_are_refused_with_one_short_sentence(runs):
    with pytest.raises(RsvizError) as refusal:
        ClassMap.from_runs(runs, 2)
    is_one_sentence(str(refusal.value))


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (np.zeros((SIDE, SIDE - 1), int), 2),
        (np.zeros(SIDE * SIDE, int), 2),
        (np.zeros((SIDE, SIDE)), 2),
        (np.full((SIDE, SIDE), 2), 2),
        (np.full((SIDE, SIDE), -1), 2),
        (np.full((SIDE, SIDE), 300), 5),
        (np.zeros((SIDE, SIDE), int), 1),
        (np.zeros((SIDE, SIDE), int), 6),
    ],
)
def test_cells_that_are_no_map_are_refused_with_one_short_sentence(cells, classes):
    with pytest.raises(RsvizError, match=r"^(cells|classes) ") as refusal:
        ClassMap(cells, classes)
    is_one_sentence(str(refusal.value))


def test_a_refusal_names_the_class_that_is_not_allowed():
    cells = np.full((SIDE, SIDE), 3, np.uint8)
    with pytest.raises(RsvizError, match="holds the class 3;"):
        ClassMap(cells, 3)
    with pytest.raises(RsvizError, match="holds the class -1;"):
        ClassMap(cells.astype(int) - 4, 3)


def is_one_sentence(words):
    assert words.endswith(".") and "\n" not in words
    assert len(words) < 200
    assert len(re.findall(r"[.!?](?:\s|$)", words)) == 1


def test_points_are_in_the_cell_that_holds_them_and_outside_in_the_border_cells():
    f = random_map("dust", np.random.default_rng(3), classes=5)
    x, y = np.meshgrid(CENTRES, CENTRES)
    jitter = np.random.default_rng(4).uniform(-0.49, 0.49, (2, SIDE, SIDE)) * CELL
    assert np.array_equal(f.at(np.stack([x + jitter[0], y + jitter[1]], -1)), f.cells)
    assert f.at((-99, 99)) == f.cells[-1, 0]
    assert f.at((HALF, -1e300)) == f.cells[0, -1]
    assert f.at((0.3, 7)) == f.at((0.3, HALF - CELL / 2))


def test_the_clipped_classifier_is_f_of_the_clipped_point():
    f = random_map("dust", np.random.default_rng(5), classes=4)
    points = np.random.default_rng(6).uniform(-3, 3, (5_000, 2))
    assert np.array_equal(f.clipped().at(points), f.at(np.clip(points, 1e-12, 1 - 1e-12)))
    assert np.array_equal(f.clipped().clipped().cells, f.clipped().cells)
    assert not np.array_equal(f.clipped().cells, f.cells)


def test_indicators_are_one_where_the_class_is():
    f = random_map("dust", np.random.default_rng(7), classes=3)
    assert np.array_equal(f.indicators.sum(0), np.ones((SIDE, SIDE)))
    assert np.array_equal(f.indicators.argmax(0), f.cells)


def test_a_map_cannot_be_changed_behind_its_back():
    f = SCENES["island"].class_map()
    with pytest.raises(ValueError, match="read-only"):
        f.cells[0, 0] = 1
