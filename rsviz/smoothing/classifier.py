"""SmoothedClassifier: draws of noise and votes of the base classifier, streamed into PREDICT and CERTIFY."""

import itertools
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rsviz.bounds import certifying
from rsviz.errors import RsvizError
from rsviz.execution import Plan, Runner, plan
from rsviz.generators import returned
from rsviz.noise import Draws, Noise
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.smoothing.certificate import TimedCertificate
from rsviz.smoothing.certify import Counts, certify, predict
from rsviz.smoothing.records import CertifyVotes, Snapshot, make_certificate
from rsviz.smoothing.stopping import BY_HAND, Terms, next_checkpoint
from rsviz.voting import Span, count_votes

Image = torch.Tensor | NDArray[np.float32]
"""One image, float32 (C, H, W) in [0, 1]."""


class SmoothedClassifier:
    """g(x) = the class that the base classifier f most often returns on x + noise.

    base_classifier: a Module or a function from float32 images (B, C, H, W) in [0, 1] (plus noise, never
    clipped) to logits (B, num_classes). noise: a mechanism of rsviz.noise. precision: auto, float32 or
    bfloat16; auto measures at the first use. batch: None measures too. Predicting and certifying use the
    same precision. plans: where to keep what was measured, to share it between objects of one network.
    """

    def __init__(
        self,
        base_classifier: Callable[[torch.Tensor], torch.Tensor],
        noise: Noise,
        num_classes: int,
        device: str | torch.device = "cpu",
        *,
        precision: str = "float32",
        batch: int | None = None,
        plans: dict[Any, Plan] | None = None,
    ) -> None:
        if num_classes < 2:
            raise RsvizError(f"num_classes is {num_classes}; a classifier needs at least two classes.")
        if batch is not None and batch < 1:
            raise RsvizError(f"batch is {batch}; it must be at least 1.")
        self.base_classifier, self.noise, self.num_classes = base_classifier, noise, num_classes
        self.device = torch.device(device)
        self._precision, self._batch = precision, batch
        self._runner: Runner | None = None
        self._plans: dict[Any, Plan] = {} if plans is None else plans

    def predict(self, x: Image, n: int = 1000, alpha: float = 0.001, seed: int = 0) -> int:
        """The class of g at x, or ABSTAIN. Wrong with probability at most alpha.

        x: float32 (C, H, W) in [0, 1]. n: draws. alpha: probability of error, in (0, 1).
        seed: of the noise, 0 .. MAX_SEED.
        Source: Cohen et al. 2019, PREDICT, Proposition 1.
        """
        x = self._image(x)
        Terms(n=n, alpha=alpha, seed=seed)  # says what is wrong with them

        def sample_under_noise(stream: int, n: int) -> Generator[None, None, Counts]:
            start = (0,) * self.num_classes
            for moments, _, _ in self._draw(x, n, seed, stream, self.plan(x.shape), start, every=1.0):
                counts = moments[-1]
                yield
            return counts

        return returned(predict(sample_under_noise, n, alpha))

    def certify(
        self,
        x: Image,
        n0: int = 100,
        n: int = 100_000,
        alpha: float = 0.001,
        procedure: str = "cohen",
        seed: int = 0,
        *,
        until_radius: float | None = None,
        within: float | None = None,
    ) -> TimedCertificate:
        """CERTIFY: n0 draws select the class, n fresh draws bound its probability.

        x: float32 (C, H, W) in [0, 1]. n0, n: draws. alpha: probability of error, in (0, 1).
        procedure: a valid one of rsviz.confidence.PROCEDURES. seed: of the noise, 0 .. MAX_SEED.
        until_radius: end once this radius (pixel units, of the tight bound) is proved or out of reach.
        within: end once the proved radius is within this percentage of the most that n votes could prove.
        A run with one of these two rules uses procedure `anytime`, whatever `procedure` says.
        Source: Cohen et al. 2019, CERTIFY, Proposition 2; for the rules, rsviz.confidence.stopping.
        """
        run = self.stream(x, n0, n, alpha, procedure, seed, until_radius=until_radius, within=within)
        return returned(run)

    def stream(
        self,
        x: Image,
        n0: int = 100,
        n: int = 100_000,
        alpha: float = 0.001,
        procedure: str = "cohen",
        seed: int = 0,
        *,
        until_radius: float | None = None,
        within: float | None = None,
        stop: Callable[[Snapshot], bool] | None = None,
        resume: CertifyVotes | None = None,
        every: float = 0.1,
    ) -> Generator[Snapshot, None, TimedCertificate]:
        """CERTIFY as a generator of snapshots, at first after few draws, later about `every` seconds.

        Each snapshot says what may be claimed at that moment (see Terms.claim); the last one carries the
        certificate, which the generator also returns.
        stop: called with each snapshot before n; True ends the run with what is proved. It may depend on what
        it sees: a part of alpha is kept for it, see Terms.
        resume: the votes of an earlier snapshot of the same run; the result is the same as without a break.
        The other arguments are those of `certify`.
        """
        x = self._image(x)
        terms = Terms(n0, n, alpha, procedure, seed, until_radius, within, stoppable=stop is not None)
        if resume and resume.plan.device != str(self.device):
            raise RsvizError(
                f"this run began on {resume.plan.device}; on {self.device} its draws would be different."
            )
        zero = (0,) * self.num_classes
        sampler = _Sampler(
            self, x, terms, stop, resume or CertifyVotes(self.plan(x.shape), zero, zero), every
        )
        proved = yield from certify(sampler, terms, self.noise, math.prod(x.shape))
        votes, top = sampler.votes, sampler.top
        certificate = make_certificate(proved, votes, top, terms, sampler.ended, self.noise, tuple(x.shape))
        yield Snapshot(votes, top, terms.claim(votes.counts, top), certificate)
        return certificate

    def examples(self, x: Image, count: int = 8, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
        """The first estimating draws: (noisy images float32 (count, C, H, W), the votes on them (count,))."""
        x = self._image(x)
        used = self.plan(x.shape)
        noisy = torch.empty((count, *x.shape), device=self.device)
        Draws(self.noise, x.shape, seed, ESTIMATION, self.device).fill(noisy, 0)
        noisy += x
        with torch.inference_mode():
            votes = self._runner_for(used)(noisy).argmax(1)
        return noisy.cpu().numpy(), votes.cpu().numpy()

    def plan(self, shape: Sequence[int]) -> Plan:
        """Device, precision and batch for images of `shape` (C, H, W); measured once."""
        returned(self.planning(shape))
        return self._plans[self._plan_key(shape)]

    def planning(self, shape: Sequence[int]) -> Generator[None, None, None]:
        """`plan` in steps of a fraction of a second, so that a worker can serve other jobs between them."""
        key = self._plan_key(shape)
        if key not in self._plans:
            self._plans[key] = yield from plan(
                self.base_classifier, shape, self.device, self._precision, self._batch
            )

    def _plan_key(self, shape: Sequence[int]) -> tuple[Any, ...]:
        return (tuple(shape), str(self.device), self._precision, self._batch)

    def _runner_for(self, used: Plan) -> Runner:
        if self._runner is None or self._runner.precision != used.precision:
            self._runner = Runner(self.base_classifier, self.device, used.precision)
        return self._runner

    def _image(self, x: Image) -> torch.Tensor:
        x = torch.as_tensor(np.asarray(x) if not torch.is_tensor(x) else x)
        if x.dim() != 3 or not torch.is_floating_point(x):
            raise RsvizError(f"x has shape {tuple(x.shape)} and type {x.dtype}; it must be float (C, H, W).")
        if not (x.isfinite().all() and x.min() >= 0 and x.max() <= 1):
            raise RsvizError("x holds values outside [0, 1]; pixels are given in [0, 1].")
        return x.to(self.device, torch.float32)

    def _draw(
        self,
        x: torch.Tensor,
        n: int,
        seed: int,
        stream: int,
        used: Plan,
        counts: Counts,
        every: float,
        pause: Callable[[int], int] | None = None,
    ) -> Iterator[tuple[list[Counts], float, Plan]]:
        """Go on from `counts` to n votes; about every `every` seconds yield (moments, seconds, plan).

        pause: function of the number of votes drawn that gives the next number at which to report them.
        moments: votes per class at each such number that was passed, and at last those so far.
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
            moments = [tuple(moment) for moment in reached[passed:full].tolist()]
            if stops[full] < stops[0] + count.drawn:
                moments.append(tuple(reached[-1].tolist()))
            passed, used = full, replace(used, batch=count.batch)
            yield moments, count.seconds, used


class _Sampler:
    """SampleUnderNoise of CERTIFY as a stream: snapshots while votes arrive, stopping rules, resuming.

    votes: the votes so far. top: the class that the estimating votes are counted for. ended: why it ended.
    """

    def __init__(
        self,
        smoothed: SmoothedClassifier,
        x: torch.Tensor,
        terms: Terms,
        stop: Callable[[Snapshot], bool] | None,
        votes: CertifyVotes,
        every: float,
    ) -> None:
        self.smoothed, self.x, self.terms, self.stop, self.every = smoothed, x, terms, stop, every
        self.votes = votes
        self.top = 0
        self.ended = ""
        bound, noise = certifying(smoothed.noise.key)[0], smoothed.noise
        self._radius = partial(bound.certified_radius, scale=noise.scale, dim=math.prod(x.shape))

    def __call__(self, stream: int, n: int, top: int = 0) -> Generator[Snapshot, None, Counts]:
        """A generator of Snapshots that returns the votes per class of this stream."""
        if stream == SELECTION:
            yield from self._select(n)
            return self.votes.counts0
        self.top = top
        for moments in self._moments(n):
            endings = ((self.terms.ending(votes.counts, top, self._radius) or "", votes) for votes in moments)
            self.ended, self.votes = next((found for found in endings if found[0]), ("", moments[-1]))
            if self.ended:
                break
            snapshot = Snapshot(self.votes, top, self.terms.claim(self.votes.counts, top))
            if self.stop is not None and self.stop(snapshot):
                self.ended = BY_HAND
                break
            yield snapshot
        return self.votes.counts

    def _select(self, n: int) -> Iterator[Snapshot]:
        votes = self.votes
        draws = self.smoothed._draw(
            self.x, n, self.terms.seed, SELECTION, votes.plan, votes.counts0, self.every
        )
        for counts, spent, used in draws:
            self.votes = replace(
                self.votes, plan=used, counts0=counts[-1], seconds=self.votes.seconds + spent
            )
            yield Snapshot(self.votes, None)

    def _moments(self, n: int) -> Iterator[list[CertifyVotes]]:
        """The estimating votes as they come, each time with the checkpoints of a rule that were passed."""
        if self.votes.drawn:  # at once after a break: the run may already have reached its end
            yield [self.votes]
        votes, pause = self.votes, next_checkpoint if self.terms.has_rule else None
        draws = self.smoothed._draw(
            self.x, n, self.terms.seed, ESTIMATION, votes.plan, votes.counts, self.every, pause
        )
        for counts, spent, used in draws:
            votes = replace(votes, plan=used, seconds=votes.seconds + spent)
            yield [replace(votes, counts=moment) for moment in counts]
