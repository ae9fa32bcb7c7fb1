"""What a run of CERTIFY has at each moment, and how its end becomes a certificate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rsviz.confidence import PROCEDURES
from rsviz.execution import Plan
from rsviz.noise import Noise, block_size
from rsviz.records import Record
from rsviz.smoothing.certificate import TimedCertificate
from rsviz.smoothing.certify import Certificates, certificates
from rsviz.smoothing.stopping import Claim, Terms


@dataclass(frozen=True)
class CertifyVotes(Record):
    """How far a run has come; all that a restart needs beside the request.

    plan: device, precision and batch, fixed at the start of the run.
    counts0, counts: votes per class so far. seconds: time spent on drawing.
    """

    plan: Plan
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    seconds: float = 0.0

    @property
    def drawn(self) -> int:
        """Estimating votes so far."""
        return sum(self.counts)


@dataclass(frozen=True)
class Snapshot:
    """A moment of a stream.

    votes: the votes so far. top: the class they are counted for, None while it is being selected.
    claim: the limits that may be claimed now, None before the first estimating vote.
    certificate: of the last snapshot alone.
    """

    votes: CertifyVotes
    top: int | None
    claim: Claim | None = None
    certificate: TimedCertificate | None = None


def make_certificate(
    proved: Certificates,
    votes: CertifyVotes,
    top: int,
    terms: Terms,
    ended: str,
    noise: Noise,
    shape: Sequence[int],
) -> TimedCertificate:
    """The certificate of a run that ended with these votes.

    proved: what `rsviz.smoothing.certify.certify` returned. noise: the mechanism. shape: (C, H, W).
    """
    procedure, alpha = terms.limits_after(votes.drawn)
    radius_cohen = None
    if other := PROCEDURES[procedure].compared_with:
        cohen = certificates(
            votes.counts, top, procedure=other, alpha=alpha, noise=noise, dim=math.prod(shape)
        )
        radius_cohen = float(cohen.radius)
    drawn = sum(votes.counts0) + votes.drawn
    return TimedCertificate(
        predicted=int(proved.predicted),
        abstained=bool(proved.abstained),
        counts0=votes.counts0,
        counts=votes.counts,
        p_a_lower=float(proved.p_a_lower),
        p_b_upper=float(proved.p_b_upper),
        radius=float(proved.radius),
        radii={key: float(radius) for key, radius in proved.radii.items()},
        radius_cohen=radius_cohen,
        noise=noise.key,
        scale=noise.scale,
        n0=terms.n0,
        n=votes.drawn,
        n_planned=terms.n,
        ended=ended,
        alpha=terms.alpha,
        alpha_spent=alpha,
        procedure=procedure,
        seed=terms.seed,
        device=votes.plan.device,
        precision=votes.plan.precision,
        block=block_size(shape),
        batch=votes.plan.batch,
        seconds=votes.seconds,
        votes_per_second=drawn / votes.seconds if votes.seconds else 0.0,
    )
