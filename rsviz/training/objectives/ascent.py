"""Gradient ascents in the image, from which adversarial objectives get the images that they train on.

The network runs in evaluation mode, as in Salman et al. 2019 and Zhang et al. 2019: batch normalisation uses
its running averages without updating them, dropout is off, and every step climbs the same surface. The loss
that is minimised afterwards is taken in training mode. Gradients are taken by the image alone, so nothing is
added to the gradients of the weights. Images move in the whole ball, or in all of R^d, and are not clipped
to [0, 1]: the papers' formulas do not clip, and neither does the ball of a certificate.
"""

from collections.abc import Callable
from contextlib import contextmanager

from rsviz.lazy import lazy
from rsviz.norms import NORMS

torch = lazy("torch")
gradients = lazy("rsviz.smoothing.gradients")


def draw_copies(x, copies: int, noise, generator):
    """Noise (B, copies, C, H, W) for images x (B, C, H, W); zeros if noise is None."""
    shape = (len(x), copies, *x.shape[1:])
    return x.new_zeros(shape) if noise is None else noise.sample(shape, generator).to(x.dtype)


def log_scores(f, x, z):
    """log of the estimated g at images x (B, C, H, W) from the draws z (B, copies, C, H, W): (B, classes)."""
    return gradients.log_mean_softmax(gradients.noisy_logits(f, x, z))


def negative(scores, y):
    """-scores at the classes y (B,), the loss of log scores (B, classes): (B,)."""
    return -scores.gather(1, y[:, None])[:, 0]


def strongest_wrong(scores, y):
    """arg max over c != y of scores (B, classes), (B,): the runner-up where y leads, else the top class."""
    return scores.detach().scatter(1, y[:, None], -torch.inf).argmax(1)


def ball_attack(f, losses: Callable, x, parameters, start=None):
    """x after `steps` steps up `losses` in the ball of radius epsilon around it; constant steps.

    losses: images -> (B,). parameters: with norm, epsilon, steps and step_size (None: 4/3 epsilon / steps).
    start: perturbation to start from, None for 0.
    """
    step_size = parameters.step_size or 4 / 3 * parameters.epsilon / max(parameters.steps, 1)
    return climb_in_ball(
        f, losses, x, NORMS[parameters.norm], parameters.epsilon, parameters.steps, step_size, start
    )


def smoothed_attack(f, loss_of_scores: Callable, x, z, parameters):
    """x after `steps` steps up a loss of g in the l2 ball of radius epsilon; steps of 2 epsilon / steps.

    loss_of_scores: log scores (B, classes) -> (B,). z: draws (B, copies, C, H, W), the same in every step.
    parameters: with epsilon and steps.
    """
    step_size = 2 * parameters.epsilon / max(parameters.steps, 1)
    return climb_in_ball(
        f,
        lambda images: loss_of_scores(log_scores(f, images, z)),
        x,
        NORMS["l2"],
        parameters.epsilon,
        parameters.steps,
        step_size,
    )


def penalised_ascent(f, surrogate: Callable, x, parameters):
    """x after K steps x + eta_1 grad surrogate(x), without a ball.

    surrogate: images -> (B,), the loss minus gamma times the cost of moving.
    parameters: with K, gamma and eta1 (None: 0.5 / gamma).
    """
    step_size = parameters.eta1 or 0.5 / parameters.gamma
    with evaluating(f):
        for _ in range(parameters.K):
            x = x + step_size * gradients.gradient(surrogate, x)
    return x


def climb_in_ball(f, value: Callable, x, norm, epsilon, steps: int, step_size: float, start=None):
    """Projected gradient ascent: x^{t+1} = P(x^t + step_size * steepest(grad value(x^t))).

    A steepest step has length 1 in the norm: the gradient over its l2 length, or its sign.
    norm: a member of rsviz.norms.NORMS. start: the perturbation at which the first step begins, projected.
    Source: Madry et al. 2018, section 2.1.
    """
    delta = torch.zeros_like(x) if start is None else norm.project(start.to(x.dtype), epsilon)
    with evaluating(f):
        for _ in range(steps):
            slope = gradients.gradient(value, x + delta)
            delta = norm.project(delta + norm.step(slope, step_size), epsilon)
    return x + delta


@contextmanager
def evaluating(f):
    """Within it f is in evaluation mode; afterwards every part of f is in the mode it was in."""
    modes = [(module, module.training) for module in f.modules()]
    f.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
