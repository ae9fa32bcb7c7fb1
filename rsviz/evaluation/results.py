"""Stored votes read as certificates: at any alpha, by any valid procedure, with every bound, without a vote.

Each reading holds at its alpha if it was chosen without looking at these votes. Who reads them in several
ways and keeps the best spends the alpha of each.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rsviz import smoothing
from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES, default_procedure
from rsviz.errors import RsvizError
from rsviz.evaluation import curves
from rsviz.evaluation.logs import ABSTAIN
from rsviz.evaluation.store import EvaluationVotes
from rsviz.noise import NOISES

RADII = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Where certified accuracy is reported, as in the tables of the field, in pixel units."""


@dataclass(frozen=True)
class Certificates:
    """What the votes of a test set prove, a row an image; images without all their draws are left out.

    idx, label, predicted: int64 (N,); predicted is ABSTAIN where nothing is proved. p_a_lower, p_b_upper:
    float64 (N,). radii: for every rigorous bound that fits the noise, the tight one first, float64 (N,) in
    pixel units and the bound's own norm, 0 where it abstains. seconds: float64 (N,), spent on drawing.
    """

    alpha: float
    procedure: str
    idx: np.ndarray
    label: np.ndarray
    predicted: np.ndarray
    p_a_lower: np.ndarray
    p_b_upper: np.ndarray
    radii: Mapping[str, np.ndarray]
    seconds: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """bool (N,): the smoothed classifier gives the label."""
        return self.predicted == self.label

    def radius(self, bound: str | None = None) -> np.ndarray:
        """Radii of a bound, by default the tight one."""
        bound = bound or next(iter(self.radii))
        if bound not in self.radii:
            raise RsvizError(
                f"bound is {bound!r}; for these votes it must be one of {', '.join(self.radii)}."
            )
        return self.radii[bound]

    def log(self, bound: str | None = None) -> pd.DataFrame:
        """The table that `write_log` takes."""
        return pd.DataFrame(
            {
                "idx": self.idx,
                "label": self.label,
                "predict": self.predicted,
                "radius": self.radius(bound),
                "correct": self.correct,
                "time": np.round(self.seconds, 6),
            }
        )


def certificates(
    votes: EvaluationVotes, alpha: float | None = None, procedure: str | None = None
) -> Certificates:
    """Read the votes of a test set; alpha, procedure: by default those of the request.

    Raises RsvizError for an alpha outside (0, 1) and a procedure that makes no certificates.
    """
    request, whole = votes.header.request, votes.complete
    alpha = request.alpha if alpha is None else alpha
    procedure = _procedure(procedure or request.procedure, len(votes.header.classes))
    proved = smoothing.certificates(
        votes.counts[whole],
        votes.counts0[whole].argmax(1),
        procedure=procedure,
        alpha=alpha,
        noise=NOISES[request.noise](request.scale),
        dim=math.prod(votes.header.shape),
    )
    return Certificates(
        alpha=alpha,
        procedure=procedure,
        idx=votes.idx[whole],
        label=votes.label[whole],
        predicted=proved.predicted,
        p_a_lower=proved.p_a_lower,
        p_b_upper=proved.p_b_upper,
        radii=proved.radii,
        seconds=votes.seconds[whole],
    )


def summary(votes: EvaluationVotes, proved: Certificates, bound: str | None = None, radii=RADII) -> dict:
    """What an evaluation found, as plain values for JSON.

    radii: where certified accuracy is reported, each with its 95% band over the images (pointwise, see
    `pointwise_band`). false_at_most: of the certificates, but for a probability of 5%.
    """
    request, header = votes.header.request, votes.header
    bound = bound or next(iter(proved.radii))
    radius, correct = proved.radius(bound), proved.correct
    if not len(radius):
        raise RsvizError("there are no images with all their votes yet.")
    counts = curves.certified(radius, correct, radii)
    bands = np.stack(curves.pointwise_band(counts, len(radius)), -1)
    return {
        "checkpoint": header.name,
        "weights_sha256": header.weights_sha256,
        "dataset": request.dataset,
        "images": len(radius),
        "of": len(header.indices),
        "noise": request.noise,
        "scale": request.scale,
        "n0": request.n0,
        "n": request.n,
        "seed": request.seed,
        "alpha": proved.alpha,
        "procedure": proved.procedure,
        "bound": bound,
        "norm": BOUNDS[bound].norm,
        "certified_accuracy": [
            {
                "radius": float(at),
                "images": int(count),
                "accuracy": count / len(radius),
                "band": band.tolist(),
            }
            for at, count, band in zip(radii, counts, bands, strict=True)
        ],
        "acr": curves.average_certified_radius(radius, correct),
        "abstained": int((proved.predicted == ABSTAIN).sum()),
        "wrong": int((~correct & (proved.predicted != ABSTAIN)).sum()),
        "false_at_most": curves.false_certificates(len(radius), proved.alpha),
        "device": header.plan.device,
        "precision": header.plan.precision,
        "batch": header.plan.batch,
        "seconds": float(proved.seconds.sum()),
    }


def _procedure(key, classes) -> str:
    if key == "auto":
        return default_procedure(classes)
    if key not in PROCEDURES or not PROCEDURES[key].valid:
        valid = ", ".join(name for name, procedure in PROCEDURES.items() if procedure.valid)
        raise RsvizError(
            f"procedure is {key!r}; certificates take one that is proved to hold: auto, {valid}."
        )
    return key
