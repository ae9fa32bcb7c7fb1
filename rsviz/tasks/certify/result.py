"""What a certificate says and what it rests on, finished or not: votes, their path, pictures. No torch."""

import math
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rsviz.bounds import certifying
from rsviz.noise import NOISES
from rsviz.smoothing import TimedCertificate
from rsviz.tasks.certify.request import CertifyRequest
from rsviz.tasks.image import Source, on_another_machine
from rsviz.tasks.saved import SavedPictures, SavedProgress

if TYPE_CHECKING:
    from rsviz.smoothing import CertifyVotes

NOT_CORRECT = (
    "Certified is not correct: the certificate says that the class stays, not that it is the right one."
)


@dataclass(frozen=True)
class CertifyResult(TimedCertificate):
    """A certificate with all that identifies it. Its own fields come from TimedCertificate.

    checkpoint, weights_sha256: the network. image, image_sha256: where the image comes from, and its pixels.
    label, label_name: the class in the dataset, None where it is not known.
    predicted_name: the certified class, None where it abstains. norm: that of the radius.
    """

    checkpoint: str
    weights_sha256: str
    image: Source
    image_sha256: str
    label: int | None
    label_name: str | None
    predicted_name: str | None
    norm: str

    @property
    def gain(self) -> str | None:
        """How much farther `split` certifies than `cohen` from the same votes and alpha, in words.

        None where the limits are not those of `split`, or neither of them certifies.
        """
        radius, cohen = self.radius, self.radius_cohen
        if cohen is None or radius == cohen == 0:
            return None
        if cohen == 0:
            return "it certifies, where CERTIFY abstains"
        if math.isinf(cohen):
            return "both without limit"
        words = f"{100 * (radius / cohen - 1):+.1f} % radius over CERTIFY"
        return "the same radius as CERTIFY" if words[1:4] == "0.0" else words

    def repeated(self, request: CertifyRequest) -> CertifyRequest:
        """The request that draws the same votes again on another machine: device, precision, batch are fixed.

        A run that was stopped by hand becomes one to n by procedure anytime, at the alpha that it spent.
        """
        fixed = {"device": self.device, "precision": self.precision, "batch": self.batch}
        fixed |= {"image": on_another_machine(request.image)}
        if self.ended == "by hand":
            rule = {"until_radius": None, "within": None, "stoppable": False}
            fixed |= {"n": self.n, "alpha": self.alpha_spent, "procedure": self.procedure} | rule
        else:
            fixed |= {"procedure": request.procedure_for(len(self.counts))}
        return request.model_copy(update=fixed)

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them."""
        values = super().to_json()
        return {name: values[name] for name in _IDENTITY} | values


_IDENTITY = ("checkpoint", "weights_sha256", "image", "image_sha256", "label", "label_name")


def described(
    certificate: TimedCertificate, request: CertifyRequest, card, digest: str, label
) -> CertifyResult:
    """The certificate of a request with its names.

    card: of the checkpoint. digest: SHA-256 of the image's pixels. label: class index or None.
    """
    return CertifyResult(
        **{one.name: getattr(certificate, one.name) for one in fields(TimedCertificate)},
        checkpoint=card.name,
        weights_sha256=card.weights_sha256,
        image=request.image,
        image_sha256=digest,
        label=label,
        label_name=None if label is None else card.classes[label],
        predicted_name=None if certificate.abstained else card.classes[certificate.predicted],
        norm=NOISES[certificate.noise].norm,
    )


@dataclass(frozen=True)
class CertifyPictures(SavedPictures):
    """The pictures of a certificate.

    x: the input float32 (C, H, W). noisy: noisy copies (EXAMPLES, C, H, W). votes: f's class of each copy.
    """

    x: np.ndarray
    noisy: np.ndarray
    votes: np.ndarray

    FLOAT = MappingProxyType({"x": np.float32, "noisy": np.float16})


@dataclass(frozen=True)
class CertifyProgress(SavedProgress):
    """The state of one request.

    phase: "loading", "measuring" (the speed of this machine) or "voting".
    counts0, counts: votes per class of the selecting and of the estimating draws so far.
    top: the class that is counted for, None while it is being selected.
    history: rows [votes drawn, votes for the top class, votes for the largest other one, p_a_lower,
    p_b_upper]; the limits are those that could be claimed at that moment.
    result: None until the run has ended. votes: all that a restart needs beside the request.
    """

    REQUEST = CertifyRequest
    PICTURES = CertifyPictures

    request: CertifyRequest
    pictures: CertifyPictures | None = None
    phase: str = "loading"
    counts0: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    top: int | None = None
    history: list = field(default_factory=list)
    result: CertifyResult | None = None
    votes: "CertifyVotes | None" = None

    @property
    def drawn(self) -> int:
        """Estimating votes so far."""
        return sum(self.counts)

    @property
    def limits(self) -> tuple[float, float] | None:
        """(p_a_lower, p_b_upper) that may be claimed now; None before the first estimating vote."""
        return tuple(self.history[-1][3:]) if self.history else None

    def radius_now(self) -> float:
        """Radius of the tight bound that may be claimed now, 0 where nothing is proved."""
        if self.limits is None:
            return 0.0
        bound = certifying(self.request.noise)[0]
        return float(bound.certified_radius(*self.limits, scale=self.request.scale))

    def changing(self) -> dict[str, Any]:
        """The part that changes while votes arrive, for JSON."""
        return {
            "counts0": list(self.counts0),
            "counts": list(self.counts),
            "top": self.top,
            "history": self.history,
        }

    @classmethod
    def gathered(cls, request: CertifyRequest, pictures, values: dict[str, Any]) -> "CertifyProgress":
        """What a job stored: `changing` and a phase, at the end "certificate"; older versions too."""
        values = dict(values)
        history = [row for row in values.pop("history", ()) if len(row) == 5]  # the first version: no limits
        stored = values.pop("certificate", None)
        result = CertifyResult.from_json(stored) if stored else None
        return cls(request, pictures, history=history, result=result, **values)

    def stored(self) -> dict[str, Any]:
        return self.changing() | {"certificate": self.result.to_json() if self.result else None}


def shipped_example() -> CertifyProgress:
    """The finished certificate that comes with rsviz; it was made by

    python -m rsviz certify --checkpoint mnist-gaussian-0.70 --sample 5-a --n 10000 --device cpu \
        --precision float32 --batch 256 --save checkpoints/examples/certify.json
    """
    return CertifyProgress.example()


def limits_in_words(p_a_lower: float, p_b_upper: float) -> tuple[str, str]:
    """Four decimals of each, rounded to the side on which the limit still holds."""
    return f"{math.floor(1e4 * p_a_lower) / 1e4:.4f}", f"{math.ceil(1e4 * p_b_upper) / 1e4:.4f}"
