"""How fast training goes here: which precision and memory layout to take, and how long the rest will last."""

import copy
import statistics
import time
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from rsviz.execution import synchronize
from rsviz.training import measure
from rsviz.training.objectives import METHODS
from rsviz.training.optimize import make_optimizer
from rsviz.training.step import Network

GAIN = 1.15
"""bfloat16, and a contiguous layout, are chosen where a training step is this many times faster."""

TRIALS = 3

LAYOUTS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}


@dataclass(frozen=True)
class Way:
    """How passes are made. layout: of the weights in memory, a key of LAYOUTS."""

    precision: str = "float32"
    layout: str = "channels-last"


def chosen_way(request, module, images):
    """The way the request asks for; where precision is auto, the fastest, by timing steps of plain training.

    The module is not changed. A generator of progress that returns a Way.
    """
    if request.precision != "auto":
        return Way(request.precision)
    best = Way()
    seconds = yield from _trial(request, module, images, best)
    for change in ({"precision": "bfloat16"}, {"layout": "contiguous"}):
        way = Way(**{"precision": best.precision, "layout": best.layout} | change)
        tried = yield from _trial(request, module, images, way)
        if seconds > GAIN * tried:
            best, seconds = way, tried
    return best


def _trial(request, module, images, way):
    """Seconds of a step with cross-entropy, on a copy of the module."""
    trial = copy.deepcopy(module).to(memory_format=LAYOUTS[way.layout])
    network, optimizer = Network(trial, way.precision).train(), make_optimizer(request, trial.parameters())
    x, y = images.x[: request.batch_size], images.y[: request.batch_size]
    times = []
    for number in range(1 + TRIALS):
        start = time.perf_counter()
        with torch.random.fork_rng([x.device.index or 0] if x.is_cuda else []):
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(network(x).float(), y).backward()
            optimizer.step()
        synchronize(x.device)
        times.append(time.perf_counter() - start)
        what = f"trying {way.precision}, {way.layout}"
        yield {"phase": "prepare", "what": what, "done": number + 1, "total": 1 + TRIALS}
    return statistics.median(times[1:])


@dataclass
class Clock:
    """What steps and looks have cost in this process, and how long the rest takes at that rate.

    steps, looks: of the whole run. look_passes: images through the network in a look; measuring_passes: in
    the measurements for the card. step_passes: images through the network in a step.
    """

    steps: int
    looks: int
    look_passes: int
    measuring_passes: int
    step_passes: int
    step_seconds: float = 0.0
    timed_steps: int = 0
    look_seconds: float = 0.0
    timed_looks: int = 0

    @classmethod
    def of(cls, request, about, watch, test) -> "Clock":
        """The clock of a run before its first step. test: the test split."""
        objective = METHODS[request.method]
        step_passes = request.batch_size * objective.passes(objective.parameters(**request.parameters))
        votes = min(measure.CERTIFIED_IMAGES, len(test)) * (measure.N0 + measure.N) if watch.noise else 0
        return cls(about.steps, about.looks_by(about.epochs), watch.passes, len(test) + votes, step_passes)

    def remaining(self, steps_done: int, looks_done: int) -> float | None:
        """Seconds until the checkpoint stands; None before the first step."""
        if not self.timed_steps:
            return None
        step = self.step_seconds / self.timed_steps
        passes = (self.looks - looks_done) * self.look_passes + self.measuring_passes
        return (self.steps - steps_done) * step + passes * self._seconds_a_pass(step)

    def _seconds_a_pass(self, step):
        if self.timed_looks:
            return self.look_seconds / (self.timed_looks * self.look_passes)
        return step / self.step_passes / 3  # forward and backward cost about three times as much as forward
