"""Noisy adversarial learning: climb the noisy loss minus a price for moving, then train on what is found."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import draw_copies, penalised_ascent

gradients = lazy("rsviz.smoothing.gradients")


class Parameters(base.Hyperparameters):
    """K, r, gamma and eta_1 of Algorithm 1; defaults: section 5.1, and the gamma in every row of Table 1."""

    K: base.Steps = Field(
        4, description="Steps of the inner ascent; 0 trains on r noisy copies of the image."
    )
    r: base.Copies = Field(4, description="Noisy copies of each image, at every step and in the loss.")
    gamma: base.Penalty = 1.5
    eta1: base.PenaltyStepSize = None
    noise_in_cost: bool = Field(
        True, description="Whether the price counts the noise too; off is the paper's ablation."
    )

    @property
    def passes(self) -> int:
        return self.r * (self.K + 1)


def nal(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """1/r sum_j l(theta; x_K + z_j), where x_K is found by K steps of gradient ascent from x_0 = x:

    x_{k+1} = x_k + eta_1 1/r sum_j [grad l(theta; x_k + z_j) - gamma grad c(x_k + z_j, x_0)],
    c(x, x_0) = ||x - x_0||_2^2, z_j ~ N(0, sigma^2 I). It approximates the robust surrogate
    phi_gamma(theta; x_0) = sup_x E_Z[l(theta; x + Z) - gamma c(x + Z, x_0)] (not equation 6, in which noise
    plays no part: see the errata, B6); the cost has no gradient by theta.

    The draws are fresh at every step, and again for the loss. Algorithm 1 leaves the latter open; with the
    draws of the last step the loss would not estimate the expectation at x_K: the gradient of the cost
    contains -2 gamma times their mean, which at eta_1 = 0.5 / gamma takes exactly that mean out of x_K again
    (with r = 1, all of the noise). noise None means sigma = 0; then, with r = 1, this is WRM.
    The training accuracy is that of the first noisy copy of x_K.
    Source: A Distributional Robustness Certificate by Randomized Smoothing, Algorithm 1, Theorem 1; "Cost
    without noise" in section 5.1.
    """

    def surrogate(images):
        z = draw_copies(x, parameters.r, noise, generator)
        losses = gradients.noisy_losses(gradients.noisy_logits(f, images, z), y).mean(1)
        moved = (images - x)[:, None] + (z if parameters.noise_in_cost else 0)
        return losses - parameters.gamma * moved.square().sum((2, 3, 4)).mean(1)

    worst = penalised_ascent(f, surrogate, x, parameters)
    logits = gradients.noisy_logits(f, worst, draw_copies(x, parameters.r, noise, generator))
    return base.noisy_cross_entropy(logits, y)


NAL = base.Objective(
    title="Noisy adversarial learning (NAL)",
    source="A Distributional Robustness Certificate by Randomized Smoothing, Algorithm 1",
    parameters=Parameters,
    loss=nal,
)
