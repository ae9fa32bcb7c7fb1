"""What is asked of an evaluation: checked where it enters, and the images it is about."""

import functools
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rsviz import data
from rsviz.certification import CertifyRequest, DatasetImage, default_scale
from rsviz.checkpoints import Card, load_card
from rsviz.confidence import default_procedure
from rsviz.errors import RsvizError, first_fault, short
from rsviz.noise import MAX_SEED, NOISES

_LIKE = {name: field.default for name, field in CertifyRequest.model_fields.items()}
_SHARED = ("checkpoint", "noise", "scale", "n0", "n", "alpha", "procedure", "device", "precision", "batch")


class EvaluateRequest(BaseModel):
    """All that the votes of an evaluation depend on, and at what alpha they are read.

    checkpoint, noise, scale, n0, n, alpha, procedure, device, precision, batch: as for CertifyRequest; alpha
    and procedure can be chosen anew when the votes are there. dataset: a key of rsviz.data.DATASETS, or
    folder:PATH; its test part. skip: every skip-th image, as in Cohen et al.; limit: at most so many of them.
    seed: image i draws with seed + i, so that no two images share their noise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str
    dataset: str = Field(min_length=1, max_length=4096)
    skip: int = Field(default=1, ge=1)
    limit: int | None = Field(default=None, ge=1)
    noise: str = _LIKE["noise"]
    scale: float
    n0: int = _LIKE["n0"]
    n: int = _LIKE["n"]
    alpha: float = _LIKE["alpha"]
    procedure: str = _LIKE["procedure"]
    seed: int = Field(default=0, ge=0, le=MAX_SEED - 2**31)
    device: str | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: int | None = None

    @model_validator(mode="after")
    def _as_for_one_image(self):
        settings = {name: getattr(self, name) for name in _SHARED}
        try:
            CertifyRequest(image=DatasetImage(dataset=self.dataset, index=0), **settings)
        except ValidationError as error:
            raise ValueError(first_fault(error)) from None
        return self

    @property
    def votes_per_image(self) -> int:
        return self.n0 + self.n

    def indices(self, size: int) -> range:
        """The images of a test part with `size` images, in the order in which they are certified."""
        chosen = range(0, size, self.skip)
        return chosen[: self.limit] if self.limit else chosen

    def procedure_for(self, classes: int) -> str:
        """The procedure, where auto leaves it to the number of classes."""
        return default_procedure(classes) if self.procedure == "auto" else self.procedure


def make_request(**values) -> EvaluateRequest:
    """An EvaluateRequest, or one sentence that names the field, what came and what is allowed.

    scale left out: that of the checkpoint's training, see rsviz.certification.default_scale.
    """
    noise = values.get("noise", "gaussian")
    try:
        if values.get("scale") is None and isinstance(values.get("checkpoint"), str):
            # an unknown noise is refused with the request, by its own sentence
            values["scale"] = _own_scale(values["checkpoint"], noise) if noise in NOISES else 1.0
        return EvaluateRequest.model_validate(values)
    except ValidationError as error:
        raise RsvizError(f"{first_fault(error)}.") from None


def _own_scale(checkpoint, noise):
    card = load_card(checkpoint)
    scale = default_scale(card, noise)
    if scale is None:
        raise RsvizError(f"scale is missing, and {card.name} was trained without noise, so it has none.")
    return scale


def check_job(request: dict) -> EvaluateRequest:
    """The request of a job, checked: a checkpoint and a dataset that go by name, and that fit."""
    checkpoint = request.get("checkpoint")
    if isinstance(checkpoint, str) and Path(checkpoint).name != checkpoint:  # before any file is looked at
        raise RsvizError(f"checkpoint is {short(checkpoint)}; a job takes the name of a checkpoint.")
    checked = make_request(**request)
    if checked.dataset not in data.DATASETS:
        raise RsvizError(
            f"dataset is {short(checked.dataset)}; a job takes one of {', '.join(data.DATASETS)}."
        )
    load_images(checked, load_card(checked.checkpoint))
    return checked


@functools.lru_cache(maxsize=4)
def _dataset(name, shape):
    return data.load(name, shape=shape if name.startswith("folder:") else None)


def load_images(request: EvaluateRequest, card: Card):
    """The dataset, if its images and classes are such as the checkpoint takes.

    Raises RsvizError where they are not.
    """
    dataset = _dataset(request.dataset, tuple(card.input_shape))
    shape = dataset.image(0).shape
    if shape != tuple(card.input_shape):
        raise RsvizError(
            f"{request.dataset} has images of shape {shape}; {card.name} takes {tuple(card.input_shape)}."
        )
    if len(dataset.classes) != card.num_classes:
        raise RsvizError(
            f"{request.dataset} has {len(dataset.classes)} classes; {card.name} knows {card.num_classes}."
        )
    if request.dataset in data.DATASETS and card.dataset in data.DATASETS and request.dataset != card.dataset:
        raise RsvizError(
            f"dataset is {request.dataset}; {card.name} was trained on {card.dataset}, with other classes."
        )
    return dataset
