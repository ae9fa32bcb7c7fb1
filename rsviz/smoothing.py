"""The smoothed classifier: votes of a base classifier under noise, PREDICT and CERTIFY, as a stream."""

import math
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from scipy.stats import binomtest

from rsviz.bounds import radii as certified_radii
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.execution import Plan, Runner, out_of_memory, plan
from rsviz.noise import MAX_SEED, Draws, block_size

ABSTAIN = -1

SELECTION, ESTIMATION, PREDICTION = 0, 1, 2
"""The streams of draws of one seed; no two share their noise."""

GROUP_VALUES = 2**20
"""Values drawn at once where batches are small: fixed costs are shared, and 4 MB stay near the processor."""


@dataclass(frozen=True)
class Certificate:
    """What CERTIFY proves: with probability at least 1 - alpha over the draws, g(x + delta) = predicted for
    every delta of the stated norm smaller than the radius.

    predicted: class index, or ABSTAIN. counts0, counts: votes per class of the n0 selecting and the n
    estimating draws. radius: of the tight bound for the noise, in pixel units, 0 where it abstains.
    radii: the same for every rigorous bound that fits the noise. seconds: time spent on drawing.
    """

    predicted: int
    abstained: bool
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    p_a_lower: float
    p_b_upper: float
    radius: float
    radii: dict[str, float]
    noise: str
    scale: float
    n0: int
    n: int
    alpha: float
    procedure: str
    seed: int
    device: str
    precision: str
    block: int
    batch: int
    seconds: float
    votes_per_second: float


@dataclass(frozen=True)
class Votes:
    """How far a run has come; all that a restart needs beside the request.

    counts0, counts: votes so far. plan: device, precision and batch, fixed at the start of the run.
    """

    plan: Plan
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    seconds: float = 0.0

    @property
    def drawn(self) -> int:
        return sum(self.counts)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict) -> "Votes":
        return cls(
            plan=Plan(**value["plan"]),
            counts0=tuple(value["counts0"]),
            counts=tuple(value["counts"]),
            seconds=value["seconds"],
        )


@dataclass(frozen=True)
class Snapshot:
    """A moment of a stream: votes so far, the class they are counted for, at the end the certificate."""

    votes: Votes
    top: int | None
    certificate: Certificate | None = None


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
        _check_run(n0=1, n=n, alpha=alpha, seed=seed)
        start = (0,) * self.num_classes
        counts, _, _ = _last(self._slices(x, n, seed, PREDICTION, self.plan(x.shape), start, every=1.0))
        first, second = np.argsort(counts, kind="stable")[::-1][:2]
        test = binomtest(int(counts[first]), int(counts[first] + counts[second]), 0.5)
        return int(first) if test.pvalue <= alpha else ABSTAIN

    def certify(self, x, n0=100, n=100_000, alpha=0.001, procedure="cohen", seed=0) -> Certificate:
        """CERTIFY: n0 draws select the class, n fresh draws bound its probability.

        x: float32 (C, H, W) in [0, 1]. Source: Cohen et al. 2019, CERTIFY, Proposition 2.
        """
        return _last(self.stream(x, n0, n, alpha, procedure, seed)).certificate

    def stream(
        self,
        x,
        n0=100,
        n=100_000,
        alpha=0.001,
        procedure="cohen",
        seed=0,
        *,
        resume: Votes | None = None,
        every=0.1,
    ) -> Iterator[Snapshot]:
        """CERTIFY as a generator of snapshots, at first after few draws, later about `every` seconds.

        Only the last snapshot carries a certificate: what comes before has drawn less than was promised.
        resume: the votes of an earlier snapshot of the same run; the result is the same as without a stop.
        """
        x = self._image(x)
        _check_run(n0=n0, n=n, alpha=alpha, seed=seed, procedure=procedure)
        if resume and resume.plan.device != str(self.device):
            raise RsvizError(
                f"this run began on {resume.plan.device}; on {self.device} its draws would be others."
            )
        votes = resume or Votes(self.plan(x.shape), (0,) * self.num_classes, (0,) * self.num_classes)
        for counts0, spent, used in self._slices(x, n0, seed, SELECTION, votes.plan, votes.counts0, every):
            votes = replace(votes, plan=used, counts0=counts0, seconds=votes.seconds + spent)
            yield Snapshot(votes, None)
        top = int(np.argmax(votes.counts0))
        for counts, spent, used in self._slices(x, n, seed, ESTIMATION, votes.plan, votes.counts, every):
            votes = replace(votes, plan=used, counts=counts, seconds=votes.seconds + spent)
            if votes.drawn < n:
                yield Snapshot(votes, top)
        yield Snapshot(votes, top, self._certificate(votes, top, x.shape, n0, n, alpha, procedure, seed))

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
    def _slices(self, x, n, seed, stream, used: Plan, counts, every):
        """Draw until there are n votes; yield (counts, seconds, plan) about `every` seconds.

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

    def _certificate(self, votes, top, shape, n0, n, alpha, procedure, seed) -> Certificate:
        p_a_lower, p_b_upper = (
            float(limit) for limit in PROCEDURES[procedure].limits(np.array(votes.counts), top, alpha)
        )
        abstained = not p_a_lower > p_b_upper
        proved = (0.5, 0.5) if abstained else (p_a_lower, p_b_upper)
        radii = certified_radii(self.noise.key, *proved, scale=self.noise.scale, dim=math.prod(shape))
        return Certificate(
            predicted=ABSTAIN if abstained else top,
            abstained=abstained,
            counts0=votes.counts0,
            counts=votes.counts,
            p_a_lower=p_a_lower,
            p_b_upper=p_b_upper,
            radius=next(iter(radii.values())),
            radii=radii,
            noise=self.noise.key,
            scale=self.noise.scale,
            n0=n0,
            n=n,
            alpha=alpha,
            procedure=procedure,
            seed=seed,
            device=votes.plan.device,
            precision=votes.plan.precision,
            block=block_size(shape),
            batch=votes.plan.batch,
            seconds=votes.seconds,
            votes_per_second=(n0 + n) / votes.seconds if votes.seconds else 0.0,
        )


def _last(items):
    return deque(items, maxlen=1).pop()


def _check_run(*, n0, n, alpha, seed, procedure="cohen"):
    for name, value in (("n0", n0), ("n", n)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise RsvizError(f"{name} is {value}; it must be an integer of at least 1.")
    if not 0 < alpha < 1:
        raise RsvizError(f"alpha is {alpha}; it must lie between 0 and 1.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= MAX_SEED:
        raise RsvizError(f"seed is {seed}; it must be an integer from 0 to {MAX_SEED}.")
    if procedure not in PROCEDURES:
        raise RsvizError(f"procedure is {procedure!r}; it must be one of {', '.join(PROCEDURES)}.")
