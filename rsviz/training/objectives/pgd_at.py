"""Adversarial training: learn from the worst image that an attack finds; surrogate of transfer attacks."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.norms import NORMS
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import ball_attack

functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")


class Parameters(base.Hyperparameters):
    """The settings of the paper for MNIST."""

    norm: base.BallNorm = "linf"
    epsilon: base.Radius = Field(
        0.3,
        description="Radius of the ball in pixel units; the paper: 0.3 on MNIST, 8/255 on CIFAR-10, in linf.",
    )
    steps: base.Steps = Field(40, description="Steps of the attack; the paper: 40 on MNIST, 7 on CIFAR-10.")
    step_size: base.BallStepSize = None
    random_start: bool = Field(True, description="Whether the attack starts at a random point of the ball.")

    @property
    def passes(self) -> int:
        return self.steps + 1


def pgd_at(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """max_{||x' - x|| <= epsilon} L(f(x'), y), approached by projected gradient ascent from a random start.

    The training accuracy is that of x'.
    Source: Madry et al. 2018, equation 2.1 and section 2.1; settings: section 5.
    """

    def losses(images):
        return functional.cross_entropy(gradients.logits_of(f, images), y, reduction="none")

    start = None
    if parameters.random_start:
        start = NORMS[parameters.norm].random(x.shape, parameters.epsilon, generator)
    logits = gradients.logits_of(f, ball_attack(f, losses, x, parameters, start))
    return base.cross_entropy(logits, y)


PGD_AT = base.Objective(
    title="Adversarial training (PGD)",
    source="Madry et al. 2018",
    parameters=Parameters,
    loss=pgd_at,
    needs_noise=False,
)
