"""The boundary of g as line segments: marching squares between the cell centres."""

import numpy as np

from rsviz.plane.class_map import CELL, CENTRES, Floats
from rsviz.plane.smoothing import SmoothedPlane

CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
"""(column, row) of the corners of a square of four cell centres, in turn."""


def boundary(g: SmoothedPlane) -> Floats:
    """Segments (n, 2, 2) along which a class of g loses its lead: [segment, end, (x, y)].

    Between two classes each of them gives the segment; with two classes in all, it is given once.
    """
    classes = range(1 if g.f.classes == 2 else g.f.classes)
    return np.concatenate([_outline(g, k) for k in classes])


def _outline(g, k) -> Floats:
    others = np.delete(g.probability_maps, k, axis=0).max(0)
    lead, inside = _corners(g.probability_maps[k] - others), _corners(g.map == k)
    ends, crossed = [], []
    for here, there in ((0, 1), (1, 2), (2, 3), (3, 0)):
        change = lead[here] - lead[there]
        share = np.divide(lead[here], change, out=np.full_like(change, 0.5), where=change != 0)
        place = CORNERS[here] + np.clip(share, 0, 1)[..., None] * (CORNERS[there] - CORNERS[here])
        corner = np.stack(np.meshgrid(CENTRES[:-1], CENTRES[:-1]), -1)
        ends.append(corner + CELL * place)
        crossed.append(inside[here] != inside[there])
    ends, crossed = np.stack(ends, 2), np.stack(crossed, 2)  # (rows, columns, 4 sides, ...)
    two, four = crossed.sum(-1) == 2, crossed.all(-1)
    return np.concatenate([ends[two][crossed[two]].reshape(-1, 2, 2), ends[four].reshape(-1, 2, 2)])


def _corners(field):
    """A field (128, 128) at the four corners of all squares: (4, 127, 127)."""
    rows, columns = (slice(None, -1), slice(1, None)), (slice(None, -1), slice(1, None))
    return [field[rows[row], columns[column]] for column, row in CORNERS]
