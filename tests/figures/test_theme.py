"""What all figures share: names keep apart, colours mean one thing, and only what is proved is solid."""

import itertools

import numpy as np
import pytest

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES
from rsviz.figures import theme


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
