"""The card of a checkpoint: what the weights are, how they were made, and how well they do."""

import datetime
import json
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from rsviz.errors import RsvizError, first_fault

MAX_CARD_BYTES = 1_000_000
"""A card is a page of text; a larger file is something else."""

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,78}[A-Za-z0-9+])?")

Text = Annotated[str, StringConstraints(max_length=2000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Setting = bool | int | Finite | Text | None


class CheckpointError(RsvizError):
    """Weights or a card that cannot be used, in one sentence."""


class Metric(BaseModel):
    """One measured result. value: a number, or numbers by radius. how: on what, and by which procedure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Finite | dict[str, Finite]
    how: Text


class Card(BaseModel):
    """What NAME.json holds.

    architecture: a key of rsviz.models.ARCHITECTURES.
    dataset: a key of rsviz.data.DATASETS, or another word. data_copy: the copy of the data, in words.
    input_shape: (C, H, W). mean, std: of the normalisation, one number a channel.
    method: a key of rsviz.training.METHODS, or "imported". hyperparameters: settings of the training run.
    noise, scale: key of rsviz.noise.NOISES and scale in pixel units; None and 0 if trained without noise, or
    if that is not known. noise_known: whether it is known; False for imported weights of which nobody told.
    metrics: by name, each with how it was measured.
    weights_sha256: of NAME.safetensors; empty only in a card that is given to `save_checkpoint`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Word
    architecture: Word
    dataset: Word
    data_copy: Text = ""
    classes: Annotated[tuple[Word, ...], Field(min_length=2, max_length=100_000)]
    input_shape: tuple[
        Annotated[int, Field(ge=1, le=64)],
        Annotated[int, Field(ge=1, le=4096)],
        Annotated[int, Field(ge=1, le=4096)],
    ]
    mean: tuple[Finite, ...]
    std: tuple[Annotated[Finite, Field(gt=0)], ...]
    method: Word
    hyperparameters: dict[str, Setting] = {}
    noise: Word | None = None
    scale: Annotated[Finite, Field(ge=0)] = 0.0
    noise_known: bool = True
    metrics: dict[str, Metric] = {}
    versions: dict[str, Text] = {}
    seed: Annotated[int, Field(ge=0)] | None = None
    date: datetime.date
    source: Text = ""
    weights_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_older_cards(cls, values):
        # Before noise_known, an import without a noise was one of which nobody had told.
        if isinstance(values, dict) and values.get("method") == "imported" and "noise_known" not in values:
            return values | {"noise_known": values.get("noise") is not None}
        return values

    @model_validator(mode="after")
    def _belongs_together(self):
        if not NAME.fullmatch(self.name):
            raise ValueError(_name_rule(self.name))
        if not len(self.mean) == len(self.std) == self.input_shape[0]:
            raise ValueError("mean and std must hold one number for each channel of input_shape")
        if (self.noise is None) != (self.scale == 0):
            raise ValueError("scale must be positive where noise is named, and 0 where it is null")
        if self.noise is not None and not self.noise_known:
            raise ValueError("noise_known must be true where noise is named")
        return self

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    def to_json(self) -> str:
        """The text of NAME.json."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def checked_name(name: str) -> str:
    """`name`, if it is a valid file name on every system, without folders; else CheckpointError."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise CheckpointError(_name_rule(name) + ".")
    return name


def _name_rule(name) -> str:
    return (
        f"name is {shown(name)}; a checkpoint's name has 1 to 80 letters, digits, dots, dashes, underscores "
        "or plus signs, and begins and ends with a letter or digit"
    )


def read_card(path: Path) -> Card:
    """The card in the file `path`, checked."""
    what = shown(path.name)
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise CheckpointError(f"The card {what} is larger than {MAX_CARD_BYTES // 1_000_000} MB.")
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise CheckpointError(f"The card {what} is not a text file in UTF-8.") from None
    except OSError as error:
        raise CheckpointError(f"The card {what} cannot be read: {error.strerror}.") from None
    try:
        values = parse_json(text)
        card = Card.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise CheckpointError(f"The card {what} is not valid: {first_fault(error)}.") from None
    except (ValueError, RecursionError):
        raise CheckpointError(f"The card {what} is not a JSON object with each key once.") from None
    if not card.weights_sha256:
        raise CheckpointError(f"The card {what} is not valid: weights_sha256 is empty.")
    return card


def parse_json(text: str | bytes):
    """The value of a JSON text; ValueError for duplicate keys, NaN and syntax, RecursionError for depth."""

    def unique(pairs):
        values = dict(pairs)
        if len(values) != len(pairs):
            raise ValueError("a key occurs twice")
        return values

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def shown(name) -> str:
    """A name from outside as a sentence can show it: printable and short."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name))
    return text if len(text) <= 80 else text[:60] + "..." + text[-17:]
