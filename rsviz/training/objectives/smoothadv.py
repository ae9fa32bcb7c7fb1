"""SmoothAdv: attack the smoothed classifier, then train on noisy copies of the attacked image."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import draw_copies, negative, smoothed_attack

gradients = lazy("rsviz.smoothing.gradients")


class Parameters(base.Hyperparameters):
    """m, epsilon and T of the paper, which reports a grid of them and no default.

    These are on its grid: its smallest epsilon (64/255, here 0.25), T = 2 and m = 8, the setting in which
    Feng et al. compare SmoothAdv with ADRE_ADV on CIFAR-10.
    """

    m: base.Copies = Field(8, description="Noisy copies of each image, in the attack and in the loss.")
    epsilon: base.SmoothedAttackRadius = 0.25
    steps: base.SmoothedAttackSteps = 2

    @property
    def passes(self) -> int:
        return self.m * (self.steps + 1)


def smoothadv(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """1/m sum_j l_CE(F(x^ + delta_j), y) with x^ = arg max_{||x' - x||_2 <= epsilon} J(x').

    J(x') = -log(1/m sum_j F(x' + delta_j)_y), the loss of the smoothed classifier (not the mean of the
    losses), is climbed in T steps of projected gradient ascent with normalised gradients. The draws
    delta_1 .. delta_m are the same in all steps and in the loss.
    The training accuracy is that of the first noisy copy of the attacked image.
    Source: Salman et al. 2019, section 2 (SmoothAdv_PGD); step size 2 epsilon / T as in Feng et al. and in
    Table 3 of the NAL paper.
    """
    delta = draw_copies(x, parameters.m, noise, generator)
    attacked = smoothed_attack(f, lambda scores: negative(scores, y), x, delta, parameters)
    logits = gradients.noisy_logits(f, attacked, delta)
    return base.noisy_cross_entropy(logits, y)


SMOOTHADV = base.Objective(
    title="Adversarial training of the smoothed classifier (SmoothAdv)",
    source="Salman et al. 2019",
    parameters=Parameters,
    loss=smoothadv,
)
