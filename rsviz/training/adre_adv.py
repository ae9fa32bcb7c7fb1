"""ADRE_ADV: the ADRE loss at an image that an attack has made as bad as it can by that measure."""

from pydantic import Field

from rsviz.training.adre import adre_loss
from rsviz.training.hyperparameters import Copies, Hyperparameters, Radius, Steps, Weight


class Parameters(Hyperparameters):
    """k, lambda, epsilon and M of Algorithm 1.

    k and M as in the experiments on CIFAR-10; lambda at the smallest value of Table 1, epsilon at the
    smallest of Salman et al. (the text prints neither for this method).
    """

    k: Copies = Field(8, description="Noisy copies of each image, in the attack and in the loss.")
    lam: Weight = Field(
        0.1,
        description="The paper's lambda: weight of the push away from the strongest wrong class; 0 is none.",
    )
    epsilon: Radius = Field(
        0.25, description="Radius of the l2 ball that the attack moves in, in pixel units."
    )
    steps: Steps = Field(
        2, description="Steps of the attack, each of length 2 epsilon / steps; 0 is no attack."
    )


def adre_adv(f, x, y, *, noise, parameters, generator):
    """The ADRE loss at x~ = arg max_{||x' - x||_2 <= epsilon} {l_CE(G(x'), y) - lambda l_CE(G(x'), y')}.

    G(x') = 1/k sum_j F(x' + delta_j) and y' = arg max_{c != y} G^c(x'), found anew at every step. M steps of
    x^{t+1} = P_{2, epsilon}(x^t + alpha grad{...}), alpha = 2 epsilon / M, with gradients normalised to
    length 1, as in the l2 attacks that the paper builds on: alpha is a length then. The draws delta_1 ..
    delta_k are the same in all steps and in the loss.
    The accuracy that is reported is that of the first noisy copy of the attacked image.
    Source: Feng et al., equations 12 and 13 and Algorithm 1 with adversarial training.
    """
    from rsviz.norms import NORMS
    from rsviz.training.inner import (
        climb_in_ball,
        draws,
        log_scores,
        loss_of_scores,
        noisy_logits,
        strongest_wrong,
    )

    delta = draws(x, parameters.k, noise, generator)

    def smoothed_loss(images):
        scores = log_scores(noisy_logits(f, images, delta))
        wrong = strongest_wrong(scores, y)
        return loss_of_scores(scores, y) - parameters.lam * loss_of_scores(scores, wrong)

    attacked = climb_in_ball(
        f,
        smoothed_loss,
        x,
        NORMS["l2"],
        epsilon=parameters.epsilon,
        steps=parameters.steps,
        step_size=2 * parameters.epsilon / max(parameters.steps, 1),
    )
    return adre_loss(f, attacked, y, delta, parameters.lam)
