"""The classifier under attack: its votes, and gradients averaged over its noise.

Draws belong in the batch: n0 noisy copies of each image are folded into the images, and one forward and
backward pass of the best size serves as many of both as fit.
"""

import copy
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from rsviz.errors import RsvizError
from rsviz.execution import ForwardBackward, Plan, Runner, plan
from rsviz.noise import Draws, block_size
from rsviz.noise.streams import VERDICT
from rsviz.smoothing import predict_from_counts
from rsviz.smoothing.gradients import Measured, measure_copies
from rsviz.voting import Count, Span, count_votes


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
        they are. loss: one of rsviz.smoothing.gradients.LOSSES, with its goal for the B images.
        The gradient is that of the loss, with the noise held fixed.
        """
        used = self.plan(x.shape[1:])
        runner, classes = self._runner(used.precision), self.num_classes
        return measure_copies(
            runner, x, noise, batch=used.batch, num_classes=classes, loss=loss, goal=goal, gradient=gradient
        )

    def count(self, x, votes: int, draws: "NoiseSource", start: int = 0):
        """Votes per class (B, K) on draws [start, start + votes), which all images share; one vote for f.

        For the searches, which judge many images at once again and again; verdicts stand on rsviz.voting.
        """
        if self.noise is None:
            return self.measure(x).votes
        block = block_size(x.shape[1:])
        pieces = [(at, min(block, start + votes - at)) for at in range(start, start + votes, block)]
        return sum(self.measure(x, draws.take(*piece)).votes for piece in pieces)

    def votes_of(self, x, spans: Sequence[Span]) -> Iterator[Count]:
        """Votes of images, each on draws of its own, as they arrive; f is asked once for each image.

        x: float32 (B, C, H, W). spans: the draws of each image; see rsviz.voting.
        """
        used = self.plan(x.shape[1:])
        if self.noise is None:
            votes = self.measure(torch.as_tensor(x, device=self.device)).votes
            yield Count(votes.cpu().numpy(), len(x), len(x), used.batch, 0.0)
            return
        runner = self._runner(used.precision)
        yield from count_votes(runner, self.noise, self.num_classes, x, spans, used.batch)

    def fresh_votes(self, x, votes: int, seed: int):
        """Votes per class (B, K) for verdicts: each image with draws of its own that no attack has seen."""
        spans = [Span(row, seed, VERDICT, row * votes, (row + 1) * votes) for row in range(len(x))]
        *_, last = self.votes_of(x, spans)
        return torch.from_numpy(last.counts)

    @torch.inference_mode()
    def softmax(self, x) -> np.ndarray:
        """What f says to images (B, C, H, W) without noise: float64 (B, K), each row adds up to 1."""
        runner = self._runner(self.plan(x.shape[1:]).precision)
        return runner(torch.as_tensor(x, device=self.device)).double().softmax(1).cpu().numpy()

    def predict(self, counts, alpha: float):
        """What PREDICT answers to these votes, (B,) int64, ABSTAIN where it is not sure; argmax for f."""
        if self.noise is None:
            return counts.argmax(1)
        return torch.from_numpy(predict_from_counts(counts.cpu().numpy(), alpha)).to(counts.device)


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
