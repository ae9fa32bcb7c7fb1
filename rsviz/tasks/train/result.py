"""The result of a training run: the checkpoint that was saved."""

from dataclasses import dataclass
from typing import Self

from rsviz.checkpoints import Card


@dataclass(frozen=True)
class TrainResult:
    """A saved checkpoint. name: of its files in `folder`. card: with the metrics that were measured."""

    name: str
    folder: str
    card: Card

    def to_json(self) -> dict:
        """The fields as plain values."""
        return {"name": self.name, "folder": self.folder, "card": self.card.model_dump(mode="json")}

    @classmethod
    def from_json(cls, values: dict) -> Self:
        """The reverse of `to_json`; other keys, which older versions wrote, are passed over."""
        return cls(values["name"], values["folder"], Card.model_validate(values["card"]))
