"""Weights from elsewhere: safetensors, and the field's .pt, .pth and .pth.tar, loaded without running code.

This belongs into the worker process: a file built to crash its reader must not take the web server along.
"""

import datetime
import hashlib
import io
import pickle
import platform
import re
import warnings
import zipfile
from pathlib import Path

from pydantic import ValidationError

from rsviz import __version__
from rsviz.checkpoints import storage
from rsviz.checkpoints.card import NAME, Card, CheckpointError, checked_name, shown
from rsviz.checkpoints.weights import (
    MAX_TENSORS,
    module_from,
    name_fault,
    read_file,
    read_safetensors,
    safetensors_hints,
    save_checkpoint,
    shape_fault,
)
from rsviz.data import DATASETS, normalisation
from rsviz.errors import first_fault
from rsviz.models import ARCHITECTURES, build
from rsviz.noise import NOISES

SUFFIXES = (".safetensors", ".pth.tar", ".pth", ".pt", ".ckpt", ".tar", ".bin")

LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""First bytes of what torch saved before version 1.6, as the files of Cohen et al. are."""

MAX_PICKLE_BYTES = 10_000_000
"""The part of a torch file that is a program for pickle; of a ResNet-110 it has 60 kB."""

WRAPPERS = ("module.", "1.", "network.", "model.")
"""Prefixes that DataParallel, Sequential(normalize, network) and their like put before every name."""

STATE_KEYS = ("state_dict", "model_state_dict", "model", "net")


def import_weights(
    path,
    *,
    architecture: str | None = None,
    dataset: str | None = None,
    name: str | None = None,
    classes=None,
    input_shape=None,
    mean=None,
    std=None,
    noise: str | None = None,
    scale: float = 0.0,
    folder=None,
    shown_as: str | None = None,
) -> Card:
    """Check the weights in the file `path`, and save them as a checkpoint of one's own.

    path: .safetensors, or a .pt, .pth or .pth.tar with a state dict, bare or under `state_dict`, beside
    which an entry `arch` names the architecture. architecture: key of ARCHITECTURES, where the file does
    not tell. dataset: key of rsviz.data.DATASETS; by default that of the architecture; it gives the classes
    and the normalisation where neither the file nor the caller does. name: of the new checkpoint; by
    default made from the file's. noise, scale: the noise it was trained with, if known.
    shown_as: what the file is called in sentences and on the card, for uploads under a temporary name.

    Returns the card. Raises CheckpointError, and changes nothing, where the file is not what it should be.
    """
    path = Path(path)
    what = shown(shown_as or path.name)
    name = _new_name(name, shown_as or path.name, [Path(folder)] if folder else [])
    content = read_file(path)
    tensors, hints = _read(content, what)
    # What the file itself says about its normalisation stands beside the network, not inside.
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
        raise CheckpointError(f"{what} tells {num_classes} classes apart, but {card.num_classes} were named.")
    tensors = {f"network.{key}": tensor for key, tensor in tensors.items()}
    tensors |= _normalize_layer(card)
    module = module_from(tensors, card, what)
    return save_checkpoint(module, card, folder, dtype="float32")


def _new_name(name, file_name, extra) -> str:
    """The name asked for, or one made from the file's; it must be free."""
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


def _read(content: bytes, what: str) -> tuple[dict, dict]:
    """(tensors by name, what the file says about itself)."""
    if content.startswith(b"PK\x03\x04"):
        _check_zip(content, what)
        return _tensors_and_hints(_torch_load(content, what), what)
    if content.startswith(LEGACY_MAGIC):
        return _tensors_and_hints(_torch_load(content, what), what)
    if content[8:9] == b"{":
        return read_safetensors(content, what), safetensors_hints(content, what)
    raise CheckpointError(
        f"{what} is neither a safetensors file nor one that torch.save has written; weights come as "
        ".safetensors, .pt, .pth or .pth.tar."
    )


def _check_zip(content: bytes, what: str) -> None:
    """A zip as torch.save writes it: stored, not compressed, each entry once, every checksum right."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise CheckpointError(f"{what} is a compressed zip; torch.save never compresses.")
            if sum(entry.file_size for entry in entries) > len(content):
                raise CheckpointError(f"{what} is damaged: its parts overlap.")
            if len({entry.filename for entry in entries}) != len(entries) or len(entries) > MAX_TENSORS:
                raise CheckpointError(f"{what} is damaged: a part of it stands twice, or there are too many.")
            programs = [entry for entry in entries if entry.filename.endswith("data.pkl")]
            if len(programs) != 1:
                raise CheckpointError(f"{what} is a zip, but not one that torch.save has written.")
            if programs[0].file_size > MAX_PICKLE_BYTES:
                raise CheckpointError(f"{what} holds too much beside its tensors.")
            if archive.testzip() is not None:
                raise CheckpointError(f"{what} is damaged: a checksum in it is wrong.")
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{what} is damaged or cut short.") from None


def _torch_load(content: bytes, what: str):
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        # torch's own sentence explains how to load the file unsafely; nobody here should read it.
        raise CheckpointError(
            f"{what} holds more than tensors and plain values, or is damaged; such a file could run code and "
            "is not loaded."
        ) from None
    except MemoryError:
        raise CheckpointError(f"{what} asks for more memory than there is.") from None
    except Exception:
        # Whatever a broken pickle can raise: the file is to blame, and nothing has been changed.
        raise CheckpointError(f"{what} is damaged: torch cannot read it.") from None


def _tensors_and_hints(value, what: str) -> tuple[dict, dict]:
    if not isinstance(value, dict):
        raise CheckpointError(f"{what} holds a {type(value).__name__}; a dictionary of tensors is wanted.")
    hints = {}
    if isinstance(value.get("arch"), str):
        hints["architecture"] = value["arch"]
    for key in STATE_KEYS:
        if isinstance(value.get(key), dict):
            value = value[key]
            break
    if not value:
        raise CheckpointError(f"{what} holds no tensors.")
    if len(value) > MAX_TENSORS:
        raise CheckpointError(f"{what} holds {len(value):,} entries; at most {MAX_TENSORS:,} are accepted.")
    for name, tensor in value.items():
        if not isinstance(name, str):
            raise CheckpointError(f"{what} holds an entry that is named by a {type(name).__name__}.")
        _check_tensor(tensor, name, what)
    return dict(value), hints


def _check_tensor(tensor, name: str, what: str) -> None:
    """Refuse everything but a plain dense tensor that lies whole in its memory. Touches no element."""
    import torch

    where = f"{what}: {shown(name)}"
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        raise CheckpointError(f"{where} is a {type(tensor).__name__}, not a tensor.")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        raise CheckpointError(f"{where} is a sparse, nested or quantized tensor; weights must be dense.")
    if tensor.device.type != "cpu":
        raise CheckpointError(f"{where} has no values.")
    if tensor.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64):
        raise CheckpointError(f"{where} holds {tensor.dtype}; weights hold floating-point numbers.")
    if tensor.is_conj() or tensor.is_neg():
        raise CheckpointError(f"{where} is a view, not a plain tensor.")
    repeats = any(step == 0 and size > 1 for step, size in zip(tensor.stride(), tensor.shape, strict=True))
    if repeats or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(f"{where} claims {tensor.numel():,} numbers, more than the file holds.")


def _recognise(tensors: dict, architecture: str | None, what: str) -> tuple[str, dict]:
    """(architecture, tensors under the names of its bare network)."""
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
    if len(fitting) > 1:  # networks that differ in what has no weights
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
    """The tensors without the wrappers' prefixes and without the normalisation."""
    prefix = next((key[: -len(head)] for key in tensors if key == head or key.endswith("." + head)), "")
    if prefix and not re.fullmatch(rf"(?:{'|'.join(map(re.escape, WRAPPERS))})+", prefix):
        return tensors
    return {
        key.removeprefix(prefix) if key.startswith(prefix) else key: tensor
        for key, tensor in tensors.items()
        if not _is_constant(key)
    }


_CONSTANT = re.compile(r"(?:module\.|model\.)*(?:0|normalize)\.(means?|sds?|stds?)")


def _is_constant(key: str) -> bool:
    return bool(_CONSTANT.fullmatch(key))


def _constants(tensors: dict, part: str):
    """Mean or deviation of a normalisation layer in the file, or None."""
    for key, tensor in tensors.items():
        match = _CONSTANT.fullmatch(key)
        if match and match[1].startswith(part[0]) and tensor.numel() <= 64:
            return tuple(tensor.flatten().tolist())
    return None


def _fault(bare: dict, record) -> str | None:
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
