"""Where checkpoints are stored: the shipped ones, and the user's under RSVIZ_HOME. Does not import torch."""

import hashlib
import json
import logging
import os
from pathlib import Path

from rsviz import files
from rsviz.checkpoints.card import Card, CheckpointError, checked_name, parse_json, read_card, shown

logger = logging.getLogger(__name__)

PENDING = ".json.pending"
"""Suffix of the new card of a replaced checkpoint until its weights are written: see `current_card`."""


def own_folder() -> Path:
    """Folder of trained and imported checkpoints."""
    return files.home() / "checkpoints"


def folders() -> tuple[Path, ...]:
    """Folders that are searched by name; shipped checkpoints come first, so no other can take their names."""
    return (files.SHIPPED_CHECKPOINTS, own_folder())


def names_in(folder: Path) -> list[str]:
    """Names of the cards in `folder`, in alphabetical order."""
    names = {path.name.removesuffix(".json") for path in folder.glob("*.json")}
    names |= {path.name.removesuffix(PENDING) for path in folder.glob(f"*{PENDING}")}
    return sorted(names)


def list_cards() -> dict[str, Card]:
    """Every usable card by name: shipped ones, then the user's. Unusable ones are logged; see `verify`."""
    cards = {}
    for folder in folders():
        for name in names_in(folder):
            try:
                cards.setdefault(name, current_card(folder, name))
            except CheckpointError as error:
                logger.warning("left out of the list of checkpoints: %s", error)
    return cards


def load_card(name_or_path: str | Path) -> Card:
    """The card of a checkpoint, given by name or by the path of its .safetensors or .json file."""
    return current_card(*locate(name_or_path))


def locate(name_or_path: str | Path) -> tuple[Path, str]:
    """(folder, name) of a checkpoint given by name or by the path of one of its two files."""
    if isinstance(name_or_path, Path) or "/" in str(name_or_path) or "\\" in str(name_or_path):
        return _locate_file(Path(name_or_path))
    if str(name_or_path).endswith((".safetensors", ".json")) and Path(name_or_path).exists():
        return _locate_file(Path(name_or_path))
    name = checked_name(name_or_path)
    for folder in folders():
        if (folder / f"{name}.json").exists() or (folder / f"{name}{PENDING}").exists():
            return folder, name
    known = sorted({name for folder in folders() for name in names_in(folder)})
    raise CheckpointError(
        f"There is no checkpoint called {name}; there are {', '.join(known[:20]) or 'none'}"
        f"{' and others' if len(known) > 20 else ''}."
    )


def _locate_file(path: Path) -> tuple[Path, str]:
    if path.suffix not in (".safetensors", ".json"):
        raise CheckpointError(
            f"{shown(path.name)} is no checkpoint of rsviz (NAME.safetensors beside NAME.json); "
            "import other files with: python -m rsviz checkpoints import FILE."
        )
    if not path.is_file():
        raise CheckpointError(f"There is no file {shown(path)}.")
    if not (path.with_suffix(".json").exists() or path.with_suffix(PENDING).exists()):
        raise CheckpointError(
            f"{shown(path.name)} has no card {shown(path.stem)}.json beside it; "
            "import weights without a card with: python -m rsviz checkpoints import FILE."
        )
    return path.parent, checked_name(path.stem)


def write_checkpoint(card: Card, weights: bytes, folder: Path) -> None:
    """Write NAME.safetensors and NAME.json.

    card: with the SHA-256 of the weights. weights: content of the safetensors file.
    A kill at any moment leaves the old checkpoint or the new one: see `current_card`.
    """
    name = checked_name(card.name)
    pending = folder / f"{name}{PENDING}"
    files.write_atomically(pending, card.to_json().encode())
    files.write_atomically(folder / f"{name}.safetensors", weights)
    os.replace(pending, folder / f"{name}.json")


def rewrite_card(name_or_path: str | Path, card: Card) -> None:
    """Replace the card of a stored checkpoint; its weights stay."""
    folder, name = locate(name_or_path)
    files.write_atomically(folder / f"{name}.json", card.to_json().encode())


def current_card(folder: Path, name: str) -> Card:
    """The card of the stored weights, also after a kill in the middle of a replacement.

    A replacement writes the new card as NAME.json.pending, then the weights, then renames the card. So the
    pending card is valid exactly if its SHA-256 is that of the weights.
    """
    checked_name(name)
    pending = folder / f"{name}{PENDING}"
    if pending.exists():
        card = read_card(pending)
        if card.weights_sha256 == _sha256(folder / f"{name}.safetensors"):
            return _named(card, name)
    return _named(read_card(folder / f"{name}.json"), name)


def _named(card: Card, name: str) -> Card:
    if card.name != name:
        raise CheckpointError(
            f"The card {name}.json names the checkpoint {card.name}; the file and the card must agree."
        )
    return card


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


SURVEY_COLUMNS = ("index", "label", "predicted", "share")


def load_survey(name: str) -> dict | None:
    """How a checkpoint votes on the first images of its test set; None if that was not measured.

    Columns of equal length: index, label, predicted (class with most votes), share (of the votes for that
    class). Other entries: dataset, draws (per image), seed, weights_sha256, how.
    """
    folder, name = locate(name)
    path = folder / "surveys" / f"{name}.json"
    if not path.is_file():
        return None
    try:
        survey = parse_json(path.read_text("utf-8"))
        lengths = {len(survey[column]) for column in SURVEY_COLUMNS}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(f"The survey surveys/{name}.json is damaged; train or measure again.") from None
    if len(lengths) != 1:
        raise CheckpointError(f"The survey surveys/{name}.json has columns of different lengths.")
    # A survey of weights that were replaced since says nothing about the new ones.
    return survey if survey.get("weights_sha256") == current_card(folder, name).weights_sha256 else None


def save_survey(folder: Path, name: str, survey: dict) -> None:
    """Write the survey of the checkpoint `name` in `folder`; its entries are those of `load_survey`."""
    content = json.dumps(survey, allow_nan=False, separators=(",", ":")).encode()
    files.write_atomically(Path(folder) / "surveys" / f"{checked_name(name)}.json", content)
