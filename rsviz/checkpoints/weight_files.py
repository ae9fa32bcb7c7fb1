"""Weight files from elsewhere, read without running code: safetensors, and what torch.save has written.

This belongs in the worker process: a file that is built to crash its reader must not end the web server.
"""

import io
import pickle
import warnings
import zipfile
from collections.abc import Mapping

from rsviz.checkpoints.card import CheckpointError, shown
from rsviz.checkpoints.file_kinds import SAVE_STATE, refuse_other_kind, refuse_other_zip
from rsviz.checkpoints.weights import MAX_TENSORS, read_safetensors, safetensors_hints

LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""First bytes of what torch saved before version 1.6, as the files of Cohen et al. are."""

MAX_PICKLE_BYTES = 10_000_000
"""Size of the part of a torch file that is a program for pickle; that of a ResNet-110 has 60 kB."""

STATE_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"),
    *("module", "classifier", "base_classifier", "state", "student", "model_weights", "net_state_dict"),
    *("ema", "state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "params_ema", "ema_params"),
)
"""Keys under which training scripts save weights; averaged ones are taken where no others are there."""

ARCHITECTURE_KEYS = ("arch", "architecture", "model_name")

MAX_DEPTH = 3
"""Dictionaries in dictionaries: {"model": {"state_dict": ...}} has two."""


class Beside:
    """In place of a value beside the weights: a NumPy number, options of a command line, a path.

    No object is built from the file, and no code in it runs.
    """

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, state):
        pass


def _empty(*_) -> dict:
    return {}


NUMPY = ("core", "_core")
BESIDE = {
    **{f"numpy.{core}.multiarray.scalar": Beside for core in NUMPY},
    **{f"numpy.{core}.multiarray._reconstruct": Beside for core in NUMPY},
    **dict.fromkeys(("numpy.dtype", "numpy.ndarray", "_codecs.encode", "argparse.Namespace"), Beside),
    **{
        f"numpy.dtypes.{kind}DType": Beside
        for kind in ("Float64", "Float32", "Float16", "Int64", "Int32", "Bool", "UInt8")
    },
    **{
        f"pathlib.{kind}": Beside
        for kind in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath")
    },
    **dict.fromkeys(("datetime.datetime", "datetime.timedelta", "types.SimpleNamespace"), Beside),
    **{
        f"{module}.{kind}": Beside
        for module in ("builtins", "__builtin__")
        for kind in ("list", "dict", "set", "frozenset", "tuple", "int", "float", "bool", "str", "range")
    },
    "collections.defaultdict": _empty,
    **dict.fromkeys(
        (
            "pytorch_lightning.utilities.parsing.AttributeDict",
            "lightning.pytorch.utilities.parsing.AttributeDict",
            "lightning_fabric.utilities.data.AttributeDict",
            "lightning.fabric.utilities.data.AttributeDict",
            "easydict.EasyDict",
            "yacs.config.CfgNode",
            "addict.addict.Dict",
            "ml_collections.config_dict.config_dict.ConfigDict",
        ),
        dict,
    ),
}
"""Names in a torch file that stand for values beside the weights -> what is made in their place."""


def read_weights(content: bytes, what: str) -> tuple[dict, dict[str, str]]:
    """(tensors by name, what the file says about itself: architecture, dataset, noise, scale, if it does).

    content: bytes of the file. what: its name in error sentences. Raises CheckpointError.
    """
    refuse_other_kind(content, what)
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
            refuse_other_zip(archive, what)
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
            stand_ins = [(value, name) for name, value in BESIDE.items()]
            with torch.serialization.safe_globals(stand_ins):
                return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        # torch's own sentence explains how to load the file unsafely, so it is not shown.
        raise CheckpointError(
            f"{what} holds more than tensors and plain values, or is damaged; such a file could run code and "
            f"is not loaded. If it is a whole model, {SAVE_STATE}."
        ) from None
    except MemoryError:
        raise CheckpointError(f"{what} asks for more memory than there is.") from None
    except Exception:
        # A broken pickle can raise anything; the file is the cause, and nothing has been changed.
        raise CheckpointError(f"{what} is damaged: torch cannot read it.") from None


def _tensors_and_hints(value, what: str) -> tuple[dict, dict]:
    if not isinstance(value, Mapping):
        raise CheckpointError(f"{what} holds a {type(value).__name__}; a dictionary of tensors is wanted.")
    told = [value[key] for key in ARCHITECTURE_KEYS if isinstance(value.get(key), str)]
    hints = {"architecture": told[0]} if told else {}
    value = _state(value, what)
    if not value:
        raise CheckpointError(f"{what} holds no tensors.")
    if len(value) > MAX_TENSORS:
        raise CheckpointError(f"{what} holds {len(value):,} entries; at most {MAX_TENSORS:,} are accepted.")
    for name, tensor in value.items():
        if not isinstance(name, str):
            raise CheckpointError(f"{what} holds an entry that is named by a {type(name).__name__}.")
        _check_tensor(tensor, name, what)
    return dict(value), hints


def _state(value: Mapping, what: str, depth: int = 0) -> Mapping:
    """The dictionary of the weights in what a training script has saved."""
    import torch

    if depth == MAX_DEPTH or any(isinstance(entry, torch.Tensor) for entry in value.values()):
        return value
    inner = {key: entry for key, entry in value.items() if isinstance(entry, Mapping)}
    for key in STATE_KEYS:
        if key in inner:
            return _state(inner[key], what, depth + 1)
    holding = {
        key: entry
        for key, entry in inner.items()
        if any(isinstance(one, torch.Tensor) and one.dim() > 1 for one in entry.values())
    }
    if len(holding) > 1:
        keys = ", ".join(shown(key) for key in list(holding)[:5])
        raise CheckpointError(
            f"{what} holds weights under {keys}; save the ones of the classifier alone, as `state_dict`."
        )
    return next(iter(holding.values()), value)


def _check_tensor(tensor, name: str, what: str) -> None:
    """Refuse everything but a plain dense tensor with complete memory. Reads no element."""
    import torch

    where = f"{what}: {shown(name)}"
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        kind = "NumPy array or other value" if isinstance(tensor, Beside) else type(tensor).__name__
        raise CheckpointError(f"{where} is a {kind}, not a tensor.")
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
