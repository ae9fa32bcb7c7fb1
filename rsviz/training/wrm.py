"""WRM: adversarial training against a shift of the whole distribution, by a penalty on the distance."""

from typing import Annotated

from pydantic import Field

from rsviz.training.hyperparameters import Hyperparameters, Penalty, Steps, StepSize
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """K: Sinha et al., section 4; gamma and eta_1: Tables 1 and 3 of the NAL paper, the same as for NAL."""

    K: Steps = Field(15, description="Steps of the inner ascent; 0 is plain training.")
    gamma: Penalty = Field(
        1.5,
        description="Price of a squared unit of distance; small lets images move far (0.25 best on MNIST).",
    )
    eta1: Annotated[
        StepSize | None, Field(description="Step size of the ascent; if not given, 0.5 / gamma.")
    ] = None


def wrm(f, x, y, *, noise, parameters, generator):
    """l(theta; x_K); K steps of gradient ascent from x_0 = x climb l(theta; x') - gamma ||x' - x_0||_2^2.

    x_K approximates the maximiser of the robust surrogate phi_gamma(theta; x_0) = sup_x' {l(theta; x') -
    gamma c(x', x_0)}, and its gradient by theta is that of the loss there, because the cost has none. The
    guarantee needs a smooth loss (gamma above its Lipschitz constant): use a network with ELU.
    The accuracy that is reported is that of x_K.
    Source: Sinha, Namkoong and Duchi 2018, Algorithm 1; constant step as in Table 3 of the NAL paper.
    """
    from torch.nn.functional import cross_entropy

    from rsviz.training.inner import climb, logits_of

    def surrogate(images):
        losses = cross_entropy(logits_of(f, images), y, reduction="none")
        return losses - parameters.gamma * (images - x).square().sum((1, 2, 3))

    step_size = parameters.eta1 or 0.5 / parameters.gamma
    logits = logits_of(f, climb(f, surrogate, x, steps=parameters.K, step_size=step_size))
    return outcome(logits, cross_entropy=cross_entropy(logits, y))
