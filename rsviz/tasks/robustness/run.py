"""Make the curves part by part: every outcome is judged by PREDICT on fresh votes.

An image that is answered wrongly without any attack is not attacked, and keeps its outcome at every size.
Sources: Li et al. 2019, Figures 3, 4, 6 and 7, which count votes once; here an answer of which PREDICT is not
sure counts as abstained.
"""

from collections.abc import Iterator

import numpy as np

from rsviz import data
from rsviz.attacks import ATTACKS, attack, make_parameters
from rsviz.attacks.transfer import Transfer
from rsviz.bounds import BOUNDS
from rsviz.checkpoints import load_card
from rsviz.confidence import default_procedure
from rsviz.lazy import lazy
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, SELECTION, VERDICT
from rsviz.norms import conversion
from rsviz.tasks.attack.materials import load_surrogate, load_victim, plans_of
from rsviz.tasks.robustness.request import RobustnessRequest, RobustnessSeries
from rsviz.tasks.robustness.result import ABSTAINED, RIGHT, WRONG, RobustnessProgress

smoothing = lazy("rsviz.smoothing")
voting = lazy("rsviz.voting")


def run(request: RobustnessRequest, *, done: dict | None = None) -> Iterator[RobustnessProgress]:
    """Make all parts that are missing; a generator of progress, one after each step.

    done: parts of an earlier run of the same request. The result does not depend on breaks.
    """
    done = {"plans": {}} | (done or {})
    yield RobustnessProgress(request, done, "loading")
    for series in request.series:
        missing = [key for key in request.part_keys(series) if key not in done]
        if not missing:
            continue
        yield RobustnessProgress(request, done, f"loading {series.checkpoint}")
        bench = _Bench(request, series, done["plans"])
        yield from (RobustnessProgress(request, done, "measuring") for _ in bench.planning())
        done = done | {"plans": done["plans"] | bench.plans()}
        for what, step, steps, made in bench.make(missing, done):
            done = done | made
            yield RobustnessProgress(request, done, f"{series.words}: {what}", step, steps, bool(made))


class _Bench:
    """The networks of one series and the images, in place."""

    def __init__(self, request: RobustnessRequest, series: RobustnessSeries, plans: dict):
        self.request, self.series = request, series
        self.card = load_card(series.checkpoint)
        noise = NOISES[request.noise](series.scale) if series.scale else None
        self.victim = load_victim(series.checkpoint, noise, request, plans.get(series.checkpoint))
        self.surrogate = None
        if series.surrogate is not None:
            self.surrogate = load_surrogate(series.surrogate, request, plans.get(series.surrogate))
        dataset = data.load(self.card.dataset)
        self.rows = list(range(0, request.images * request.skip, request.skip))
        self.x = dataset.pixels(self.rows)
        self.labels = np.asarray(dataset.labels)[self.rows].astype(np.int64)

    def _victims(self):
        found = {self.series.checkpoint: self.victim}
        return found | ({self.series.surrogate: self.surrogate} if self.surrogate else {})

    def planning(self):
        for one in filter(None, (self.victim, self.surrogate)):
            yield from one.planning(self.x.shape[1:])

    def plans(self) -> dict:
        return plans_of(self._victims(), self.x.shape[1:])

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
            outcomes[rows] = yield from self._after(state, rows, what)
        return outcomes

    def _broken(self, clean):
        """(outcomes, distances) at the least distortion that was found; inf where none was."""
        outcomes, distance = clean.copy(), np.full(len(clean), np.inf)
        for rows in self._portions(clean):
            state = yield from self._attack(rows, "the least distortion")
            outcomes[rows] = yield from self._after(state, rows, "judging")
            found = state.found.cpu().numpy()
            distance[rows] = np.where(found, state.distance.cpu().numpy(), np.inf)
        return outcomes, distance

    def _after(self, state, rows, what):
        """Outcomes at the best images that an attack found. rows: of the images attacked."""
        numbers = [self.rows[row] for row in rows]
        return (yield from self._outcomes(state.best.cpu().numpy(), self.labels[rows], numbers, what))

    def _portions(self, clean):
        """Rows of the images that are answered rightly, as many at once as fill a pass with their draws."""
        used, chosen = (self.surrogate or self.victim).plan(self.x.shape[1:]), self.request.chosen
        draws = chosen.draws if ATTACKS[self.request.attack].needs_gradient else chosen.votes
        at_once = max(1, used.batch // draws)
        right = np.flatnonzero(clean == RIGHT)
        return [right[at : at + at_once] for at in range(0, len(right), at_once)]

    def _attack(self, rows, what, epsilon=None):
        chosen = self.request.chosen
        if self.surrogate is not None:
            transferred = {"attack": self.request.attack, "parameters": chosen.model_dump()}
            chosen = make_parameters(Transfer.key, **transferred)
        states = attack(
            self.victim,
            self.x[rows],
            self.labels[rows],
            chosen,
            epsilon=epsilon,
            surrogate=self.surrogate,
            seed=self.request.seed,
        )
        for state in states:
            yield f"{what}, images {rows[0] + 1} to {rows[-1] + 1}", state.step, state.steps, {}
        return state

    def _outcomes(self, x, labels, numbers, what):
        """RIGHT, ABSTAINED or WRONG for every image, by PREDICT on draws that no attack has seen."""
        counts = yield from self._count(x, numbers, VERDICT, self.request.votes, what)
        if self.victim.noise is None:
            answers = counts.argmax(1)
        else:
            answers = smoothing.predict_from_counts(counts, self.request.alpha)
        return np.where(answers == smoothing.ABSTAIN, ABSTAINED, np.where(answers == labels, RIGHT, WRONG))

    def _radii(self):
        """Certified radius (N,) in the attack's norm, of the bound that proves most there; 0 where wrong."""
        r, dim, classes = self.request, int(np.prod(self.x.shape[1:])), self.card.num_classes
        selected = yield from self._count(self.x, self.rows, SELECTION, r.n0, "certified, selecting")
        counts = yield from self._count(self.x, self.rows, ESTIMATION, r.n, "certified")
        proved = smoothing.certificates(
            counts,
            selected.argmax(1),
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
            voting.Span(row, self.request.seed + number, stream, 0, votes)
            for row, number in enumerate(numbers)
        ]
        for count in self.victim.votes_of(x, spans):
            yield what, count.drawn, count.total, {}
        return count.counts
