"""Stability training with noise: answer on the noisy image as on the clean one."""

from pydantic import Field

from rsviz.training.hyperparameters import Hyperparameters, Weight
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """gamma: weight of the stability term; the paper does not print its value."""

    gamma: Weight = Field(1.0, description="Weight of the stability term; 0 is plain training.")


def stn(f, x, y, *, noise, parameters, generator):
    """L* + gamma L_stability, L* = -log P(y|x), L_stability = -sum_j P(y_j|x) log P(y_j|x').

    P(.|x) = softmax f(x), and x' = x + N(0, sigma^2 I) is one noisy copy. The clean answer is the target
    and the noisy one stands in the logarithm. Nothing in the formula holds either of them fixed, so the
    gradient flows through both. x and x' pass the network in one batch.
    The accuracy that is reported is that of the noisy copy, which the smoothed classifier will vote on.
    Source: Li, Chen, Wang and Carin 2019, section 5.1 (their published code trains another objective).
    """
    import torch
    from torch.nn.functional import cross_entropy

    from rsviz.training.inner import logits_of

    noisy = x + noise.sample(x.shape, generator)
    clean_logits, noisy_logits = logits_of(f, torch.cat((x, noisy))).chunk(2)
    stability = cross_entropy(noisy_logits, clean_logits.softmax(1))
    return outcome(
        noisy_logits,
        cross_entropy=cross_entropy(clean_logits, y),
        stability=parameters.gamma * stability,
    )
