"""How a network is run on this machine: device, precision and batch size, the last two by measurement."""

import copy
import os
import statistics
import time
from dataclasses import dataclass

import torch

from rsviz.errors import RsvizError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

LONGEST_PASS = 0.1
"""Seconds one pass may take: jobs share a device in slices of 0.2 s, and a slice holds at least one pass."""

REDUCED_PRECISION_GAIN = 1.5
"""bfloat16 is chosen only where it is this many times faster: a close call would flip from run to run."""

CANDIDATE_BATCHES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
FINALISTS, FINAL_ROUNDS = 3, 3


@dataclass(frozen=True)
class Plan:
    """What was chosen, and stays so for the whole of a run: its votes belong to this precision."""

    device: str
    precision: str
    batch: int


def pick_device(name: str | None = None) -> torch.device:
    """The device called `name`, or RSVIZ_DEVICE, or the fastest kind that this machine has."""
    name = name or os.environ.get("RSVIZ_DEVICE") or "auto"
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise RsvizError(f"device is {name!r}; this machine cannot use it, it has {_devices()}.") from None
    return device


def _devices() -> str:
    names = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    return ", ".join(names)


class Runner:
    """A network placed on a device in one precision; takes float32 batches, gives logits.

    network: a Module, or any function of a float32 batch (B, C, H, W) that gives logits (B, classes); a
    plain function runs as it is. The Module given is not changed.
    """

    def __init__(self, network, device, precision: str = "float32"):
        if precision not in PRECISIONS:
            raise RsvizError(
                f"precision is {precision!r}; it must be auto or one of {', '.join(PRECISIONS)}."
            )
        if precision != "float32" and not isinstance(network, torch.nn.Module):
            raise RsvizError(
                f"precision is {precision}; a base classifier that is no Module runs in float32."
            )
        self.device, self.precision = torch.device(device), precision
        self._dtype = PRECISIONS[precision]
        self._network = network
        if isinstance(network, torch.nn.Module):
            self._network = copy.deepcopy(network).to(self.device, self._dtype).eval()
            self._network.to(memory_format=torch.channels_last)

    def __call__(self, batch):
        if isinstance(self._network, torch.nn.Module):
            batch = batch.to(self._dtype, memory_format=_memory_format(batch))
        return self._network(batch)


class ForwardBackward(torch.nn.Module):
    """What one step of an ascent does, for `plan` to measure: a forward pass, and back to the image."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        with torch.inference_mode(False), torch.enable_grad():
            leaf = images.clone().requires_grad_()
            logits = self.network(leaf)
            torch.autograd.grad(logits.float().sum(), leaf)
        return logits


def _memory_format(batch):
    return torch.channels_last if batch.dim() == 4 and batch.shape[1] > 1 else torch.preserve_format


def out_of_memory(error: RuntimeError) -> bool:
    """Whether this error says that a batch did not fit into memory, on any device."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def plan(network, shape, device, precision: str = "auto", batch: int | None = None):
    """Measure forward passes of `network` on images of `shape` and choose what is fastest here.

    precision: auto, or the one to use. batch: None, or the one to use. A generator that yields after each
    measurement and returns a Plan.
    """
    device = torch.device(device)
    names = (precision,)
    if precision == "auto":
        names = tuple(PRECISIONS) if isinstance(network, torch.nn.Module) else ("float32",)
    runners = {name: Runner(network, device, name) for name in names}
    if len(runners) == 1 and batch:
        return Plan(str(device), names[0], batch)
    best = {}
    for name, runner in runners.items():
        best[name] = yield from _best_batch(runner, shape, batch)
    chosen = names[0]
    for name in names[1:]:
        if best[name][0] > REDUCED_PRECISION_GAIN * best[chosen][0]:
            chosen = name
    return Plan(str(device), chosen, best[chosen][1])


def _best_batch(runner, shape, batch):
    """(images per second, batch) of the fastest candidate with a pass that is not too long."""
    speeds: dict[int, list[float]] = {}
    for candidate in (batch,) if batch else CANDIDATE_BATCHES:
        try:
            seconds = _time_pass(runner, shape, candidate)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            break
        yield
        speeds[candidate] = [candidate / seconds]
        if seconds > LONGEST_PASS / 2:
            # The next candidate would take too long; and where this one does already, take its share.
            if seconds > LONGEST_PASS and not batch:
                share = max(1, int(candidate * LONGEST_PASS / seconds))
                speeds = {min(size, share): speed for size, speed in speeds.items()}
            break
    if not speeds:
        return 0.0, 1
    for _ in range(FINAL_ROUNDS):  # one disturbed measurement must not decide
        for candidate in sorted(speeds, key=lambda size: max(speeds[size]))[-FINALISTS:]:
            speeds[candidate].append(candidate / _time_pass(runner, shape, candidate))
            yield
    best = max(speeds, key=lambda size: statistics.median(speeds[size]))
    return statistics.median(speeds[best]), best


@torch.inference_mode()
def _time_pass(runner, shape, batch, repeats=3):
    images = torch.rand((batch, *shape), device=runner.device)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        runner(images)
        synchronize(runner.device)
        times.append(time.perf_counter() - start)
        if len(times) > 1 and times[-1] > LONGEST_PASS:  # the first may be slow for a reason of its own
            break
    return statistics.median(times[1:])


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
