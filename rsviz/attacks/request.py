"""One attack as a request: what the page, the job and the command line ask for. Does not import torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rsviz.attacks.base import Parameters
from rsviz.attacks.table import ATTACKS, AttackError, check_attack, check_surrogate, make_parameters
from rsviz.certification import MAX_SCALE, Source
from rsviz.checkpoints import load_card
from rsviz.data import DATASETS
from rsviz.errors import first_fault, short
from rsviz.noise import MAX_SEED, NOISES


class AttackRequest(BaseModel):
    """All that an attack on one image depends on.

    checkpoint, image: as in CertifyRequest. noise, scale: of the smoothed classifier g; scale 0 attacks the
    base classifier f itself. attack: key of ATTACKS. parameters: that attack's own, see make_parameters.
    surrogate: the checkpoint that `transfer` attacks. label: the class to get away from; None takes the
    image's own, and for an uploaded image the class that g names. target: a class to get to instead.
    votes: draws of each verdict, path_votes: of each point of the path. n: draws of the certificate beside
    it, n0 of its selection. alpha: of verdicts and certificate. device, precision, batch: None leaves the
    choice to the machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = Field(min_length=1, max_length=4096)
    image: Source
    noise: str = "gaussian"
    scale: float = Field(ge=0, le=MAX_SCALE, allow_inf_nan=False)
    attack: str = "eot-pgd"
    parameters: dict[str, Any] = {}
    surrogate: str | None = Field(default=None, min_length=1, max_length=4096)
    label: int | None = Field(default=None, ge=0)
    target: int | None = Field(default=None, ge=0)
    votes: int = Field(default=1000, ge=1, le=1_000_000)
    path_votes: int = Field(default=200, ge=1, le=100_000)
    n0: int = Field(default=100, ge=1, le=1_000_000)
    n: int = Field(default=10_000, ge=1, le=1_000_000)
    alpha: float = Field(default=0.001, gt=0, lt=1, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    device: str | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: int | None = Field(default=None, ge=1, le=65536)

    @field_validator("noise")
    @classmethod
    def _known_noise(cls, value):
        if value not in NOISES:
            raise ValueError(f"noise must be one of {', '.join(NOISES)}")
        return value

    @model_validator(mode="after")
    def _fits_together(self):
        make_parameters(self.attack, **self.parameters)
        check_surrogate(ATTACKS[self.attack], self.surrogate)
        if self.target is not None and self.target == self.label:
            raise AttackError(f"target is {self.target}, the label itself; it must be another class.")
        return self

    @property
    def chosen(self) -> Parameters:
        """The attack's own settings, checked."""
        return make_parameters(self.attack, **self.parameters)


def make_request(**values) -> AttackRequest:
    """An AttackRequest, or one sentence that names the field, what came and what is allowed."""
    try:
        return AttackRequest(**values)
    except ValidationError as error:
        raise AttackError(f"{first_fault(error)}.") from None


def check_job(request: dict) -> AttackRequest:
    """The request of a job, checked, with checkpoints that exist and fit; a job reads no path."""
    checked = make_request(**request)
    if checked.image.kind == "file":
        raise AttackError("image.kind is 'file'; a job takes images of a dataset or uploaded ones.")
    for name in filter(None, (checked.checkpoint, checked.surrogate)):
        if Path(name).name != name:
            raise AttackError(f"checkpoint is {short(name)}; a job takes the name of a checkpoint.")
    check_fit(checked)
    return checked


def check_fit(request: AttackRequest) -> None:
    """Raise where checkpoint, surrogate, image, label and target do not belong together."""
    card = load_card(request.checkpoint)
    for name, value in (("label", request.label), ("target", request.target)):
        if value is not None and value >= card.num_classes:
            raise AttackError(f"{name} is {value}; {card.name} knows classes 0 to {card.num_classes - 1}.")
    if request.image.kind == "dataset" and card.dataset in DATASETS and request.image.dataset != card.dataset:
        raise AttackError(
            f"image.dataset is {short(request.image.dataset)}; {card.name} was trained on {card.dataset}."
        )
    if request.surrogate is not None:
        other = load_card(request.surrogate)
        if (other.input_shape, other.num_classes) != (card.input_shape, card.num_classes):
            raise AttackError(
                f"the surrogate {other.name} takes images of shape {tuple(other.input_shape)} into "
                f"{other.num_classes} classes and {card.name} {tuple(card.input_shape)} into "
                f"{card.num_classes}; they must be the same."
            )


def command_line(request: AttackRequest, result: dict) -> str:
    """The shell command of the same attack; for an uploaded image the person puts in the file."""
    image = request.image
    if image.kind == "dataset":
        source = f"--dataset {image.dataset} --index {image.index}"
    else:
        source = f"--image FILE --fit {image.how}" + (" --invert" if image.invert else "")
    settings = {"noise": request.noise, "scale": request.scale, "attack": request.attack}
    settings |= {name: result[name] for name in ("label", "target") if result.get(name) is not None}
    settings |= {"surrogate": request.surrogate} if request.surrogate else {}
    settings |= {name: getattr(request, name) for name in ("votes", "n0", "n", "alpha", "seed")}
    settings |= {"path-votes": request.path_votes}
    settings |= {name: result[name] for name in ("device", "precision", "batch") if result.get(name)}
    options = " ".join(f"--{name} {value}" for name, value in settings.items())
    return (
        f"python -m rsviz attack --checkpoint {request.checkpoint} {source} {options}{_own(request)} --json"
    )


OPTIONS = {"norm": "norm", "epsilon": "epsilon", "draws": "eot", "steps": "steps"}
"""Settings that have an option of their own on the command line, and its name."""


def parameters_from(attack: str, given: dict, own: Sequence[str] = ()) -> dict:
    """The parameters of an attack from what a command line has.

    given: values by the names of settings, None where there is none. own: texts NAME=VALUE. For `transfer`
    they are those of the attack on the surrogate, which `attack=KEY` chooses.
    Raises AttackError for a text without "=", a name that stands twice, and whatever the attack refuses.
    """
    values = {name: value for name, value in given.items() if value is not None}
    for text in own:
        name, equals, value = text.partition("=")
        if not equals:
            raise AttackError(f"--set is {short(text)}; it must be NAME=VALUE.")
        if name in values:
            raise AttackError(f"{short(name)} is given twice; it has one value.")
        values[name] = value
    if check_attack(attack).takes_surrogate:
        inner = values.pop("attack", "eot-pgd")
        values = {"attack": inner, "parameters": _typed(inner, values)}
        make_parameters(attack, **values)
        return values
    return _typed(attack, values)


def _typed(attack, values) -> dict:
    """Texts as numbers and truths; a setting that the attack does not have is named, with those it has."""
    known = check_attack(attack).parameters.model_fields
    for name in values:
        if name not in known:
            asked = f"--{OPTIONS[name]}" if name in OPTIONS else short(name)
            raise AttackError(f"{asked} is no setting of {attack}; it has {', '.join(known)}.")
    checked = make_parameters(attack, **values)
    return {name: getattr(checked, name) for name in values}


def _own(request) -> str:
    """The attack's own settings as options; those of `transfer` are of the attack on the surrogate."""
    chosen, text = request.chosen, ""
    if ATTACKS[request.attack].takes_surrogate:
        text, chosen = f" --set attack={chosen.attack}", chosen.inner
    for name, value in chosen.model_dump().items():
        if value is not None:
            value = str(value).lower() if isinstance(value, bool) else value
            text += f" --{OPTIONS[name]} {value}" if name in OPTIONS else f" --set {name}={value}"
    return text
