"""A worker of any engine: it loads the network, takes units and returns votes."""

from collections.abc import Iterator

import numpy as np

from rsviz.checkpoints import load_checkpoint
from rsviz.errors import RsvizError
from rsviz.evaluation.units import CountingSettings, Unit, UnitVotes
from rsviz.execution import Plan, Runner, pick_device, plan
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.voting import Span, count_votes


class Counter:
    """A network on a device, ready to count units."""

    def __init__(self, settings: CountingSettings):
        module, card = load_checkpoint(settings.checkpoint)
        if card.weights_sha256 != settings.weights_sha256:
            raise RsvizError(f"the weights of {card.name} are not those with which this evaluation began.")
        self._settings, self._module, self._card = settings, module, card
        self._device = pick_device(settings.device)
        self._noise = NOISES[settings.noise](settings.scale)
        self._runner = None

    def plan(self) -> Iterator[None]:
        """Measure what the settings leave open; a generator that returns a Plan."""
        return (
            yield from plan(
                self._module,
                self._card.input_shape,
                self._device,
                self._settings.precision,
                self._settings.batch,
            )
        )

    def count(self, unit: Unit, pixels, used: Plan) -> Iterator[int]:
        """Count a unit; a generator that yields the votes so far, about every 0.1 s, and returns UnitVotes.

        pixels: float32 (images of the unit, C, H, W) in [0, 1].
        """
        if self._runner is None or self._runner.precision != used.precision:
            self._runner = Runner(self._module, self._device, used.precision)
        spans, selects = [], unit.start == 0
        for row, index in enumerate(unit.images):
            seed = self._settings.seed + index
            if selects:
                spans.append(Span(row, seed, SELECTION, 0, unit.n0))
            spans.append(Span(row, seed, ESTIMATION, unit.start, unit.stop))
        classes, seconds = self._card.num_classes, 0.0
        for count in count_votes(self._runner, self._noise, classes, pixels, spans, used.batch):
            seconds += count.seconds
            yield count.drawn
        votes = count.counts.reshape(len(unit.images), -1, classes)
        counts0 = votes[:, 0] if selects else np.zeros_like(votes[:, 0])
        return UnitVotes(unit, counts0, votes[:, -1], seconds)
