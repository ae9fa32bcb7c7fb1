"""ADRE_REG: noise augmentation, and a push away from the strongest wrong class of the smoothed classifier."""

from typing import Annotated

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import draw_copies, negative, strongest_wrong

gradients = lazy("rsviz.smoothing.gradients")

PushWeight = Annotated[
    base.Weight,
    Field(
        description="The paper's lambda: weight of the push away from the strongest wrong class; 0 is none."
    ),
]


class Parameters(base.Hyperparameters):
    """k and lambda of Algorithm 1; defaults: the experiments on CIFAR-10, at their smallest lambda."""

    k: base.Copies = Field(8, description="Noisy copies of each image; time grows with it.")
    lam: PushWeight = 0.1

    @property
    def passes(self) -> int:
        return self.k


def adre(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """1/k sum_j l_CE(F(x + delta_j), y) - lambda l_CE(G(x), y'), y' = arg max_{c != y} G^c(x).

    G(x) = 1/k sum_j F(x + delta_j) estimates the smoothed classifier, with the same k draws as the first
    term; F = softmax f. y' is the runner-up where the smoothed classifier is right, and its answer where it
    is wrong.

    The objective has no lower bound. With logits s times as large, the first term grows like s times the
    mean margin of the copies that are answered wrong, and the second falls like lambda s times the margin of
    the images with all k copies answered right. Once the second outweighs the first, both run away together,
    and accuracy collapses. Easy data need a smaller lambda than the paper's, or a strong weight decay.
    The training accuracy is that of the first noisy copy.
    Source: Feng et al., equations 5 to 8 and Algorithm 1 without adversarial training.
    """
    return adre_loss(f, x, y, draw_copies(x, parameters.k, noise, generator), parameters.lam)


def adre_loss(f, x, y, delta, lam: float) -> base.Outcome:
    """The Outcome of the ADRE loss at images x (B, C, H, W) with their draws delta (B, k, C, H, W)."""
    logits = gradients.noisy_logits(f, x, delta)
    scores = gradients.log_mean_softmax(logits)
    return base.outcome(
        logits[:, 0],
        cross_entropy=gradients.noisy_losses(logits, y).mean(),
        adre=-lam * negative(scores, strongest_wrong(scores, y)).mean(),
    )


ADRE = base.Objective(
    title="Adaptive radius enhancing regularization (ADRE_REG)",
    source="Feng et al., Algorithm 1",
    parameters=Parameters,
    loss=adre,
)
