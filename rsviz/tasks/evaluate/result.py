"""The result of an evaluation: certificates read from stored votes, and the summary of a test set.

Stored votes can be read at any alpha, by any valid procedure and for every bound, without drawing again. Each
reading holds at its alpha if it was chosen without looking at these votes. If several readings are compared
and the best one is kept, their alphas add up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rsviz import smoothing
from rsviz.bounds import BOUNDS
from rsviz.errors import RsvizError
from rsviz.evaluation import curves
from rsviz.lazy import lazy
from rsviz.noise import NOISES
from rsviz.records import Record
from rsviz.smoothing import Certificates
from rsviz.tasks import settings
from rsviz.tasks.evaluate.votes import EvaluationVotes

pd = lazy("pandas")

RADII = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Radii at which certified accuracy is reported, as in the tables of the field, in pixel units."""


@dataclass(frozen=True)
class EvaluationCertificates(Certificates):
    """The certificates of a test set, one row for each image that has all its draws.

    alpha: probability of error of each certificate. procedure: key in PROCEDURES.
    idx: numbers of the images, int64 (N,). label: int64 (N,). seconds: float64 (N,), time spent on drawing.
    """

    alpha: float
    procedure: str
    idx: np.ndarray
    label: np.ndarray
    seconds: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """bool (N,): the certified class is the label."""
        return self.predicted == self.label

    def radius_of(self, bound: str | None = None) -> np.ndarray:
        """Radii (N,) of a bound, by default the tight one; RsvizError if it does not fit the noise."""
        bound = bound or next(iter(self.radii))
        if bound not in self.radii:
            raise RsvizError(
                f"bound is {bound!r}; for these votes it must be one of {', '.join(self.radii)}."
            )
        return self.radii[bound]

    def log(self, bound: str | None = None) -> "pd.DataFrame":
        """The table that `rsviz.evaluation.write_log` takes."""
        return pd.DataFrame(
            {
                "idx": self.idx,
                "label": self.label,
                "predict": self.predicted,
                "radius": self.radius_of(bound),
                "correct": self.correct,
                "time": np.round(self.seconds, 6),
            }
        )


def certificates(
    votes: EvaluationVotes, alpha: float | None = None, procedure: str | None = None
) -> EvaluationCertificates:
    """Read the certificates of a test set from its votes.

    alpha, procedure: by default those of the request.
    Raises RsvizError for an alpha outside (0, 1) and for a procedure that makes no certificates.
    """
    request, complete = votes.header.request, votes.complete
    alpha = request.alpha if alpha is None else alpha
    procedure = _procedure(procedure or request.procedure, len(votes.header.classes))
    proved = smoothing.certificates(
        votes.counts[complete],
        votes.counts0[complete].argmax(1),
        procedure=procedure,
        alpha=alpha,
        noise=NOISES[request.noise](request.scale),
        dim=math.prod(votes.header.shape),
    )
    return EvaluationCertificates(
        **vars(proved),
        alpha=alpha,
        procedure=procedure,
        idx=votes.idx[complete],
        label=votes.label[complete],
        seconds=votes.seconds[complete],
    )


def _procedure(key, num_classes) -> str:
    if key not in (valid := [settings.AUTO, *settings.certifying_procedures()]):
        raise RsvizError(
            f"procedure is {key!r}; certificates take one that is proved to hold: {', '.join(valid)}."
        )
    return settings.procedure_for(key, num_classes)


@dataclass(frozen=True)
class AccuracyAtRadius:
    """Certified accuracy at one radius.

    radius: in pixel units. images: number of images that are certified correct there.
    accuracy: their share. band: 95 % limits on the accuracy in the population, for this radius alone.
    """

    radius: float
    images: int
    accuracy: float
    band: tuple[float, float]


@dataclass(frozen=True)
class EvaluateResult(Record):
    """What an evaluation found.

    images: certified images. of: images of the request. bound, norm: of the radii.
    acr: average certified radius, in pixel units. abstained, wrong: numbers of images.
    false_at_most: at most this number of certificates are false, except with a probability of 5 %.
    seconds: time spent on drawing.
    """

    checkpoint: str
    weights_sha256: str
    dataset: str
    images: int
    of: int
    noise: str
    scale: float
    n0: int
    n: int
    seed: int
    alpha: float
    procedure: str
    bound: str
    norm: str
    certified_accuracy: tuple[AccuracyAtRadius, ...]
    acr: float
    abstained: int
    wrong: int
    false_at_most: int
    device: str
    precision: str
    batch: int
    seconds: float


def summary(
    votes: EvaluationVotes,
    proved: EvaluationCertificates,
    bound: str | None = None,
    radii: Sequence[float] = RADII,
) -> EvaluateResult:
    """Summarise the certificates of a test set.

    proved: read from `votes`. bound: of the radii, by default the tight one.
    radii: where certified accuracy is reported, in pixel units.
    Raises RsvizError if no image is complete, and for a bound that does not fit the noise.
    """
    request, header = votes.header.request, votes.header
    bound = bound or next(iter(proved.radii))
    radius, correct = proved.radius_of(bound), proved.correct
    if not len(radius):
        raise RsvizError("there are no images with all their votes yet.")
    counts = curves.certified_count(radius, correct, radii)
    bands = zip(*curves.pointwise_band(counts, len(radius)), strict=True)
    return EvaluateResult(
        checkpoint=header.name,
        weights_sha256=header.weights_sha256,
        dataset=request.dataset,
        images=len(radius),
        of=len(header.indices),
        noise=request.noise,
        scale=request.scale,
        n0=request.n0,
        n=request.n,
        seed=request.seed,
        alpha=proved.alpha,
        procedure=proved.procedure,
        bound=bound,
        norm=BOUNDS[bound].norm,
        certified_accuracy=tuple(
            AccuracyAtRadius(float(at), int(count), float(count / len(radius)), (float(low), float(high)))
            for at, count, (low, high) in zip(radii, counts, bands, strict=True)
        ),
        acr=curves.average_certified_radius(radius, correct),
        abstained=int(proved.abstained.sum()),
        wrong=int((~correct & ~proved.abstained).sum()),
        false_at_most=curves.false_certificates(len(radius), proved.alpha),
        device=header.plan.device,
        precision=header.plan.precision,
        batch=header.plan.batch,
        seconds=float(proved.seconds.sum()),
    )
