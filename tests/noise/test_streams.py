"""The numbers that keep random draws apart: each has one purpose, and no other file invents one."""

import ast
from pathlib import Path

import pytest

from rsviz.noise import streams

RSVIZ = Path(__file__).resolve().parents[2] / "rsviz"
INTEGERS = {name: value for name, value in vars(streams).items() if isinstance(value, int)}
SIMULATED = {name: value for name, value in INTEGERS.items() if name.startswith("SIMULATED_")}
NUMBERS = {name: value for name, value in INTEGERS.items() if name not in SIMULATED}
TAKES_A_STREAM = {
    "block_seed": 1,
    "Draws": 3,
    "Span": 2,
    "spans_of": 1,
    "randomness": 1,
    "numpy_generator": 1,
}
"""Functions that take the number of a stream, and the place of that argument."""


def test_no_two_purposes_share_a_number():
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert len(set(SIMULATED.values())) == len(SIMULATED)
    assert all(0 <= value <= streams.TRAINING_STEP_OF_RANK for value in NUMBERS.values())


def test_every_training_process_has_a_number_of_its_own():
    steps = [streams.training_step(rank) for rank in range(100)]
    assert len({*steps, *NUMBERS.values()}) == len(NUMBERS) + 99  # that of rank 0 is in the table


def test_the_numbers_are_those_that_stored_runs_were_drawn_with():
    assert (streams.SELECTION, streams.ESTIMATION, streams.PREDICTION) == (0, 1, 2)
    assert (streams.INITIAL_WEIGHTS, streams.IMAGE_ORDER, streams.training_step(0)) == (16, 17, 18)
    assert streams.training_step(3) == 1003
    attack = (streams.GRADIENT, streams.CONFIRM, streams.START, streams.WALK, streams.VERDICT, streams.PATH)
    assert attack == (32, 33, 34, 35, 36, 37)
    assert (streams.ASCENT, streams.MEASURE, streams.SLOPE) == (40, 41, 42)


@pytest.mark.parametrize("path", sorted(RSVIZ.rglob("*.py")), ids=lambda path: str(path.relative_to(RSVIZ)))
def test_nobody_writes_a_stream_as_a_bare_number(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", None))
        place = TAKES_A_STREAM.get(name)
        given = [word.value for word in node.keywords if word.arg == "stream"]
        if place is not None and len(node.args) > place:
            given.append(node.args[place])
        assert not any(isinstance(value, ast.Constant) for value in given), f"{name}, line {node.lineno}"


def test_numpy_generators_differ_in_every_argument():
    base = (3, streams.PICTURE_NOISE, "laplace", 5)
    others = [(4, *base[1:]), (3, streams.DENSITY_DOTS, *base[2:]), (*base[:2], "uniform", 5), (*base[:3], 6)]
    first = [streams.numpy_generator(*arguments).random() for arguments in (base, base, *others)]
    assert first[0] == first[1]
    assert len(set(first)) == 1 + len(others)
