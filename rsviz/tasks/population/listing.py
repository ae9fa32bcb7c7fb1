"""A population's certificate in a list of runs."""

import math

from rsviz.distributional import PROVED, at_budget
from rsviz.tasks.base import Listing
from rsviz.tasks.population.result import PopulationResult

BUDGET = 0.1
"""The budget rho that a list tells, mean squared l2 distance in pixel units."""


def key_result(result: PopulationResult) -> str:
    """The first curve under noise at one budget: mean loss at most 0.34 at ρ = 0.1."""
    curve = next((curve for curve in result.curves if curve.scale), result.curves[0])
    (reading,) = at_budget(curve, [BUDGET])
    value = f"{math.ceil(1e3 * reading.certificate) / 1e3:g}"
    proved = f"at most {value}" if reading.concave == PROVED else f"{value} at worst, not proved,"
    return f"mean loss {proved} at ρ = {BUDGET:g}"


LISTING = Listing.of_curves(lambda stored: key_result(PopulationResult.from_json(stored)))
