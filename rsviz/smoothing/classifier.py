"""The algorithm: draws of noise, votes of the base classifier on them, PREDICT and CERTIFY."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from scipy.stats import binomtest

from rsviz.errors import RsvizError
from rsviz.execution import Plan, Runner, out_of_memory, plan
from rsviz.noise import Draws
from rsviz.smoothing.certificate import (
    ABSTAIN,
    Certificate,
    Snapshot,
    Votes,
    make_certificate,
    tight_radius,
)
from rsviz.smoothing.terms import BY_HAND, Terms, next_checkpoint

SELECTION, ESTIMATION, PREDICTION = 0, 1, 2
"""The streams of draws of one seed; no two share their noise."""

GROUP_VALUES = 2**20
"""Values drawn at once where batches are small: fixed costs are shared, and 4 MB stay near the processor."""


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
        counts, _, _ = _last(self._slices(x, n, seed, PREDICTION, self.plan(x.shape), start, every=1.0))
        first, second = np.argsort(counts, kind="stable")[::-1][:2]
        test = binomtest(int(counts[first]), int(counts[first] + counts[second]), 0.5)
        return int(first) if test.pvalue <= alpha else ABSTAIN

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
        for counts0, spent, used in self._slices(x, n0, seed, SELECTION, votes.plan, votes.counts0, every):
            votes = replace(votes, plan=used, counts0=counts0, seconds=votes.seconds + spent)
            yield Snapshot(votes, None)
        top = int(np.argmax(votes.counts0))
        radius = tight_radius(self.noise, x.shape)
        pause = next_checkpoint if terms.has_rule else None
        slices = self._slices(x, n, seed, ESTIMATION, votes.plan, votes.counts, every, pause)
        while True:
            snapshot = Snapshot(votes, top, terms.claim(votes.counts, top) if votes.drawn else None)
            if ended := _ended(snapshot, terms, radius, stop):
                break
            if votes.drawn:
                yield snapshot
            counts, spent, used = next(slices)
            votes = replace(votes, plan=used, counts=counts, seconds=votes.seconds + spent)
        yield replace(
            snapshot, certificate=make_certificate(snapshot, terms, ended, self.noise, tuple(x.shape))
        )

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

    @torch.inference_mode()
    def _slices(self, x, n, seed, stream, used: Plan, counts, every, pause=None):
        """Draw until there are n votes; yield (counts, seconds, plan) about `every` seconds.

        pause: function of the votes drawn that gives the next number of votes at which to yield as well.

        The votes stay on the device within a slice. A batch that does not fit is halved, and the same draws
        are taken again.
        """
        drawn = sum(counts)
        if drawn >= n:
            return
        runner = self._runner_for(used)
        draws = Draws(self.noise, x.shape, seed, stream, self.device)
        total = torch.tensor(counts, dtype=torch.int64, device=self.device)
        has_nan = torch.zeros((), dtype=torch.bool, device=self.device)
        buffer = torch.empty((max(used.batch, GROUP_VALUES // x.numel()), *x.shape), device=self.device)
        ones = torch.ones(len(buffer), dtype=torch.int64, device=self.device)
        wanted = 1
        while drawn < n:
            began = time.perf_counter()
            goal = min(n, drawn + max(1, wanted // used.batch) * used.batch)
            if pause:
                goal = min(goal, pause(drawn))
            first = drawn
            while drawn < goal:
                size = min(goal - drawn, len(buffer) // used.batch * used.batch)
                noisy = buffer[:size]
                draws.fill(noisy, drawn)
                noisy += x
                try:
                    logits = torch.cat([runner(batch) for batch in noisy.split(used.batch)])
                except RuntimeError as error:
                    if not out_of_memory(error) or used.batch == 1:
                        raise
                    used = replace(used, batch=used.batch // 2)
                    continue
                if logits.shape != (size, self.num_classes):
                    raise RsvizError(
                        f"the base classifier gave logits of shape {tuple(logits.shape)} for {size} images; "
                        f"they must have shape ({size}, {self.num_classes})."
                    )
                has_nan |= logits.isnan().any()
                total.scatter_add_(0, logits.argmax(1), ones[:size])
                drawn += size
            tally = tuple(total.tolist())
            if has_nan:
                raise RsvizError("the base classifier gave NaN for a noisy image; its votes mean nothing.")
            spent = time.perf_counter() - began
            yield tally, spent, used
            wanted = min(2 * (drawn - first), int((drawn - first) * every / spent))


def _ended(snapshot, terms, radius, stop) -> str | None:
    """Why the run ends here, if it does; there is nothing to end before the first estimating vote."""
    if not snapshot.votes.drawn:
        return None
    ended = terms.ending(snapshot.votes.counts, snapshot.top, radius)
    return ended or (BY_HAND if stop is not None and stop(snapshot) else None)


def _last(items):
    return deque(items, maxlen=1).pop()
