"""The settings that tasks share: each is declared once, and means and allows the same everywhere."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rsviz import data
from rsviz.checkpoints import Card, load_card
from rsviz.confidence import PROCEDURES, default_procedure
from rsviz.errors import RsvizError, short
from rsviz.noise import MAX_SEED, NOISES
from rsviz.tasks.fields import Setting

MAX_N = 10_000_000
MAX_SCALE = 10.0
AUTO = "auto"
"""The choice is left to the machine, or to what suits the number of classes."""


def certifying_procedures() -> list[str]:
    """Keys of the procedures that make certificates."""
    return [key for key, procedure in PROCEDURES.items() if procedure.valid]


def _proved_procedure(value):
    """None means auto; a procedure that proves nothing is refused with its reason."""
    if value is None:
        return AUTO
    if value in PROCEDURES and not PROCEDURES[value].valid:
        raise ValueError(
            f"its limits are not proved to hold with probability 1 - alpha, so it makes no certificate; "
            f"{AUTO}, {', '.join(certifying_procedures())} do"
        )
    return value


# --- the network and its noise ---

CheckpointName = Annotated[
    str,
    Field(min_length=1, max_length=4096),
    Setting("Name of a checkpoint, or path of its .safetensors file.", label="Checkpoint", by_name=True),
]
Noise = Annotated[
    str,
    Setting(
        "What is added to the image; each mechanism proves a radius in a norm of its own.",
        label="Noise",
        choices=lambda: list(NOISES),
    ),
]
Scale = Annotated[
    float,
    Field(gt=0, le=MAX_SCALE, allow_inf_nan=False),
    Setting("Scale of the noise; by default that of the training.", unit="pixel units", label="Scale"),
]
ScaleOrNone = Annotated[
    float,
    Field(ge=0, le=MAX_SCALE, allow_inf_nan=False),
    Setting(
        "Scale of the noise; 0 means no noise, the base classifier f.", unit="pixel units", label="Scale"
    ),
]

# --- statistics ---

SelectionDraws = Annotated[
    int,
    Field(ge=1, le=1_000_000),
    Setting("Draws that select the class.", unit="draws", label="Selecting votes n₀"),
]
EstimationDraws = Annotated[
    int,
    Field(ge=1, le=MAX_N),
    Setting("Fresh draws that estimate p_A.", unit="draws", label="Votes n", in_links=True),
]
Alpha = Annotated[
    float,
    Field(gt=0, lt=1, allow_inf_nan=False),
    Setting("Probability of error of each certificate.", label="Probability of error α"),
]
ProcedureKey = Annotated[
    str,
    BeforeValidator(_proved_procedure),
    Setting(
        "From votes to limits on p_A and p_B; auto: split with more than two classes, else cohen.",
        label="Limits on p_A and p_B",
        choices=lambda: [AUTO, *certifying_procedures()],
    ),
]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED), Setting("Decides every random number.", label="Seed")]
SeedOfMany = Annotated[
    int,
    Field(ge=0, le=MAX_SEED - 2**31),
    Setting("Image i draws with seed + i, so that no two images share their noise.", label="Seed"),
]

# --- execution ---

Device = Annotated[
    str | None,
    Setting("cpu, cuda, cuda:1 or mps; by default RSVIZ_DEVICE, or the fastest.", label="Device"),
]
Precision = Annotated[
    Literal["auto", "float32", "bfloat16"],
    BeforeValidator(lambda value: AUTO if value is None else value),
    Setting("Of the passes through the network; auto measures which is faster.", label="Precision"),
]
Batch = Annotated[
    int | None,
    Field(ge=1, le=65536),
    Setting("Images in one pass; by default measured.", unit="images", label="Batch"),
]

# --- images ---

DatasetName = Annotated[
    str,
    Field(min_length=1, max_length=4096),
    Setting("Key of a dataset, or folder:PATH; its test part.", label="Data set"),
]
Skip = Annotated[
    int, Field(ge=1, le=1_000_000), Setting("Take every skip-th image.", unit="images", label="Every")
]


def procedure_for(procedure: str, num_classes: int, has_rule: bool = False) -> str:
    """The procedure that `auto` means, or the requested one.

    has_rule: the run ends by what it sees, which only `anytime` allows.
    """
    if procedure != AUTO:
        return procedure
    return "anytime" if has_rule else default_procedure(num_classes)


def default_scale(card: Card, noise: str) -> float | None:
    """Scale of `noise` whose coordinates deviate as they did in training; None: no noise, or none known."""
    if not card.noise:
        return None
    if noise == card.noise:
        return card.scale
    dim = math.prod(card.input_shape)
    return NOISES[noise].with_deviation(NOISES[card.noise](card.scale).deviation(dim), dim).scale


def noise_words(noise: str, scale: float) -> str:
    """A noise and its scale: Gaussian noise, σ = 0.25."""
    return f"{NOISES[noise].title} noise, {NOISES[noise].symbol} = {scale:.4g}"


def training_words(card: Card) -> str:
    """The noise in the training of a checkpoint, in words that also say if nobody knows."""
    if card.noise:
        return noise_words(card.noise, card.scale)
    return "trained without noise" if card.noise_known else "nothing is known of its training"


def no_scale_reason(card: Card) -> str:
    """Why the training of a checkpoint gives no scale, as half of a sentence."""
    if card.noise_known:
        return f"{card.name} was trained without noise"
    return f"nothing is known of the training of {card.name}"


def with_own_noise(values: dict, remedy: str = "please give one") -> dict:
    """A request's values with noise and scale of the checkpoint's training where they are missing.

    remedy: what to do where the training gives no scale, for the RsvizError that says so.
    """
    checkpoint, noise = values.get("checkpoint"), values.get("noise")
    if (noise is not None and values.get("scale") is not None) or not isinstance(checkpoint, str):
        return {"noise": "gaussian"} | values
    if not checkpoint:  # the request refuses it by a sentence of its own, as an unknown noise below
        return {"noise": "gaussian"} | values
    card = load_card(checkpoint)
    noise = noise or card.noise or "gaussian"
    values = values | {"noise": noise}
    if values.get("scale") is not None or noise not in NOISES:
        return {"scale": 1.0} | values
    scale = default_scale(card, noise)
    if scale is None:
        raise RsvizError(f"scale is missing, and {no_scale_reason(card)}; {remedy}.")
    return values | {"scale": scale}


def check_same_images(names: Iterable[str], error: type[RsvizError] = RsvizError) -> Card:
    """The first of some checkpoints' cards, if all take the same images; else an error that names two."""
    first, *others = [load_card(name) for name in names]
    for card in others:
        same = ("dataset", "input_shape", "num_classes")
        if any(getattr(card, name) != getattr(first, name) for name in same):
            raise error(
                f"{card.name} was trained on {card.dataset} and {first.name} on {first.dataset}; the "
                "checkpoints of one picture take the same images."
            )
    return first


def check_enough_images(
    dataset: str, images: int, skip: int, size: int | None = None, error: type[RsvizError] = RsvizError
) -> None:
    """Raise an error unless `images` test images, every skip-th, are on this machine.

    size: of the test part; by default the dataset's own.
    """
    if size is None:
        if dataset not in data.DATASETS or not data.available(dataset):
            raise error(f"The images of {short(dataset)} are not on this machine.")
        size = data.DATASETS[dataset].sizes["test"]
    if (images - 1) * skip >= size:
        raise error(f"images is {images} with skip {skip}; the test part of {dataset} has {size}.")
