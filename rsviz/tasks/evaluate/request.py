"""The request of an evaluation: which images of a test set are certified, and how. Does not import torch."""

import functools
from typing import Annotated, ClassVar, Self

from pydantic import Field

from rsviz import data
from rsviz.checkpoints import Card, load_card
from rsviz.data import Dataset
from rsviz.errors import RsvizError, short
from rsviz.tasks import settings
from rsviz.tasks.fields import Setting
from rsviz.tasks.shared import CertifyingRequest


class EvaluateRequest(CertifyingRequest):
    """All that the votes of an evaluation depend on, and how they are read.

    alpha and procedure do not change the votes: stored votes can be read again with other ones.
    """

    TASK: ClassVar[str] = "evaluate"
    COMMAND: ClassVar[str] = "evaluate"

    checkpoint: settings.CheckpointName
    dataset: settings.DatasetName
    skip: settings.Skip = 1
    limit: Annotated[
        int | None,
        Field(ge=1),
        Setting("Certify at most this number of images.", unit="images", label="Images", in_links=True),
    ] = None
    noise: settings.Noise
    scale: settings.Scale

    @property
    def votes_per_image(self) -> int:
        return self.n0 + self.n

    @property
    def passes(self) -> float | None:
        """The votes of all images; None for images of a folder."""
        if self.dataset not in data.DATASETS:
            return None
        return len(self.indices(data.DATASETS[self.dataset].sizes["test"])) * self.votes_per_image

    def indices(self, size: int) -> range:
        """Numbers of the images to certify, in a test part of `size` images."""
        return range(0, size, self.skip)[: self.limit]

    def read_with(self, alpha: float, procedure: str) -> Self:
        """The request of the same votes, read at another alpha and by another procedure."""
        return self.model_copy(update={"alpha": alpha, "procedure": procedure})

    def check_job(self) -> Self:
        """The request, if a job may run it: checkpoint and dataset go by name, and fit each other."""
        super().check_job()
        if self.dataset not in data.DATASETS:
            raise RsvizError(
                f"dataset is {short(self.dataset)}; a job takes one of {', '.join(data.DATASETS)}."
            )
        load_images(self, load_card(self.checkpoint))
        return self


@functools.lru_cache(maxsize=4)
def _load_dataset(name, shape) -> Dataset:
    return data.load(name, shape=shape if data.is_folder(name) else None)


def load_images(request: EvaluateRequest, card: Card) -> Dataset:
    """The dataset of a request.

    card: of its checkpoint.
    Raises RsvizError where the images or classes do not fit the checkpoint.
    """
    dataset = _load_dataset(request.dataset, tuple(card.input_shape))
    shape = dataset.image(0).shape
    if shape != tuple(card.input_shape):
        raise RsvizError(
            f"{request.dataset} has images of shape {shape}; {card.name} takes {tuple(card.input_shape)}."
        )
    if len(dataset.classes) != card.num_classes:
        raise RsvizError(
            f"{request.dataset} has {len(dataset.classes)} classes; {card.name} has {card.num_classes}."
        )
    if request.dataset in data.DATASETS and card.dataset in data.DATASETS and request.dataset != card.dataset:
        raise RsvizError(
            f"dataset is {request.dataset}; {card.name} was trained on {card.dataset}, with other classes."
        )
    return dataset
