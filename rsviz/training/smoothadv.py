"""SmoothAdv: attack the smoothed classifier, then train on noisy copies of the attacked image."""

from pydantic import Field

from rsviz.training.hyperparameters import Copies, Hyperparameters, Radius, Steps
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """m, epsilon and T of the paper, which reports a grid of them and no default.

    These are on its grid: its smallest epsilon (64/255, here 0.25), T = 2 and m = 8, the setting in which
    Feng et al. compare SmoothAdv with ADRE_ADV on CIFAR-10.
    """

    m: Copies = Field(8, description="Noisy copies of each image, in the attack and in the loss.")
    epsilon: Radius = Field(
        0.25, description="Radius of the l2 ball that the attack moves in, in pixel units."
    )
    steps: Steps = Field(
        2, description="Steps of the attack, each of length 2 epsilon / steps; 0 is no attack."
    )


def smoothadv(f, x, y, *, noise, parameters, generator):
    """1/m sum_j l_CE(F(x^ + delta_j), y) with x^ = arg max_{||x' - x||_2 <= epsilon} J(x').

    J(x') = -log(1/m sum_j F(x' + delta_j)_y), the loss of the smoothed classifier (not the mean of the
    losses), is climbed in T steps of projected gradient ascent with normalised gradients. The draws
    delta_1 .. delta_m are the same in all steps and in the loss.
    The accuracy that is reported is that of the first noisy copy of the attacked image.
    Source: Salman et al. 2019, section 2 (SmoothAdv_PGD); step size 2 epsilon / T as in Feng et al. and in
    Table 3 of the NAL paper.
    """
    from rsviz.norms import NORMS
    from rsviz.training.inner import (
        climb_in_ball,
        draws,
        log_scores,
        loss_of_scores,
        noisy_logits,
        noisy_losses,
    )

    delta = draws(x, parameters.m, noise, generator)

    def smoothed_loss(images):
        return loss_of_scores(log_scores(noisy_logits(f, images, delta)), y)

    attacked = climb_in_ball(
        f,
        smoothed_loss,
        x,
        NORMS["l2"],
        epsilon=parameters.epsilon,
        steps=parameters.steps,
        step_size=2 * parameters.epsilon / max(parameters.steps, 1),
    )
    logits = noisy_logits(f, attacked, delta)
    return outcome(logits[:, 0], cross_entropy=noisy_losses(logits, y).mean())
