"""Stability training with noise: answer on the noisy image as on the clean one."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base

torch = lazy("torch")
functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")


class Parameters(base.Hyperparameters):
    """gamma: weight of the stability term; the paper does not print its value."""

    gamma: base.Weight = Field(1.0, description="Weight of the stability term; 0 is plain training.")

    @property
    def passes(self) -> int:
        return 2


def stn(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """L* + gamma L_stability, L* = -log P(y|x), L_stability = -sum_j P(y_j|x) log P(y_j|x').

    P(.|x) = softmax f(x), and x' = x + N(0, sigma^2 I) is one noisy copy. The clean answer is the target,
    and the logarithm is taken of the noisy answer. The formula holds neither fixed, so the gradient flows
    through both. x and x' pass the network in one batch.
    The training accuracy is that of the noisy copy, on which the smoothed classifier votes.
    Source: Li, Chen, Wang and Carin 2019, section 5.1 (their published code trains another objective).
    """
    noisy = x + noise.sample(x.shape, generator)
    clean_logits, noisy_logits = gradients.logits_of(f, torch.cat((x, noisy))).chunk(2)
    stability = functional.cross_entropy(noisy_logits, clean_logits.softmax(1))
    return base.outcome(
        noisy_logits,
        cross_entropy=functional.cross_entropy(clean_logits, y),
        stability=parameters.gamma * stability,
    )


STN = base.Objective(
    title="Stability training with noise (STN)",
    source="Li, Chen, Wang and Carin 2019, section 5.1",
    parameters=Parameters,
    loss=stn,
)
