"""Weights are read from and written to safetensors files, which are checked before any number is used."""

import hashlib
import stat
from pathlib import Path

from rsviz.checkpoints import storage
from rsviz.checkpoints.card import Card, CheckpointError, checked_name, parse_json, shown
from rsviz.models import build

MAX_HEADER_BYTES = 10_000_000
"""A legal safetensors header of 95 MB was measured to cost 33 s and 1.8 GB."""

MAX_WEIGHTS_BYTES = 2**30
"""More than any network of rsviz needs, in any precision."""

MAX_TENSORS = 10_000

STORED = ("float16", "float32")

FLOATS = ("F16", "BF16", "F32", "F64")


def load_checkpoint(path_or_name: str | Path) -> tuple:
    """(module, card) of a checkpoint: Sequential(normalize, network) in eval mode, float32, on the CPU.

    path_or_name: a name of `list_cards`, or the path of NAME.safetensors with its card beside it.
    Raises CheckpointError unless the weights have the SHA-256 of the card, and exactly the names and shapes
    of the architecture.
    """
    folder, name = storage.locate(path_or_name)
    card = storage.current_card(folder, name)
    path = folder / f"{name}.safetensors"
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise CheckpointError(
            f"{path.name} does not have the SHA-256 of its card: one of the two was changed."
        )
    return module_from(read_safetensors(content, path.name), card, path.name), card


def save_checkpoint(module, card: Card, folder: str | Path | None = None, dtype: str = "float16") -> Card:
    """Write NAME.safetensors and NAME.json; returns the card as written, with weights_sha256 filled in.

    folder: by default that of the user's checkpoints.
    dtype: precision of the stored weights, float16 or float32; buffers keep theirs.
    A kill at any moment leaves the old checkpoint or the new one.
    """
    from safetensors.torch import save

    name = checked_name(card.name)
    folder = Path(folder) if folder is not None else storage.own_folder()
    tensors = stored_tensors(module, dtype)
    check_tensors(tensors, card, f"the network to be saved as {name}")
    hints = {key: str(getattr(card, key)) for key in ("architecture", "dataset", "method", "noise", "scale")}
    content = save(tensors, metadata={"format": "pt", **hints})
    card = card.model_copy(update={"weights_sha256": hashlib.sha256(content).hexdigest()})
    storage.write_checkpoint(card, content, folder)
    return card


def stored_module(module, card: Card, dtype: str = "float16"):
    """The network as `save_checkpoint` and `load_checkpoint` will return it: its metrics are the card's."""
    return module_from(stored_tensors(module, dtype), card, f"the network to be saved as {card.name}")


def verify(name_or_path: str | Path) -> Card:
    """The card, if `load_checkpoint` accepts the weights; raises CheckpointError otherwise."""
    return load_checkpoint(name_or_path)[1]


def stored_tensors(module, dtype):
    """The state dict as it is written: parameters in `dtype`, buffers in float32 or int64, all contiguous."""
    import torch

    if dtype not in STORED:
        raise CheckpointError(f"dtype is {dtype!r}; it must be one of {', '.join(STORED)}.")
    parameters = {name for name, _ in module.named_parameters()}
    tensors = {}
    for name, tensor in module.state_dict().items():
        kind = getattr(torch, dtype) if name in parameters else torch.float32
        tensor = tensor.detach().cpu()
        tensors[name] = tensor.to(kind if tensor.is_floating_point() else tensor.dtype).contiguous()
    return tensors


def read_file(path: Path) -> bytes:
    """The bytes of a regular file of acceptable size. Not mapped: a map that is cut short kills us."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise CheckpointError(f"{shown(path.name)} is a folder; a file with weights is needed.")
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(f"{shown(path.name)} is no regular file; a file with weights is needed.")
        if status.st_size == 0:
            raise CheckpointError(f"{shown(path.name)} is empty.")
        if status.st_size > MAX_WEIGHTS_BYTES:
            raise CheckpointError(
                f"{shown(path.name)} has {status.st_size / 2**20:,.0f} MiB; a weights file has at most "
                f"{MAX_WEIGHTS_BYTES // 2**20:,} MiB."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"There is no file {shown(path)}.") from None
    except OSError as error:
        raise CheckpointError(f"{shown(path.name)} cannot be read: {error.strerror}.") from None


def read_safetensors(content: bytes, what: str) -> dict:
    """Tensors by name. Size, names and types in the header are checked before the library reads it.

    what: name of the file in error sentences.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    header = safetensors_header(content, what)
    for name, entry in header.items():
        if not isinstance(entry, dict) or entry.get("dtype") not in (*FLOATS, "I64"):
            raise CheckpointError(f"{what}: {shown(name)} has a type other than {', '.join(FLOATS)} and I64.")
    try:
        return load(content)
    except (SafetensorError, ValueError, RuntimeError, OverflowError, MemoryError):
        raise CheckpointError(
            f"{what} is damaged: its header does not agree with the {len(content):,} bytes of the file."
        ) from None


def safetensors_header(content: bytes, what: str) -> dict:
    """The entries of the header by tensor name, without the metadata."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 10 or content[8:9] != b"{":
        raise CheckpointError(f"{what} is not a safetensors file.")
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{what} announces a header of {length:,} bytes; at most {MAX_HEADER_BYTES:,} are accepted."
        )
    if length > len(content) - 8:
        raise CheckpointError(f"{what} is cut short: its header is longer than the file.")
    try:
        header = parse_json(content[8 : 8 + length])
    except (ValueError, RecursionError):
        raise CheckpointError(f"{what} has a header that is not JSON with each name once.") from None
    header.pop("__metadata__", None)
    if not header:
        raise CheckpointError(f"{what} holds no tensors.")
    if len(header) > MAX_TENSORS:
        raise CheckpointError(f"{what} holds {len(header):,} tensors; at most {MAX_TENSORS:,} are accepted.")
    return header


def safetensors_hints(content: bytes, what: str) -> dict[str, str]:
    """The metadata of the header: what `save_checkpoint` wrote there, or nothing."""
    safetensors_header(content, what)
    hints = parse_json(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__")
    return hints if isinstance(hints, dict) else {}


def module_from(tensors: dict, card: Card, what: str):
    """The network of the card with these tensors as its weights, checked."""
    module = check_tensors(tensors, card, what)
    module.load_state_dict({name: _as_float32(tensor) for name, tensor in tensors.items()}, assign=True)
    return module.eval()


def build_network(card: Card):
    """The network of the card, a torch.nn.Module with fresh weights from torch's global generator."""
    return build(
        card.architecture,
        num_classes=card.num_classes,
        input_shape=card.input_shape,
        mean=card.mean,
        std=card.std,
    )


def check_tensors(tensors: dict, card: Card, what: str):
    """Raise CheckpointError unless the tensors fit the card's network; returns that, without memory."""
    import torch

    with torch.device("meta"):
        module = build_network(card)
    expected = module.state_dict()
    fault = name_fault(tensors, expected) or shape_fault(tensors, expected)
    if fault:
        raise CheckpointError(f"{what} does not fit the architecture {card.architecture}: {fault}.")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() != expected[name].is_floating_point():
            raise CheckpointError(
                f"{what}: {shown(name)} holds {tensor.dtype}, which is not the type of this layer."
            )
        if not _as_float32(tensor).isfinite().all():
            raise CheckpointError(f"{what}: {shown(name)} holds NaN or infinite numbers.")
        if name.endswith("running_var") and (tensor < 0).any():
            raise CheckpointError(f"{what}: {shown(name)} holds a negative variance.")
    for name in ("mean", "std"):
        stored = tensors[f"normalize.{name}"].flatten().float()
        if not torch.equal(stored, torch.tensor(getattr(card, name), dtype=torch.float32)):
            raise CheckpointError(f"{what}: the {name} of its first layer is not the one on the card.")
    return module


def name_fault(tensors, expected) -> str | None:
    """What is wrong with the names, in words, or None."""
    missing = [name for name in expected if name not in tensors]
    extra = [name for name in tensors if name not in expected]
    if missing:
        return f"{shown(missing[0])} is missing" + (f" (and {len(missing) - 1} more)" if missing[1:] else "")
    if extra:
        return f"{shown(extra[0])} is unknown there" + (f" (and {len(extra) - 1} more)" if extra[1:] else "")
    return None


def shape_fault(tensors, expected) -> str | None:
    """What is wrong with the shapes, in words, or None."""
    for name, tensor in expected.items():
        if tensors[name].shape != tensor.shape:
            came = shown(tuple(tensors[name].shape))
            return f"{shown(name)} has shape {came} instead of {tuple(tensor.shape)}"
    return None


def _as_float32(tensor):
    import torch

    return tensor.to(torch.float32, copy=True) if tensor.is_floating_point() else tensor.clone()
