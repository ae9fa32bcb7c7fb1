"""ADRE_ADV: the ADRE loss at an image that an attack has made as bad as it can by that measure."""

from pydantic import Field

from rsviz.training.objectives import base
from rsviz.training.objectives.adre import PushWeight, adre_loss
from rsviz.training.objectives.ascent import draw_copies, negative, smoothed_attack, strongest_wrong


class Parameters(base.Hyperparameters):
    """k, lambda, epsilon and M of Algorithm 1.

    k and M as in the experiments on CIFAR-10; lambda at the smallest value of Table 1, epsilon at the
    smallest of Salman et al. (the text prints neither for this method).
    """

    k: base.Copies = Field(8, description="Noisy copies of each image, in the attack and in the loss.")
    lam: PushWeight = 0.1
    epsilon: base.SmoothedAttackRadius = 0.25
    steps: base.SmoothedAttackSteps = 2

    @property
    def passes(self) -> int:
        return self.k * (self.steps + 1)


def adre_adv(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """The ADRE loss at x~ = arg max_{||x' - x||_2 <= epsilon} {l_CE(G(x'), y) - lambda l_CE(G(x'), y')}.

    G(x') = 1/k sum_j F(x' + delta_j) and y' = arg max_{c != y} G^c(x'), found anew at every step. M steps of
    x^{t+1} = P_{2, epsilon}(x^t + alpha grad{...}), alpha = 2 epsilon / M, with gradients normalised to
    length 1, as in the l2 attacks that the paper builds on: alpha is a length then. The draws delta_1 ..
    delta_k are the same in all steps and in the loss.
    The training accuracy is that of the first noisy copy of the attacked image.
    Source: Feng et al., equations 12 and 13 and Algorithm 1 with adversarial training.
    """
    delta = draw_copies(x, parameters.k, noise, generator)

    def loss_of_scores(scores):
        wrong = strongest_wrong(scores, y)
        return negative(scores, y) - parameters.lam * negative(scores, wrong)

    attacked = smoothed_attack(f, loss_of_scores, x, delta, parameters)
    return adre_loss(f, attacked, y, delta, parameters.lam)


ADRE_ADV = base.Objective(
    title="Adversarial training with ADRE (ADRE_ADV)",
    source="Feng et al., equations 12 and 13, Algorithm 1",
    parameters=Parameters,
    loss=adre_adv,
)
