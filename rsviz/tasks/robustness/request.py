"""Robust accuracy against attack size as a request. No torch."""

import itertools
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from rsviz.attacks import ATTACKS, AttackError, make_parameters
from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError
from rsviz.tasks import settings
from rsviz.tasks.attack.request import VerdictVotes, WithAttack
from rsviz.tasks.fields import Setting
from rsviz.tasks.settings import MAX_SCALE, check_enough_images, check_same_images
from rsviz.tasks.shared import VotingRequest

MOST_SERIES = 16


@dataclass(frozen=True)
class RobustnessSeries:
    """One curve. scale: 0 is f. surrogate: the checkpoint that is attacked, None for the victim itself."""

    checkpoint: str
    scale: float
    surrogate: str | None

    @property
    def words(self) -> str:
        """The series in a line."""
        victim = f"scale {self.scale:g}" if self.scale else "f, no noise"
        source = f"from {self.surrogate}" if self.surrogate else "white-box"
        return f"{self.checkpoint}, {victim}, {source}"

    @property
    def clean_key(self) -> str:
        """Of the part without attack. It does not depend on the surrogate, as the radii do not."""
        return f"{self.checkpoint} {self.scale!r} clean"

    @property
    def radius_key(self) -> str:
        return f"{self.checkpoint} {self.scale!r} radius"

    def size_key(self, size: float) -> str:
        return f"{self.checkpoint} {self.scale!r} {self.surrogate or ''} {size!r}"


def curve_attacks() -> list[str]:
    """Keys of the attacks with which curves can be made."""
    return [key for key, attack in ATTACKS.items() if attack.draws_curves()]


class RobustnessRequest(WithAttack, VotingRequest):
    """All that curves of robust accuracy depend on. The sizes take the place of the attack's epsilon."""

    TASK: ClassVar[str] = "robustness"
    COMMAND: ClassVar[str] = "robustness"
    ERROR: ClassVar[type[RsvizError]] = AttackError

    checkpoints: Annotated[
        tuple[str, ...],
        Field(min_length=1, max_length=4),
        Setting(
            "Name of a checkpoint, or path of its .safetensors file; up to four, for the same images.",
            label="Checkpoints, up to four",
            flags=("--checkpoint",),
            by_name=True,
        ),
    ]
    scales: Annotated[
        tuple[float, ...],
        Field(min_length=1, max_length=4),
        Setting(
            "Scales of the noise; 0 means f itself; by default that of the training.",
            unit="pixel units",
            flags=("--scale",),
        ),
    ]
    noise: settings.Noise = "gaussian"
    surrogate: Annotated[
        str | None,
        Field(min_length=1, max_length=4096),
        Setting(
            "Adds to each curve one of the attack on this checkpoint, under the noise of its training.",
            label="Transfer from",
            by_name=True,
        ),
    ] = None
    white_box: Annotated[
        bool, Setting("Whether there are curves of the attack on the victim itself.", label="White-box")
    ] = True
    images: Annotated[
        int, Field(ge=1, le=10_000), Setting("Test images.", unit="images", label="Test images")
    ] = 20
    skip: Annotated[int, Field(ge=1, le=10_000), Setting("Take every skip-th test image.", unit="images")] = 1
    attack: Annotated[str, Setting("The attack.", label="Attack", choices=curve_attacks)] = "eot-pgd"
    parameters: Annotated[
        dict[str, Any],
        Setting(
            "A setting of the attack itself.",
            shorthands={"norm": "--norm", "draws": "--eot", "steps": "--steps"},
        ),
    ] = Field(default_factory=dict)
    sizes: Annotated[
        tuple[float, ...],
        Field(min_length=1, max_length=20),
        Setting("Sizes of the attack, in its norm, each larger than the one before.", unit="pixel units"),
    ]
    votes: VerdictVotes = 300
    n: settings.EstimationDraws = 1_000

    @classmethod
    def completed(cls, values: dict) -> dict:
        """Noise and scale of the first checkpoint's training where no scale is given."""
        checkpoints = values.get("checkpoints")
        if values.get("scales") is not None or not checkpoints:
            return values
        card = load_card(checkpoints[0])
        if not card.noise_known:
            raise AttackError(
                f"scales is missing, and {settings.no_scale_reason(card)}; please give them, 0 for f itself."
            )
        noise = values.get("noise") or card.noise or "gaussian"
        return values | {"noise": noise, "scales": (settings.default_scale(card, noise) or 0.0,)}

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
        return self.chosen.norm

    @property
    def series(self) -> list[RobustnessSeries]:
        """The curves, in the order in which they are made."""
        ways = [None] * self.white_box + [self.surrogate] * (self.surrogate is not None)
        return [
            RobustnessSeries(checkpoint, scale, way)
            for checkpoint, scale, way in itertools.product(self.checkpoints, self.scales, ways)
        ]

    @property
    def each_size(self) -> bool:
        """Whether the attack takes a run for every size; others find the least distortion in one."""
        return not ATTACKS[self.attack].one_run_gives_all_sizes

    def part_keys(self, series: RobustnessSeries | None = None) -> list[str]:
        """Of the parts of one series, or of all: without attack, certified (not for f), and each size."""
        found = []
        for one in [series] if series else self.series:
            radius = [one.radius_key] if one.scale else []
            found += [one.clean_key, *radius, *map(one.size_key, self.sizes)]
        return list(dict.fromkeys(found))

    def check_fit(self) -> None:
        """Raise unless all checkpoints take the same images, which are on this machine."""
        names = [*self.checkpoints, *([self.surrogate] if self.surrogate else [])]
        card = check_same_images(names, AttackError)
        check_enough_images(card.dataset, self.images, self.skip, error=AttackError)
