"""A look at a network while it is trained: clean and noisy accuracy, some votes, a small certified curve.

Always the same test images and the same draws, so that what changes from epoch to epoch is the network.
Nothing is chosen by what is seen here: the best epoch is chosen by training images (`criterion`).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from rsviz.execution import Runner
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.training.data import Resident
from rsviz.training.measure import proved_radii, share_for
from rsviz.voting import count_votes, spans_of

CLEAN_IMAGES, CERTIFIED_IMAGES, SHOWN_IMAGES = 1000, 100, 8
N0, N, ALPHA, PROCEDURE = 20, 100, 0.001, "cohen"
HELD_OUT_DRAWS = 8
STEPS_OF_RADII = 16

VALUES_ON_CPU, VALUES = 2**16, 2**22
"""Pixels in one pass: short enough on a processor for a slice of a job, enough for a GPU to be busy."""


@dataclass(frozen=True)
class Seen:
    """What a look has seen: the fields of rsviz.training.runs.Look that it fills, and held_out, the accuracy
    (under noise, where there is one) on the images held out of training; None where there are none."""

    clean_accuracy: float
    noisy_accuracy: float | None
    votes: tuple[tuple[int, ...], ...] | None
    certified: tuple[float, ...] | None
    held_out: float | None


class Watch:
    """The images and draws of a run's looks. held_out: training images kept apart, or None."""

    def __init__(self, test, noise, device, held_out: Resident | None = None):
        self.device, self.noise, self.held_out = device, noise, held_out
        self.images = Resident.of(test, device, slice(None, CLEAN_IMAGES))
        self.classes = len(test.classes)
        self.shape = tuple(self.images.x.shape[1:])
        self.certified_images = min(CERTIFIED_IMAGES, len(test)) if noise else 0
        self.shown = tuple(range(min(SHOWN_IMAGES, len(test))))
        self.radii = self._grid() if noise else ()

    def about(self) -> dict:
        """The fields of rsviz.training.runs.About that tell of the looks."""
        clean = len(self.images)
        how = f"clean accuracy on the first {clean:,} test images"
        if self.noise:
            how += (
                f"; certified accuracy by {self.noise.norm} radius in pixel units: share of the first "
                f"{self.certified_images} test images that CERTIFY (Cohen et al. 2019) proves in the right "
                f"class, {self.noise.title} noise of scale {self.noise.scale:g}, n0 = {N0}, n = {N}, "
                f"alpha = {ALPHA}, seed = the image's number; noisy accuracy: share of these n votes that go "
                "to the true class"
            )
        return {
            "clean_images": clean,
            "certified_images": self.certified_images,
            "n0": N0,
            "n": N,
            "alpha": ALPHA,
            "procedure": PROCEDURE,
            "radii": self.radii,
            "shown": self.shown,
            "labels": tuple(self.images.y[list(self.shown)].tolist()),
            "how": how,
        }

    @property
    def passes(self) -> int:
        """Images that go through the network in one look."""
        held_out = len(self.held_out) * (HELD_OUT_DRAWS if self.noise else 1) if self.held_out else 0
        return len(self.images) + self.certified_images * (N0 + N) + held_out

    def look(self, module, precision):
        """Look at a copy of the module, in evaluation mode; a generator that returns Seen.

        It yields about every 0.1 s.
        """
        runner = Runner(module, self.device, precision)
        clean = yield from self._accuracy(runner, self.images)
        noisy = votes = certified = held_out = None
        if self.noise:
            chosen = range(self.certified_images)
            spans = spans_of(chosen, SELECTION, N0) + spans_of(chosen, ESTIMATION, N)
            counts = yield from self._votes(runner, self.images.x, spans)
            votes0, counts = np.split(counts, 2)
            labels = self.images.y[: len(chosen)].cpu().numpy()
            noisy = share_for(counts, labels)
            votes = tuple(tuple(row) for row in counts[list(self.shown)].tolist())
            certified = self._certified(votes0, counts, labels)
        if self.held_out:
            held_out = yield from self._held_out_accuracy(runner)
        return Seen(clean, noisy, votes, certified, held_out)

    def _held_out_accuracy(self, runner):
        if self.noise is None:
            return (yield from self._accuracy(runner, self.held_out))
        spans = spans_of(range(len(self.held_out)), ESTIMATION, HELD_OUT_DRAWS)
        counts = yield from self._votes(runner, self.held_out.x, spans)
        return share_for(counts, self.held_out.y.cpu().numpy())

    @torch.inference_mode()
    def _accuracy(self, runner, images):
        right = 0
        for x, y in zip(*(part.split(self._batch) for part in (images.x, images.y)), strict=True):
            right += int((runner(x).argmax(1) == y).sum())
            yield
        return right / len(images)

    def _votes(self, runner, x, spans):
        counts = None
        for count in count_votes(runner, self.noise, self.classes, x, spans, self._batch):
            counts = count.counts
            yield
        return counts

    def _certified(self, votes0, counts, labels):
        top = votes0.argmax(1)
        radii = np.where(top == labels, self._proved(counts, top), -1.0)
        return tuple(float((radii >= radius).mean()) for radius in self.radii)

    def _proved(self, counts, top):
        return proved_radii(counts, top, self.noise, self.shape, PROCEDURE, ALPHA)

    def _grid(self):
        """Radii from 0 to the largest that N votes can prove, rounded down so that it can be reached."""
        unanimous = np.zeros((1, self.classes), np.int64)
        unanimous[0, 0] = N
        largest = float(self._proved(unanimous, np.array([0]))[0])
        return tuple(math.floor(1e6 * radius) / 1e6 for radius in np.linspace(0, largest, STEPS_OF_RADII))

    @property
    def _batch(self):
        values = VALUES_ON_CPU if self.device.type == "cpu" else VALUES
        return max(1, values // math.prod(self.shape))


def criterion(held_out: int, noise) -> str:
    """How the best epoch is chosen, in words."""
    if not held_out:
        return "accuracy on the training images as they were trained on, mean over the epoch"
    under = f", under {HELD_OUT_DRAWS} draws of noise each" if noise else ""
    return f"accuracy on {held_out:,} training images that were held out of training{under}"
