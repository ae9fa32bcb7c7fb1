"""What every objective consists of: a record, hyper-parameters within limits, and the outcome of its loss."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rsviz.lazy import lazy

if TYPE_CHECKING:  # requests are checked in processes that have no torch
    from torch import Tensor

functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")

Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
"""The weight of one term of a loss."""

Penalty = Annotated[
    float,
    Field(
        gt=0,
        le=1e6,
        allow_inf_nan=False,
        description="Price of a squared unit of distance; small lets images move far (0.25 best on MNIST).",
    ),
]
"""The price gamma of a unit of transportation cost, loss per squared pixel unit."""

Radius = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
"""The radius of a ball around the image, pixel units."""

StepSize = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]

PenaltyStepSize = Annotated[
    StepSize | None, Field(description="Step size of the ascent; if not given, 0.5 / gamma.")
]

BallNorm = Annotated[Literal["linf", "l2"], Field(description="The norm of the ball.")]

BallStepSize = Annotated[
    StepSize | None,
    Field(description="Length of a step; if not given, 4/3 epsilon / steps: 0.01 with the other defaults."),
]

Steps = Annotated[int, Field(ge=0, le=1000)]
"""Steps of an ascent; 0 leaves the image where it starts."""

SmoothedAttackSteps = Annotated[
    Steps, Field(description="Steps of the attack, each of length 2 epsilon / steps; 0 is no attack.")
]

SmoothedAttackRadius = Annotated[
    Radius, Field(description="Radius of the l2 ball that the attack moves in, in pixel units.")
]

Copies = Annotated[int, Field(ge=1, le=256)]
"""Noisy copies of each image, all in one batch."""


class Hyperparameters(BaseModel):
    """Base class of an objective's own Parameters: frozen, and unknown names are refused.

    A field's `description` is its help on the Train page.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def passes(self) -> int:
        """How often one image of the batch goes through the network in one step."""
        return 1


@dataclass(frozen=True, eq=False)
class Outcome:
    """An objective's value at one batch.

    total: 0-dim tensor, the mean over the batch; the loop differentiates it.
    logits: (B, classes), detached, one row per image: the training accuracy is measured on them. They belong
    to the image that was trained on: the noisy or attacked copy (the first one if there are several).
    terms: the parts of the total by name, 0-dim and detached; each contains its weight, so they add up.
    """

    total: "Tensor"
    logits: "Tensor"
    terms: "Mapping[str, Tensor]"


def outcome(logits: "Tensor", **terms: "Tensor") -> Outcome:
    """The Outcome with the sum of the terms as its total; underscores in their names are shown as hyphens."""
    return Outcome(
        total=sum(terms.values()),
        logits=logits.detach(),
        terms={name.replace("_", "-"): term.detach() for name, term in terms.items()},
    )


def cross_entropy(logits: "Tensor", y: "Tensor") -> Outcome:
    """The Outcome of the mean cross-entropy of logits (B, classes)."""
    return outcome(logits, cross_entropy=functional.cross_entropy(logits, y))


def noisy_cross_entropy(logits: "Tensor", y: "Tensor") -> Outcome:
    """The Outcome of the mean cross-entropy of noisy copies, logits (B, copies, classes)."""
    return outcome(logits[:, 0], cross_entropy=gradients.noisy_losses(logits, y).mean())


@dataclass(frozen=True)
class Objective:
    """One training method.

    title: for screens. source: papers, with section or theorem.
    loss: loss(f, x, y, *, noise, parameters, generator) -> Outcome, the mean objective over a batch. Its name
    is that of the method, with hyphens.
    f: the network, a torch.nn.Module from (N, C, H, W) to logits (N, classes); ascents set it to evaluation
    mode while they run. x: (B, C, H, W) in [0, 1]. y: (B,) int64. noise: a mechanism of rsviz.noise, or None.
    parameters: an instance of `parameters`. generator: the source of all noise.
    parameters: the class of its hyper-parameters; by default it has none.
    needs_noise: True if sigma must be positive, False if it must be 0.
    """

    title: str
    source: str
    loss: Callable[..., Outcome]
    parameters: type[Hyperparameters] = Hyperparameters
    needs_noise: bool = True

    @property
    def key(self) -> str:
        """Its name in links, commands and cards."""
        return self.loss.__name__.replace("_", "-")
