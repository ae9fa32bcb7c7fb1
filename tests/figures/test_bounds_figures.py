"""Pictures of bounds: what they say, in which colours, and that they are valid charts."""

import numpy as np
import pytest

from rsviz.bounds import BOUNDS
from rsviz.comparison import Setting, cells, line, radius
from rsviz.figures import bounds as figures
from rsviz.figures import triangle
from rsviz.figures.sheet import side_by_side
from rsviz.reference.counter_example import counter_example


def found(tree, key):
    """Every value of `key`, anywhere in a chart."""
    if isinstance(tree, dict):
        here = [tree[key]] if key in tree else []
        return here + [hit for value in tree.values() for hit in found(value, key)]
    return [hit for value in tree for hit in found(value, key)] if isinstance(tree, list) else []


def test_every_bound_has_a_colour_of_its_own():
    assert len({bound.colour for bound in BOUNDS.values()}) == len(BOUNDS)


def test_what_is_not_a_certificate_is_labelled_and_dashed():
    p_a, p_b = line(1.0)
    radii = {key: radius(key, p_a, p_b, Setting()) for key in ("cohen-l2", "dmr-l2")}
    scales = found(figures.slice_chart(p_a, radii, units="pixel units"), "scale")
    names = ["Cohen et al.", f"D_MR (Unified) ({figures.NOT_A_CERTIFICATE})"]
    assert {"domain": names, "range": [[1, 0], [7, 5]]} in scales
    assert {"domain": names, "range": [BOUNDS[key].colour for key in radii]} in scales


def test_map_marks_where_a_claim_is_refuted_and_where_nothing_is_certified():
    p_a, p_b, side = cells(20)
    values = radius("dmr-l2", p_a, p_b, Setting())
    values[:3] = 0
    refuted = values > radius("cohen-l2", p_a, p_b, Setting())
    assert refuted.any()
    chart = triangle.radius_map(
        p_a, p_b, side, values, levels=[0.1, 0.2], units="pixel units", point=(0.9, 0.05), refuted=refuted
    )
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["rect", "rect", "point", "point", "point"]
    assert chart["layer"][0]["encoding"]["color"]["scale"]["domain"] == [0.1, 0.2]
    names = {param["name"] for layer in chart["layer"] for param in layer.get("params", [])}
    assert names >= {"point"}


def test_ratio_map_changes_colour_at_one():
    p_a, p_b, side = cells(40)
    values = radius("li-l2", p_a, p_b, Setting()) / radius("pixeldp-l2", p_a, p_b, Setting())
    chart = triangle.ratio_map(p_a, p_b, side, values, names="Li / PixelDP")
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert len(scale["range"]) == len(scale["domain"]) + 1
    assert scale["domain"] == sorted(scale["domain"])
    middle = scale["domain"].index(1 - 1e-9)
    assert scale["domain"][middle + 1] == 1 + 1e-9
    assert scale["range"][middle + 1] == "#EFEFEF"


@pytest.mark.parametrize("values", [[1.0, 1.0], [2.0, 3.0], [0.2, 0.3], [np.nan, np.inf]])
def test_ratio_map_takes_whatever_ratios_there_are(values):
    chart = triangle.ratio_map(np.array([0.6, 0.7]), np.array([0.1, 0.1]), 0.1, np.array(values), names="x")
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert len(scale["range"]) == len(scale["domain"]) + 1


def test_winner_map_uses_the_colours_of_the_bounds():
    p_a, p_b, side = cells(20)
    keys = ["li-l2", "pixeldp-l2"]
    chart = triangle.winner_map(p_a, p_b, side, np.where(p_a < 0.3, 1, 0), keys)
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert scale["range"] == [BOUNDS[key].colour for key in keys]


@pytest.mark.parametrize("largest", [1e-5, 0.03, 0.97, 1.0, 12.0, 4000.0])
def test_levels_rise_stay_below_the_largest_and_are_few(largest):
    levels = triangle.levels_to(largest)
    assert 5 <= len(levels) <= 9
    assert levels == sorted(set(levels))
    assert levels[-1] < largest <= 2 * levels[-1]


def test_surfaces_draw_a_net_for_what_is_not_a_certificate():
    axis = np.linspace(0.1, 0.9, 5)
    figure = figures.surfaces(axis, axis, {"cohen-l2": np.ones((5, 5)), "dmr-l2": np.ones((5, 5))}, units="x")
    assert [bool(surface.hidesurface) for surface in figure.data] == [False, True]
    assert figures.NOT_A_CERTIFICATE in figure.data[1].name


def test_counter_example_chart_marks_tight_and_claimed_radius():
    example = counter_example(0.1, 0.02)
    chart = figures.counter_example_chart(example)
    rows = [row for layer in chart["layer"] for row in layer["data"]["values"]]
    distances = [row["distance"] for row in rows if "what" in row]
    assert distances == [example.tight, example.claimed, example.step]


@pytest.mark.parametrize(("form", "begins"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_every_picture_can_be_saved(form, begins):
    p_a, p_b, side = cells(120)
    setting = Setting(scale=0.5)
    values = {key: radius(key, p_a, p_b, setting) for key in ("cohen-l2", "li-l2")}
    style = {"levels": [0.1, 0.5, 1], "units": "pixel units", "point": (0.9, 0.05)}
    along = line(1.0)
    charts = {key: triangle.radius_map(p_a, p_b, side, value, **style) for key, value in values.items()}
    slice_of = figures.slice_chart(along[0], {"li-l2": radius("li-l2", *along, setting)}, units="pixel units")
    assert side_by_side(charts, form).startswith(begins)
    assert side_by_side({"slice": slice_of}, form).startswith(begins)
