"""The names under which weights are saved: prefixes of wrappers, layers of normalisation, counters.

A published file has the tensors of one network, and before each of their names what wrapped it: DataParallel
writes `module.`, Sequential(normalize, network) `1.`, Lightning `model.`, torch.compile `_orig_mod.`.
"""

import re
from dataclasses import dataclass

from rsviz.checkpoints.card import CheckpointError, shown
from rsviz.checkpoints.weights import name_fault, shape_fault
from rsviz.models import ARCHITECTURES, build

CONSTANTS = {
    **dict.fromkeys(("mean", "means", "mu", "_mean"), "mean"),
    **dict.fromkeys(("std", "stds", "sd", "sds", "sigma", "_std"), "std"),
}
"""Last part of the name of a tensor of a normalisation layer -> what it is."""

COUNTER = "num_batches_tracked"
"""Of batch normalisation: it plays no role in prediction, and older torch did not write it."""

BESIDE = re.compile(r"(?:.*\.)?(?:n_averaged|epoch|step|global_step|temperature)|(?:criterion|loss\w*)\..+")
"""Names of tensors that a training script saves beside the network, and that its prediction does not use."""

GREY_LEVELS = 255


@dataclass(frozen=True)
class Recognised:
    """A network in a file.

    architecture: a key of ARCHITECTURES. tensors: by the names in its network.
    mean, std: of the normalisation that the file holds, one number a channel; None where it holds none.
    said: what the normalisation in the file means, in words; empty where there is nothing to say.
    """

    architecture: str
    tensors: dict
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    said: str = ""


def recognise(tensors: dict, architecture: str | None, what: str) -> Recognised:
    """The network that these tensors are; CheckpointError unless they fit exactly one.

    architecture: a key of ARCHITECTURES, None where nobody tells. what: name of the file in sentences.
    """
    if architecture is not None and architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"{what} is for the architecture {shown(architecture)}; known are {', '.join(ARCHITECTURES)}."
        )
    faults, fitting = {}, {}
    for key in [architecture] if architecture else ARCHITECTURES:
        fits, faults[key] = _fits(tensors, ARCHITECTURES[key])
        if fits:
            fitting[key] = fits
    if len(fitting) > 1:  # networks that differ only in layers without weights
        raise CheckpointError(
            f"{what} does not tell its architecture, and its tensors fit more than one; "
            f"name one of {', '.join(fitting)}."
        )
    if fitting:
        key, prefixes = fitting.popitem()
        if len(prefixes) > 1:
            raise CheckpointError(
                f"{what} holds several networks, under {', '.join(map(shown, prefixes))}; save one alone."
            )
        ((bare, constants),) = prefixes.values()
        mean, std, said = _normalisation(constants, ARCHITECTURES[key].input_shapes[0][0], what)
        return Recognised(key, bare, mean, std, said)
    if architecture:
        raise CheckpointError(f"{what} does not fit the architecture {architecture}: {faults[architecture]}.")
    raise CheckpointError(
        f"{what} does not tell its architecture, and its tensors are those of none that is known; "
        f"name one of {', '.join(ARCHITECTURES)}."
    )


def _fits(tensors, record) -> tuple[dict, str]:
    """({prefix: (tensors of the network, constants of the normalisation)} of each fit, why there is none).

    With more than one fit, the file holds several networks.
    """
    found, faults = {}, []
    for prefix in _prefixes(tensors, record.head):
        inside = {key.removeprefix(prefix): one for key, one in tensors.items() if key.startswith(prefix)}
        expected = _expected(inside.get(record.head), record)
        if expected is None:
            faults.append(f"{record.head} has shape {tuple(inside[record.head].shape)}")
            continue
        bare = {key: one for key, one in inside.items() if key in expected}
        _add_counters(bare, expected)
        rest = {key: one for key, one in tensors.items() if key.removeprefix(prefix) not in bare}
        constants = {key: one for key, one in rest.items() if _part(key, rest) and one.numel() <= 64}
        unknown = [key for key in rest if key not in constants and not BESIDE.fullmatch(key)]
        own = dict.fromkeys(key for key in unknown if key in inside)
        fault = name_fault(bare | own, expected) or shape_fault(bare, expected)
        if fault is None:
            found[prefix] = (bare, constants, name_fault(bare | dict.fromkeys(unknown), expected))
        faults.append(fault)
    if len(found) == 1:
        ((prefix, (bare, constants, fault)),) = found.items()
        return ({}, fault) if fault else ({prefix: (bare, constants)}, "")
    return found, faults[0]


def _prefixes(tensors, head) -> list[str]:
    """What stands before the name of the last layer, the shortest first; "" where there is no such layer."""
    ends = [key[: -len(head)] for key in tensors if key == head or key.endswith("." + head)]
    return sorted(ends, key=len) or [""]


def _expected(head, record) -> dict | None:
    """Names and shapes of the network, without memory; None where the last layer gives no classes."""
    import torch

    num_classes = head.shape[0] if head is not None and head.dim() in (2, 4) else 2
    if not 2 <= num_classes <= 100_000:
        return None
    shape = record.input_shapes[0]
    with torch.device("meta"):
        module = build(
            record.key,
            num_classes=num_classes,
            input_shape=shape,
            mean=(0.0,) * shape[0],
            std=(1.0,) * shape[0],
        )
    return module.network.state_dict()


def _add_counters(bare, expected):
    import torch

    for name in expected:
        if name.endswith(COUNTER) and name not in bare:
            bare[name] = torch.tensor(0)


def _part(key, names) -> str | None:
    """mean or std, for the name of such a constant; None for others.

    names: of all tensors beside the network. A sigma without a mu may be that of the noise.
    """
    folder, dot, last = key.rpartition(".")
    return None if last == "sigma" and f"{folder}{dot}mu" not in names else CONSTANTS.get(last)


def _normalisation(constants, channels, what):
    """(mean, std, what they mean in words) of the constants that the file holds; None where it holds none."""
    stored = {}
    for key, tensor in constants.items():
        values = tuple(tensor.flatten().tolist())
        if len(values) not in (1, channels):
            raise CheckpointError(
                f"{what}: {shown(key)} holds {len(values)} numbers; the network has {channels} channels."
            )
        stored.setdefault(_part(key, constants), values * channels if len(values) == 1 else values)
    if not stored:
        return None, None, ""
    said = "the mean and standard deviation in the file"
    if "std" not in stored:
        said = "the mean in the file, and no division, as it holds no standard deviation"
    elif "mean" not in stored:
        said = "the standard deviation in the file, and no mean, as it holds none"
    mean, std = stored.get("mean", (0.0,) * channels), stored.get("std", (1.0,) * channels)
    if max(map(abs, mean)) > 2:  # of pixels from 0 to 255; those of rsviz go from 0 to 1
        mean, std = (tuple(one / GREY_LEVELS for one in values) for values in (mean, std))
        said += ", divided by 255"
    return mean, std, said
