"""A certificate of a population from request to numbers, in parts: any may be the last before a kill."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from rsviz import data
from rsviz.certification import cached_network
from rsviz.checkpoints import load_card
from rsviz.confidence import default_procedure
from rsviz.distributional.losses import LOSSES, concave_from
from rsviz.distributional.request import CHUNK, PopulationRequest, PopulationSeries, check
from rsviz.distributional.surrogate import Problem, ascend, cost, squared_slope
from rsviz.execution import ForwardBackward, Plan, Runner, pick_device, plan
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, MEASURE, SELECTION
from rsviz.smoothing.gradients import logits_of, noisy_losses
from rsviz.training.measure import proved_radii
from rsviz.voting import Span, count_votes

MOST_KEPT = 2**28
"""Bytes of noise that are kept from one gamma to the next."""


@dataclass(frozen=True)
class PopulationProgress:
    """How far a run is.

    done: finished parts by key (PopulationRequest.part_keys), plain values; and "plans", by checkpoint, which
    stay for the whole run. parts: how many there will be. what: that is being made. new: whether `done` grew.
    """

    request: PopulationRequest
    done: dict
    parts: int
    what: str = ""
    new: bool = False


def distribution(request: PopulationRequest, done: dict | None = None) -> Iterator[PopulationProgress]:
    """Make all parts that are not there yet; a generator of PopulationProgress, at least one for every pass.

    done: parts of an earlier run of the same request; the result does not depend on breaks. Raises
    DistributionError, CheckpointError or DataError where something is missing or does not fit.
    """
    check(request)
    done = {"plans": {}} | (done or {})
    parts = len(request.part_keys())
    for series in request.series:
        missing = [
            (what, chunk)
            for chunk in range(request.chunks)
            for what in request.part_names(series)
            if series.key(what, chunk) not in done
        ]
        if not missing:
            continue
        yield PopulationProgress(request, done, parts, f"loading {series.checkpoint}")
        runner = _PartRunner(request, series)
        for _ in runner.planning(done["plans"]):
            yield PopulationProgress(request, done, parts, "measuring")
        done = done | {"plans": done["plans"] | {series.checkpoint: dataclasses.asdict(runner.plan)}}
        for what, chunk in missing:
            words = f"{series.checkpoint}, scale {series.scale:g}: {_words(series, what)}"
            making = runner.make(what, chunk)
            while True:
                try:
                    next(making)
                except StopIteration as end:
                    done = done | {series.key(what, chunk): end.value}
                    break
                yield PopulationProgress(request, done, parts, words)
            yield PopulationProgress(request, done, parts, words, new=True)


def _words(series, what) -> str:
    climbing = f"gamma {what}, K {series.K}, r {series.r}"
    return {"clean": "without moving", "radius": "per image"}.get(what, climbing)


class _PartRunner:
    """The network of one series and its images, in place."""

    def __init__(self, request: PopulationRequest, series: PopulationSeries):
        self.request, self.series = request, series
        self.card = load_card(series.checkpoint)
        self.device = pick_device(request.device)
        self.noise = NOISES["gaussian"](series.scale) if series.scale else None
        named = data.DATASETS.get(self.card.dataset)
        self.dataset = data.load(self.card.dataset, shape=None if named else self.card.input_shape)
        self._chunk, self._noise_kept = None, None

    def planning(self, plans: dict):
        """Measure how passes are made here, or go on as `plans` has it: self.plan and self.runner."""
        network = cached_network(self.series.checkpoint, self.card.weights_sha256)
        r, known = self.request, plans.get(self.series.checkpoint)
        if known:
            self.plan = Plan(**known)
        else:
            timed = ForwardBackward(network)
            self.plan = yield from plan(
                timed, self.card.input_shape, self.device, r.precision or "auto", r.batch
            )
        self.device = torch.device(self.plan.device)
        self.runner = Runner(network, self.device, self.plan.precision)

    def make(self, what: str, chunk: int):
        """One part, in passes; yields after each and returns plain values: lists by image."""
        rows = list(self.request.indices)[chunk * CHUNK : (chunk + 1) * CHUNK]
        if chunk != self._chunk:  # every gamma climbs with the same noise
            self._chunk, self._noise_kept = chunk, {} if self._noise_fits() else None
        if what == "radius":
            return (yield from self._radii(rows))
        draws = self.series.r if what != "clean" else min(self.request.measured, self.plan.batch)
        images = max(1, self.plan.batch // (draws if self.noise else 1))
        found: dict[str, list] = {}
        for start in range(0, len(rows), images):
            problem, y = self._problem(rows[start : start + images])
            if what == "clean":
                made = yield from self._measured(problem, y, problem.x)
            else:
                made = yield from self._climbed(problem, y, float(what))
            for name, values in made.items():
                found.setdefault(name, []).extend(values.cpu().tolist())
        return found

    def _problem(self, rows):
        x = torch.from_numpy(self.dataset.pixels(rows)).to(self.device)
        y = torch.from_numpy(np.asarray(self.dataset.labels)[rows].astype(np.int64)).to(self.device)
        seeds = tuple(self.request.seed + row for row in rows)
        return Problem(x, seeds, self.noise, partial(self._losses, y), self._noise_kept), y

    def _noise_fits(self) -> bool:
        """Whether the noise of a chunk is worth keeping and small enough. A GPU makes it fast."""
        draws = self.series.K * self.series.r + self.request.measured
        fits = 4 * CHUNK * draws * math.prod(self.card.input_shape) <= MOST_KEPT
        return fits and self.device.type == "cpu"

    def _losses(self, y, noisy):
        """The loss of noisy images (B, draws, C, H, W), (B, draws)."""
        logits = logits_of(self.runner, noisy.flatten(0, 1)).unflatten(0, noisy.shape[:2])
        return LOSSES[self.request.loss].of(-noisy_losses(logits, y), self.request.bound)

    def _climbed(self, problem, y, gamma):
        steps, draws = self.series.K, self.series.r if self.noise else 1
        step_size = self.request.eta1 or 0.5 / gamma
        for reached in ascend(problem, gamma, steps=steps, draws=draws, step_size=step_size):
            yield
            x = reached
        made = {"cost": cost(x, problem.x)} | (yield from self._measured(problem, y, x))
        if gamma > concave_from(self.request.loss_bound, self.series.scale):
            made["slope"] = squared_slope(problem, x, gamma, draws)
            yield
        return made

    def _measured(self, problem, y, x):
        """Smoothed loss on fresh draws, and the loss without noise; the same draws wherever an image went."""
        with torch.no_grad():
            noiseless = self._losses(y, x[:, None])[:, 0].double()
        if self.noise is None:
            return {"loss": noiseless, "noiseless": noiseless}
        at_once = max(1, self.plan.batch // len(x))
        source = problem.draws(MEASURE, self.request.measured)
        loss = problem.mean_losses(x, source, self.request.measured, at_once)
        yield
        return {"loss": loss, "noiseless": noiseless}

    def _radii(self, rows):
        """Certified l2 radius of each image, -1 where nothing or the wrong class is certified."""
        r, classes = self.request, self.card.num_classes
        images = self.dataset.pixels(rows)
        labels = np.asarray(self.dataset.labels)[rows]
        votes = []
        for stream, n in ((SELECTION, r.n0), (ESTIMATION, r.n)):
            spans = [Span(place, r.seed + row, stream, 0, n) for place, row in enumerate(rows)]
            for tally in count_votes(self.runner, self.noise, classes, images, spans, self.plan.batch):
                counts = tally.counts
                yield
            votes.append(counts)
        top = votes[0].argmax(1)
        procedure = default_procedure(classes)
        radii = proved_radii(votes[1], top, self.noise, self.card.input_shape, procedure, r.radius_alpha)
        return {"radius": np.where(top == labels, radii, -1.0).tolist()}
