"""Imports weights that were trained elsewhere: the architecture is recognised, and a card is written."""

import datetime
import hashlib
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from rsviz import __version__
from rsviz.checkpoints import storage
from rsviz.checkpoints.card import NAME, Card, CheckpointError, checked_name, shown
from rsviz.checkpoints.layouts import recognise
from rsviz.checkpoints.weight_files import read_weights
from rsviz.checkpoints.weights import module_from, read_file, save_checkpoint
from rsviz.data import DATASETS, normalisation
from rsviz.errors import first_fault
from rsviz.models import ARCHITECTURES
from rsviz.noise import NOISES

SUFFIXES = (".safetensors", ".pth.tar", ".pth", ".pt", ".ckpt", ".tar", ".bin")

UNKNOWN = "unknown"
"""Data set of weights with classes of no known data set."""

WITHOUT_NOISE = "no-noise"
"""In place of a noise: the weights were trained without."""


def import_weights(
    path: str | Path,
    *,
    architecture: str | None = None,
    dataset: str | None = None,
    name: str | None = None,
    classes: Sequence[str] | None = None,
    input_shape: Sequence[int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    noise: str | None = None,
    scale: float = 0.0,
    folder: str | Path | None = None,
    shown_as: str | None = None,
) -> Card:
    """Check the weights in the file `path`, and save them as a checkpoint of the user.

    path: .safetensors, or .pt, .pth, .pth.tar with a state dict, alone or under a usual key, beside an entry
    `arch` that may name the architecture. See `layouts` for the names that are understood.
    architecture: a key of ARCHITECTURES; needed if neither the file nor its tensors tell.
    dataset: a key of rsviz.data.DATASETS; by default that of the architecture, if its classes fit.
    name: of the new checkpoint; by default made from the name of the file.
    classes: names of the classes; by default those of the dataset, or numbers.
    input_shape: (C, H, W); by default the first of the architecture.
    mean, std: of the normalisation, one number a channel; by default from the file, then from the dataset.
    noise, scale: key and scale (pixel units) of the noise in training, if known; WITHOUT_NOISE and 0 if it is
    known that there was none.
    folder: where the checkpoint is saved; by default with the user's other ones.
    shown_as: name of the file in sentences and on the card, for uploads under a temporary name.

    Returns the card; its hyperparameters say what was assumed. Raises CheckpointError, and changes nothing,
    if the file cannot be used.
    """
    path = Path(path)
    what = shown(shown_as or path.name)
    name = _new_name(name, shown_as or path.name, [Path(folder)] if folder else [])
    content = read_file(path)
    tensors, hints = read_weights(content, what)
    found = recognise(tensors, architecture or hints.get("architecture"), what)
    record = ARCHITECTURES[found.architecture]
    num_classes = found.tensors[record.head].shape[0]
    dataset = _dataset(dataset or hints.get("dataset"), record, num_classes, classes, what)
    if noise is None and scale == 0.0:
        noise, scale = _noise_in(hints)
    if noise not in (None, WITHOUT_NOISE, *NOISES):
        raise CheckpointError(f"noise is {shown(noise)}; it must be one of {', '.join(NOISES)}.")
    usual = dataset if dataset != UNKNOWN else record.dataset
    constants, assumed = _normalisation(found, mean, std, usual, what)
    card = _card(
        name=name,
        architecture=found.architecture,
        dataset=dataset,
        classes=tuple(classes or _class_names(dataset, num_classes)),
        input_shape=tuple(input_shape or record.input_shapes[0]),
        **constants,
        method="imported",
        hyperparameters={
            "file": what,
            "file_sha256": hashlib.sha256(content).hexdigest(),
            "normalisation": assumed,
        },
        noise=None if noise == WITHOUT_NOISE else noise,
        scale=scale,
        noise_known=noise is not None,
        versions=_versions(),
        date=datetime.datetime.now(datetime.UTC).date(),
        source=f"imported from {what}",
    )
    if card.num_classes != num_classes:
        raise CheckpointError(f"{what} has {num_classes} classes, but {card.num_classes} were named.")
    tensors = {f"network.{key}": tensor for key, tensor in found.tensors.items()}
    tensors |= _normalize_layer(card)
    module = module_from(tensors, card, what)
    return save_checkpoint(module, card, folder, dtype="float32")


def _new_name(name, file_name, extra) -> str:
    """The requested name, or one made from the name of the file; raises CheckpointError if it is taken."""
    if name is None:
        stem = next(
            (file_name[: -len(end)] for end in SUFFIXES if file_name.lower().endswith(end)), file_name
        )
        stem = re.sub(r"[^A-Za-z0-9._+-]+", "-", Path(stem.replace("\\", "/")).name).strip(".-_+")[:70]
        stem = stem.strip(".-_")
        name = stem if NAME.fullmatch(stem) else "imported"
    checked_name(name)
    if any(name in storage.names_in(folder) for folder in (*storage.folders(), *extra)):
        raise CheckpointError(f"There already is a checkpoint called {name}; give another name.")
    return name


def _dataset(dataset, record, num_classes, classes, what) -> str:
    """The data set on the card: the one that was named, else that of the architecture if its classes fit."""
    if dataset in DATASETS:
        known = DATASETS[dataset]
        if len(known.classes) != num_classes and classes is None:
            raise CheckpointError(
                f"{what} has {num_classes} classes; {dataset} has {len(known.classes)}; give another one."
            )
        if known.shape not in record.input_shapes:
            raise CheckpointError(
                f"{what} is a {record.key}, which takes images of shape {record.input_shapes[0]}; those of "
                f"{dataset} have {known.shape}."
            )
    if dataset:
        return dataset
    usual = DATASETS.get(record.dataset)
    return record.dataset if usual is None or len(usual.classes) == num_classes else UNKNOWN


def _noise_in(hints) -> tuple[str | None, float]:
    """(noise, scale) of the training as the metadata of a file of rsviz tells it; None where it does not."""
    noise = hints.get("noise")
    if noise == "None":
        return (WITHOUT_NOISE if hints.get("method") not in (None, "imported") else None), 0.0
    return noise, _number(hints.get("scale")) if noise else 0.0


def _class_names(dataset: str, num_classes: int) -> tuple[str, ...]:
    if dataset in DATASETS and len(DATASETS[dataset].classes) == num_classes:
        return tuple(DATASETS[dataset].classes)
    return tuple(str(index) for index in range(num_classes))


def _normalisation(found, mean, std, dataset, what) -> tuple[dict, str]:
    """(mean and std of the card, where they come from in words)."""
    given = mean is not None or std is not None
    usual = normalisation(dataset)
    if given and mean is not None and std is not None:
        words = "as given"
    elif found.mean is not None:
        words = f"{found.said}, except as given" if given else found.said
    elif usual is None:
        raise CheckpointError(
            f"{what} does not hold its normalisation, and there is no usual one for {shown(dataset)}; "
            "give mean and std."
        )
    else:
        words = f"assumed: the usual one of {dataset}, as the file holds none"
    stored = (found.mean, found.std) if found.mean is not None else usual or (None, None)
    return {"mean": tuple(mean or stored[0]), "std": tuple(std or stored[1])}, words


def _normalize_layer(card: Card) -> dict:
    import torch

    return {
        f"normalize.{part}": torch.tensor(getattr(card, part)).reshape(-1, 1, 1) for part in ("mean", "std")
    }


def _number(text) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0


def _versions() -> dict[str, str]:
    import torch

    return {"rsviz": __version__, "python": platform.python_version(), "torch": torch.__version__}


def _card(**values) -> Card:
    try:
        return Card(**values)
    except ValidationError as error:
        raise CheckpointError(f"The checkpoint cannot be described: {first_fault(error)}.") from None
