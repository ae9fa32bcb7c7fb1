"""What can be asked of a certificate of a population, checked before it begins. Does not import torch."""

import itertools
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rsviz import data
from rsviz.checkpoints import load_card
from rsviz.distributional.losses import LOSSES, DistributionError
from rsviz.errors import first_fault, short
from rsviz.noise import MAX_SEED

MOST_SERIES = 16
MAX_SCALE = 100.0
CHUNK = 100
"""Images of one part of a run."""

Steps = Annotated[int, Field(ge=1, le=10_000)]
Draws = Annotated[int, Field(ge=1, le=1024)]
Gamma = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True)
class PopulationSeries:
    """One curve: a checkpoint under Gaussian noise of one scale, climbed in K steps with r draws each.

    Scale 0 is f itself, as WRM sees it; every draw is the same there.
    """

    checkpoint: str
    scale: float
    K: int
    r: int

    def key(self, what: str, chunk: int) -> str:
        """Of one part: what is "clean", "radius" or a gamma; chunk counts from 0."""
        effort = f" {self.K} {self.r}" if what not in ("clean", "radius") else ""
        return f"{self.checkpoint} {self.scale!r}{effort} {what} {chunk}"


class PopulationRequest(BaseModel):
    """All that the worst-case loss of a population depends on.

    checkpoints: up to six, for the same dataset, whose test part is P_0: `images` of them, every skip-th.
    scales: standard deviations of the Gaussian noise; 0 leaves it out. gammas: prices of a squared unit of
    distance. K, r: steps of the ascent and its draws at every step; one or several, a curve each. eta1: its
    step size, 0.5 / gamma if None (Algorithm 1 and Table 1 of the NAL paper). measured: fresh draws with
    which an image's loss is measured.
    loss: key of LOSSES; bound: its M, for generalised-cross-entropy. noise_in_cost: whether the surrogate
    phi pays for the noise too (Theorem 1) or not ("cost without noise", section 5.1).
    n0, n, radius_alpha: of the per-image certificates beside it; n = 0 leaves them out. alpha: of the bands.
    seed: image i draws with seed + i. device, precision, batch: as for CertifyRequest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoints: Annotated[tuple[str, ...], Field(min_length=1, max_length=6)]
    images: Annotated[int, Field(ge=2, le=1_000_000)] = 100
    skip: Annotated[int, Field(ge=1)] = 1
    scales: Annotated[tuple[float, ...], Field(min_length=1, max_length=6)] = (0.25,)
    gammas: Annotated[tuple[Gamma, ...], Field(min_length=1, max_length=20)] = (0.5, 1.0, 1.5, 3.0, 5.0, 10.0)
    K: Annotated[tuple[Steps, ...], Field(min_length=1, max_length=6)] = (15,)
    r: Annotated[tuple[Draws, ...], Field(min_length=1, max_length=6)] = (4,)
    eta1: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    measured: Annotated[int, Field(ge=2, le=100_000)] = 16
    loss: str = "cross-entropy"
    bound: Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)] | None = None
    noise_in_cost: bool = True
    n0: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    n: Annotated[int, Field(ge=0, le=10_000_000)] = 1000
    radius_alpha: Annotated[float, Field(gt=0, lt=1)] = 0.001
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    seed: Annotated[int, Field(ge=0, le=MAX_SEED - 2**31)] = 0
    device: str | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None

    @field_validator("K", "r", mode="before")
    @classmethod
    def _one_or_several(cls, value):
        return value if isinstance(value, list | tuple) else [value]

    @field_validator("K", "r")
    @classmethod
    def _efforts_differ(cls, value, info):
        if len(set(value)) < len(value):
            raise ValueError(f"{info.field_name} names one value twice")
        return tuple(sorted(value))

    @field_validator("scales")
    @classmethod
    def _scales_differ(cls, value):
        if not all(0 <= scale <= MAX_SCALE for scale in value) or len(set(value)) < len(value):
            raise ValueError(f"scales must lie between 0 and {MAX_SCALE:g}, each of them once")
        return value

    @field_validator("gammas")
    @classmethod
    def _gammas_differ(cls, value):
        if len(set(value)) < len(value):
            raise ValueError("gammas must be different from each other")
        return tuple(sorted(value))

    @model_validator(mode="after")
    def _fits_together(self):
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {short(self.loss)}; it must be one of {', '.join(LOSSES)}")
        if self.loss == "generalised-cross-entropy" and self.bound is None:
            raise ValueError("bound is missing; generalised-cross-entropy needs its bound M of at least 1")
        if self.loss != "generalised-cross-entropy" and self.bound is not None:
            words = "has none" if self.loss == "cross-entropy" else "is bounded by 1"
            raise ValueError(f"bound is {self.bound:g}, but {self.loss} {words}; leave it out")
        if len(set(self.checkpoints)) < len(self.checkpoints):
            raise ValueError("checkpoints names one of them twice")
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"{len(self.series)} curves are asked for; up to {MOST_SERIES} are drawn")
        return self

    @property
    def loss_bound(self) -> float | None:
        """M with 0 <= l <= M, or None."""
        return LOSSES[self.loss].bound(self.bound)

    @property
    def series(self) -> list[PopulationSeries]:
        """The curves, in the order in which they are made."""
        return [
            PopulationSeries(checkpoint, scale, K, r)
            for checkpoint, scale, K, r in itertools.product(self.checkpoints, self.scales, self.K, self.r)
            if scale or r == self.r[0]
        ]

    @property
    def chunks(self) -> int:
        return -(-self.images // CHUNK)

    @property
    def indices(self) -> range:
        """Numbers of the images in the test part."""
        return range(0, self.images * self.skip, self.skip)

    def part_names(self, series: PopulationSeries) -> list[str]:
        """What is made for one series: without moving, for each gamma, and per image where there is noise."""
        radii = ["radius"] if self.n and series.scale else []
        return ["clean", *(repr(gamma) for gamma in self.gammas), *radii]

    def part_keys(self) -> list[str]:
        """Of all parts of all series, in the order in which they are made; two curves may share some."""
        keys = (
            series.key(what, chunk)
            for series in self.series
            for chunk in range(self.chunks)
            for what in self.part_names(series)
        )
        return list(dict.fromkeys(keys))


def make_request(**values) -> PopulationRequest:
    """A PopulationRequest, or one sentence that names the field, what came and what is allowed."""
    try:
        return PopulationRequest(**values)
    except ValidationError as error:
        raise DistributionError(f"{first_fault(error)}.") from None


def command_line(request: PopulationRequest) -> str:
    """The shell command that asks for the same."""
    settings = request.model_dump(exclude_defaults=True) | {
        "scales": request.scales,
        "gammas": request.gammas,
    }
    words = ["python", "-m", "rsviz", "distribution"]
    for name in settings.pop("checkpoints"):
        words += ["--checkpoint", name]
    if not settings.pop("noise_in_cost", True):
        words.append("--no-noise-in-cost")
    for name, value in settings.items():
        values = value if isinstance(value, tuple) else [value]
        words += [f"--{name.lower().replace('_', '-')}", ",".join(str(one) for one in values)]
    return shlex.join(words)


def needs_bound(request: PopulationRequest) -> float:
    """The bound of the request's loss; DistributionError where it has none."""
    if request.loss_bound is None:
        raise DistributionError(
            f"loss is {request.loss}, which has no bound; what is proved takes a bounded loss: error, or "
            "generalised-cross-entropy with its bound."
        )
    return request.loss_bound


def check(request: PopulationRequest) -> PopulationRequest:
    """The request, if its checkpoints exist, take the same images, and the images are there."""
    first, *others = [load_card(name) for name in request.checkpoints]
    for card in others:
        same = ("dataset", "input_shape", "num_classes")
        if any(getattr(card, name) != getattr(first, name) for name in same):
            raise DistributionError(
                f"{card.name} was trained on {card.dataset} and {first.name} on {first.dataset}; the "
                "checkpoints of one picture take the same images."
            )
    if first.dataset in data.DATASETS:
        if not data.available(first.dataset):
            raise DistributionError(f"The images of {short(first.dataset)} are not on this machine.")
        size = data.DATASETS[first.dataset].sizes["test"]
    else:
        size = len(data.load(first.dataset, shape=first.input_shape))
    if request.indices[-1] >= size:
        raise DistributionError(
            f"images is {request.images} with skip {request.skip}; the test part of {first.dataset} has "
            f"{size}."
        )
    return request


def check_job(request: dict) -> PopulationRequest:
    """The request of a job, checked; its checkpoints go by name, for a job reads no path."""
    checked = make_request(**request)
    for name in checked.checkpoints:
        if Path(name).name != name:
            raise DistributionError(f"checkpoint is {short(name)}; a job takes the name of a checkpoint.")
    if not all(load_card(name).dataset in data.DATASETS for name in checked.checkpoints):
        raise DistributionError("a job takes checkpoints whose dataset goes by name.")
    return check(checked)
