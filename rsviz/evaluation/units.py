"""The work of an evaluation, cut into units that depend on the request and the batch alone.

A unit is always counted as a whole and in the same batches. Therefore a killed run, a lost worker and another
engine all give the same counts, even where two logits tie within rounding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

BATCHES = 16
"""Batches of a unit, roughly: enough that the last one, which is not full, costs little."""


@dataclass(frozen=True)
class CountingSettings:
    """What each worker of an evaluation needs to know; small, to be sent to it.

    checkpoint: name or path on the machine of the worker. weights_sha256: of its weights.
    noise, scale: the mechanism. seed: image i draws with seed + i.
    device: of this worker; None: the fastest kind. precision, batch: "auto" and None where they are measured.
    """

    checkpoint: str
    weights_sha256: str
    noise: str
    scale: float
    seed: int
    device: str | None = None
    precision: str = "auto"
    batch: int | None = None


@dataclass(frozen=True)
class Unit:
    """Estimating draws [start, stop) of some images; with start = 0, their selecting draws too.

    images: their numbers in the test part. n0: selecting draws of each image.
    """

    images: tuple[int, ...]
    n0: int
    start: int
    stop: int

    @property
    def draws(self) -> int:
        """Number of votes of the unit."""
        return len(self.images) * ((self.n0 if self.start == 0 else 0) + self.stop - self.start)


@dataclass(frozen=True)
class UnitVotes:
    """The votes of a unit. counts0, counts: int64 (images, classes); counts0 is zero if start is not."""

    unit: Unit
    counts0: np.ndarray
    counts: np.ndarray
    seconds: float


def split(indices: Sequence[int], n0: int, n: int, batch: int, block: int) -> Iterator[Unit]:
    """The units of an evaluation of these images with n0 and n draws each.

    indices: numbers of the images. batch: images in a pass. block: draws that share one seeding
    (rsviz.noise.block_size). If images have few draws, a unit is several whole images; if they have many, a
    unit is a part of one image, made of whole blocks.
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
