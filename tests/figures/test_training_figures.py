"""Pictures of training runs say what the numbers say, and never more than was proved."""

import numpy as np
import pytest
import vl_convert

from rsviz.figures import theme
from rsviz.figures import training as figures
from rsviz.figures import training_votes as votes_figures

RNG = np.random.default_rng(0)


def svg(spec, columns):
    """The chart as the browser draws it; an invalid spec raises."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return vl_convert.vegalite_to_svg(spec | {"data": {"values": rows}, "width": 330})


def rows_of(columns, **wanted):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def points(columns, series):
    return [(row["epoch"], row["value"]) for row in rows_of(columns, series=series, name=None)]


@pytest.mark.parametrize("lines", [1, 7, 200, 999])
def test_averaging_a_long_run_keeps_the_mean_over_its_steps(lines):
    """Lines stand for different numbers of steps; a point is the mean over all steps it stands for."""
    step = np.cumsum(RNG.integers(1, 9, lines))
    terms = {"cross-entropy": RNG.random(lines), "adre": -RNG.random(lines)}
    columns = figures.loss_columns(step, terms, steps_per_epoch=10)
    for name, values in terms.items():
        drawn = points(columns, name)
        assert len(drawn) == min(lines, figures.MOST_POINTS)
        steps = np.diff([10 * epoch for epoch, _ in drawn], prepend=0)
        mean = np.average(values, weights=np.diff(step, prepend=0))
        assert np.average([value for _, value in drawn], weights=steps) == pytest.approx(mean)
    assert points(columns, "total")[-1][0] == step[-1] / 10


def test_the_total_is_the_sum_of_the_terms_and_is_left_out_where_there_is_one():
    terms = {"cross-entropy": [2.0, 1.0], "stability": [0.5, 0.25]}
    columns = figures.loss_columns([10, 20], terms, steps_per_epoch=10)
    assert points(columns, "total") == [(1.0, 2.5), (2.0, 1.25)]
    assert not points(figures.loss_columns([10], {"cross-entropy": [2.0]}, 10), "total")


def test_accuracy_is_drawn_only_where_it_is_known_and_marks_what_is_kept():
    columns = figures.accuracy_columns([1, 2, 3], [0.5, 0.75, 1.0], [None, None, None], kept=2)
    assert points(columns, "clean") == [(1, 50.0), (2, 75.0), (3, 100.0)]
    assert not points(columns, "under noise")
    (mark,) = [row for row in rows_of(columns) if row["kept"]]
    assert (mark["epoch"], mark["kept"]) == (2, "kept: epoch 2")


@pytest.mark.parametrize("ends", [(0, 0, 0), (1, 1, 1), (0.5, 0.51, 0.9), (0.99, 1.0), (0.2,)])
def test_names_of_lines_do_not_lie_on_each_other_nor_outside(ends):
    curves = {f"line {i}": ([1, 2], [0.3, end]) for i, end in enumerate(ends)}
    columns = figures.curves_columns(curves, limits=(0, 1))
    places = {row["name"]: row["place"] for row in rows_of(columns) if row["name"]}
    assert set(places) == set(curves)
    assert all(0 <= place <= 1 for place in places.values())
    heights = np.sort(list(places.values())) * (figures.HEIGHT - figures.AXIS)
    assert np.all(np.diff(heights) >= theme.FONT)


def test_one_epoch_is_emphasised_and_only_earlier_ones_lie_behind():
    epochs = list(range(1, 41))
    radii = (0.0, 0.1, 0.2)
    certified = [(epoch / 40, epoch / 80, 0.0) for epoch in epochs]
    columns = figures.certified_columns(radii, certified, epochs, shown=30)
    assert {row["epoch"] for row in rows_of(columns, age=0)} == {30}
    assert [row["value"] for row in rows_of(columns, age=0)] == [75.0, 37.5, 0.0]
    behind = {row["epoch"] for row in rows_of(columns) if row["age"]}
    assert len(behind) == figures.MOST_EARLIER
    assert max(behind) == 29 and min(behind) == 1


def test_between_two_radii_the_certified_accuracy_is_drawn_at_its_lower_end():
    """From radius 0.1 to 0.2 only the share at 0.2 is proved: the stair falls at 0.1, not at 0.2."""
    layers = figures.certified_spec()["layer"] + figures.certified_side_by_side_spec("AB")["layer"]
    lines = [layer["mark"] for layer in layers if layer["mark"]["type"] == "line"]
    assert len(lines) == 3
    assert {line["interpolate"] for line in lines} == {"step-before"}
    columns = {"radius": [0.0, 0.1, 0.2], "value": [90.0, 60.0, 0.0], "run": ["A"] * 3}
    drawn = svg(figures.certified_side_by_side_spec("A"), columns)
    path = drawn.split("mark-line")[1].split(' d="')[1].split('"')[0]
    vertices = [tuple(map(float, vertex.split(","))) for vertex in path[1:].split("L")]
    height = figures.HEIGHT
    assert vertices[1] == pytest.approx((vertices[0][0], height * (1 - 0.6)), abs=0.01)


def test_votes_are_split_into_the_true_class_the_strongest_other_and_the_rest():
    votes = RNG.multinomial(100, np.full(10, 0.1), size=6)
    labels = RNG.integers(0, 10, 6)
    columns = votes_figures.votes_columns(votes, labels, "abcdefghij", RNG.random((6, 1, 8, 8)))
    for image, (counts, label) in enumerate(zip(votes, labels, strict=True)):
        true, wrong, rest = rows_of(columns, image=image)
        assert (true["class"], true["share"]) == ("abcdefghij"[label], counts[label])
        assert wrong["class"] != true["class"]
        assert wrong["share"] == np.delete(counts, label).max()
        assert true["share"] + wrong["share"] + rest["share"] == pytest.approx(100)
        assert (true["start"], true["end"], wrong["end"]) == (0, wrong["start"], rest["start"])
        assert true["picture"].startswith("data:image/png;base64,")
        assert wrong["picture"] is None


def test_every_chart_is_drawn_and_named():
    terms = {"cross-entropy": [2.0, 1.0], "stability": [0.5, 0.25]}
    loss = svg(figures.loss_spec(list(terms), 2), figures.loss_columns([10, 20], terms, 10))
    assert all(name in loss for name in ("cross-entropy", "stability", "total", "epoch", "loss"))
    columns = figures.accuracy_columns([1, 2], [0.5, 0.6], [0.4, 0.5], kept=2)
    accuracy = svg(figures.accuracy_spec(True, 2), columns)
    assert all(name in accuracy for name in ("clean", "under noise", "kept: epoch 2", "test images right"))
    columns = figures.certified_columns((0.0, 0.5), [(0.5, 0.1), (0.6, 0.2)], [1, 2], 2)
    certified = svg(figures.certified_spec(), columns)
    assert all(name in certified for name in ("epoch 2", "pixel units", "certified accuracy"))
    columns = votes_figures.votes_columns([[90, 10]], [0], ["cat", "dog"], np.zeros((1, 3, 4, 4)))
    votes = svg(votes_figures.votes_spec(1), columns)
    assert all(name in votes for name in ("cat: 90 %", "true class", "<image"))
    columns = figures.curves_columns({"A": ([1, 2], [50, 60]), "C": ([1], [70])}, limits=(0, 100))
    assert ">C<" in svg(figures.side_by_side_spec("AC", "right (%)", epochs=2), columns)
