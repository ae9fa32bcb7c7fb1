"""ADRE_REG: noise augmentation, and a push away from the strongest wrong class of the smoothed classifier."""

from pydantic import Field

from rsviz.training.hyperparameters import Copies, Hyperparameters, Weight
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """k and lambda of Algorithm 1; defaults: the experiments on CIFAR-10, at their smallest lambda."""

    k: Copies = Field(8, description="Noisy copies of each image; time grows with it.")
    lam: Weight = Field(
        0.1,
        description="The paper's lambda: weight of the push away from the strongest wrong class; 0 is none.",
    )


def adre(f, x, y, *, noise, parameters, generator):
    """1/k sum_j l_CE(F(x + delta_j), y) - lambda l_CE(G(x), y'), y' = arg max_{c != y} G^c(x).

    G(x) = 1/k sum_j F(x + delta_j) estimates the smoothed classifier, with the same k draws as the first
    term; F = softmax f. y' is the runner-up where the smoothed classifier is right, and its answer where it
    is wrong.

    The objective has no lower bound. With logits s times as large, the first term grows like s times the
    mean margin of the copies that are answered wrong, and the second falls like lambda s times the margin of
    the images whose k copies are all answered right: once the second outweighs, both run away together, and
    accuracy goes with them. Easy data need a smaller lambda than the paper's, or weight decay that matters.
    The accuracy that is reported is that of the first noisy copy.
    Source: Feng et al., equations 5 to 8 and Algorithm 1 without adversarial training.
    """
    from rsviz.training.inner import draws

    return adre_loss(f, x, y, draws(x, parameters.k, noise, generator), parameters.lam)


def adre_loss(f, x, y, delta, lam):
    """The Outcome of the ADRE loss at images x with their draws delta (B, k, C, H, W)."""
    from rsviz.training.inner import log_scores, loss_of_scores, noisy_logits, noisy_losses, strongest_wrong

    logits = noisy_logits(f, x, delta)
    scores = log_scores(logits)
    return outcome(
        logits[:, 0],
        cross_entropy=noisy_losses(logits, y).mean(),
        adre=-lam * loss_of_scores(scores, strongest_wrong(scores, y)).mean(),
    )
