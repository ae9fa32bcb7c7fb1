"""The parts of a population's certificate: ascents, losses and radii of some images of one series."""

import math
from collections.abc import Generator
from functools import partial

import numpy as np
import torch

from rsviz import data
from rsviz.bounds import certifying
from rsviz.checkpoints import Card
from rsviz.confidence import default_procedure
from rsviz.distributional.losses import LOSSES, concave_from
from rsviz.distributional.surrogate import Problem, ascend, cost, squared_slope
from rsviz.execution import ForwardBackward, Plan, Runner, pick_device, plan
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, MEASURE, SELECTION
from rsviz.smoothing import certificates
from rsviz.smoothing.gradients import logits_of, noisy_losses
from rsviz.voting import Span, count_votes

MAX_KEPT_BYTES = 2**28
"""Noise of at most this size is kept from one gamma to the next."""


class PartRunner:
    """Computes the parts of one series.

    request: has the attributes of rsviz.tasks.population.PopulationRequest. series: has checkpoint, scale, K
    and r. network: a torch Module. card: of the checkpoint.
    After `planning`, plan: how passes are made.
    """

    def __init__(self, request, series, network: torch.nn.Module, card: Card):
        self.request, self.series, self.network, self.card = request, series, network, card
        self.device = pick_device(request.device)
        self.noise = NOISES["gaussian"](series.scale) if series.scale else None
        named = data.DATASETS.get(card.dataset)
        self.dataset = data.load(card.dataset, shape=None if named else card.input_shape)
        self._chunk, self._kept_noise = None, None

    def planning(self, known: dict | None) -> Generator[None, None, None]:
        """Measure the plan, in steps. known: the plan of an earlier run, which then stays."""
        if known:
            self.plan = Plan(**known)
        else:
            passes, shape = ForwardBackward(self.network), self.card.input_shape
            precision, batch = self.request.precision, self.request.batch
            self.plan = yield from plan(passes, shape, self.device, precision, batch)
        self.device = torch.device(self.plan.device)
        self.runner = Runner(self.network, self.device, self.plan.precision)

    def run(self, part: str, chunk: int) -> Generator[None, None, dict[str, list]]:
        """Compute one part; yields after each pass and returns columns, one value for each image.

        part: "clean", "radius" or a gamma. chunk: number of the chunk of images.
        """
        rows = self.request.rows(chunk)
        if chunk != self._chunk:  # all gammas climb with the same noise
            self._chunk, self._kept_noise = chunk, {} if self._keeps_noise(len(rows)) else None
        if part == "radius":
            return (yield from self._radii(rows))
        draws = self.series.r if part != "clean" else min(self.request.measured, self.plan.batch)
        images = max(1, self.plan.batch // (draws if self.noise else 1))
        columns: dict[str, list] = {}
        for start in range(0, len(rows), images):
            problem, y = self._problem(rows[start : start + images])
            if part == "clean":
                found = yield from self._measured(problem, y, problem.x)
            else:
                found = yield from self._climbed(problem, y, float(part))
            for name, values in found.items():
                columns.setdefault(name, []).extend(values.cpu().tolist())
        return columns

    def _problem(self, rows):
        x = torch.from_numpy(self.dataset.pixels(rows)).to(self.device)
        y = torch.from_numpy(np.asarray(self.dataset.labels)[rows].astype(np.int64)).to(self.device)
        seeds = tuple(self.request.seed + row for row in rows)
        return Problem(x, seeds, self.noise, partial(self._losses, y), self._kept_noise), y

    def _keeps_noise(self, images: int) -> bool:
        """Whether the noise of a chunk is worth keeping and small enough; a GPU draws it fast."""
        draws = self.series.K * self.series.r + self.request.measured
        fits = 4 * images * draws * math.prod(self.card.input_shape) <= MAX_KEPT_BYTES
        return fits and self.device.type == "cpu"

    def _losses(self, y, noisy):
        """The losses (B, draws) of noisy images (B, draws, C, H, W)."""
        logits = logits_of(self.runner, noisy.flatten(0, 1)).unflatten(0, noisy.shape[:2])
        return LOSSES[self.request.loss].of(-noisy_losses(logits, y), self.request.bound)

    def _climbed(self, problem, y, gamma):
        steps, draws = self.series.K, self.series.r if self.noise else 1
        step_size = self.request.eta1 or 0.5 / gamma
        for reached in ascend(problem, gamma, steps=steps, draws=draws, step_size=step_size):
            yield
            x = reached
        found = {"cost": cost(x, problem.x)} | (yield from self._measured(problem, y, x))
        if gamma > concave_from(self.request.loss_bound, self.series.scale):
            found["slope"] = squared_slope(problem, x, gamma, draws)
            yield
        return found

    def _measured(self, problem, y, x):
        """Smoothed loss on fresh draws, and the loss without noise; the draws do not depend on x."""
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
        """Certified l2 radius of each image, -1 if nothing or the wrong class is certified."""
        request, classes = self.request, self.card.num_classes
        images = self.dataset.pixels(rows)
        labels = np.asarray(self.dataset.labels)[rows]
        votes = []
        for stream, n in ((SELECTION, request.n0), (ESTIMATION, request.n)):
            spans = [Span(place, request.seed + row, stream, 0, n) for place, row in enumerate(rows)]
            for count in count_votes(self.runner, self.noise, classes, images, spans, self.plan.batch):
                counts = count.counts
                yield
            votes.append(counts)
        proved = certificates(
            votes[1],
            votes[0].argmax(1),
            procedure=default_procedure(classes),
            alpha=request.radius_alpha,
            noise=self.noise,
            dim=math.prod(self.card.input_shape),
            bounds=certifying(self.noise.key)[:1],
        )
        return {"radius": np.where(proved.predicted == labels, proved.radius, -1.0).tolist()}
