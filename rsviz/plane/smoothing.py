"""The smoothed classifier g of a class map: exact probabilities, their gradient, and the map of g.

p_k(x) = P(f(x + z) = k) is the mass that the noise around x puts on the cells of class k. Coordinates that
are independent give p_k(x) = w_y^T F_k w_x, with w the masses of the cells along an axis and F_k the
indicator of the class. The l_inf-exponential mechanism has dependent coordinates; its masses of rectangles
have a closed form too, `Noise.quadrant`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from rsviz.errors import RsvizError
from rsviz.noise.base import Noise
from rsviz.plane.class_map import CELL, CENTRES, EDGES, SIDE, ClassMap, Floats

INNER = EDGES[1:-1]
BATCH = 256
"""Points at once for dependent coordinates: each has a mass for every cell."""


@dataclass(frozen=True, eq=False)
class SmoothedPlane:
    """g(x) = the class of largest probability under noise; of equal ones the first.

    f: the base classifier. noise: a mechanism with its scale, in units of the plane.
    """

    f: ClassMap
    noise: Noise

    def probabilities(self, points: ArrayLike) -> Floats:
        """P(f(x + z) = k) at points (..., 2): float64 (..., classes), exact to rounding.

        A tiny probability is exact relative to its size, so that radii stay exact where one class is
        nearly sure.
        """
        points = check_points(points)
        flat = points.reshape(-1, 2)
        if self.noise.independent:
            across, up = (cell_masses(self.noise, flat[:, axis]) for axis in (0, 1))
            found = np.stack([((up @ one) * across).sum(-1) for one in self.f.indicators], -1)
        else:
            found = np.concatenate([self._joint(batch) for batch in _batches(flat)])
        return np.clip(found, 0.0, 1.0).reshape(*points.shape[:-1], self.f.classes)  # rounding, 1e-16

    def gradient(self, points: ArrayLike) -> Floats:
        """d p_k / d x at points (..., 2): float64 (..., classes, 2), per unit of the plane."""
        points = check_points(points)
        flat = points.reshape(-1, 2)
        if self.noise.independent:
            found = np.stack([self._slope(flat, axis) for axis in (0, 1)], -1)
        else:
            found = np.concatenate([self._joint_gradient(batch) for batch in _batches(flat)])
        return found.reshape(*points.shape[:-1], self.f.classes, 2)

    def classify(self, points: ArrayLike) -> NDArray[np.int64]:
        """Class of g at points (..., 2)."""
        return self.probabilities(points).argmax(-1)

    @cached_property
    def probability_maps(self) -> Floats:
        """Probabilities at all cell centres: float64 (classes, 128, 128), exact to about 1e-13."""
        if self.noise.independent:
            masses = cell_masses(self.noise, CENTRES)
            return masses @ self.f.indicators @ masses.T
        return np.stack([self._joint_map(one) for one in self.f.indicators])

    @cached_property
    def map(self) -> NDArray[np.int64]:
        """Class of g at all cell centres (128, 128)."""
        return self.probability_maps.argmax(0)

    def _slope(self, points, axis) -> Floats:
        """d p_k / d x of one axis, independent coordinates.

        Only edges at which the class changes count, so that a tiny slope keeps its digits.
        """
        density = self.noise.marginal_density(INNER - points[:, axis, None], 2)
        other = cell_masses(self.noise, points[:, 1 - axis])
        along = self.f.indicators if axis == 0 else self.f.indicators.mT
        return np.stack([((other @ jumps) * density).sum(-1) for jumps in np.diff(along, axis=-1)], -1)

    def _joint(self, points) -> Floats:
        splits, columns = _split_cells(points[:, 0])
        others, rows = _split_cells(points[:, 1])
        corners = self.noise.quadrant(np.abs(splits)[:, None, :], np.abs(others)[:, :, None])
        masses = _differences(_differences(corners, others, 1), splits, 2)
        classes = self.f.cells[rows[:, :, None], columns[:, None, :]]
        return np.stack([(masses * (classes == one)).sum((1, 2)) for one in range(self.f.classes)], -1)

    def _joint_gradient(self, points) -> Floats:
        x, y = points.T
        sides = [self._joint_slope(x, y, self.f.indicators), self._joint_slope(y, x, self.f.indicators.mT)]
        return np.stack(sides, -1)

    def _joint_slope(self, moved, other, indicators) -> Floats:
        """d p_k / d moved. indicators: (classes, cells along other, cells along moved)."""
        at = INNER - moved[:, None]
        splits, cells = _split_cells(other)
        corners = self.noise.quadrant_slope(np.abs(at)[:, None, :], np.abs(splits)[:, :, None])
        density = _differences(corners, splits, 1)  # at each edge, for each interval of the other axis
        jumps = np.diff(indicators, axis=-1)[:, cells]  # (classes, points, intervals, edges)
        return np.einsum("pie,kpie->pk", density, jumps)

    def _joint_map(self, one) -> Floats:
        """The map of one indicator as a sum over the corners at which it changes, each seen as a quadrant."""
        beyond, along = self._beyond
        found = one[0, 0] + _sum_over_edges(np.diff(one[0]), along)
        found = found + _sum_over_edges(np.diff(one[:, 0]), along)[:, None]
        corners = np.diff(np.diff(one, axis=0), axis=1)
        # the correlation of corners with the table of quadrants, whose offsets run from 1 - SIDE to SIDE - 1
        size = [fft.next_fast_len(3 * SIDE)] * 2
        mixed = fft.irfft2(fft.rfft2(corners[::-1, ::-1], size) * fft.rfft2(beyond, size), size)
        return found + mixed[SIDE - 2 : 2 * SIDE - 2, SIDE - 2 : 2 * SIDE - 2][::-1, ::-1]

    @cached_property
    def _beyond(self) -> tuple[Floats, Floats]:
        """Masses beyond a corner, and beyond an edge, by edge - centre in cells, for all pairs."""
        offsets = (np.arange(-(SIDE - 2), SIDE) - 0.5) * CELL
        return self._everywhere(offsets[None, :], offsets[:, None]), self.noise.marginal_cdf(-offsets, 2)

    def _everywhere(self, s, t) -> Floats:
        """P(z_1 > s, z_2 > t) for s and t of any sign."""
        found = self.noise.quadrant(np.abs(s), np.abs(t))
        tail = self.noise.marginal_cdf
        found = np.where(s < 0, tail(-np.abs(t), 2) - found, found)
        return np.where(t < 0, tail(-s, 2) - found, found)


def map_table(g: SmoothedPlane) -> dict[str, np.ndarray]:
    """Columns x, y, f, g, p_0, p_1, ... with a row for each cell centre, from below."""
    x, y = np.meshgrid(CENTRES, CENTRES)
    columns = {"x": x, "y": y, "f": g.f.cells, "g": g.map}
    columns |= {f"p_{k}": one for k, one in enumerate(g.probability_maps)}
    return {name: column.ravel() for name, column in columns.items()}


def check_points(points: ArrayLike) -> Floats:
    """Points as float64 (..., 2), or an RsvizError for other shapes and numbers."""
    found = np.asarray(points, np.float64)
    if found.ndim == 0 or found.shape[-1] != 2 or not np.isfinite(found).all():
        raise RsvizError(
            f"points has shape {found.shape}; it must be finite numbers with x, y on its last axis."
        )
    return found


def cell_masses(noise: Noise, x: ArrayLike) -> Floats:
    """Mass of one coordinate of x + z on each cell of an axis: x (n,) -> float64 (n, 128).

    The border cells go on without end.
    """
    at = INNER - np.asarray(x, np.float64)[:, None]
    left, right = noise.marginal_cdf(np.minimum(at, 0), 2), noise.marginal_cdf(-np.maximum(at, 0), 2)
    none = np.zeros_like(at[:, :1])
    # below zero the mass to the left is exact, above zero the mass to the right
    below = np.concatenate([none, left, np.full_like(none, 0.5)], -1)
    above = np.concatenate([np.full_like(none, 0.5), right, none], -1)
    return np.diff(below) - np.diff(above)


def _batches(points) -> Iterator[Floats]:
    for start in range(0, max(len(points), 1), BATCH):
        yield points[start : start + BATCH]


def _split_cells(x):
    """(ends, cells): inner edges and x itself as offsets from x, (n, 128), in order, and the cell of each of
    the 129 intervals between them, (n, 129).
    """
    at = INNER - x[:, None]
    ends = np.sort(np.concatenate([at, np.zeros((len(x), 1))], -1), -1)
    own = (at < 0).sum(-1)[:, None]
    return ends, np.arange(SIDE + 1) - (np.arange(SIDE + 1) > own)


def _differences(corners, ends, axis):
    """Masses of the 129 intervals along an axis, from the masses beyond its 128 ends, which fall outwards."""
    padded = np.pad(corners, [(0, 0)] + [(int(axis == one),) * 2 for one in (1, 2)])
    outwards = np.where(np.arange(SIDE + 1) > (ends < 0).sum(-1)[:, None], -1.0, 1.0)
    return np.diff(padded, axis=axis) * np.expand_dims(outwards, 3 - axis)


def _sum_over_edges(jumps, beyond):
    """Sum over the inner edges of the jump there, times the mass beyond it, seen from each cell centre."""
    edge, centre = np.arange(SIDE - 1), np.arange(SIDE)
    return jumps @ beyond[edge[:, None] - centre + SIDE - 1]
