"""The differentiable smoothed classifier: losses of g from noisy copies, and their gradients by the image.

    z = noise.sample((len(x), copies, C, H, W), generator)
    scores = log_mean_softmax(noisy_logits(f, x, z))             # log g(x), (B, classes)
    slope = gradient(lambda images: ..., x)                      # of any function of the images

    measured = measure_copies(runner, x, noise, batch=256, num_classes=10,
                              loss=LOSSES["log-mean"], goal=Goal(labels), gradient=True)

f maps images (N, C, H, W) to logits (N, classes). F(x) = softmax f(x); g(x) = E_z F(x + z), estimated by the
mean over the copies. Everything after the logits is float32 at least.

Attacks and validation take `LOSSES`: functions of logits (B, copies, classes) and a Goal that give (B,).
To get away from a class y, with copies z_1 .. z_n:

    mean-loss    1/n sum_d -log softmax(z_d)_y            the mean of the losses (Li et al. 2019, section 6.2)
    log-mean     -log 1/n sum_d softmax(z_d)_y            the loss of the mean (SmoothAdv, Salman et al. 2019)
    margin       1/n sum_d min(max_{i != y} z_di - z_dy, kappa)        (f6 of Carlini and Wagner 2017)
    log-margin   the margin of log 1/n sum_d softmax(z_d)

By Jensen's inequality log-mean <= mean-loss. Copies on which f is already wrong have little weight in the
gradient of log-mean and much in that of mean-loss. To get to a class t: the same with t in place of y and
the opposite sign.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, one_hot, softplus

from rsviz.errors import RsvizError
from rsviz.noise import block_size

TINIEST = 1e-30
"""Smallest factor of a gradient: keeps the gradient of a very confident network above float32's underflow."""


def logits_of(f: Callable[..., Any], x: Tensor) -> Tensor:
    """f(x) in float32 at least. x: images (N, C, H, W)."""
    logits = f(x)
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def noisy_copies(x: Tensor, noise: Tensor) -> Tensor:
    """x_i + z_ij, flattened to (B * copies, C, H, W).

    x: images (B, C, H, W). noise: draws (copies, C, H, W) that the images share, or (B, copies, C, H, W).
    """
    return (x[:, None] + noise).flatten(0, 1)


def noisy_logits(f: Callable[..., Any], x: Tensor, noise: Tensor) -> Tensor:
    """f(x_i + z_ij): (B, copies, classes). x: images (B, C, H, W). noise: (B, copies, C, H, W)."""
    return logits_of(f, noisy_copies(x, noise)).unflatten(0, noise.shape[:2])


def noisy_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each copy, -log F(x_i + z_ij)_{y_i}: (B, copies).

    logits: (B, copies, classes). labels: (B,) int64.
    """
    own = labels[:, None, None].expand(*logits.shape[:2], 1)
    return -logits.log_softmax(2).gather(2, own)[..., 0]


def log_mean_softmax(logits: Tensor) -> Tensor:
    """log of the mean softmax over the copies, an estimate of log g: (B, classes).

    logits: (B, copies, classes).
    """
    return _log_mean_exp(log_softmax(logits, -1))


def gradient(value: Callable[..., Any], x: Tensor) -> Tensor:
    """The gradient of value(x) by each image: (B, C, H, W).

    value: a function of images (B, C, H, W) that gives (B,), each entry from its own image alone.
    """
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(value(x).sum(), x)[0]


@dataclass(frozen=True)
class Goal:
    """What counts as success for each image.

    labels: (B,) int64, true classes. targets: (B,) int64, or None for any class except the true one.
    """

    labels: Tensor
    targets: Tensor | None = None

    def __getitem__(self, rows: Any) -> "Goal":
        return Goal(self.labels[rows], None if self.targets is None else self.targets[rows])

    @property
    def classes(self) -> Tensor:
        """(B,): the class to get away from, or the target."""
        return self.labels if self.targets is None else self.targets

    @property
    def sign(self) -> int:
        return 1 if self.targets is None else -1

    def reached(self, predicted: Tensor) -> Tensor:
        """(B,) bool. predicted: (B,) class indices; ABSTAIN (negative) reaches nothing."""
        if self.targets is None:
            return (predicted != self.labels) & (predicted >= 0)
        return predicted == self.targets


def mean_loss(logits: Tensor, goal: Goal) -> Tensor:
    return -goal.sign * _log_probability(logits, goal).mean(1)


def log_mean(logits: Tensor, goal: Goal) -> Tensor:
    return -goal.sign * _log_mean_exp(_log_probability(logits, goal))


def margin(logits: Tensor, goal: Goal, kappa: float = math.inf) -> Tensor:
    return _lead(logits, goal).clamp(max=kappa).mean(1)


def log_margin(logits: Tensor, goal: Goal, kappa: float = math.inf) -> Tensor:
    return _lead(log_mean_softmax(logits)[:, None], goal)[:, 0].clamp(max=kappa)


LOSSES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"log-mean": log_mean, "mean-loss": mean_loss, "margin": margin, "log-margin": log_margin}
)


def _log_mean_exp(values: Tensor) -> Tensor:
    return values.logsumexp(1) - math.log(values.shape[1])


def _log_probability(logits: Tensor, goal: Goal) -> Tensor:
    """(B, copies): log softmax(z)_y = -log(1 + sum_{i != y} exp(z_i - z_y)).

    In this form the slope in z_y is right even where the probability rounds to 1.
    """
    others = logits.masked_fill(_own(logits, goal), -math.inf).logsumexp(-1)
    return -softplus(others - _of_class(logits, goal))


def _own(values: Tensor, goal: Goal) -> Tensor:
    return one_hot(goal.classes, values.shape[-1]).bool()[:, None]


def _of_class(values: Tensor, goal: Goal) -> Tensor:
    return values.gather(2, goal.classes.reshape(-1, 1, 1).expand(-1, values.shape[1], 1))[..., 0]


def _lead(values: Tensor, goal: Goal) -> Tensor:
    """(B, copies): the best other class minus the goal's class; the opposite sign for a target."""
    other = values.masked_fill(_own(values, goal), -math.inf).amax(-1)
    return goal.sign * (other - _of_class(values, goal))


@dataclass(frozen=True)
class Measured:
    """What noisy copies of a batch gave.

    votes: (B, classes) int64. loss: (B,) float32, or None. gradient: of each image's loss by the image,
    (B, C, H, W) float32, or None.
    """

    votes: Tensor
    loss: Tensor | None = None
    gradient: Tensor | None = None


def measure_copies(
    runner: Callable[..., Any],
    x: Tensor,
    noise: Tensor | None,
    *,
    batch: int,
    num_classes: int,
    loss: Callable[..., Any] | None = None,
    goal: Goal | None = None,
    gradient: bool = False,
) -> Measured:
    """Votes, losses and gradients of images on given noise, as many copies in a pass as fit.

    runner: rsviz.execution.Runner of the network.
    x: float32 (B, C, H, W).
    noise: (copies, C, H, W), shared by the images; None for the images themselves.
    batch: images in one pass, at least 1.
    loss: one of LOSSES, or None for votes alone. goal: of the B images, for the loss.
    gradient: whether to differentiate the loss by the images, with the noise held fixed.
    Raises RsvizError where logits have another shape or are NaN.
    """
    images = max(1, batch // (1 if noise is None else len(noise)))
    parts = []
    for start in range(0, len(x), images):
        rows = slice(start, start + images)
        value = None if loss is None or goal is None else _with_goal(loss, goal[rows])
        parts.append(_measure(runner, batch, x[rows], noise, value, gradient, num_classes))
    columns = zip(*((part.votes, part.loss, part.gradient) for part in parts), strict=True)
    votes, losses, slopes = (None if column[0] is None else torch.cat(column) for column in columns)
    assert votes is not None  # every part has them
    measured = Measured(votes, losses, slopes)
    if (measured.votes < 0).any():
        raise RsvizError("the network gave NaN for an image; its votes and gradients mean nothing.")
    return measured


def _with_goal(loss: Callable[..., Any], goal: Goal) -> Callable[..., Any]:
    return lambda logits: loss(logits, goal)


def _measure(
    runner: Callable[..., Any],
    batch: int,
    x: Tensor,
    noise: Tensor | None,
    value: Callable[..., Any] | None,
    gradient: bool,
    num_classes: int,
) -> Measured:
    """Some images with all their copies, in passes of `batch`.

    The slope of the loss by the logits is computed in float64, which is cheap, and scaled before it goes back
    through the network, so that a very confident network does not hide its gradient by underflow. Where the
    copies are more than a graph may hold, they go forward twice.
    """
    copies = 1 if noise is None else len(noise)
    keep_graph = gradient and copies <= max(batch, block_size(x.shape[1:]))
    x = x.detach().requires_grad_(gradient)
    with torch.set_grad_enabled(keep_graph):
        noisy = x if noise is None else noisy_copies(x, noise)
        pieces = [runner(piece) for piece in noisy.split(batch)]
        logits = torch.cat(pieces)
    if logits.shape != (len(noisy), num_classes):
        raise RsvizError(
            f"the network gave logits of shape {tuple(logits.shape)} for {len(noisy)} images; they must have "
            f"shape ({len(noisy)}, {num_classes})."
        )
    precise = torch.float32 if x.device.type == "mps" else torch.float64
    logits = logits.detach().to(precise).unflatten(0, (len(x), copies))
    votes = _votes(logits, num_classes)
    if value is None:
        return Measured(votes)
    with torch.set_grad_enabled(gradient):
        loss = value(logits.requires_grad_(gradient))
    if not gradient:
        return Measured(votes, loss.float())
    (slope,) = torch.autograd.grad(loss.sum(), logits)
    scale = slope.abs().amax(dim=(1, 2), keepdim=True)
    back = (slope / torch.where(scale > 0, scale, 1)).flatten(0, 1)
    direction: Any
    if keep_graph:
        parts = [part.to(piece.dtype) for part, piece in zip(back.split(batch), pieces, strict=True)]
        (direction,) = torch.autograd.grad(pieces, x, parts)
    else:
        assert noise is not None  # without copies the graph is kept
        direction = sum(
            _backward(runner, x, part, weights)
            for part, weights in zip(noise.split(batch), back.split(batch), strict=True)
        )
    factor = scale.clamp(min=TINIEST).to(x.dtype).unsqueeze(-1)
    return Measured(votes, loss.detach().float(), direction * factor)


def _backward(runner: Callable[..., Any], x: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
    """The gradient by one image of the weighted logits of its copies under `noise`."""
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        logits = runner(leaf + noise)
    return torch.autograd.grad(logits, leaf, weights.to(logits.dtype))[0]


def _votes(logits: Tensor, num_classes: int) -> Tensor:
    """(B, classes) int64; -1 everywhere for an image that has a NaN logit."""
    votes = one_hot(logits.argmax(-1), num_classes).sum(1)
    return torch.where(logits.isnan().any(-1).any(-1, keepdim=True), -1, votes)
