"""What all figures share: names keep apart, colours mean one thing, and only what is proved is solid."""

import itertools

import numpy as np
import pytest

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.figures import evaluation, robustness, theme


@pytest.mark.parametrize("seed", range(20))
def test_names_keep_apart_in_order_and_inside_the_chart(seed):
    random = np.random.default_rng(seed)
    ends = {f"line {i}": value for i, value in enumerate(random.choice([0.0, 0.5, 0.51, 0.9, 1.0, 1.5], 6))}
    lines = {name: int(random.integers(1, 3)) for name in ends}
    places = theme.place_names(ends, 0.0, 1.0, 0.07, lines)
    assert set(places) == set(ends)
    ordered = sorted(places, key=places.get)
    assert [min(ends[name], 1.0) for name in ordered] == sorted(min(end, 1.0) for end in ends.values())
    bottom = {name: places[name] - 0.07 * (lines[name] - 1) for name in ends}
    assert min(bottom.values()) >= -1e-12 and max(places.values()) <= 1
    for below, above in itertools.pairwise(ordered):
        assert bottom[above] - places[below] >= 0.07 - 1e-12


def test_a_name_with_room_stays_at_the_end_of_its_line():
    assert theme.place_names({"a": 0.2, "b": 0.8}, 0, 1, 0.1) == {"a": 0.2, "b": 0.8}


def test_no_two_procedures_share_a_colour_and_no_bound_has_that_of_an_attack():
    assert len({procedure.colour for procedure in PROCEDURES.values()}) == len(PROCEDURES)
    assert theme.FOUND not in {bound.colour for bound in BOUNDS.values()}


def test_only_what_is_proved_is_solid():
    strokes = [theme.SOLID, theme.NOT_PROVED, theme.PRINTED, theme.TRANSFER]
    assert [stroke == [1, 0] for stroke in strokes] == [True, False, False, False]
    assert len({tuple(stroke) for stroke in strokes}) == len(strokes)


def test_no_two_series_of_a_picture_share_a_colour():
    names = [f"series {place}" for place in range(len(theme.SERIES))]
    assert len(set(theme.series_colours(names).values())) == len(names) >= 26
    with pytest.raises(RsvizError, match="a picture has colours for"):
        theme.series_colours([*names, "one more"])


def colours_of(spec):
    scales = [
        layer["encoding"]["color"]["scale"]
        for layer in spec["layer"]
        if "color" in layer["encoding"] and "scale" in layer["encoding"]["color"]
    ]
    return (spec.get("encoding", {}).get("color", {}).get("scale") or scales[0])["range"]


def test_the_fullest_pictures_have_a_colour_for_each_curve():
    line = {"radius": np.array([0.0, 1.0]), "accuracy": np.array([0.9, 0.1])}
    curves = {f"mine {place}": line | {"kind": "ours"} for place in range(10)}
    curves |= {f"printed {place}": line | {"kind": "paper"} for place in range(10)}
    curves |= {evaluation.ENVELOPE: line | {"kind": "envelope"}}
    found = colours_of(evaluation.curve_spec(curves, "l2", 0.5))
    assert len(found) == len(set(found)) == 21
    attacked = [
        {"checkpoint": f"c{one}", "scale": scale, "surrogate": None}
        for one in range(4)
        for scale in (0, 0.25, 0.5, 1)
    ]
    printed = {f"printed {place}": {} for place in range(10)}
    found = colours_of(robustness.accuracy_spec(attacked, "l2", printed))
    assert len(found) == len(set(found)) == 26
