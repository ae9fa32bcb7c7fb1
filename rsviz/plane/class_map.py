"""A plane of 128 x 128 cells, each with a class: the base classifier f in two dimensions, and its text."""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.errors import RsvizError, short

Floats = NDArray[np.float64]

SIDE = 128
"""Cells along an axis."""
HALF = 2.0
"""The cells cover [-HALF, HALF] along both axes; the border cells go on outwards without end."""
CELL = 2 * HALF / SIDE
EDGES = np.linspace(-HALF, HALF, SIDE + 1)
CENTRES = (EDGES[:-1] + EDGES[1:]) / 2
MOST_CLASSES = 5
LONGEST_TEXT = 8_200
"""Characters of a map as text: five random classes take about 7,900."""
MOST_RUNS = 3 * SIDE * SIDE
"""Characters of a map as runs."""


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The base classifier f: a class for each cell.

    cells: integers (128, 128) from 0 to classes - 1. cells[j, i] is the class where x is in the i-th cell
    from the left and y in the j-th from below.
    classes: from 2 to 5; a class may have no cell.
    Raises RsvizError, a ValueError that names the argument.
    """

    cells: NDArray[np.uint8]
    classes: int

    def __post_init__(self) -> None:
        cells = np.asarray(self.cells)
        if cells.shape != (SIDE, SIDE) or cells.dtype.kind not in "iu":
            raise RsvizError(
                f"cells has shape {cells.shape} and type {cells.dtype}; it must be integers ({SIDE}, {SIDE})."
            )
        if not 2 <= self.classes <= MOST_CLASSES:
            raise RsvizError(f"classes is {short(self.classes)}; it must be from 2 to {MOST_CLASSES}.")
        low, high = int(cells.min()), int(cells.max())
        if low < 0 or high >= self.classes:
            raise RsvizError(
                f"cells holds the class {low if low < 0 else high}; classes run from 0 to {self.classes - 1}."
            )
        cells = cells.astype(np.uint8)
        cells.setflags(write=False)
        object.__setattr__(self, "cells", cells)

    @classmethod
    def of(cls, rule, classes: int = 2) -> "ClassMap":
        """The map of a rule: (x, y) of all cell centres, float64 (128, 128) each -> classes (128, 128)."""
        x, y = np.meshgrid(CENTRES, CENTRES)
        return cls(np.asarray(rule(x, y), np.int64), classes)

    def at(self, points: ArrayLike) -> NDArray[np.uint8]:
        """Class of f at points (..., 2)."""
        column, row = np.moveaxis(cell_of(points), -1, 0)
        return self.cells[row, column]

    @cached_property
    def indicators(self) -> Floats:
        """1 where a cell has the class, else 0; float64 (classes, 128, 128)."""
        return (self.cells == np.arange(self.classes)[:, None, None]).astype(np.float64)

    def clipped(self, low: float = 0.0, high: float = 1.0) -> "ClassMap":
        """The classifier that first clips x and y to [low, high], which are edges of cells."""
        first, last = np.searchsorted(EDGES, (low, high))
        place = np.clip(np.arange(SIDE), first, last - 1)
        return ClassMap(self.cells[np.ix_(place, place)], self.classes)

    def text(self) -> str:
        """The map as text for a link: a digit a cell, row by row from below, compressed, in base64."""
        digits = (self.cells + ord("0")).tobytes()
        packed = base64.urlsafe_b64encode(zlib.compress(digits, 9)).decode().rstrip("=")
        return f"{self.classes}{packed}"

    @classmethod
    def from_text(cls, text: str) -> "ClassMap":
        """The map that `text` wrote; RsvizError for any other text."""
        if len(text) > LONGEST_TEXT:
            raise RsvizError(
                f"The drawing in the link has {len(text):,} characters; at most {LONGEST_TEXT:,} are allowed."
            )
        if not re.fullmatch(r"[2-5][A-Za-z0-9_-]+", text):
            raise RsvizError(
                "The drawing in the link is damaged; it must be letters and digits as written here."
            )
        digits = _unpacked(text[1:])
        if len(digits) != SIDE * SIDE or not re.fullmatch(rb"[0-4]+", digits):
            raise RsvizError("The drawing in the link is damaged; please open the whole link.")
        return cls(np.frombuffer(digits, np.uint8).reshape(SIDE, SIDE) - ord("0"), int(text[0]))

    def runs(self) -> str:
        """The classes row by row from below as runs: "A54B20" is 54 cells of class 0, then 20 of class 1."""
        flat = self.cells.ravel()
        starts = np.flatnonzero(np.diff(flat, prepend=flat[0] + 1))
        lengths = np.diff(starts, append=len(flat))
        return "".join(
            f"{chr(ord('A') + flat[start])}{length}" for start, length in zip(starts, lengths, strict=True)
        )

    @classmethod
    def from_runs(cls, runs: str, classes: int) -> "ClassMap":
        """The map that `runs` wrote; RsvizError for any other text."""
        if len(runs) > MOST_RUNS or not re.fullmatch(r"(?:[A-E][1-9][0-9]{0,4})+", runs):
            raise RsvizError(
                f"A drawing has {len(runs):,} characters or other signs; it must be runs such as A54B20."
            )
        found = re.findall(r"([A-E])([0-9]+)", runs)
        lengths = [int(length) for _, length in found]
        if sum(lengths) != SIDE * SIDE:
            raise RsvizError(f"A drawing has {sum(lengths):,} cells; it must have {SIDE * SIDE:,}.")
        flat = np.repeat([ord(letter) - ord("A") for letter, _ in found], lengths)
        return cls(flat.reshape(SIDE, SIDE), classes)


def cell_of(points: ArrayLike) -> NDArray[np.int64]:
    """(column, row) of the cells that hold points (..., 2); points outside belong to the border cells."""
    place = np.floor((np.asarray(points, np.float64) + HALF) / CELL)
    return np.clip(place, 0, SIDE - 1).astype(np.int64)


def _unpacked(packed: str) -> bytes:
    """At most one byte more than a map has, so that a short text cannot unpack to a large one."""
    try:
        content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return zlib.decompressobj().decompress(content, SIDE * SIDE + 1)
    except (binascii.Error, zlib.error):
        raise RsvizError("The drawing in the link is damaged; please open the whole link.") from None
