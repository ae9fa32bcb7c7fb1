"""One certificate from request to result: what the page, the worker and the command line share.

Importing this module does not import torch; running does.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from rsviz import data, files
from rsviz.checkpoints import Card, load_card, load_checkpoint
from rsviz.confidence import PROCEDURES, default_procedure
from rsviz.data import images
from rsviz.errors import RsvizError, first_fault, short
from rsviz.noise import MAX_SEED, NOISES

if TYPE_CHECKING:
    from rsviz.smoothing import CertifyVotes, SmoothedClassifier, Snapshot

MAX_N = 10_000_000
MAX_SCALE = 10.0
AUTO = "auto"
"""The procedure that suits the number of classes: rsviz.confidence.default_procedure."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetImage(_Frozen):
    """Image `index` of the test part of a dataset."""

    kind: Literal["dataset"] = "dataset"
    dataset: str
    index: int = Field(ge=0)


class UploadedImage(_Frozen):
    """A file kept by `store_upload`, fitted to the model's input."""

    kind: Literal["upload"] = "upload"
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    how: Literal["crop", "pad"] = "crop"
    invert: bool = False


class FileImage(_Frozen):
    """A file of this machine, for the command line only: a job never reads a path that somebody sent."""

    kind: Literal["file"] = "file"
    path: str
    how: Literal["crop", "pad"] = "crop"
    invert: bool = False


Source = Annotated[DatasetImage | UploadedImage | FileImage, Field(discriminator="kind")]


class CertifyRequest(_Frozen):
    """All that a certificate depends on. device, precision, batch: None leaves the choice to the machine.

    procedure: a valid one, or auto. How the run may end before n votes, see rsviz.smoothing.Terms; decide: at
    the radius that is to be decided; within: within so many percent of what was in reach; stoppable: by hand.
    A run with decide or within stands on procedure anytime, and takes no other.
    """

    checkpoint: str = Field(min_length=1, max_length=4096)
    image: Source
    noise: str = "gaussian"
    scale: float = Field(gt=0, le=MAX_SCALE, allow_inf_nan=False)
    n0: int = Field(default=100, ge=1, le=1_000_000)
    n: int = Field(default=100_000, ge=1, le=MAX_N)
    alpha: float = Field(default=0.001, gt=0, lt=1, allow_inf_nan=False)
    procedure: str = AUTO
    decide: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    within: float | None = Field(default=None, gt=0, lt=100, allow_inf_nan=False)
    stoppable: bool = False
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    device: str | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: int | None = Field(default=None, ge=1, le=65536)

    @field_validator("noise")
    @classmethod
    def _known_noise(cls, value):
        return _one_of("noise", value, NOISES)

    @field_validator("procedure", mode="before")
    @classmethod
    def _auto_by_default(cls, value):
        return AUTO if value is None else value

    @field_validator("procedure")
    @classmethod
    def _makes_certificates(cls, value):
        certifying = [key for key, procedure in PROCEDURES.items() if procedure.valid]
        if value in PROCEDURES and value not in certifying:
            raise ValueError(
                f"its limits are not proved to hold with probability 1 - alpha, so it makes no certificate; "
                f"{AUTO}, {', '.join(certifying)} do"
            )
        return _one_of("procedure", value, [AUTO, *certifying])

    @model_validator(mode="after")
    def _ends_by_one_rule(self):
        if self.decide is not None and self.within is not None:
            raise ValueError("decide and within are both given; a run ends by one rule")
        rule = "decide" if self.decide is not None else "within" if self.within is not None else None
        if rule and self.procedure not in (AUTO, "anytime"):
            raise ValueError(
                f"procedure is {self.procedure!r}, and {rule} is given: a run that ends by what it sees "
                "needs limits that hold at every moment, which are those of anytime"
            )
        return self

    def procedure_for(self, num_classes: int) -> str:
        """The procedure that stands for auto, or the one that was asked for."""
        if self.procedure != AUTO:
            return self.procedure
        has_rule = self.decide is not None or self.within is not None
        return "anytime" if has_rule else default_procedure(num_classes)


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}")
    return value


def default_scale(card: Card, noise: str) -> float | None:
    """Scale of `noise` whose coordinates deviate as they did in training; None: trained without noise."""
    if not card.noise:
        return None
    if noise == card.noise:
        return card.scale
    dim = math.prod(card.input_shape)
    return NOISES[noise].with_deviation(NOISES[card.noise](card.scale).deviation(dim), dim).scale


_REQUEST, _SOURCE = TypeAdapter(CertifyRequest), TypeAdapter(Source)


def make_request(**values) -> CertifyRequest:
    """A CertifyRequest, or one sentence that names the field, what came and what is allowed."""
    return _checked(_REQUEST, values)


def make_source(values: dict) -> DatasetImage | UploadedImage | FileImage:
    """Where an image comes from, checked like `make_request`."""
    return _checked(_SOURCE, values)


def _checked(adapter, values):
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise RsvizError(f"{first_fault(error)}.") from None


def check_job(request: dict) -> CertifyRequest:
    """The request of a job, checked, with a checkpoint that exists; see FileImage."""
    checked = make_request(**request)
    if checked.image.kind == "file":
        raise RsvizError("image.kind is 'file'; a job takes images of a dataset or uploaded ones.")
    if Path(checked.checkpoint).name != checked.checkpoint:
        raise RsvizError(f"checkpoint is {short(checked.checkpoint)}; a job takes the name of a checkpoint.")
    card = load_card(checked.checkpoint)
    if checked.image.kind == "dataset" and checked.image.dataset != card.dataset:
        raise RsvizError(
            f"image.dataset is {short(checked.image.dataset)}; {card.name} was trained on {card.dataset}."
        )
    return checked


def store_upload(content: bytes) -> str:
    """Check that `content` is an image, keep it under the home folder, and give its SHA-256."""
    images.decode(content)
    return files.keep_upload(content)


def load_input(source, shape) -> tuple[np.ndarray, int | None]:
    """The model's input float32 (C, H, W) in [0, 1], and its label where one is known."""
    if source.kind == "dataset":
        dataset = data.load(source.dataset)
        if source.index >= len(dataset):
            raise RsvizError(
                f"index is {source.index}; the test part of {source.dataset} ends at {len(dataset) - 1}."
            )
        x = dataset.image(source.index)
        if x.shape != tuple(shape):
            raise RsvizError(
                f"{source.dataset} has images of shape {x.shape}; this checkpoint takes {tuple(shape)}."
            )
        return x, int(dataset.labels[source.index])
    if source.kind == "upload":
        path, missing = (
            files.upload(source.sha256),
            "the uploaded image is no longer here; upload it again.",
        )
    else:
        path, missing = Path(source.path), f"image is {source.path!r}; there is no such file."
    try:
        content = path.read_bytes()
    except OSError:
        raise RsvizError(missing) from None
    return images.fit(images.decode(content), tuple(shape), how=source.how, invert=source.invert), None


@dataclass(frozen=True)
class Run:
    """A request with its network and image in place."""

    request: CertifyRequest
    card: Card
    x: np.ndarray
    label: int | None
    smoothed: "SmoothedClassifier"

    def stream(
        self, resume: "CertifyVotes | None" = None, stop: "Callable[[Snapshot], bool] | None" = None
    ) -> "Iterator[Snapshot]":
        """The snapshots of CERTIFY; see SmoothedClassifier.stream. stop: counts where the request allows it.

        What is claimed depends on the request alone: alpha is shared where it is stoppable, asked or not.
        """
        r = self.request
        return self.smoothed.stream(
            self.x,
            r.n0,
            r.n,
            r.alpha,
            r.procedure_for(self.card.num_classes),
            r.seed,
            until_radius=r.decide,
            within=r.within,
            stop=(stop or _never) if r.stoppable else None,
            resume=resume,
        )

    def describe(self, certificate) -> dict:
        """The certificate with all that identifies it, as plain values for JSON."""
        predicted, classes = certificate.predicted, self.card.classes
        return {
            "checkpoint": self.card.name,
            "weights_sha256": self.card.weights_sha256,
            "image": self.request.image.model_dump(),
            "image_sha256": images.digest(self.x),
            "label": self.label,
            "label_name": None if self.label is None else classes[self.label],
            **dataclasses.asdict(certificate),
            "counts0": list(certificate.counts0),
            "counts": list(certificate.counts),
            "predicted_name": None if certificate.abstained else classes[predicted],
            "norm": NOISES[certificate.noise].norm,
        }


def _never(snapshot) -> bool:
    return False


def prepare(request: CertifyRequest, resume: "CertifyVotes | None" = None) -> Run:
    """Load the network and the image. resume: votes of an earlier run, whose device and precision stay."""
    from rsviz.execution import keep_memory, pick_device
    from rsviz.smoothing import SmoothedClassifier

    keep_memory()
    card = load_card(request.checkpoint)
    module = cached_network(request.checkpoint, card.weights_sha256)
    x, label = load_input(request.image, card.input_shape)
    smoothed = SmoothedClassifier(
        module,
        NOISES[request.noise](request.scale),
        card.num_classes,
        pick_device(resume.plan.device if resume else request.device),
        precision=resume.plan.precision if resume else request.precision or "auto",
        batch=resume.plan.batch if resume else request.batch,
        plans=known_plans(card.weights_sha256),
    )
    return Run(request, card, x, label, smoothed)


@functools.lru_cache(maxsize=4)
def cached_network(checkpoint: str, weights_sha256: str):
    """A worker certifies many images with few networks."""
    module, card = load_checkpoint(checkpoint)
    if card.weights_sha256 != weights_sha256:
        raise RsvizError(
            f"the checkpoint {checkpoint} was replaced while it was being read; please try again."
        )
    return module


@functools.lru_cache(maxsize=64)
def known_plans(weights_sha256: str) -> dict:
    """What was measured for these weights in this process."""
    return {}


def command_line(request: CertifyRequest, certificate: dict) -> str:
    """The shell command that draws the same votes again; for an upload the person puts in the file.

    A run that was stopped by hand is one to n, by procedure anytime, with the votes and the alpha it had.
    """
    image, asked = request.image, certificate
    by_hand = certificate.get("ended") == "by hand"
    if by_hand:
        asked = certificate | {"alpha": certificate["alpha_spent"]}
    elif "n_planned" in certificate:
        asked = certificate | {
            "n": certificate["n_planned"],
            "procedure": request.procedure_for(len(certificate["counts"])),
        }
    if image.kind == "dataset":
        source = f"--dataset {image.dataset} --index {image.index}"
    else:
        source = f"--image FILE --fit {image.how}" + (" --invert" if image.invert else "")
    settings = ("noise", "scale", "n0", "n", "alpha", "procedure", "seed", "device", "precision", "batch")
    options = " ".join(f"--{name} {asked[name]}" for name in settings)
    if not by_hand:
        options += "".join(
            f" --{name} {value}" for name in ("decide", "within") if (value := getattr(request, name))
        )
        options += " --stoppable" if request.stoppable else ""
    return f"python -m rsviz certify --checkpoint {request.checkpoint} {source} {options} --json"


def gain(certificate: dict) -> str | None:
    """How much farther `split` certifies than `cohen` does from the same votes at the same alpha, in words.

    None where the certificate is not one of `split`, or neither of them certifies.
    """
    radius, cohen = certificate["radius"], certificate["radius_cohen"]
    if cohen is None or radius == cohen == 0:
        return None
    if cohen == 0:
        return "it certifies, where CERTIFY abstains"
    if math.isinf(cohen):
        return "both without limit"
    return f"{100 * (radius / cohen - 1):+.1f} % radius over CERTIFY"


def limits_in_words(p_a_lower: float, p_b_upper: float) -> tuple[str, str]:
    """Four decimals of each, rounded to the side on which the limit still holds."""
    return f"{math.floor(1e4 * p_a_lower) / 1e4:.4f}", f"{math.ceil(1e4 * p_b_upper) / 1e4:.4f}"
