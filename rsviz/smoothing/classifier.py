"""The algorithm: draws of noise, votes of the base classifier on them, PREDICT and CERTIFY."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from rsviz.errors import RsvizError
from rsviz.execution import Plan, Runner, plan
from rsviz.noise import Draws
from rsviz.noise.streams import ESTIMATION, PREDICTION, SELECTION
from rsviz.smoothing.certificate import (
    Certificate,
    Snapshot,
    Votes,
    make_certificate,
    tight_radius,
)
from rsviz.smoothing.decision import decide
from rsviz.smoothing.terms import BY_HAND, Terms, next_checkpoint
from rsviz.voting import Span, count_votes


class SmoothedClassifier:
    """g(x) = the class that the base classifier f most often returns on x + noise.

    base_classifier: a Module or a function from float32 images (B, C, H, W) in [0, 1] (plus noise, never
    clipped) to logits (B, num_classes). noise: a mechanism of rsviz.noise. precision: auto, float32 or
    bfloat16; auto measures at the first use. batch: None measures too. Predicting and certifying use the
    same precision. plans: where to keep what was measured, to share it between objects of one network.
    """

    def __init__(
        self,
        base_classifier,
        noise,
        num_classes,
        device="cpu",
        *,
        precision="float32",
        batch=None,
        plans=None,
    ):
        if num_classes < 2:
            raise RsvizError(f"num_classes is {num_classes}; a classifier needs at least two classes.")
        if batch is not None and batch < 1:
            raise RsvizError(f"batch is {batch}; it must be at least 1.")
        self.base_classifier, self.noise, self.num_classes = base_classifier, noise, num_classes
        self.device = torch.device(device)
        self._precision, self._batch = precision, batch
        self._runner: Runner | None = None
        self._plans: dict[tuple, Plan] = {} if plans is None else plans

    def predict(self, x, n=1000, alpha=0.001, seed=0) -> int:
        """The class of g at x, or ABSTAIN. Wrong with probability at most alpha.

        x: float32 (C, H, W) in [0, 1]. Source: Cohen et al. 2019, PREDICT, Proposition 1.
        """
        x = self._image(x)
        Terms(n=n, alpha=alpha, seed=seed)  # says what is wrong with them
        start = (0,) * self.num_classes
        tallies, _, _ = _last(self._tallies(x, n, seed, PREDICTION, self.plan(x.shape), start, every=1.0))
        return int(decide(tallies[-1], alpha))

    def certify(
        self, x, n0=100, n=100_000, alpha=0.001, procedure="cohen", seed=0, *, decide=None, within=None
    ) -> Certificate:
        """CERTIFY: n0 draws select the class, n fresh draws bound its probability.

        x: float32 (C, H, W) in [0, 1]. procedure: a valid one of rsviz.confidence.PROCEDURES.
        decide: end as soon as this radius (of the tight bound) is proved or out of reach. within: end as soon
        as the proved radius is within so many percent of the most that n votes could prove. A run with such a
        rule stands on procedure `anytime`, whatever `procedure` says.
        Source: Cohen et al. 2019, CERTIFY, Proposition 2; for the rules, rsviz.confidence.stopping.
        """
        return _last(self.stream(x, n0, n, alpha, procedure, seed, decide=decide, within=within)).certificate

    def stream(
        self,
        x,
        n0=100,
        n=100_000,
        alpha=0.001,
        procedure="cohen",
        seed=0,
        *,
        decide: float | None = None,
        within: float | None = None,
        stop: Callable[[Snapshot], bool] | None = None,
        resume: Votes | None = None,
        every=0.1,
    ) -> Iterator[Snapshot]:
        """CERTIFY as a generator of snapshots, at first after few draws, later about `every` seconds.

        Each snapshot says what may be claimed at that moment (see Terms.claim); the last one carries the
        certificate. stop: asked with each snapshot before n; True ends the run with what is proved. It
        may go by what it sees: a part of alpha is kept for it, see Terms.
        resume: the votes of an earlier snapshot of the same run; the result is the same as without a break.
        """
        x = self._image(x)
        terms = Terms(n0, n, alpha, procedure, seed, decide, within, stoppable=stop is not None)
        if resume and resume.plan.device != str(self.device):
            raise RsvizError(
                f"this run began on {resume.plan.device}; on {self.device} its draws would be others."
            )
        votes = resume or Votes(self.plan(x.shape), (0,) * self.num_classes, (0,) * self.num_classes)
        for tallies, spent, used in self._tallies(x, n0, seed, SELECTION, votes.plan, votes.counts0, every):
            votes = replace(votes, plan=used, counts0=tallies[-1], seconds=votes.seconds + spent)
            yield Snapshot(votes, None)
        top, radius = int(np.argmax(votes.counts0)), tight_radius(self.noise, x.shape)
        for moments in self._moments(x, terms, votes, every):
            endings = ((terms.ending(moment.counts, top, radius), moment) for moment in moments)
            ended, votes = next((found for found in endings if found[0]), (None, moments[-1]))
            snapshot = Snapshot(votes, top, terms.claim(votes.counts, top))
            if not ended and stop is not None and stop(snapshot):
                ended = BY_HAND
            if ended:
                certificate = make_certificate(snapshot, terms, ended, self.noise, tuple(x.shape))
                yield replace(snapshot, certificate=certificate)
                return
            yield snapshot

    def _moments(self, x, terms, votes, every) -> Iterator[list[Votes]]:
        """The estimating votes as they come, each time with the checkpoints of a rule that were passed."""
        if votes.drawn:  # at once after a break: what was reached may be the end
            yield [votes]
        pause = next_checkpoint if terms.has_rule else None
        for tallies, spent, used in self._tallies(
            x, terms.n, terms.seed, ESTIMATION, votes.plan, votes.counts, every, pause
        ):
            votes = replace(votes, plan=used, seconds=votes.seconds + spent)
            yield [replace(votes, counts=tally) for tally in tallies]

    def examples(self, x, count=8, seed=0):
        """The first estimating draws: (noisy images float32 (count, C, H, W), the votes on them (count,))."""
        x = self._image(x)
        used = self.plan(x.shape)
        noisy = torch.empty((count, *x.shape), device=self.device)
        Draws(self.noise, x.shape, seed, ESTIMATION, self.device).fill(noisy, 0)
        noisy += x
        with torch.inference_mode():
            votes = self._runner_for(used)(noisy).argmax(1)
        return noisy.cpu().numpy(), votes.cpu().numpy()

    def plan(self, shape) -> Plan:
        """Device, precision and batch for images of `shape` (C, H, W); measured once."""
        deque(self.planning(shape), maxlen=0)
        return self._plans[self._plan_key(shape)]

    def planning(self, shape) -> Iterator[None]:
        """`plan` in steps of a fraction of a second, for who has to attend to others meanwhile."""
        key = self._plan_key(shape)
        if key not in self._plans:
            self._plans[key] = yield from plan(
                self.base_classifier, shape, self.device, self._precision, self._batch
            )

    def _plan_key(self, shape):
        return (tuple(shape), str(self.device), self._precision, self._batch)

    def _runner_for(self, used: Plan) -> Runner:
        if self._runner is None or self._runner.precision != used.precision:
            self._runner = Runner(self.base_classifier, self.device, used.precision)
        return self._runner

    def _image(self, x):
        x = torch.as_tensor(np.asarray(x) if not torch.is_tensor(x) else x)
        if x.dim() != 3 or not torch.is_floating_point(x):
            raise RsvizError(f"x has shape {tuple(x.shape)} and type {x.dtype}; it must be float (C, H, W).")
        if not (x.isfinite().all() and x.min() >= 0 and x.max() <= 1):
            raise RsvizError("x holds values outside [0, 1]; pixels are given in [0, 1].")
        return x.to(self.device, torch.float32)

    def _tallies(self, x, n, seed, stream, used: Plan, counts, every, pause=None):
        """Go on from `counts` to n votes; yield (tallies, seconds, plan) about every `every` seconds.

        pause: function of the votes drawn that gives the next number of votes to look at. tallies: votes per
        class at each of those that was passed, and at last those so far.
        """
        stops = [sum(counts)]
        while stops[-1] < n:
            stops.append(min(n, pause(stops[-1])) if pause else n)
        if len(stops) == 1:
            return
        spans = [Span(0, seed, stream, start, stop) for start, stop in itertools.pairwise(stops)]
        passed = 0
        for count in count_votes(
            self._runner_for(used), self.noise, self.num_classes, x[None], spans, used.batch, every
        ):
            reached = np.cumsum(count.counts, axis=0) + counts
            full = int(np.searchsorted(stops, stops[0] + count.drawn, side="right")) - 1
            tallies = [tuple(tally) for tally in reached[passed:full].tolist()]
            if stops[full] < stops[0] + count.drawn:
                tallies.append(tuple(reached[-1].tolist()))
            passed, used = full, replace(used, batch=count.batch)
            yield tallies, count.seconds, used


def _last(items):
    return deque(items, maxlen=1).pop()
