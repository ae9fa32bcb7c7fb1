"""Figures of the population's certificate: what is drawn is what was found."""

import json
from dataclasses import replace

import numpy as np
import pytest
import vl_convert

from rsviz.distributional import at_budget
from rsviz.figures import population as figures
from rsviz.tasks.population import shipped_example


@pytest.fixture(scope="module")
def curves():
    found = shipped_example()[1].curves
    return {figures.name(curve, found): curve for curve in found}


def layers(spec):
    return spec["layer"]


def test_names_tell_the_curves_apart(curves):
    assert len(curves) == 10
    assert "digits-nal-0.25, σ = 0.25" in curves and "digits-wrm, no noise (WRM)" in curves
    efforts = shipped_example("distribution-effort")[1].curves
    assert len({figures.name(curve, efforts) for curve in efforts}) == len(efforts) == 12


def test_pieces_are_proved_or_not_and_join(curves):
    grid = np.linspace(0, 2, 50)
    read = [
        replace(entry, concave="proved" if entry.rho < 0.5 else "not proved")
        for entry in at_budget(curves["digits-nal-0.25, σ = 0.25"], grid)
    ]
    columns = figures.certificate_columns({"one": read})
    assert len(columns["rho"]) == 51  # the point where the second piece begins stands in both
    for piece in set(columns["piece"]):
        rows = [row for row, name in enumerate(columns["piece"]) if name == piece]
        assert len({columns["proved"][row] for row in rows}) == 1
    ends = [columns["rho"][row] for row in range(51) if columns["proved"][row] == "proved"]
    begins = [columns["rho"][row] for row in range(51) if columns["proved"][row] == "not proved"]
    assert max(ends) == min(begins)


def test_nothing_not_proved_is_drawn_solid(curves):
    spec = figures.certificate_spec(curves, next(iter(curves)), 1.0, 0.25)
    lines = [layer for layer in layers(spec) if layer["mark"]["type"] == "line"]
    for line in lines:
        scale = line["encoding"]["strokeDash"]["scale"]
        assert dict(zip(scale["domain"], scale["range"], strict=True))["not proved"] != [1, 0]
    kept = [line["transform"][0]["filter"] for line in lines]
    assert kept[0] == {"not": kept[1]}  # every curve once


def test_every_point_within_the_axis_is_drawn(curves):
    rows = figures.point_rows(curves, 1.0)
    expected = sum(point.rho <= 1.0 for curve in curves.values() for point in curve.points)
    assert len(rows) == expected > 20
    json.dumps(figures.certificate_spec(curves, next(iter(curves)), 1.0, 0.25), allow_nan=False)


@pytest.mark.parametrize("largest", [0.001, 0.37, 1.0, 9.0, 1234.5])
def test_the_upper_axis_has_a_few_round_sizes(curves, largest):
    spec = figures.certificate_spec(curves, next(iter(curves)), largest, 0.25)
    axis = next(
        layer["encoding"]["x"]["axis"]
        for layer in layers(spec)
        if (layer["encoding"]["x"].get("axis") or {}).get("orient") == "top"
    )
    assert 3 <= len(axis["values"]) <= 10
    assert axis["values"][0] == 0.0 and axis["values"][-1] <= largest * (1 + 1e-9)


def test_the_printed_line_is_the_repaired_one_moved(curves):
    curve = curves["digits-nal-0.25, σ = 0.25"]
    grid = np.linspace(0, 12, 121)
    columns = figures.printed_columns(at_budget(curve, grid))
    repaired, printed = np.array(columns["value"]).reshape(2, -1)
    np.testing.assert_allclose(printed[40:], repaired[:-40], atol=1e-9)  # d sigma^2 = 4
    spec = figures.printed_spec(curve, 12.0, 10.0)
    (shaded,) = [layer for layer in layers(spec) if layer["mark"]["type"] == "rect"]
    assert shaded["data"]["values"][0]["from"] == 0.0
    assert all(row["to"] <= 12.0 for row in shaded["data"]["values"])


def test_bars_hold_every_image_with_a_radius():
    columns = figures.radii_columns([-1.0, 0.0, 0.1, 0.2, 0.9, 5.0], 1.0)
    assert sum(columns["share"]) == pytest.approx(100 * 5 / 6)
    assert columns["share"][-1] == pytest.approx(100 / 6)  # what lies beyond the axis stands in the last bar
    assert columns["from"][1:] == columns["to"][:-1]


def test_efforts_are_drawn_one_by_one():
    efforts = shipped_example("distribution-effort")[1].curves
    columns = figures.effort_columns(efforts, 1.5)
    assert len(columns["K"]) == 12
    spec = figures.effort_spec(efforts)
    assert spec["encoding"]["x"]["axis"]["values"] == [1, 5, 15, 50]
    assert spec["encoding"]["color"]["scale"]["domain"] == ["r = 1", "r = 4", "r = 16"]
    # The more steps and draws, the higher, beyond the noise of 200 images
    found = dict(zip(zip(columns["K"], columns["r"], strict=True), columns["surrogate"], strict=True))
    assert found[50, "r = 16"] > found[1, "r = 1"] + 0.1


def test_every_chart_can_be_drawn(curves):
    curve = curves["digits-nal-0.25, σ = 0.25"]
    read = at_budget(curve, np.linspace(0, 1, 20))
    efforts = shipped_example("distribution-effort")[1].curves
    charts = [
        (
            figures.certificate_columns({"digits-nal-0.25, σ = 0.25": read}),
            figures.certificate_spec(curves, "digits-nal-0.25, σ = 0.25", 1.0, 0.25),
        ),
        (figures.printed_columns(read), figures.printed_spec(curve, 1.0, 3.0)),
        (figures.radii_columns(curve.radii, 0.8), figures.radii_spec("#000", 0.5)),
        (figures.effort_columns(efforts, 1.5), figures.effort_spec(efforts)),
    ]
    for columns, spec in charts:
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        drawn = vl_convert.vegalite_to_svg(spec | {"data": {"values": rows}})
        assert "NaN" not in drawn and drawn.count("<path") > 5
