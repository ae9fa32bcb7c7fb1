"""The formula of a bound as plain text: with the numbers of a point it computes the radius."""

import math

import pytest
from scipy.special import ndtri

from rsviz.bounds import BOUNDS
from rsviz.bounds.record import Bound
from rsviz.bounds.stable import laplace_quantile_difference

SIGNS = {"Φ⁻¹": "phi", "G⁻¹": "g", "√(": "sqrt(", "×": "*", "−": "-", "2 M": "2 * M", "2 log": "2 * log"}


def value_of(text):
    """What the text computes, read as arithmetic."""
    formula, _, order = text.partition(", M of order 1 − ")
    for sign, python in SIGNS.items():
        formula = formula.replace(sign, python)
    for root in ("√2", "√64"):
        formula = formula.replace(f"2 {root}", f"2 * {math.sqrt(float(root[1:]))!r}")
        formula = formula.replace(root, repr(math.sqrt(float(root[1:]))))
    formula = formula.replace(" (", " * (").replace("* * (", "* (").replace("/ * (", "/ (")
    power = 1 - float(order) if order else 1.0
    names = {
        "phi": ndtri,
        "g": lambda p: float(laplace_quantile_difference(p, 0.5)) if p >= 0.5 else math.log(2 * p),
        "sqrt": math.sqrt,
        "log": math.log,
        "max": max,
        "M": lambda a, b: ((a**power + b**power) / 2) ** (1 / power),
    }
    return float(eval(formula, {"__builtins__": {}}, names))


@pytest.mark.parametrize("key", BOUNDS)
@pytest.mark.parametrize("point", [(0.7, 0.2), (0.995541, 0.002), (0.40, 0.1)])
def test_the_text_of_a_bound_computes_its_radius(key, point):
    bound = BOUNDS[key]
    text = bound.filled_text(*point, 0.25, 64)
    assert f"{point[0]:.6g}" in text or bound.optimum  # the text of a bound with a search holds what it found
    radius = float(bound.radius(*point, scale=0.25, dim=64))
    text = text.replace("/(√(", "/ (√(").replace("(√2 (1 + 1))", "(√2 × (1 + 1))")
    assert value_of(text.replace("(√(2 × 64) (", "(√(2 × 64) × (")) == pytest.approx(radius, rel=2e-4)


def test_a_limit_next_to_one_keeps_the_digits_of_the_rest():
    text = BOUNDS["cohen-l2"].filled_text(1 - 6.90751e-5, 6.9e-5, 0.5)
    assert "0.9999309249" in text


def test_a_bound_without_a_text_gives_none():
    cohen = BOUNDS["cohen-l2"]
    fields = {name: getattr(cohen, name) for name in Bound.__dataclass_fields__} | {"text": ""}
    assert Bound(**fields).filled_text(0.9, 0.05) == ""
