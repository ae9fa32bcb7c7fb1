"""What can be asked of each attack, checked before anything begins. Does not import torch."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Size = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Steps = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Alpha = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Loss = Literal["log-mean", "mean-loss", "margin"]


class Parameters(BaseModel):
    """Settings common to all: frozen, and nothing unknown is let through."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EotPgd(Parameters):
    """Projected gradient descent: the largest loss within epsilon.

    norm: of the ball. epsilon: its radius in pixel units. steps: gradient steps of each start. draws: noise
    draws that a gradient is averaged over; 1 where f itself is attacked. loss: see rsviz.smoothing.gradients.
    step_size: in the attack's norm; by default 2.5 * epsilon / steps. restarts: starts in all. random_start:
    whether the first start is random in the ball; the others always are. common_draws: the same noise in
    every step, as Salman et al. 2019 do it, instead of fresh noise.
    """

    norm: Literal["l2", "linf"] = "l2"
    epsilon: Size = 1.0
    steps: Steps = 20
    draws: Count = 16
    loss: Loss = "log-mean"
    step_size: Size | None = None
    restarts: Annotated[int, Field(ge=1, le=1000)] = 1
    random_start: bool = True
    common_draws: bool = False


class CarliniWagner(Parameters):
    """The least l2 distortion that changes the class.

    steps: of Adam for one constant. searches: constants tried for each image. constant: the first of them.
    draws: noise draws that a gradient is averaged over. loss: "margin" is Carlini and Wagner's f6, averaged
    over the draws; "log-margin" is that of the logarithms of the mean softmax; against f they are the same.
    kappa: confidence, the margin in logits beyond which nothing is gained; by default 0 against f, and 1
    against g, so that votes do not merely tie. learning_rate: of Adam, in the variable of tanh. abort_early:
    leave a constant when a tenth of its steps brought nothing. epsilon: None looks for the least distortion;
    a number leaves an image alone as soon as it is beaten within that distance, which gives one point of a
    curve for less. votes, alpha: against g a point counts as found when PREDICT with so many fresh votes, at
    that level, names another class. common_draws: as in EotPgd.
    """

    norm: Literal["l2"] = "l2"
    epsilon: Size | None = None
    steps: Steps = 100
    searches: Annotated[int, Field(ge=1, le=100)] = 9
    draws: Count = 16
    loss: Literal["margin", "log-margin"] = "log-margin"
    kappa: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    constant: Size = 1.0
    learning_rate: Size = 0.1
    abort_early: bool = True
    votes: Count = 100
    alpha: Alpha = 0.001
    common_draws: bool = False


class Boundary(Parameters):
    """A walk along the boundary that asks for votes alone.

    steps: proposals for each image. votes, alpha: a point counts as adversarial when PREDICT with so many
    fresh votes, at that level, names another class; f itself is asked once. orthogonal_step, source_step:
    first sizes of the step around the original and towards it, relative to the distance; they adapt.
    epsilon: as in CarliniWagner.
    """

    norm: Literal["l2"] = "l2"
    epsilon: Size | None = None
    steps: Steps = 1000
    votes: Count = 100
    alpha: Alpha = 0.001
    orthogonal_step: Annotated[float, Field(gt=0, le=1)] = 0.1
    source_step: Annotated[float, Field(gt=0, lt=1)] = 0.05


class Transfer(Parameters):
    """Another attack, run on a surrogate that the attacker knows, replayed on the victim.

    attack: one of the others. parameters: that attack's own.
    """

    attack: Literal["eot-pgd", "cw", "boundary"] = "eot-pgd"
    parameters: dict[str, Any] = {}

    @model_validator(mode="after")
    def _inner_is_valid(self):
        BY_KEY[self.attack](**self.parameters)
        return self

    @property
    def inner(self) -> Parameters:
        """The checked parameters of the attack on the surrogate."""
        return BY_KEY[self.attack](**self.parameters)

    @property
    def norm(self) -> str:
        return self.inner.norm

    @property
    def epsilon(self) -> float | None:
        return self.inner.epsilon


BY_KEY: dict[str, type[Parameters]] = {
    "eot-pgd": EotPgd,
    "cw": CarliniWagner,
    "boundary": Boundary,
    "transfer": Transfer,
}
