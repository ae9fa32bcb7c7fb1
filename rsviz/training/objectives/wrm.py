"""WRM: adversarial training against a shift of the whole distribution, by a penalty on the distance."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import penalised_ascent

functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")


class Parameters(base.Hyperparameters):
    """K: Sinha et al., section 4; gamma and eta_1: Tables 1 and 3 of the NAL paper, the same as for NAL."""

    K: base.Steps = Field(15, description="Steps of the inner ascent; 0 is plain training.")
    gamma: base.Penalty = 1.5
    eta1: base.PenaltyStepSize = None

    @property
    def passes(self) -> int:
        return self.K + 1


def wrm(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """l(theta; x_K); K steps of gradient ascent from x_0 = x climb l(theta; x') - gamma ||x' - x_0||_2^2.

    x_K approximates the maximiser of the robust surrogate phi_gamma(theta; x_0) = sup_x' {l(theta; x') -
    gamma c(x', x_0)}, and its gradient by theta is that of the loss there, because the cost has none. The
    guarantee needs a smooth loss (gamma above its Lipschitz constant): use a network with ELU.
    The training accuracy is that of x_K.
    Source: Sinha, Namkoong and Duchi 2018, Algorithm 1; constant step as in Table 3 of the NAL paper.
    """

    def surrogate(images):
        losses = functional.cross_entropy(gradients.logits_of(f, images), y, reduction="none")
        return losses - parameters.gamma * (images - x).square().sum((1, 2, 3))

    logits = gradients.logits_of(f, penalised_ascent(f, surrogate, x, parameters))
    return base.cross_entropy(logits, y)


WRM = base.Objective(
    title="Distributionally robust training (WRM)",
    source="Sinha, Namkoong and Duchi 2018, Algorithm 1",
    parameters=Parameters,
    loss=wrm,
    needs_noise=False,
)
