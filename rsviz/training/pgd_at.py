"""Adversarial training: learn from the worst image that an attack finds; surrogate of transfer attacks."""

from typing import Annotated, Literal

from pydantic import Field

from rsviz.training.hyperparameters import Hyperparameters, Radius, Steps, StepSize
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """The settings of the paper for MNIST."""

    norm: Literal["linf", "l2"] = Field("linf", description="The norm of the ball.")
    epsilon: Radius = Field(
        0.3,
        description="Radius of the ball in pixel units; the paper: 0.3 on MNIST, 8/255 on CIFAR-10, in linf.",
    )
    steps: Steps = Field(40, description="Steps of the attack; the paper: 40 on MNIST, 7 on CIFAR-10.")
    step_size: Annotated[
        StepSize | None,
        Field(
            description="Length of a step; if not given, 4/3 epsilon / steps: 0.01 with the other defaults."
        ),
    ] = None
    random_start: bool = Field(True, description="Whether the attack starts at a random point of the ball.")


def pgd_at(f, x, y, *, noise, parameters, generator):
    """max_{||x' - x|| <= epsilon} L(f(x'), y), approached by projected gradient ascent from a random start.

    The accuracy that is reported is that of x'.
    Source: Madry et al. 2018, equation 2.1 and section 2.1; settings: section 5.
    """
    from torch.nn.functional import cross_entropy

    from rsviz.norms import NORMS
    from rsviz.training.inner import climb_in_ball, logits_of

    norm = NORMS[parameters.norm]
    attacked = climb_in_ball(
        f,
        lambda images: cross_entropy(logits_of(f, images), y, reduction="none"),
        x,
        norm,
        epsilon=parameters.epsilon,
        steps=parameters.steps,
        step_size=parameters.step_size or 4 / 3 * parameters.epsilon / max(parameters.steps, 1),
        start=norm.random(x.shape, parameters.epsilon, generator) if parameters.random_start else None,
    )
    logits = logits_of(f, attacked)
    return outcome(logits, cross_entropy=cross_entropy(logits, y))
