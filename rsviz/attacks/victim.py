"""The classifier under attack: its votes, and gradients averaged over its noise.

Draws belong in the batch: n0 noisy copies of each image are folded into the images, and one forward and
backward pass of the best size serves as many of both as fit.
"""

import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from rsviz.errors import RsvizError
from rsviz.execution import ForwardBackward, Plan, Runner, plan
from rsviz.noise import Draws, block_size
from rsviz.smoothing import decide
from rsviz.voting import Span, count_votes

GRADIENT, CONFIRM, START, WALK, VERDICT = 32, 33, 34, 35, 36
"""Streams of the seed: for gradients, for judging within a search, for starts, for random directions, and
for the verdict. None shares its noise with another, nor with those of rsviz.smoothing and of training."""

TINIEST = 1e-30
"""Least factor of a gradient, so that a network that is very sure does not hide it below float32."""


@dataclass(frozen=True)
class Measured:
    """What noisy copies of a batch gave. votes: (B, K) int64. loss: (B,) float32, or None. gradient: of
    each image's loss, (B, C, H, W) float32, or None."""

    votes: torch.Tensor
    loss: torch.Tensor | None = None
    gradient: torch.Tensor | None = None


class Victim:
    """The smoothed classifier g of f under a noise, or f itself.

    network: a Module, which is not changed, or a differentiable function from float32 images (B, C, H, W)
    (plus noise, never clipped) to logits (B, num_classes). noise: a mechanism of rsviz.noise, or None for f
    without noise. input_shape: (C, H, W) of the images it takes, where known. precision: float32, bfloat16,
    or auto, which measures forward and backward passes; the votes count in the same precision. batch: noisy
    images in a pass, None measures. plans: where to keep what was measured.
    """

    def __init__(
        self,
        network,
        noise,
        num_classes,
        device="cpu",
        *,
        input_shape=None,
        precision="float32",
        batch=None,
        plans=None,
    ):
        if num_classes < 2:
            raise RsvizError(f"num_classes is {num_classes}; a classifier needs at least two classes.")
        if batch is not None and batch < 1:
            raise RsvizError(f"batch is {batch}; it must be at least 1.")
        if isinstance(network, torch.nn.Module):
            network = copy.deepcopy(network).requires_grad_(False)
        self.network, self.noise, self.num_classes = network, noise, num_classes
        self.device = torch.device(device)
        self.input_shape = None if input_shape is None else tuple(input_shape)
        self._precision, self._batch = precision, batch
        self._plans: dict[tuple, Plan] = {} if plans is None else plans
        self._runners: dict[str, Runner] = {}

    def plan(self, shape) -> Plan:
        """Device, precision and noisy images a pass, for images of `shape` (C, H, W); measured once."""
        deque(self.planning(shape), maxlen=0)
        return self._plans[self._key(shape)]

    def planning(self, shape) -> Iterator[None]:
        """`plan` in steps of a fraction of a second, for who has to attend to others meanwhile."""
        if self._key(shape) in self._plans:
            return
        timed, precision = ForwardBackward(self.network), self._precision
        if not isinstance(self.network, torch.nn.Module):
            timed, precision = timed.forward, "float32" if precision == "auto" else precision
        self._plans[self._key(shape)] = yield from plan(timed, shape, self.device, precision, self._batch)

    def adopt(self, shape, used: Plan) -> None:
        """Go on with the plan of an earlier run."""
        if used.device != str(self.device):
            raise RsvizError(f"this run began on {used.device}; on {self.device} its draws would be others.")
        self._plans[self._key(shape)] = used

    def _key(self, shape):
        return (tuple(shape), str(self.device), self._precision, self._batch, "gradient")

    def _runner(self, precision) -> Runner:
        if precision not in self._runners:
            self._runners[precision] = Runner(self.network, self.device, precision)
        return self._runners[precision]

    def draws(self, shape, seed: int, stream: int) -> "NoiseSource":
        """The noise that one purpose of one attack takes its draws from."""
        return NoiseSource(self.noise, shape, seed, stream, self.device)

    def measure(self, x, noise=None, loss=None, goal=None, gradient=False) -> Measured:
        """Votes, losses and gradients of images on given noise.

        x: float32 (B, C, H, W). noise: (n0, C, H, W), the same for every image; None for the images as
        they are. loss: a function of rsviz.attacks.losses, with its goal for the B images.
        The gradient is that of the loss, with the noise held fixed.
        """
        used = self.plan(x.shape[1:])
        runner, n0 = self._runner(used.precision), 1 if noise is None else len(noise)
        images = max(1, used.batch // n0)
        parts = []
        for start in range(0, len(x), images):
            rows = slice(start, start + images)
            value = None if loss is None else _loss_of(loss, goal[rows])
            parts.append(_fold(runner, used.batch, x[rows], noise, value, gradient, self.num_classes))
        columns = zip(*((part.votes, part.loss, part.gradient) for part in parts), strict=True)
        measured = Measured(*(None if column[0] is None else torch.cat(column) for column in columns))
        if (measured.votes < 0).any():
            raise RsvizError("the network gave NaN for an image; its votes and gradients mean nothing.")
        return measured

    def count(self, x, votes: int, draws: "NoiseSource", start: int = 0):
        """Votes per class (B, K) on draws [start, start + votes), which all images share; one vote for f.

        For the searches, which judge many images at once again and again; verdicts stand on rsviz.voting.
        """
        if self.noise is None:
            return self.measure(x).votes
        block = block_size(x.shape[1:])
        pieces = [(at, min(block, start + votes - at)) for at in range(start, start + votes, block)]
        return sum(self.measure(x, draws.take(*piece)).votes for piece in pieces)

    def fresh_votes(self, x, votes: int, seed: int):
        """Votes per class (B, K) for verdicts: each image with draws of its own that no attack has seen."""
        if self.noise is None:
            return self.measure(x).votes
        used = self.plan(x.shape[1:])
        spans = [Span(row, seed, VERDICT, row * votes, (row + 1) * votes) for row in range(len(x))]
        runner = self._runner(used.precision)
        *_, last = count_votes(runner, self.noise, self.num_classes, x, spans, used.batch)
        return torch.from_numpy(last.counts)

    def decide(self, counts, alpha: float):
        """What PREDICT answers to these votes, (B,) int64, ABSTAIN where it is not sure; argmax for f."""
        if self.noise is None:
            return counts.argmax(1)
        return torch.from_numpy(decide(counts.cpu().numpy(), alpha)).to(counts.device)


class NoiseSource:
    """Numbered draws of one stream of a seed; none where the victim has no noise."""

    def __init__(self, noise, shape, seed, stream, device):
        self._shape, self._device = tuple(shape), device
        self._draws = None if noise is None else Draws(noise, shape, seed, stream, device)

    def take(self, start: int, count: int):
        """Draws [start, start + count), float32 (count, C, H, W), or None without noise."""
        if self._draws is None:
            return None
        out = torch.empty((count, *self._shape), device=self._device)
        self._draws.fill(out, start)
        return out


def _loss_of(loss, goal):
    return lambda logits: loss(logits, goal)


def _fold(runner, batch, x, noise, value, gradient, num_classes) -> Measured:
    """Some images with all their draws, in passes of `batch`.

    The slope of the loss in the logits is taken in float64, which is cheap, and scaled before it goes back
    through the network: so a network that is very sure does not mask its gradient by underflow. More draws
    than a graph may hold are passed forward twice.
    """
    n0 = 1 if noise is None else len(noise)
    keep_graph = gradient and n0 <= max(batch, block_size(x.shape[1:]))
    x = x.detach().requires_grad_(gradient)
    with torch.set_grad_enabled(keep_graph):
        noisy = x if noise is None else (x[:, None] + noise).flatten(0, 1)
        pieces = [runner(piece) for piece in noisy.split(batch)]
        logits = torch.cat(pieces)
    if logits.shape != (len(noisy), num_classes):
        raise RsvizError(
            f"the network gave logits of shape {tuple(logits.shape)} for {len(noisy)} images; they must have "
            f"shape ({len(noisy)}, {num_classes})."
        )
    precise = torch.float32 if x.device.type == "mps" else torch.float64
    logits = logits.detach().to(precise).unflatten(0, (len(x), n0))
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
    if keep_graph:
        parts = [part.to(piece.dtype) for part, piece in zip(back.split(batch), pieces, strict=True)]
        (direction,) = torch.autograd.grad(pieces, x, parts)
    else:
        direction = sum(
            _backward(runner, x, part, weights)
            for part, weights in zip(noise.split(batch), back.split(batch), strict=True)
        )
    factor = scale.clamp(min=TINIEST).to(x.dtype).unsqueeze(-1)
    return Measured(votes, loss.detach().float(), direction * factor)


def _backward(runner, x, noise, weights):
    """The gradient at one image of the weighted logits of its copies under `noise`."""
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        logits = runner(leaf + noise)
    return torch.autograd.grad(logits, leaf, weights.to(logits.dtype))[0]


def _votes(logits, num_classes):
    """(b, K) int64; -1 everywhere for an image where a logit is NaN."""
    votes = torch.nn.functional.one_hot(logits.argmax(-1), num_classes).sum(1)
    return torch.where(logits.isnan().any(-1).any(-1, keepdim=True), -1, votes)
