"""What several objectives need: noisy copies in one batch, scores of the smoothed classifier, and ascents.

f is a torch.nn.Module from images (N, C, H, W) to logits (N, classes), which may be in bfloat16; everything
after the logits is float32, or float64 where the network is. F(x) = softmax f(x).

Ascents run the network in evaluation mode, as Salman et al. 2019 and Zhang et al. 2019 do: batch
normalisation uses its running averages and does not update them, and every step climbs the same surface,
without dropout. The loss that is minimised afterwards is taken in training mode. Ascents differentiate by
the image alone, so that nothing is added to the gradients of the weights. They move in the whole ball, or
in all of R^d, and are not clipped to [0, 1]: so it stands in the formulas, and the ball of a certificate is
not clipped either.
"""

import math
from contextlib import contextmanager

import torch


def logits_of(f, x):
    """f(x), in float32 at least."""
    logits = f(x)
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def draws(x, copies, noise, generator):
    """Noise (B, copies, C, H, W) for images x (B, C, H, W); zeros where noise is None."""
    shape = (len(x), copies, *x.shape[1:])
    return x.new_zeros(shape) if noise is None else noise.sample(shape, generator).to(x.dtype)


def noisy_logits(f, x, z):
    """f(x_i + z_ij) for images x (B, C, H, W) and draws z (B, copies, C, H, W): (B, copies, classes)."""
    return logits_of(f, (x[:, None] + z).flatten(0, 1)).unflatten(0, z.shape[:2])


def noisy_losses(logits, y):
    """-log F(x_i + z_ij)_{y_i} from logits (B, copies, classes) and classes y (B,): (B, copies)."""
    return -logits.log_softmax(2).gather(2, y[:, None, None].expand(*logits.shape[:2], 1))[..., 0]


def log_scores(logits):
    """log of the mean of F over the copies, an estimate of the smoothed classifier: (B, classes)."""
    return logits.log_softmax(2).logsumexp(1) - math.log(logits.shape[1])


def loss_of_scores(scores, y):
    """-log_scores at the classes y, (B,)."""
    return -scores.gather(1, y[:, None])[:, 0]


def strongest_wrong(scores, y):
    """arg max over c != y of scores (B, classes), (B,): the runner-up where y leads, else the top class."""
    return scores.detach().scatter(1, y[:, None], -torch.inf).argmax(1)


def gradient(value, x):
    """The gradient of value(x) (B,) by each image of x (B, C, H, W), where an image's value is its own."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(value(x).sum(), x)[0]


def climb_in_ball(f, value, x, norm, *, epsilon, steps, step_size, start=None):
    """Projected gradient ascent: the image after `steps` steps in the ball of radius epsilon around x.

    x^{t+1} = P(x^t + step_size * steepest(grad value(x^t))), where a steepest step has length 1 in the norm:
    the gradient over its l2 length, or its sign. norm: a member of rsviz.norms.NORMS. start: the
    first perturbation (B, C, H, W), zeros if None.
    Source: Madry et al. 2018, section 2.1.
    """
    delta = torch.zeros_like(x) if start is None else norm.project(start.to(x.dtype), epsilon)
    with evaluating(f):
        for _ in range(steps):
            delta = norm.project(delta + norm.step(gradient(value, x + delta), step_size), epsilon)
    return x + delta


def climb(f, value, x, *, steps, step_size):
    """Gradient ascent without a ball: x^{t+1} = x^t + step_size * grad value(x^t), `steps` times."""
    with evaluating(f):
        for _ in range(steps):
            x = x + step_size * gradient(value, x)
    return x


@contextmanager
def evaluating(f):
    """Within it f is in evaluation mode; afterwards every part of it is in the mode it was in."""
    modes = [(module, module.training) for module in f.modules()]
    f.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
