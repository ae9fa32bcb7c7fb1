"""The request of a population's certificate: the worst mean loss of moving images. No torch."""

import itertools
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from rsviz import data
from rsviz.checkpoints import load_card
from rsviz.distributional.losses import LOSSES, PopulationError
from rsviz.tasks import settings
from rsviz.tasks.fields import Setting
from rsviz.tasks.shared import VotingRequest

MOST_SERIES = 16
CHUNK = 100
"""Images of one part of a run."""


def _as_list(value):
    return value if isinstance(value, list | tuple) else [value]


Steps = Annotated[int, Field(ge=1, le=10_000)]
Draws = Annotated[int, Field(ge=1, le=1024)]
Gamma = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Level = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]


@dataclass(frozen=True)
class PopulationSeries:
    """One curve: the ascents of all images for one checkpoint, noise and effort.

    scale: of the Gaussian noise; 0 is f itself, as WRM sees it, where all draws are equal.
    K: steps of each ascent. r: draws of noise at each step.
    """

    checkpoint: str
    scale: float
    K: int
    r: int

    def key(self, part: str, chunk: int) -> str:
        """Name of one finished part. part: "clean", "radius" or a gamma. chunk: counts from 0."""
        effort = f" {self.K} {self.r}" if part not in ("clean", "radius") else ""
        return f"{self.checkpoint} {self.scale!r}{effort} {part} {chunk}"


class PopulationRequest(VotingRequest):
    """All that the worst mean loss of a population depends on; the test images are the sample of P_0.

    Symbols and defaults follow Algorithm 1 and Table 1 of the NAL paper.
    """

    TASK: ClassVar[str] = "population"
    COMMAND: ClassVar[str] = "distribution"
    ERROR: ClassVar[type[PopulationError]] = PopulationError

    checkpoints: Annotated[
        tuple[settings.CheckpointName, ...],
        Field(min_length=1, max_length=6),
        Setting(
            "Name or path of a checkpoint; repeatable: a curve each, all for the same images.",
            label="Checkpoints",
            flags=("--checkpoint",),
            by_name=True,
        ),
    ]
    images: Annotated[
        int,
        Field(ge=2, le=1_000_000),
        Setting("Images of the test part.", unit="images", label="Test images"),
    ] = 100
    skip: settings.Skip = 1
    scales: Annotated[
        tuple[settings.ScaleOrNone, ...],
        Field(min_length=1, max_length=6),
        Setting(
            "Scales of the Gaussian noise, a curve each; 0: no noise; by default those of the training.",
            unit="pixel units",
            label="Gaussian noise σ; 0 is WRM's certificate",
        ),
    ]
    gammas: Annotated[
        tuple[Gamma, ...],
        Field(min_length=1, max_length=20),
        Setting("Prices of a squared unit of distance.", label="γ", in_links=True),
    ] = (0.5, 1.0, 1.5, 3.0, 5.0, 10.0)
    K: Annotated[
        tuple[Steps, ...],
        BeforeValidator(_as_list),
        Field(min_length=1, max_length=6),
        Setting("Steps of the ascent; several: a curve each.", unit="steps", label="Steps K"),
    ] = (15,)
    r: Annotated[
        tuple[Draws, ...],
        BeforeValidator(_as_list),
        Field(min_length=1, max_length=6),
        Setting("Draws of noise at every step; several: a curve each.", unit="draws", label="Draws r"),
    ] = (4,)
    eta1: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False),
        Setting("Step size of the ascent; by default 0.5 / gamma."),
    ] = None
    measured: Annotated[
        int,
        Field(ge=2, le=100_000),
        Setting("Fresh draws that measure a loss.", unit="draws", label="Draws that measure a loss"),
    ] = 16
    loss: Annotated[str, Setting("The loss l.", label="Loss", choices=lambda: list(LOSSES))] = "cross-entropy"
    bound: Annotated[
        float | None,
        Field(ge=1, le=1e6, allow_inf_nan=False),
        Setting("Bound M of a loss that takes one.", label="Its bound M"),
    ] = None
    noise_in_cost: Annotated[
        bool,
        Setting(
            "The surrogate phi pays for the noise, as in Theorem 1; the certificate does not depend on it.",
            label="φ pays for the noise",
        ),
    ] = True
    n: Annotated[
        int,
        Field(ge=0, le=settings.MAX_N),
        Setting("Draws of each image's own certificate; 0: none.", unit="draws", label="Votes n of a radius"),
    ] = 1000
    radius_alpha: Annotated[Level, Setting("Probability of error of each image's own certificate.")] = 0.001
    alpha: Annotated[Level, Setting("Probability of error of the band over all gammas.")] = 0.05

    @classmethod
    def completed(cls, values: dict) -> dict:
        """Scales of the checkpoints' training where none are given; 0 where it had no noise."""
        names = values.get("checkpoints")
        if values.get("scales") is not None or not isinstance(names, list | tuple):
            return values
        return values | {"scales": sorted({load_card(name).scale or 0.0 for name in names})}

    @field_validator("checkpoints", "scales", "gammas", "K", "r")
    @classmethod
    def _no_value_twice(cls, value, info):
        if len(set(value)) < len(value):
            raise ValueError(f"{info.field_name} names one value twice")
        return value

    @field_validator("gammas", "K", "r")
    @classmethod
    def _rising(cls, value):
        return tuple(sorted(value))

    @model_validator(mode="after")
    def _fits_together(self):
        loss = LOSSES[self.loss]
        if loss.takes_bound and self.bound is None:
            raise ValueError(f"bound is missing; {loss.key} needs its bound M of at least 1")
        if not loss.takes_bound and self.bound is not None:
            words = "has none" if loss.bound is None else f"is bounded by {loss.bound:g}"
            raise ValueError(f"bound is {self.bound:g}, but {loss.key} {words}; leave it out")
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"{len(self.series)} curves are asked for; up to {MOST_SERIES} are drawn")
        return self

    @property
    def loss_bound(self) -> float | None:
        """M with 0 <= l <= M, or None."""
        return self.bound if LOSSES[self.loss].takes_bound else LOSSES[self.loss].bound

    def check_provable(self) -> Self:
        """The request, if its loss is bounded; without a bound nothing can be proved concave."""
        if self.loss_bound is None:
            bounded = [loss.key for loss in LOSSES.values() if loss.takes_bound or loss.bound is not None]
            raise PopulationError(
                f"loss is {self.loss}, which has no bound; what is proved takes one of {', '.join(bounded)}."
            )
        return self

    @property
    def passes(self) -> float:
        """Gradients of the ascents, draws that measure their ends, and the votes of the radii."""
        certified = self.n0 + self.n if self.n else 0
        each = (
            len(self.gammas) * (3 * series.K * (series.r if series.scale else 1) + self.measured) + certified
            for series in self.series
        )
        return self.images * sum(each)

    @property
    def series(self) -> list[PopulationSeries]:
        """The curves, in the order of the run."""
        return [
            PopulationSeries(checkpoint, scale, K, r)
            for checkpoint, scale, K, r in itertools.product(self.checkpoints, self.scales, self.K, self.r)
            if scale or r == self.r[0]  # without noise every r gives the same curve
        ]

    @property
    def indices(self) -> range:
        """Numbers of the images in the test part."""
        return range(0, self.images * self.skip, self.skip)

    @property
    def chunks(self) -> int:
        """Number of chunks of images."""
        return -(-self.images // CHUNK)

    def rows(self, chunk: int) -> list[int]:
        """Numbers of the images of one chunk in the test part."""
        return list(self.indices[chunk * CHUNK : (chunk + 1) * CHUNK])

    def part_names(self, series: PopulationSeries) -> list[str]:
        """The parts of one series: the unmoved images, each gamma, and the radii if there is noise."""
        radii = ["radius"] if self.n and series.scale else []
        return ["clean", *(repr(gamma) for gamma in self.gammas), *radii]

    def part_keys(self) -> list[str]:
        """Keys of all parts, in the order of the run; two series may share some."""
        keys = (
            series.key(part, chunk)
            for series in self.series
            for chunk in range(self.chunks)
            for part in self.part_names(series)
        )
        return list(dict.fromkeys(keys))

    def check_materials(self) -> Self:
        """The request, if its checkpoints exist and take the same images, and there are enough of them."""
        card = settings.check_same_images(self.checkpoints, self.ERROR)
        named = card.dataset in data.DATASETS
        size = None if named else len(data.load(card.dataset, shape=card.input_shape))
        settings.check_enough_images(card.dataset, self.images, self.skip, size, self.ERROR)
        return self

    def check_job(self) -> Self:
        """The request, if a job may run it: checkpoints and datasets go by name, and fit together."""
        super().check_job()
        if not all(load_card(name).dataset in data.DATASETS for name in self.checkpoints):
            raise PopulationError("a job takes checkpoints with a data set that has a name.")
        return self.check_materials()
