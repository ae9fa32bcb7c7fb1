"""How the work of an evaluation is cut: units that depend on the request and the batch alone.

A unit is always counted as a whole and in the same batches, whoever counts it: so a run that was killed, a
worker that was lost, or another engine give the same counts, even where two logits tie within rounding.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BATCHES = 16
"""A unit is about so many batches: its last one, which is not full, weighs little."""


@dataclass(frozen=True)
class Unit:
    """Draws [start, stop) of the estimating stream of some images; from start = 0, the selecting draws too.

    images: their numbers in the dataset. n0: selecting draws of each.
    """

    images: tuple[int, ...]
    n0: int
    start: int
    stop: int

    @property
    def draws(self) -> int:
        """Votes in all."""
        return len(self.images) * ((self.n0 if self.start == 0 else 0) + self.stop - self.start)


@dataclass(frozen=True)
class UnitVotes:
    """The votes of a unit. counts0, counts: int64 (images, classes); counts0 is zero where start is not."""

    unit: Unit
    counts0: np.ndarray
    counts: np.ndarray
    seconds: float


def split(indices, n0: int, n: int, batch: int, block: int) -> Iterator[Unit]:
    """The units of an evaluation of these images with n0 and n draws each.

    batch: of the plan. block: draws that share one seeding (rsviz.noise.block_size). Several whole images
    make a unit where they have few draws; a part of one image, of whole blocks, where it has many.
    """
    target = BATCHES * batch
    if n0 + n <= target:
        together = target // (n0 + n)
        for first in range(0, len(indices), together):
            yield Unit(tuple(indices[first : first + together]), n0, 0, n)
        return
    part = max(1, target // block) * block
    for index in indices:
        for start in range(0, n, part):
            yield Unit((index,), n0, start, min(n, start + part))
