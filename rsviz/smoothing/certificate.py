"""What a run has at each moment, and the certificate that it ends with."""

import math
from dataclasses import asdict, dataclass

from rsviz.bounds import certifying
from rsviz.bounds import radii as certified_radii
from rsviz.execution import Plan
from rsviz.noise import block_size
from rsviz.smoothing.decision import ABSTAIN
from rsviz.smoothing.terms import Claim, Terms, make_claim


@dataclass(frozen=True)
class Certificate:
    """What CERTIFY proves: with probability at least 1 - alpha over the draws, g(x + delta) = predicted for
    every delta of the stated norm smaller than the radius.

    predicted: class index, or ABSTAIN. counts0, counts: votes per class of the selecting and the estimating
    draws. n: estimating draws made; n_planned: asked for. ended: why it ended, one of Terms' ENDINGS.
    procedure: whose limits these are; alpha_spent: the probability of error that they use up of alpha (see
    Terms). radius: of the tight bound for the noise, in pixel units and its own norm, 0 where it abstains.
    radii: the same for every rigorous bound that fits the noise, the tight one first. radius_cohen: what
    `cohen` proves from the same votes at the same alpha, where procedure is `split`. seconds: time spent on
    drawing.
    """

    predicted: int
    abstained: bool
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    p_a_lower: float
    p_b_upper: float
    radius: float
    radii: dict[str, float]
    radius_cohen: float | None
    noise: str
    scale: float
    n0: int
    n: int
    n_planned: int
    ended: str
    alpha: float
    alpha_spent: float
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
    """A moment of a stream: votes so far, the class they are counted for, what may be claimed from them.

    top: None while the class is being selected. claim: see Terms.claim; None before the first estimating
    vote. certificate: of the last snapshot alone.
    """

    votes: Votes
    top: int | None
    claim: Claim | None = None
    certificate: Certificate | None = None


def make_certificate(snapshot: Snapshot, terms: Terms, ended: str, noise, shape) -> Certificate:
    """The certificate of a run that ended with this snapshot. noise: the mechanism. shape: (C, H, W)."""
    votes, claim = snapshot.votes, snapshot.claim
    proved = (claim.p_a_lower, claim.p_b_upper) if claim.proves else (0.5, 0.5)
    radii = certified_radii(noise.key, *proved, scale=noise.scale, dim=math.prod(shape))
    drawn = sum(votes.counts0) + votes.drawn
    return Certificate(
        predicted=snapshot.top if claim.proves else ABSTAIN,
        abstained=not claim.proves,
        counts0=votes.counts0,
        counts=votes.counts,
        p_a_lower=claim.p_a_lower,
        p_b_upper=claim.p_b_upper,
        radius=next(iter(radii.values())),
        radii=radii,
        radius_cohen=_radius_cohen(votes.counts, snapshot.top, claim, tight_radius(noise, shape)),
        noise=noise.key,
        scale=noise.scale,
        n0=terms.n0,
        n=votes.drawn,
        n_planned=terms.n,
        ended=ended,
        alpha=terms.alpha,
        alpha_spent=claim.alpha,
        procedure=claim.procedure,
        seed=terms.seed,
        device=votes.plan.device,
        precision=votes.plan.precision,
        block=block_size(shape),
        batch=votes.plan.batch,
        seconds=votes.seconds,
        votes_per_second=drawn / votes.seconds if votes.seconds else 0.0,
    )


def tight_radius(noise, shape):
    """The tight bound of a mechanism for images of `shape`, as a function of arrays (p_a, p_b)."""
    bound = certifying(noise.key)[0]
    return lambda p_a, p_b: bound.radius(p_a, p_b, scale=noise.scale, dim=math.prod(shape))


def _radius_cohen(counts, top, claim, radius):
    if claim.procedure != "split":
        return None
    cohen = make_claim("cohen", counts, top, claim.alpha)
    return float(radius(cohen.p_a_lower, cohen.p_b_upper)) if cohen.proves else 0.0
