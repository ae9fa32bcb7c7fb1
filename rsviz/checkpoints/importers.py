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
from rsviz.checkpoints.weight_files import read_weights
from rsviz.checkpoints.weights import module_from, name_fault, read_file, save_checkpoint, shape_fault
from rsviz.data import DATASETS, normalisation
from rsviz.errors import first_fault
from rsviz.models import ARCHITECTURES, build
from rsviz.noise import NOISES

SUFFIXES = (".safetensors", ".pth.tar", ".pth", ".pt", ".ckpt", ".tar", ".bin")

WRAPPERS = ("module.", "1.", "network.", "model.")
"""Prefixes that DataParallel, Sequential(normalize, network) and similar wrappers put before every name."""


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

    path: .safetensors, or .pt, .pth, .pth.tar with a state dict, which may lie under `state_dict` beside an
    entry `arch` that names the architecture.
    architecture: a key of ARCHITECTURES; needed if neither the file nor its tensors tell.
    dataset: a key of rsviz.data.DATASETS; by default that of the architecture.
    name: of the new checkpoint; by default made from the name of the file.
    classes: names of the classes; by default those of the dataset, or numbers.
    input_shape: (C, H, W); by default the first of the architecture.
    mean, std: of the normalisation, one number a channel; by default from the file, then from the dataset.
    noise, scale: key and scale (pixel units) of the noise in training, if known.
    folder: where the checkpoint is saved; by default with the user's other ones.
    shown_as: name of the file in sentences and on the card, for uploads under a temporary name.

    Returns the card. Raises CheckpointError, and changes nothing, if the file cannot be used.
    """
    path = Path(path)
    what = shown(shown_as or path.name)
    name = _new_name(name, shown_as or path.name, [Path(folder)] if folder else [])
    content = read_file(path)
    tensors, hints = read_weights(content, what)
    # The normalisation in the file, if there is one, is not part of the network.
    stored = {part: _constants(tensors, part) for part in ("mean", "std")}
    architecture, tensors = _recognise(tensors, architecture or hints.get("architecture"), what)
    record = ARCHITECTURES[architecture]
    dataset = dataset or hints.get("dataset") or record.dataset
    num_classes = tensors[record.head].shape[0]
    if noise is None and scale == 0.0 and hints.get("noise") not in (None, "None"):
        noise, scale = hints["noise"], _number(hints.get("scale"))
    if noise is not None and noise not in NOISES:
        raise CheckpointError(f"noise is {shown(noise)}; it must be one of {', '.join(NOISES)}.")
    card = _card(
        name=name,
        architecture=architecture,
        dataset=dataset,
        classes=tuple(classes or _class_names(dataset, num_classes)),
        input_shape=tuple(input_shape or record.input_shapes[0]),
        **_normalisation(mean or stored["mean"], std or stored["std"], dataset, what),
        method="imported",
        hyperparameters={"file": what, "file_sha256": hashlib.sha256(content).hexdigest()},
        noise=noise,
        scale=scale,
        versions=_versions(),
        date=datetime.datetime.now(datetime.UTC).date(),
        source=f"imported from {what}",
    )
    if card.num_classes != num_classes:
        raise CheckpointError(f"{what} has {num_classes} classes, but {card.num_classes} were named.")
    tensors = {f"network.{key}": tensor for key, tensor in tensors.items()}
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


def _recognise(tensors: dict, architecture: str | None, what: str) -> tuple[str, dict]:
    """(key of the architecture, tensors by the names in its network without wrappers)."""
    if architecture is not None and architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"{what} is for the architecture {shown(architecture)}; known are {', '.join(ARCHITECTURES)}."
        )
    faults, fitting = {}, {}
    for key in [architecture] if architecture else ARCHITECTURES:
        record = ARCHITECTURES[key]
        bare = _bare(tensors, record.head)
        faults[key] = _fault(bare, record)
        if faults[key] is None:
            fitting[key] = bare
    if len(fitting) > 1:  # networks that differ only in layers without weights
        raise CheckpointError(
            f"{what} does not tell its architecture, and its tensors fit more than one; "
            f"name one of {', '.join(fitting)}."
        )
    if fitting:
        return fitting.popitem()
    if architecture:
        raise CheckpointError(f"{what} does not fit the architecture {architecture}: {faults[architecture]}.")
    raise CheckpointError(
        f"{what} does not tell its architecture, and its tensors are those of none that is known; "
        f"name one of {', '.join(ARCHITECTURES)}."
    )


def _bare(tensors: dict, head: str) -> dict:
    """The tensors without prefixes of wrappers and without the normalisation."""
    prefix = next((key[: -len(head)] for key in tensors if key == head or key.endswith("." + head)), "")
    if prefix and not re.fullmatch(rf"(?:{'|'.join(map(re.escape, WRAPPERS))})+", prefix):
        return tensors
    return {
        key.removeprefix(prefix) if key.startswith(prefix) else key: tensor
        for key, tensor in tensors.items()
        if not _CONSTANT.fullmatch(key)
    }


_CONSTANT = re.compile(r"(?:module\.|model\.)*(?:0|normalize)\.(means?|sds?|stds?)")
"""Names of the tensors of a normalisation layer."""


def _constants(tensors: dict, part: str):
    """Mean or standard deviation of a normalisation layer in the file, or None."""
    for key, tensor in tensors.items():
        match = _CONSTANT.fullmatch(key)
        if match and match[1].startswith(part[0]) and tensor.numel() <= 64:
            return tuple(tensor.flatten().tolist())
    return None


def _fault(bare: dict, record) -> str | None:
    """Why the tensors are not weights of this architecture, in words, or None."""
    import torch

    head = bare.get(record.head)
    num_classes = head.shape[0] if head is not None and head.dim() in (2, 4) else 2
    if not 2 <= num_classes <= 100_000:
        return f"{record.head} has shape {tuple(head.shape)}"
    channels = record.input_shapes[0][0]
    with torch.device("meta"):
        module = build(
            record.key,
            num_classes=num_classes,
            input_shape=record.input_shapes[0],
            mean=(0.0,) * channels,
            std=(1.0,) * channels,
        )
    expected = module.network.state_dict()
    return name_fault(bare, expected) or shape_fault(bare, expected)


def _class_names(dataset: str, num_classes: int) -> tuple[str, ...]:
    if dataset in DATASETS and len(DATASETS[dataset].classes) == num_classes:
        return tuple(DATASETS[dataset].classes)
    return tuple(str(index) for index in range(num_classes))


def _normalisation(mean, std, dataset, what) -> dict:
    if mean is not None and std is not None:
        return {"mean": tuple(mean), "std": tuple(std)}
    usual = normalisation(dataset)
    if usual is None:
        raise CheckpointError(
            f"{what} does not hold its normalisation, and there is no usual one for {shown(dataset)}; "
            "give mean and std."
        )
    return dict(zip(("mean", "std"), usual, strict=True))


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
