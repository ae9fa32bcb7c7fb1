"""The result of a training run: the checkpoint that was saved."""

from dataclasses import dataclass

from rsviz.checkpoints import Card
from rsviz.records import Record


@dataclass(frozen=True)
class TrainResult(Record):
    """A saved checkpoint. name: of its files in `folder`. card: with the metrics that were measured."""

    name: str
    folder: str
    card: Card
