"""Robust accuracy against attack size: the request, and its result as arrays. Does not import torch."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rsviz import data
from rsviz.attacks.table import ATTACKS, AttackError, make_parameters
from rsviz.certification import MAX_SCALE
from rsviz.checkpoints import load_card
from rsviz.errors import first_fault, short
from rsviz.noise import MAX_SEED, NOISES

MOST_SERIES = 16
RIGHT, ABSTAINED, WRONG = 0, 1, 2
"""Outcomes of one image at one size."""
OUTCOMES = ("right", "abstained", "wrong")
POINTS = 101
"""Of a curve of certified accuracy."""


@dataclass(frozen=True)
class Series:
    """One curve. scale: 0 is f. surrogate: the checkpoint that is attacked, None for the victim itself."""

    checkpoint: str
    scale: float
    surrogate: str | None

    @property
    def words(self) -> str:
        """The series in a line."""
        whom = f"scale {self.scale:g}" if self.scale else "f, no noise"
        return f"{self.checkpoint}, {whom}, " + (f"from {self.surrogate}" if self.surrogate else "white-box")

    @property
    def clean_key(self) -> str:
        """Of the part without attack: the same whatever the attacker knows, as is that of the radii."""
        return f"{self.checkpoint} {self.scale!r} clean"

    @property
    def radius_key(self) -> str:
        return f"{self.checkpoint} {self.scale!r} radius"

    def size_key(self, size: float) -> str:
        return f"{self.checkpoint} {self.scale!r} {self.surrogate or ''} {size!r}"


class CurveRequest(BaseModel):
    """All that curves of robust accuracy depend on.

    checkpoints: up to four, for the same dataset. scales: of the noise, 0 for f. surrogate: adds to each
    curve one for which the attack runs on this checkpoint, under the noise of its training; white_box:
    whether there is the one with the attack on the victim itself. images: so many test images, every skip-th.
    attack, parameters: not transfer; the sizes take the place of epsilon. sizes: in the attack's norm. votes:
    of each verdict; n0, n: of the certificates; alpha: of both. seed: image i draws with seed + i.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoints: tuple[str, ...] = Field(min_length=1, max_length=4)
    scales: tuple[float, ...] = Field(min_length=1, max_length=4)
    noise: str = "gaussian"
    surrogate: str | None = None
    white_box: bool = True
    images: int = Field(default=20, ge=1, le=10_000)
    skip: int = Field(default=1, ge=1, le=10_000)
    attack: str = "eot-pgd"
    parameters: dict[str, Any] = {}
    sizes: tuple[float, ...] = Field(min_length=1, max_length=20)
    votes: int = Field(default=300, ge=1, le=100_000)
    n0: int = Field(default=100, ge=1, le=1_000_000)
    n: int = Field(default=1_000, ge=1, le=1_000_000)
    alpha: float = Field(default=0.001, gt=0, lt=1, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0, le=MAX_SEED - 2**31)
    device: str | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: int | None = Field(default=None, ge=1, le=65536)

    @field_validator("noise")
    @classmethod
    def _known_noise(cls, value):
        if value not in NOISES:
            raise ValueError(f"noise must be one of {', '.join(NOISES)}")
        return value

    @field_validator("attack")
    @classmethod
    def _draws_curves(cls, value):
        allowed = [key for key, attack in ATTACKS.items() if attack.draws_curves()]
        if value not in allowed:
            raise ValueError(f"input should be {', '.join(allowed)}")
        return value

    @field_validator("sizes")
    @classmethod
    def _sizes_rise(cls, value):
        if not all(0 < size < 1e6 for size in value) or any(b <= a for a, b in itertools.pairwise(value)):
            raise ValueError("sizes must be positive, finite, and each larger than the one before")
        return value

    @field_validator("scales")
    @classmethod
    def _scales_differ(cls, value):
        if not all(0 <= scale <= MAX_SCALE for scale in value) or len(set(value)) < len(value):
            raise ValueError(f"scales must lie between 0 and {MAX_SCALE:g}, each of them once")
        return value

    @model_validator(mode="after")
    def _fits_together(self):
        if "epsilon" in self.parameters:
            raise AttackError("epsilon is among the parameters; the sizes take its place.")
        make_parameters(self.attack, **self.parameters)
        if len(set(self.checkpoints)) < len(self.checkpoints):
            raise AttackError("checkpoints names one of them twice; each makes a curve of its own.")
        if not self.white_box and self.surrogate is None:
            raise AttackError("white_box is off and no surrogate is given; nothing is left to draw.")
        if len(self.series) > MOST_SERIES:
            raise AttackError(f"{len(self.series)} curves are asked for; a picture holds {MOST_SERIES}.")
        return self

    @property
    def norm(self) -> str:
        return make_parameters(self.attack, **self.parameters).norm

    @property
    def series(self) -> list[Series]:
        """The curves, in the order in which they are made."""
        ways = [None] * self.white_box + [self.surrogate] * (self.surrogate is not None)
        return [
            Series(checkpoint, scale, way)
            for checkpoint, scale, way in itertools.product(self.checkpoints, self.scales, ways)
        ]

    @property
    def each_size(self) -> bool:
        """Whether the attack takes a run for every size; the others find the least distortion in one."""
        return not ATTACKS[self.attack].one_run_gives_all_sizes


def make_request(**values) -> CurveRequest:
    """A CurveRequest, or one sentence that names the field, what came and what is allowed."""
    try:
        return CurveRequest(**values)
    except ValidationError as error:
        raise AttackError(f"{first_fault(error)}.") from None


def keys(request: CurveRequest, series: Series | None = None) -> list[str]:
    """Of the parts of one series, or of all: without attack, certified (not for f), and each size."""
    found = []
    for one in [series] if series else request.series:
        found += [one.clean_key, *([one.radius_key] if one.scale else []), *map(one.size_key, request.sizes)]
    return list(dict.fromkeys(found))


def curves(request: CurveRequest, done: dict) -> list[dict]:
    """What is finished, as one dictionary for each series that has begun.

    size: [0, ...] as far as they are there. right, abstained, wrong: shares of images in [0, 1] at each.
    radius, certified: radii and the share of images certified in the right class at least so far, in the
    attack's norm; None for f, or where it is not there yet. done: see rsviz.attacks.curve.Progress.
    """
    found = []
    for series in request.series:
        if series.clean_key not in done:
            continue
        parts = [(0.0, done[series.clean_key])]
        parts += [(size, done[key]) for size in request.sizes if (key := series.size_key(size)) in done]
        outcomes = np.array([part for _, part in parts])
        radius = grid = None
        if series.scale and series.radius_key in done:
            grid = np.linspace(0, 1.05 * request.sizes[-1], POINTS)
            proved = np.array(done[series.radius_key])
            radius = ((proved > 0) & (proved >= grid[:, None])).mean(1).tolist()
        found.append(
            {
                "checkpoint": series.checkpoint,
                "scale": series.scale,
                "surrogate": series.surrogate,
                "size": [size for size, _ in parts],
                **{word: (outcomes == code).mean(1).tolist() for code, word in enumerate(OUTCOMES)},
                "radius": None if grid is None else grid.tolist(),
                "certified": radius,
            }
        )
    return found


def check_job(request: dict) -> CurveRequest:
    """The request of a job, checked, with checkpoints that exist and fit; a job reads no path."""
    checked = make_request(**request)
    names = [*checked.checkpoints, *([checked.surrogate] if checked.surrogate else [])]
    for name in names:
        if Path(name).name != name:
            raise AttackError(f"checkpoint is {short(name)}; a job takes the name of a checkpoint.")
    first, *others = [load_card(name) for name in names]
    for card in others:
        same = ("dataset", "input_shape", "num_classes")
        if any(getattr(card, name) != getattr(first, name) for name in same):
            raise AttackError(
                f"{card.name} was trained on {card.dataset} and {first.name} on {first.dataset}; the "
                "checkpoints of one picture take the same images."
            )
    if first.dataset not in data.DATASETS or not data.available(first.dataset):
        raise AttackError(f"The images of {short(first.dataset)} are not on this machine.")
    size = data.DATASETS[first.dataset].sizes["test"]
    if (checked.images - 1) * checked.skip >= size:
        raise AttackError(
            f"images is {checked.images} with skip {checked.skip}; the test part of {first.dataset} "
            f"has {size}."
        )
    return checked
