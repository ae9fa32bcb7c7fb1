"""Randomized smoothing in two dimensions, exact: class maps, probabilities under noise, radii, attacks.

A class map is the base classifier f. Under noise the probability of a class at a point is a sum over cells,
computed without sampling, so everything that follows from it can be drawn.

    from rsviz.noise import NOISES
    from rsviz.plane import SCENES, SmoothedPlane, certify_point
    g = SmoothedPlane(SCENES["island"].class_map(), NOISES["gaussian"](0.5))
    certify_point(g, (-0.2, 0.0))
"""

from rsviz.plane.class_map import CELL, CENTRES, EDGES, HALF, SIDE, ClassMap
from rsviz.plane.draws import plane_draws
from rsviz.plane.geometry import (
    HalfPlanes,
    PlaneAttack,
    PointCertificate,
    attack_point,
    certified_radii,
    certify_point,
    nearest_change,
    plane_bound,
    true_radius,
    worst_case,
)
from rsviz.plane.scenes import SCENES, Scene, Settings
from rsviz.plane.smoothing import SmoothedPlane, map_table

__all__ = [
    "CELL",
    "CENTRES",
    "EDGES",
    "HALF",
    "SCENES",
    "SIDE",
    "ClassMap",
    "HalfPlanes",
    "PlaneAttack",
    "PointCertificate",
    "Scene",
    "Settings",
    "SmoothedPlane",
    "attack_point",
    "certified_radii",
    "certify_point",
    "map_table",
    "nearest_change",
    "plane_bound",
    "plane_draws",
    "true_radius",
    "worst_case",
]
