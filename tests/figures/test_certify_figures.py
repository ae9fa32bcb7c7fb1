"""The pictures of a certificate: what their columns say, and that the charts are drawn from them."""

import numpy as np
import pytest
import vl_convert

from rsviz.figures import certify as figures
from rsviz.tasks.certify import shipped_example

CLASSES = tuple("abcdefghijklmnopqrst")
HISTORY = [[10, 6, 3, 0.2, 0.7], [100, 60, 30, 0.4, 0.5], [1000, 620, 290, 0.58, 0.33]]


def test_the_path_holds_shares_and_the_limits_that_were_claimed():
    columns = figures.path_columns(HISTORY)
    assert columns["drawn"] == [10, 100, 1000]
    assert columns["p_a"] == [0.6, 0.6, 0.62]
    assert columns["p_b"] == [0.3, 0.3, 0.29]
    assert columns["p_a_lower"] == [0.2, 0.4, 0.58]
    assert columns["p_b_upper"] == [0.7, 0.5, 0.33]
    assert columns["last"] == [False, False, True]
    assert {len(column) for column in columns.values()} == {3}


def test_a_path_without_votes_has_no_rows():
    assert all(column == [] for column in figures.path_columns([]).values())


@pytest.mark.parametrize(("top", "other"), [(0.99, 0.01), (0.5, 0.5), (0.6, 0.4), (0.02, 0.9), (1.0, 0.0)])
def test_the_two_names_stay_in_the_frame_and_apart(top, other):
    n = 1000
    columns = figures.path_columns([[n, round(top * n), round(other * n), 0.0, 1.0]])
    names = columns["name_a"][0], columns["name_b"][0]
    assert all(0 <= place <= 1 for place in names)
    assert abs(names[0] - names[1]) > 0.1


def test_votes_of_many_classes_are_summed_up_and_lose_none():
    counts = np.arange(20) ** 2
    columns = figures.votes_columns(counts, CLASSES, 19)
    assert len(columns["class"]) == figures.MOST_CLASSES
    assert sum(columns["votes"]) == counts.sum()
    assert [role for role in columns["role"] if role == "top"] == ["top"]
    assert columns["class"][columns["role"].index("top")] == "t"


@pytest.mark.parametrize(
    ("spec", "columns"),
    [
        (figures.path_spec, lambda: figures.path_columns(HISTORY)),
        (figures.votes_spec, lambda: figures.votes_columns([1, 98, 1], "abc", 1)),
    ],
)
def test_a_chart_draws_without_complaint(spec, columns):
    columns = columns()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    svg = vl_convert.vegalite_to_svg(spec() | {"data": {"values": rows}})
    assert "NaN" not in svg
    assert "mark-text" in svg and svg.count("<path") > 10


@pytest.mark.parametrize(("norm", "order"), [("l1", 1), ("l2", 2), ("linf", np.inf)])
def test_edges_lie_at_the_radius_in_the_norm_of_the_certificate(norm, order):
    x = np.random.default_rng(0).random((3, 8, 8), np.float32)
    images = figures.edges(x, 0.7, norm, seed=1, towards=1 - x)
    assert len(images) == 3
    for image in images.values():
        assert np.linalg.norm((image - x).astype(float).ravel(), order) == pytest.approx(0.7, rel=1e-5)


def test_the_sheet_is_a_picture():
    example = shipped_example()
    content = figures.sheet_png(
        example.pictures.x,
        figures.votes_columns(example.counts, CLASSES[:10], example.top),
        figures.path_columns(example.history),
        "a headline",
        ["a line"],
    )
    assert content.startswith(b"\x89PNG")
