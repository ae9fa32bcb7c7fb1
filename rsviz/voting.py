"""Votes of a base classifier under noise, for one image, or for many with draws in shared full batches.

Everything that counts votes calls `count_votes`. It counts spans, draws [start, stop) of one
image; a draw's noise is a pure function of (seed, stream, number of the draw), see rsviz.noise.Draws, so the
counts of a span are those of a run with this one image alone. Many images with few draws each:

    runner = Runner(network, device, used.precision)            # used: rsviz.execution.plan(...)
    spans = spans_of(seeds=range(len(images)), stream=ESTIMATION, n=100)
    for count in count_votes(runner, noise, num_classes, images, spans, used.batch):
        ...                                                     # every 0.1 s: count.drawn of count.total
    count.counts                                                # int64 (images, num_classes)
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rsviz.errors import RsvizError
from rsviz.execution import Runner, out_of_memory
from rsviz.noise import Draws

GROUP_VALUES = 2**20
"""Values drawn at once where batches are small: fixed costs are shared, and 4 MB stay near the processor."""


@dataclass(frozen=True)
class Span:
    """Draws [start, stop) of one image.

    image: its row among the images given. seed, stream: which noise; see rsviz.noise.Draws.
    """

    image: int
    seed: int
    stream: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Count:
    """How far the counting has come.

    counts: int64 (spans, classes), votes so far; spans fill in their order. drawn: votes in all, of `total`.
    batch: images in one pass now; smaller than asked for where that did not fit into memory. seconds: since
    the Count before.
    """

    counts: np.ndarray
    drawn: int
    total: int
    batch: int
    seconds: float


def spans_of(seeds, stream: int, n: int) -> list[Span]:
    """The first n draws of every image, image i with the noise of seeds[i]."""
    return [Span(image, int(seed), stream, 0, n) for image, seed in enumerate(seeds)]


@torch.inference_mode()
def count_votes(
    runner: Runner, noise, num_classes: int, images, spans: Sequence[Span], batch: int, every: float = 0.1
) -> Iterator[Count]:
    """Count the votes of all spans; a Count about every `every` seconds, the first early, the last complete.

    images: float32 (N, C, H, W) in [0, 1], array or tensor. The draws of the spans stand in a row and are cut
    into batches of `batch`, so only the last batch is not full, whatever the spans' lengths. Votes stay on
    the device from one Count to the next. A batch that does not fit into memory is halved, and the same draws
    are taken again.
    Raises RsvizError where the base classifier gives NaN, or logits that are not (B, num_classes).
    """
    queue = _Queue(noise, torch.as_tensor(images, device=runner.device), spans)
    rows = max(batch, GROUP_VALUES // queue.values // batch * batch)
    buffer = torch.empty((rows, *queue.images.shape[1:]), device=runner.device)
    ones = torch.ones(rows, dtype=torch.int64, device=runner.device)
    votes = torch.zeros(len(spans) * num_classes, dtype=torch.int64, device=runner.device)
    has_nan = torch.zeros((), dtype=torch.bool, device=runner.device)
    wanted = 1
    while queue.drawn < queue.total:
        began, first = time.perf_counter(), queue.drawn
        goal = min(queue.total, first + max(1, wanted // batch) * batch)
        while queue.drawn < goal:
            noisy = buffer[: min(goal - queue.drawn, rows // batch * batch)]
            owners = queue.fill(noisy)
            try:
                logits = torch.cat([runner(part) for part in noisy.split(batch)])
            except RuntimeError as error:
                if not out_of_memory(error) or batch == 1:
                    raise
                batch //= 2
                continue
            _check_shape(logits, len(noisy), num_classes)
            has_nan |= logits.isnan().any()
            votes.scatter_add_(0, owners.mul_(num_classes).add_(logits.argmax(1)), ones[: len(noisy)])
            queue.drop()
        counts = votes.reshape(len(spans), num_classes).cpu().numpy().copy()
        if has_nan:
            raise RsvizError("the base classifier gave NaN for a noisy image; its votes mean nothing.")
        spent = time.perf_counter() - began
        yield Count(counts, queue.drawn, queue.total, batch, spent)
        wanted = min(2 * (queue.drawn - first), int((queue.drawn - first) * every / spent))


def _check_shape(logits, images, num_classes):
    if logits.shape != (images, num_classes):
        raise RsvizError(
            f"the base classifier gave logits of shape {tuple(logits.shape)} for {images} images; "
            f"they must have shape ({images}, {num_classes})."
        )


class _Queue:
    """The noisy images of all spans in a row. What `fill` wrote comes again until it is dropped."""

    def __init__(self, noise, images, spans):
        self.images, self.total, self.drawn = images, sum(map(len, spans)), 0
        self.values = math.prod(images.shape[1:])
        self._noise, self._spans = noise, spans
        self._ends = np.cumsum([len(span) for span in spans])
        self._filled = 0
        self._draws: tuple[int, Draws] | None = None

    def fill(self, noisy):
        """Write the next len(noisy) noisy images; the span that each belongs to, int64 on the device."""
        owners = np.empty(len(noisy), np.int64)
        row, position = 0, self.drawn
        while row < len(noisy):
            index = int(np.searchsorted(self._ends, position, side="right"))
            span = self._spans[index]
            size = min(len(noisy) - row, int(self._ends[index]) - position)
            target = noisy[row : row + size]
            self._draws_of(index).fill(target, span.stop - (int(self._ends[index]) - position))
            target += self.images[span.image]
            owners[row : row + size] = index
            row, position = row + size, position + size
        self._filled = position
        return torch.from_numpy(owners).to(noisy.device)

    def drop(self):
        """What was filled last has been counted."""
        self.drawn = self._filled

    def _draws_of(self, index):
        if self._draws is None or self._draws[0] != index:
            span = self._spans[index]
            shape, device = self.images.shape[1:], self.images.device
            self._draws = index, Draws(self._noise, shape, span.seed, span.stream, device, stop=span.stop)
        return self._draws[1]
