"""Checks weights, saves them as a checkpoint, and tries them on test images where there are some."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rsviz import data
from rsviz.checkpoints import Card, import_weights, load_checkpoint, rewrite_card
from rsviz.checkpoints.card import Metric
from rsviz.data import Dataset
from rsviz.tasks.import_weights.request import ImportRequest
from rsviz.tasks.import_weights.result import ACCURACY, ImportResult

NOT_OPTIONS = {"file", "upload"}
IMAGES, BATCH = 500, 100
"""Test images on which imported weights are tried, and how many go through the network at once."""


@dataclass(frozen=True)
class ImportProgress:
    """what: what is done now, in words. result: when finished."""

    what: str
    result: ImportResult | None = None


def run(request: ImportRequest) -> Iterator[ImportProgress]:
    """Check, save and try the weights; the last progress has the result. Raises CheckpointError."""
    yield ImportProgress("reading the weights")
    card = import_weights(request.path, **request.model_dump(exclude=NOT_OPTIONS))
    if card.dataset in data.DATASETS and data.available(card.dataset):
        yield ImportProgress("trying them on test images")
        card = _tried(card, data.load(card.dataset))
    yield ImportProgress("saved", ImportResult(card=card))


def _tried(card: Card, test: Dataset) -> Card:
    """The card with the accuracy of f on the first test images."""
    import torch

    module, card = load_checkpoint(card.name)
    count = min(IMAGES, len(test))
    right = 0
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            part = slice(start, min(start + BATCH, count))
            predicted = module(torch.from_numpy(test.pixels(part))).argmax(1).numpy()
            right += int(np.sum(predicted == test.labels[part]))
    how = f"f on the first {count:,} test images of {card.dataset}, without noise"
    card = card.model_copy(update={"metrics": {ACCURACY: Metric(value=right / count, how=how)}})
    rewrite_card(card.name, card)
    return card
