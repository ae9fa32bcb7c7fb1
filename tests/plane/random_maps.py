"""Class maps that nobody drew, on which claims about every f are tried, and a search for a refutation."""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from rsviz.norms import NORMS
from rsviz.plane import CENTRES, SCENES, SIDE, ClassMap, plane_bound

DRAWINGS = tuple(f"{key}-{variant}" for key, scene in SCENES.items() for variant in range(len(scene.rules)))
KINDS = ("blobs", "stripes", "stamps", "dust", *DRAWINGS)


def random_map(kind: str, rng: np.random.Generator, classes: int | None = None) -> ClassMap:
    """A map of one of KINDS; those of the scenes are fixed.

    classes: from 2 to 5, else drawn by `rng`.
    """
    if kind in DRAWINGS:
        key, variant = kind.rsplit("-", 1)
        return SCENES[key].class_map(int(variant))
    classes = classes or int(rng.integers(2, 6))
    return ClassMap(RANDOM[kind](rng, classes), classes)


def _blobs(rng, classes):
    smooth = [gaussian_filter(rng.normal(size=(SIDE, SIDE)), rng.uniform(2, 16)) for _ in range(classes)]
    return np.argmax([one / one.std() for one in smooth], 0)


def _stripes(rng, classes):
    angle, width = rng.uniform(0, np.pi), rng.uniform(0.05, 1.0)
    row, column = np.indices((SIDE, SIDE)) / 32
    return np.floor((np.cos(angle) * column + np.sin(angle) * row) / width).astype(int) % classes


def _stamps(rng, classes):
    cells = np.full((SIDE, SIDE), rng.integers(classes))
    row, column = np.indices((SIDE, SIDE))
    for _ in range(12):
        a, b, size = *rng.uniform(0, SIDE, 2), rng.uniform(1, 40)
        cells[np.hypot(column - a, row - b) < size] = rng.integers(classes)
    return cells


def _dust(rng, classes):
    return rng.integers(0, classes, (SIDE, SIDE))


RANDOM = {"blobs": _blobs, "stripes": _stripes, "stamps": _stamps, "dust": _dust}


ALL_CENTRES = np.stack(np.meshgrid(CENTRES, CENTRES), -1).reshape(-1, 2)


def distance_to_another_class(g, points):
    """From each point to the nearest cell centre with another class of g than its own; inf where none."""
    top, classes = g.classify(points), g.map.ravel()
    found = np.full(len(points), np.inf)
    for k in np.unique(top):
        others = ALL_CENTRES[classes != k]
        if len(others):
            order = NORMS[plane_bound(g.noise).norm].order
            found[top == k] = cKDTree(others).query(points[top == k], p=order)[0]
    return found
