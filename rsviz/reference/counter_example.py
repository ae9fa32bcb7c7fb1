"""A classifier that refutes the radius D_MR: it changes its class inside the radius that is claimed."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from rsviz.bounds import BOUNDS
from rsviz.comparison import TIE, Points


@dataclass(frozen=True)
class CounterExample:
    """A classifier that changes its class inside the radius that D_MR claims.

    In the first coordinate u of the input: class A for u <= edge_a, class B for u >= edge_b, others between.
    x is the origin. p_a, p_b: probabilities at x. scale: sigma. c: of the claim. tight, claimed: radii in
    pixel units.
    """

    p_a: float
    p_b: float
    scale: float
    c: float
    tight: float
    claimed: float

    @property
    def edge_a(self) -> float:
        """The end of class A along u."""
        return float(self.scale * ndtri(self.p_a))

    @property
    def edge_b(self) -> float:
        """The beginning of class B along u."""
        return float(-self.scale * ndtri(self.p_b))

    @property
    def step(self) -> float:
        """A move along u half way between the tight and the claimed radius: it changes the class."""
        return (self.tight + self.claimed) / 2

    @property
    def moved_p_a(self) -> float:
        """p_A after the step."""
        return float(self.probabilities(self.step)[0])

    @property
    def moved_p_b(self) -> float:
        """p_B after the step."""
        return float(self.probabilities(self.step)[1])

    def probabilities(self, distance) -> Points:
        """(p_A, p_B) after moves of these lengths along u, in pixel units."""
        distance = np.asarray(distance, dtype=float)
        return ndtr((self.edge_a - distance) / self.scale), ndtr((distance - self.edge_b) / self.scale)


def counter_example(p_a: float, p_b: float, scale: float = 0.5, c: float = 1.0) -> CounterExample | None:
    """The half-space classifier that refutes `dmr-l2` at this point; None where the claim is not too large.

    p_a, p_b: probabilities at the point. scale: sigma, in pixel units. c: of the claim.
    """
    tight = float(BOUNDS["cohen-l2"].radius(p_a, p_b, scale))
    claimed = float(BOUNDS["dmr-l2"].radius(p_a, p_b, scale, c=c))
    if not (math.isfinite(claimed) and claimed > tight * (1 + TIE)):
        return None
    return CounterExample(p_a, p_b, scale, c, tight, claimed)
