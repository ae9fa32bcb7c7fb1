"""Randomized smoothing in two dimensions, exact: class maps, probabilities under noise, radii, attacks.

A class map is the base classifier f. Under noise the probability of a class at a point is a sum over cells,
computed without sampling, so everything that follows from it can be drawn.
"""

from rsviz.plane.class_map import CELL, CENTRES, EDGES, HALF, SIDE, ClassMap

__all__ = ["CELL", "CENTRES", "EDGES", "HALF", "SIDE", "ClassMap"]
