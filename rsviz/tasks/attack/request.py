"""One attack as a request: what the page, the job, the shell and a notebook ask for. No torch."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from rsviz.attacks import ATTACKS, AttackError, Parameters, all_settings, make_parameters
from rsviz.attacks.base import BallAttack
from rsviz.attacks.table import check_surrogate
from rsviz.checkpoints import load_card
from rsviz.data import DATASETS
from rsviz.errors import RsvizError, short
from rsviz.tasks import settings
from rsviz.tasks.fields import Setting
from rsviz.tasks.image import check_sample
from rsviz.tasks.shared import ImageRequest

SHORTHANDS = {"norm": "--norm", "epsilon": "--epsilon", "draws": "--eot", "steps": "--steps"}
"""Parameters of attacks that have a shell option of their own."""

POINTS = 21
"""Images on the line to the attacked image at which votes are counted, both ends among them."""

VerdictVotes = Annotated[
    int,
    Field(ge=1, le=1_000_000),
    Setting("Fresh draws of each verdict.", unit="draws", label="Votes of the verdict"),
]


class WithAttack:
    """What requests for attacks share. They have the fields attack and parameters, and a method check_fit."""

    @property
    def chosen(self) -> Parameters:
        """The attack's own parameters, checked."""
        return make_parameters(self.attack, **self.parameters)

    @property
    def chosen_parameters(self) -> dict[str, Any]:
        """Every setting of the attack, with those that were left out."""
        return all_settings(self.chosen)

    def check_job(self) -> Self:
        super().check_job()
        self.check_fit()
        return self


class AttackRequest(WithAttack, ImageRequest):
    """All that an attack on one image depends on. See rsviz.attacks for the attacks and their parameters."""

    TASK: ClassVar[str] = "attack"
    COMMAND: ClassVar[str] = "attack"
    ERROR: ClassVar[type[RsvizError]] = AttackError

    scale: settings.ScaleOrNone
    attack: Annotated[str, Setting("The attack.", label="Attack", choices=lambda: list(ATTACKS))] = "eot-pgd"
    parameters: Annotated[
        dict[str, Any],
        Setting(
            "A setting of the attack itself; for transfer also one of its attack.", shorthands=SHORTHANDS
        ),
    ] = Field(default_factory=dict)
    surrogate: Annotated[
        str | None,
        Field(min_length=1, max_length=4096),
        Setting("Checkpoint that an attack by transfer runs on.", label="Surrogate", by_name=True),
    ] = None
    label: Annotated[
        int | None,
        Field(ge=0),
        Setting("Class to get away from; by default the image's own, or the answer of g."),
    ] = None
    target: Annotated[
        int | None, Field(ge=0), Setting("Class to get to; by default any other.", label="Make it say")
    ] = None
    votes: VerdictVotes = 1000
    path_votes: Annotated[
        int,
        Field(ge=1, le=100_000),
        Setting("Draws of each point on the line to the attacked image.", unit="draws"),
    ] = 200
    n: settings.EstimationDraws = 10_000

    @classmethod
    def completed(cls, values: dict) -> dict:
        """Noise and scale of the training where they are missing, parameters of a transfer in their place."""
        values = settings.with_own_noise(values, "please give a scale, 0 for f itself")
        attack, parameters = values.get("attack", "eot-pgd"), values.get("parameters")
        if isinstance(parameters, dict) and attack in ATTACKS:
            values["parameters"] = _in_place(attack, parameters)
        return values

    @model_validator(mode="after")
    def _fits_together(self):
        make_parameters(self.attack, **self.parameters)
        check_surrogate(ATTACKS[self.attack], self.surrogate)
        if self.target is not None and self.target == self.label:
            raise AttackError(f"target is {self.target}, the label itself; it must be another class.")
        return self

    @property
    def passes(self) -> float | None:
        """Gradients and votes of an attack that takes a number of steps; None for one that searches."""
        record, chosen = ATTACKS[self.attack], self.chosen
        if not issubclass(record, BallAttack):
            return None
        draws = chosen.draws if record.needs_gradient and self.scale else 1
        searched = 3 * chosen.restarts * (chosen.steps + 1) * draws
        return searched + 2 * self.votes + POINTS * self.path_votes + self.n0 + self.n

    def check_fit(self) -> None:
        """Raise where checkpoint, surrogate, image, label and target do not belong together."""
        card, image = load_card(self.checkpoint), self.image
        for name, value in (("label", self.label), ("target", self.target)):
            if value is not None and value >= card.num_classes:
                raise AttackError(
                    f"{name} is {value}; {card.name} knows classes 0 to {card.num_classes - 1}."
                )
        check_sample(image, card.input_shape, card.classes)
        if image.kind == "dataset" and card.dataset in DATASETS and image.dataset != card.dataset:
            raise AttackError(
                f"image.dataset is {short(image.dataset)}; {card.name} was trained on {card.dataset}."
            )
        if self.surrogate is None:
            return
        other = load_card(self.surrogate)
        if (other.input_shape, other.num_classes) != (card.input_shape, card.num_classes):
            raise AttackError(
                f"the surrogate {other.name} takes images of shape {tuple(other.input_shape)} into "
                f"{other.num_classes} classes and {card.name} {tuple(card.input_shape)} into "
                f"{card.num_classes}; they must be the same."
            )


def _in_place(attack: str, parameters: dict) -> dict:
    """The parameters, where those of a transfer's inner attack may stand beside its own."""
    record = ATTACKS[attack]
    own = record.parameters.model_fields
    if record.takes_surrogate and "parameters" in own:
        inner = {name: value for name, value in parameters.items() if name not in own}
        key = parameters.get("attack", own["attack"].default)
        if inner and key in ATTACKS and ATTACKS[key].can_be_transferred:
            inner = _in_place(key, inner) | parameters.get("parameters", {})
            return {"attack": key, "parameters": inner}
        return parameters
    for name in parameters:
        if name not in own:
            flag = SHORTHANDS.get(name, "")
            asked = name if flag in ("", f"--{name}") else f"{name} ({flag})"
            raise AttackError(f"{short(asked)[1:-1]} is no setting of {attack}; it has {', '.join(own)}.")
    return parameters
