"""Robust accuracy against attack size: right, abstained and wrong, judged by PREDICT on fresh votes.

    for reached in curve(make_request(checkpoints=["digits-gaussian-0.25"], scales=[0, 0.25], sizes=[1])):
        ...                                 # Progress; reached.done goes into a file, and back as `done`
    curves(reached.request, reached.done)   # arrays, see rsviz.attacks.curve_request

What an image that is classified wrongly without any attack counts as, no attack can better: it is not
attacked, and keeps its outcome at every size. Sources: Li et al. 2019, Figures 3, 4, 6 and 7, which count
votes once; here an answer that PREDICT is not sure of counts as abstained.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from rsviz import data
from rsviz.attacks.curve_request import ABSTAINED, RIGHT, WRONG, CurveRequest, Series, keys
from rsviz.attacks.table import ATTACKS, attack, make_parameters
from rsviz.attacks.victim import Victim
from rsviz.bounds import BOUNDS
from rsviz.certification import cached_network, known_plans
from rsviz.checkpoints import load_card
from rsviz.confidence import default_procedure
from rsviz.execution import Runner, keep_memory, pick_device
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, SELECTION, VERDICT
from rsviz.norms import conversion
from rsviz.smoothing import ABSTAIN, certificates, predict_from_counts
from rsviz.voting import Span, count_votes


@dataclass(frozen=True)
class Progress:
    """How far the curves are.

    done: finished parts by key (rsviz.attacks.curve_request.keys), plain values: outcomes of every image, or
    its certified radius in the attack's norm, 0 where the certified class is wrong; and "plans", by
    checkpoint, which stay for the whole run. parts: how many there will be. what: that is being made. step,
    steps: of it. new: whether `done` has grown.
    """

    request: CurveRequest
    done: dict
    parts: int
    what: str = ""
    step: int = 0
    steps: int = 0
    new: bool = False


def curve(request: CurveRequest, done: dict | None = None) -> Iterator[Progress]:
    """Make all parts that are not yet there; a generator of Progress, one after each step.

    done: parts of an earlier run of the same request. The result does not depend on breaks.
    """
    keep_memory()
    done = {"plans": {}} | (done or {})
    parts = len(keys(request))
    for series in request.series:
        missing = [key for key in keys(request, series) if key not in done]
        if not missing:
            continue
        yield Progress(request, done, parts, f"loading {series.checkpoint}")
        bench = _Bench(request, series, done["plans"])
        yield from (Progress(request, done, parts, "measuring") for _ in bench.planning())
        done = done | {"plans": done["plans"] | bench.plans()}
        for what, step, steps, made in bench.make(missing, done):
            done = done | made
            yield Progress(request, done, parts, f"{series.words}: {what}", step, steps, bool(made))


class _Bench:
    """The networks of one series and the images, in place."""

    def __init__(self, request: CurveRequest, series: Series, plans: dict):
        self.request, self.series, self._plans = request, series, plans
        self.card = load_card(series.checkpoint)
        noise = NOISES[request.noise](series.scale) if series.scale else None
        self.victim = self._victim(series.checkpoint, self.card, noise)
        self.surrogate = None
        if series.surrogate is not None:
            other = load_card(series.surrogate)
            own = NOISES[other.noise](other.scale) if other.noise else None
            self.surrogate = self._victim(series.surrogate, other, own)
        dataset = data.load(self.card.dataset)
        self.rows = list(range(0, request.images * request.skip, request.skip))
        self.x = dataset.pixels(self.rows)
        self.labels = np.asarray(dataset.labels)[self.rows].astype(np.int64)

    def _victim(self, checkpoint, card, noise):
        r = self.request
        asked = {"device": r.device, "precision": r.precision, "batch": r.batch}
        chosen = self._plans.get(checkpoint, asked)
        return Victim(
            cached_network(checkpoint, card.weights_sha256),
            noise,
            card.num_classes,
            pick_device(chosen["device"]),
            input_shape=card.input_shape,
            precision=chosen["precision"] or "auto",
            batch=chosen["batch"],
            plans=known_plans(card.weights_sha256),
        )

    def planning(self):
        for one in filter(None, (self.victim, self.surrogate)):
            yield from one.planning(self.x.shape[1:])

    def plans(self) -> dict:
        shape, used = self.x.shape[1:], {self.series.checkpoint: self.victim}
        if self.surrogate is not None:
            used[self.series.surrogate] = self.surrogate
        return {name: dataclasses.asdict(one.plan(shape)) for name, one in used.items()}

    def make(self, missing, done):
        """The missing parts of the series; yields (what, step, steps, parts finished now)."""
        clean, radius = self.series.clean_key, self.series.radius_key
        if clean in missing:
            outcomes = yield from self._outcomes(self.x, self.labels, self.rows, "no attack")
            done = done | {clean: outcomes.tolist()}
            yield "no attack", 0, 0, {clean: outcomes.tolist()}
        if radius in missing:
            radii = yield from self._radii()
            yield "certified", 0, 0, {radius: radii.tolist()}
        key = self.series.size_key
        sizes = [size for size in self.request.sizes if key(size) in missing]
        outcomes = np.array(done[clean])
        if self.request.each_size:
            for size in sizes:
                made = yield from self._attacked(outcomes, size)
                yield f"size {size:g}", 0, 0, {key(size): made.tolist()}
        elif sizes:
            after, distance = yield from self._broken(outcomes)
            made = {key(size): np.where(distance <= size, after, outcomes).tolist() for size in sizes}
            yield "all sizes", 0, 0, made

    def _attacked(self, clean, size):
        """Outcomes at one size of an attack that takes its size."""
        outcomes, what = clean.copy(), f"size {size:g}"
        for rows in self._portions(clean):
            state = yield from self._attack(rows, what, epsilon=np.full(len(rows), size, np.float32))
            best, numbers = state.best.cpu().numpy(), [self.rows[row] for row in rows]
            outcomes[rows] = yield from self._outcomes(best, self.labels[rows], numbers, what)
        return outcomes

    def _broken(self, clean):
        """(outcomes, distances) at the least distortion that was found; inf where none was."""
        outcomes, distance = clean.copy(), np.full(len(clean), np.inf)
        for rows in self._portions(clean):
            state = yield from self._attack(rows, "the least distortion")
            best, numbers = state.best.cpu().numpy(), [self.rows[row] for row in rows]
            found = state.found.cpu().numpy()
            outcomes[rows] = yield from self._outcomes(best, self.labels[rows], numbers, "judging")
            distance[rows] = np.where(found, state.distance.cpu().numpy(), np.inf)
        return outcomes, distance

    def _portions(self, clean):
        """Rows of images that are right, so many together as fill a pass with their draws."""
        used = (self.surrogate or self.victim).plan(self.x.shape[1:])
        asked = self._parameters()
        draws = asked.draws if ATTACKS[self.request.attack].needs_gradient else asked.votes
        together = max(1, used.batch // draws)
        right = np.flatnonzero(clean == RIGHT)
        return [right[at : at + together] for at in range(0, len(right), together)]

    def _parameters(self):
        return make_parameters(self.request.attack, **self.request.parameters)

    def _attack(self, rows, what, epsilon=None):
        parameters = self._parameters()
        key = self.request.attack
        if self.surrogate is not None:
            inner = parameters.model_dump()
            parameters, key = make_parameters("transfer", attack=key, parameters=inner), "transfer"
        states = attack(
            self.victim,
            self.x[rows],
            self.labels[rows],
            parameters,
            epsilon=epsilon,
            surrogate=self.surrogate,
            seed=self.request.seed,
        )
        for state in states:
            yield f"{what}, images {rows[0] + 1} to {rows[-1] + 1}", state.step, state.steps, {}
        return state

    def _outcomes(self, x, labels, numbers, what):
        """RIGHT, ABSTAINED or WRONG for every image, by PREDICT on draws that no attack has seen."""
        runner = self._runner()
        if self.victim.noise is None:
            with torch.inference_mode():
                images = torch.as_tensor(x, device=self.victim.device)
                batch = self._used().batch
                answers = torch.cat([runner(part).argmax(1) for part in images.split(batch)]).cpu().numpy()
            return np.where(answers == labels, RIGHT, WRONG)
        counts = yield from self._count(x, numbers, VERDICT, self.request.votes, what)
        answers = predict_from_counts(counts, self.request.alpha)
        return np.where(answers == ABSTAIN, ABSTAINED, np.where(answers == labels, RIGHT, WRONG))

    def _radii(self):
        """Certified radius (N,) in the attack's norm, of the bound that proves most there; 0 where wrong."""
        r, dim, classes = self.request, int(np.prod(self.x.shape[1:])), self.card.num_classes
        selected = yield from self._count(self.x, self.rows, SELECTION, r.n0, "certified, selecting")
        counts = yield from self._count(self.x, self.rows, ESTIMATION, r.n, "certified")
        tops = selected.argmax(1)
        proved = certificates(
            counts,
            tops,
            procedure=default_procedure(classes),
            alpha=r.alpha,
            noise=self.victim.noise,
            dim=dim,
        )
        radii = [radius * conversion(BOUNDS[key].norm, r.norm, dim) for key, radius in proved.radii.items()]
        return np.where(proved.predicted == self.labels, np.max(radii, axis=0), 0.0)

    def _count(self, x, numbers, stream, votes, what):
        """Votes (N, K) of images, image i with the noise of seed + its number in the test part."""
        spans = [
            Span(row, self.request.seed + number, stream, 0, votes) for row, number in enumerate(numbers)
        ]
        noise, classes = self.victim.noise, self.card.num_classes
        for count in count_votes(self._runner(), noise, classes, x, spans, self._used().batch):
            yield what, count.drawn, count.total, {}
        return count.counts

    def _runner(self):
        network = cached_network(self.series.checkpoint, self.card.weights_sha256)
        return Runner(network, self.victim.device, self._used().precision)

    def _used(self):
        return self.victim.plan(self.x.shape[1:])
