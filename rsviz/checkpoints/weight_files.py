"""Weight files from elsewhere, read without running code: safetensors, and what torch.save has written.

This belongs in the worker process: a file that is built to crash its reader must not end the web server.
"""

import io
import pickle
import warnings
import zipfile

from rsviz.checkpoints.card import CheckpointError, shown
from rsviz.checkpoints.weights import MAX_TENSORS, read_safetensors, safetensors_hints

LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""First bytes of what torch saved before version 1.6, as the files of Cohen et al. are."""

MAX_PICKLE_BYTES = 10_000_000
"""Size of the part of a torch file that is a program for pickle; that of a ResNet-110 has 60 kB."""

STATE_KEYS = ("state_dict", "model_state_dict", "model", "net")


def read_weights(content: bytes, what: str) -> tuple[dict, dict[str, str]]:
    """(tensors by name, what the file says about itself: architecture, dataset, noise, scale, if it does).

    content: bytes of the file. what: its name in error sentences. Raises CheckpointError.
    """
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
                raise CheckpointError(f"{what} is damaged: a part occurs twice, or there are too many parts.")
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
        # torch's own sentence explains how to load the file unsafely, so it is not shown.
        raise CheckpointError(
            f"{what} holds more than tensors and plain values, or is damaged; such a file could run code and "
            "is not loaded."
        ) from None
    except MemoryError:
        raise CheckpointError(f"{what} asks for more memory than there is.") from None
    except Exception:
        # A broken pickle can raise anything; the file is the cause, and nothing has been changed.
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
    """Refuse everything but a plain dense tensor whose memory is complete. Reads no element."""
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
