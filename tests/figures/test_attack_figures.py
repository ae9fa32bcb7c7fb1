"""Pictures of an attack: what they draw is what was found, and nothing unproved is drawn as proved."""

import numpy as np
import pytest
import vl_convert

from rsviz.figures import attack as figures
from rsviz.figures import robustness, sheet, theme
from rsviz.tasks.attack import shipped_example

CURVES = [
    {
        "checkpoint": "one",
        "scale": scale,
        "surrogate": surrogate,
        "size": [0.0, 0.5, 1.0],
        "right": [1.0, 0.6, 0.1],
        "abstained": [0.0, 0.2, 0.1],
        "wrong": [0.0, 0.2, 0.8],
        "radius": [0.0, 0.5, 1.0] if scale else None,
        "certified": [0.9, 0.3, 0.0] if scale else None,
    }
    for scale, surrogate in ((0.0, None), (0.25, None), (0.25, "other"))
]


@pytest.mark.parametrize("largest", [1.0, 0.68, 0.31, 0.05, 0.0123, 1e-4])
def test_a_magnified_difference_stays_inside_and_says_by_how_much(largest):
    delta = np.linspace(-largest, largest, 64).reshape(1, 8, 8)
    shown, factor = figures.magnified(delta)
    np.testing.assert_allclose(shown, 0.5 + factor * delta, atol=1e-6)
    assert shown.min() >= -1e-6
    assert shown.max() <= 1 + 1e-6
    assert factor * largest > 0.24  # at least half of what there is room for
    assert float(f"{factor:.1g}") == pytest.approx(factor)


def test_no_difference_is_grey():
    shown, factor = figures.magnified(np.zeros((1, 2, 2)))
    assert (shown == 0.5).all()
    assert factor == 1.0


def test_the_ruler_has_every_radius_rounded_down_and_what_was_found():
    columns = figures.ruler_columns({"cohen-l2": 0.48986, "li-l2": 0.0, "zcdp-l2": 0.2}, 0.9995, "changed")
    assert columns["label"] == ["0.4898", "0.2", "0.9995 changed"]
    assert columns["kind"] == ["proved", "proved", "found"]
    assert columns["length"] == [0.48986, 0.2, 0.9995]
    assert theme.FOUND not in columns["colour"][:2]


def test_no_bound_has_the_colour_of_what_was_found():
    from rsviz.bounds import BOUNDS

    assert theme.FOUND not in {bound.colour for bound in BOUNDS.values()}


def test_the_ruler_ends_beyond_all_that_stands_on_it():
    assert figures.extent({"a": 0.5, "b": np.inf}, 0.7, 1.0) > 1.0
    assert figures.extent({}, 0.0, None) > 0


def test_a_step_without_a_found_image_has_no_distance_of_it():
    columns = figures.steps_columns([[1, 0.5, 0.2, None, 0.9], [2, 0.7, 0.3, 0.3, 0.4]])
    assert columns["best"] == [None, 0.3]
    assert columns["share"] == [90.0, 40.0]
    assert figures.steps_columns([])["step"] == []


def test_the_path_is_in_percent_and_f_has_no_envelope():
    path = shipped_example().result.path.to_json()
    columns = figures.path_columns(path)
    np.testing.assert_allclose(columns["share"], 100 * np.array(path["share"]))
    bare = figures.path_columns(path | {"envelope": None, "lower": None, "upper": None})
    assert set(bare["envelope"]) == {None}
    drawn = str(figures.path_spec("l2", noisy=False, promised=False))
    assert "envelope" not in drawn
    assert "promised" not in drawn


@pytest.mark.parametrize("noisy", [True, False])
def test_every_chart_can_be_drawn(noisy):
    result = shipped_example().result
    rows = figures.steps_columns(result.history)
    charts = [(rows, figures.steps_spec(name, "l2")) for name in figures.STEPS]
    charts.append((figures.path_columns(result.path.to_json()), figures.path_spec("l2", noisy, noisy)))
    ruler = figures.ruler_columns(result.radii_in_norm, 1.0, "changed")
    charts.append((ruler, figures.ruler_spec("l2", 1.1, 7)))
    charts.append((robustness.accuracy_columns(CURVES), robustness.accuracy_spec(CURVES, "l2")))
    for columns, spec in charts:
        svg = vl_convert.vegalite_to_svg(spec | {"data": {"values": sheet.rows(columns)}, "width": 300})
        assert "<svg" in svg


def test_the_sheet_is_a_picture():
    from rsviz.ui.attack.export import sheet

    assert sheet(shipped_example()).startswith(b"\x89PNG")


def test_curves_keep_right_abstained_and_wrong_apart_and_draw_the_certificate_once():
    columns = robustness.accuracy_columns(CURVES)
    attacked = [kind == "attacked" for kind in columns["kind"]]
    total = [
        sum(columns[name][row] for name in ("right", "abstained", "wrong"))
        for row in range(len(attacked))
        if attacked[row]
    ]
    np.testing.assert_allclose(total, 100)
    assert attacked.count(False) == 3  # of g, not of f, and not again for transfer
    assert len(set(robustness.names(CURVES))) == 3
