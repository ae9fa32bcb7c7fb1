"""Pictures of whole test sets: stairs that are never above the truth, bands, printed numbers, sheets."""

import base64
import io

import numpy as np
import pytest
import vl_convert
from PIL import Image

from rsviz.figures import evaluation as figures
from rsviz.figures import theme

CURVES = {
    "one": {
        "kind": "ours",
        "radius": np.array([0.0, 0.5, 0.6]),
        "accuracy": np.array([0.9, 0.4, 0.0]),
        "low": np.array([0.8, 0.3, 0.0]),
        "high": np.array([0.95, 0.5, 0.0]),
    },
    "two": {"kind": "ours", "radius": np.array([0.0, 1.0]), "accuracy": np.array([0.7, 0.1])},
    figures.ENVELOPE: {"kind": "envelope", "radius": np.array([0.0, 1.0]), "accuracy": np.array([0.9, 0.1])},
    "paper": {"kind": "paper", "radius": np.array([0.25]), "accuracy": np.array([0.6])},
}


def with_data(spec, columns):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    rows = [{key: None if value != value else value for key, value in row.items()} for row in rows]
    return spec | {"data": {"values": rows}, "width": 600}


def test_columns_are_percent_and_as_long_as_each_other():
    columns = figures.curve_columns(CURVES)
    assert {len(values) for values in columns.values()} == {8}
    assert columns["accuracy"][:3] == [90, 40, 0]
    assert columns["low"][:3] == [80, 30, 0]
    assert np.isnan(columns["low"][3:]).all()


def test_each_series_has_a_colour_of_its_own():
    names = [f"series {number}" for number in range(10)]
    assert len(set(theme.series_colours(names).values())) == 10


def test_the_picture_can_be_drawn_and_stairs_hold_the_later_value():
    spec = figures.curve_spec(CURVES, "l2", 0.5)
    assert all(layer["mark"]["interpolate"] == "step-before" for layer in spec["layer"][:2])
    drawn = vl_convert.vegalite_to_svg(with_data(spec, figures.curve_columns(CURVES)))
    assert "ℓ₂ radius (pixel units)" in drawn
    for name in CURVES:
        assert name in drawn


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_holds_every_image_where_its_frame_is(channels):
    images = np.random.default_rng(0).random((23, channels, 8, 8), dtype=np.float32)
    sheet = np.asarray(Image.open(io.BytesIO(figures.sheet_png(images)))).reshape(2 * 9, 20 * 9, -1)
    columns = figures.sheet_columns(range(23), [""] * 23, ["wrong"] * 23)
    for number in (0, 19, 20, 22):
        top, left = (round(columns[axis][number] * 9) for axis in ("y", "x"))
        expected = np.round(images[number].transpose(1, 2, 0) * 255)
        assert np.array_equal(sheet[top : top + 8, left : left + 8], expected)


def test_a_sheet_can_be_drawn():
    columns = figures.sheet_columns([7, 3], ["seven", "three"], ["certified", "wrong"])
    png = figures.sheet_png(np.zeros((2, 1, 8, 8)))
    uri = "data:image/png;base64," + base64.b64encode(png).decode()
    drawn = vl_convert.vegalite_to_svg(with_data(figures.sheet_spec(2, uri), columns))
    for word in ("certified", "wrong"):
        assert figures.OUTCOME_COLOURS[word].lower() in drawn.lower()
