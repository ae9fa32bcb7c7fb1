"""One step of training: the objective, its gradient, the optimizer; how passes are made, and running means.

Every random number of step k is a pure function of (seed, k), so a saved state contains none.
"""

import copy
import functools
import json
import math
import statistics
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn
from torch.nn.functional import cross_entropy

from rsviz.checkpoints.card import parse_json
from rsviz.checkpoints.weights import read_file, read_safetensors, safetensors_hints
from rsviz.files import write_atomically
from rsviz.noise.streams import training_step
from rsviz.training.distributed import ALONE, Processes
from rsviz.training.objectives import METHODS, Outcome
from rsviz.training.prepare import Materials, seeded
from rsviz.training.records import RunInfo, StageProgress
from rsviz.training.schedule import learning_rate

GAIN = 1.15
"""bfloat16, or a contiguous layout, is chosen if a training step is this many times faster with it."""

TRIALS = 3

STATE_RENAMED = {"looked": "validated", "tally": "means"}
"""Names in the states that older versions saved, and those of today."""

LAYOUTS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}


@dataclass(frozen=True)
class PassSettings:
    """How passes are made. precision: float32 or bfloat16. layout: of the weights, a key of LAYOUTS."""

    precision: str = "float32"
    layout: str = "channels-last"


class Network(nn.Module):
    """The network in the precision of the run; a Module, so that ascents can set it to evaluation mode."""

    def __init__(self, module: nn.Module, precision: str):
        super().__init__()
        self.module, self.bfloat16 = module, precision == "bfloat16"

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.module(x)


def choose_passes(request, module: nn.Module, images) -> Generator[StageProgress, None, PassSettings]:
    """The precision that the request asks for; if it is auto, the fastest settings for plain training.

    module: is not changed. images: of training, on the device.
    """
    if request.precision != "auto":
        return PassSettings(request.precision)
    x, y = images.x[: request.batch_size], images.y[: request.batch_size]
    best = PassSettings()
    seconds = yield from _time_steps(request, module, x, y, best)
    for change in ({"precision": "bfloat16"}, {"layout": "contiguous"}):
        tried = PassSettings(**vars(best) | change)
        seconds_tried = yield from _time_steps(request, module, x, y, tried)
        if seconds > GAIN * seconds_tried:
            best, seconds = tried, seconds_tried
    return best


def _time_steps(request, module, x, y, passes):
    """Seconds of a step with cross-entropy, on a copy of the module."""
    trial = copy.deepcopy(module).to(memory_format=LAYOUTS[passes.layout])
    network = Network(trial, passes.precision).train()
    optimizer = make_optimizer(request, trial.parameters())
    times = []
    for number in range(1 + TRIALS):
        start = time.perf_counter()
        with torch.random.fork_rng([x.device.index or 0] if x.is_cuda else []):
            optimizer.zero_grad(set_to_none=True)
            loss = cross_entropy(network(x).float(), y)
            loss.backward()
            optimizer.step()
        loss.item()  # waits for the device
        times.append(time.perf_counter() - start)
        what = f"trying {passes.precision}, {passes.layout}"
        yield StageProgress("prepare", what, number + 1, 1 + TRIALS)
    return statistics.median(times[1:])


def make_optimizer(request, parameters) -> torch.optim.Optimizer:
    """The optimizer that the request names; the loop sets its learning rate before each step."""
    if request.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            request.learning_rate,
            momentum=request.momentum,
            nesterov=request.nesterov and request.momentum > 0,
            weight_decay=request.weight_decay,
        )
    kind = torch.optim.AdamW if request.optimizer == "adamw" else torch.optim.Adam
    return kind(parameters, request.learning_rate, weight_decay=request.weight_decay, fused=True)


class Loss(nn.Module):
    """The objective as a Module: a step is one forward pass, as DistributedDataParallel requires."""

    def __init__(self, network: nn.Module, objective):
        super().__init__()
        self.network, self._objective = network, objective

    def forward(self, x, y, generator) -> Outcome:
        return self._objective(self.network, x, y, generator=generator)


class Trainer:
    """A network, its optimizer and its objective, from fresh weights or from a saved state.

    prepared: its module is trained; it is in training mode from here on. steps: of the whole run.
    settings: of the passes. processes: that share each step. state: file of a saved state; None, or a file
    that does not exist, for fresh weights.
    passes: images that go through the network in one step. means: of loss terms and accuracy. counters: what
    the saved state tells of the run, {} for fresh weights.
    Raises CheckpointError if the saved state is damaged.
    """

    def __init__(
        self,
        request,
        prepared: Materials,
        steps: int,
        settings: PassSettings,
        processes: Processes = ALONE,
        state: Path | None = None,
    ):
        self._request, self._steps, self._processes = request, steps, processes
        self.images, self.module = prepared.images, prepared.module
        self.module.to(memory_format=LAYOUTS[settings.layout])
        self.optimizer = make_optimizer(request, list(self.module.parameters()))
        self.learning_rate = 0.0
        objective = METHODS[request.method]
        parameters = objective.parameters(**request.parameters)
        self.passes = request.batch_size * parameters.passes
        loss = functools.partial(objective.loss, noise=prepared.noise, parameters=parameters)
        self._loss: nn.Module = Loss(Network(self.module, settings.precision).train(), loss)
        if processes.size > 1:
            if prepared.device.type == "cuda":  # on CPUs each process normalises its own part of the batch
                nn.SyncBatchNorm.convert_sync_batchnorm(self._loss)
            self._loss = nn.parallel.DistributedDataParallel(self._loss)
        self.means = RunningMeans(prepared.device, processes)
        self.counters = self._load_state(state) if state and state.exists() else {}

    def train_step(self, number: int, rows: torch.Tensor) -> None:
        """Step `number` on the images with these row indices, of which this process takes its part.

        The parts of a batch are weighted by their sizes, so the mean of the gradients over the processes is
        the gradient of the whole batch.
        """
        request = self._request
        part = self._processes.part(rows)
        weight = self._processes.size * len(part) / len(rows)
        count, part = len(part), part if len(part) else rows[:1]  # every process takes part in the sum
        stream, device = training_step(self._processes.rank), self.images.x.device
        with seeded(request.seed, stream, number, device) as generator:
            x, y = self.images.batch(part, request.shift, request.flip, generator)
            outcome = self._loss(x, y, generator)
            self.optimizer.zero_grad(set_to_none=True)
            (outcome.total if weight == 1 else weight * outcome.total).backward()
        if request.clip:
            nn.utils.clip_grad_norm_(self.module.parameters(), request.clip)
        self.learning_rate = learning_rate(request.schedule, request.learning_rate, number, self._steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.optimizer.step()
        self.means.add(outcome, y, count)

    def save_state(self, path: Path, counters: dict) -> None:
        """Write the weights, the optimizer and `counters` (JSON) to one file, completely or not at all.

        The file is safetensors with the counters in its header: reading it runs no code, and numbers come
        back bit for bit.
        """
        tensors = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        for index, parameter in enumerate(self.module.parameters()):
            for name, value in self.optimizer.state[parameter].items():
                if value is not None:
                    tensors[f"optimizer.{index}.{name}"] = value
        values = counters | {"means": self.means.to_json()}
        content = save(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            metadata={"state": json.dumps(values)},
        )
        write_atomically(path, content)

    def _load_state(self, path: Path) -> dict:
        """Restore what `save_state` wrote, and return its counters."""
        content, what = read_file(path), f"the state of the run, {path.name},"
        tensors = read_safetensors(content, what)
        with torch.no_grad():
            for name, tensor in self.module.state_dict().items():
                tensor.copy_(tensors[f"module.{name}"])
        parameters = list(self.module.parameters())
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "optimizer":
                index, _, key = rest.partition(".")
                parameter = parameters[int(index)]
                # In the parameter's own memory layout: fused optimizers read both side by side.
                like = parameter if tensor.shape == parameter.shape else tensor
                place = torch.empty_like(like, device=parameter.device, requires_grad=False)
                self.optimizer.state[parameter][key] = place.copy_(tensor)
        values = parse_json(safetensors_hints(content, what)["state"])
        counters = {STATE_RENAMED.get(name, name): value for name, value in values.items()}
        self.means.restore(counters.pop("means"))
        return counters


class RunningMeans:
    """Sums over the images since the last report, the last step record, and the beginning of the epoch.

    They stay on the device until they are read. seconds: of training so far, restarts included.
    """

    def __init__(self, device: torch.device, processes: Processes):
        self._processes = processes
        self._options = {"dtype": torch.float32 if device.type == "mps" else torch.float64, "device": device}
        self.names: tuple[str, ...] = ()
        self.seconds = 0.0
        self._sums: dict[str, torch.Tensor | None] = {"report": None, "line": None, "epoch": None}
        self._reported = time.perf_counter()

    def add(self, outcome: Outcome, y: torch.Tensor, count: int) -> None:
        """Add the Outcome of one step over `count` images with classes y."""
        if not self.names:
            self.names = tuple(outcome.terms)
        right = (outcome.logits.argmax(1) == y).double().mean() if count else torch.zeros_like(outcome.total)
        parts = [*outcome.terms.values(), right, torch.ones_like(right)]
        sums = torch.stack([part.to(**self._options) for part in parts]) * count
        for kind, total in self._sums.items():
            self._sums[kind] = sums.clone() if total is None else total.add_(sums)

    def seconds_since_report(self) -> float:
        return time.perf_counter() - self._reported

    def report(self) -> dict:
        """loss, terms, accuracy and images_per_second of this process since the last report, {} if none."""
        sums, self._sums["report"] = self._sums["report"], None
        seconds, self._reported = self.seconds_since_report(), time.perf_counter()
        if sums is None:
            return {}
        terms, accuracy, count = self._means(sums)
        loss = sum(terms.values())
        return {"loss": loss, "terms": terms, "accuracy": accuracy, "images_per_second": count / seconds}

    def take(self, kind: str) -> tuple[dict[str, float], float]:
        """(terms, accuracy) over all processes since it was last taken.

        kind: "line" for the next step record, "epoch" for the next validation.
        """
        sums, self._sums[kind] = self._processes.sum(self._sums[kind]), None
        terms, accuracy, _ = self._means(sums)
        return terms, accuracy

    def _means(self, sums) -> tuple[dict[str, float], float, float]:
        *terms, accuracy, count = sums.tolist()
        means = {name: value / count for name, value in zip(self.names, terms, strict=True)}
        return means, accuracy / count, count

    def to_json(self) -> dict:
        """What a resumed run needs, exactly."""
        sums = {kind: total.tolist() for kind, total in self._sums.items() if total is not None}
        return {"names": list(self.names), "seconds": self.seconds, "sums": sums}

    def restore(self, values: dict) -> None:
        """Continue from the values of `to_json`; a report begins anew."""
        self.names, self.seconds = tuple(values["names"]), values["seconds"]
        for kind in ("line", "epoch"):
            if kind in values["sums"]:
                self._sums[kind] = torch.tensor(values["sums"][kind], **self._options)


def why_not_finite(terms: dict[str, float], request, info: RunInfo, step: int) -> str | None:
    """A sentence with the epoch and the likely cause if a term is not finite, None if all are finite.

    step: done so far, 1 for the first. The loss of the first step is that of fresh weights, so the learning
    rate is not the cause. Later, a parameter of the method is the cause if only some of the terms are lost.
    """
    lost = [name for name, value in terms.items() if not math.isfinite(value)]
    if not lost:
        return None
    epoch = -(-step * info.epochs // info.steps)
    parameters = METHODS[request.method].parameters(**request.parameters).model_dump()
    settings = ", ".join(f"{name} = {value:g}" for name, value in parameters.items() if _is_number(value))
    coarse = ", or bfloat16 too coarse for it" if info.precision == "bfloat16" else ""
    if step > 1 and (len(lost) == len(terms) or not settings):
        cause = f"the learning rate {request.learning_rate:g} is too high{coarse}"
    elif settings:
        cause = f"a parameter of the method {request.method} does not fit ({settings}){coarse}"
    else:
        cause = f"the images contain a value that is not a number{coarse}"
    what = "the loss" if len(lost) == len(terms) else f"its term {lost[0]}"
    return (
        f"Training stopped in epoch {epoch} of {info.epochs}: {what} is no longer finite, most likely "
        f"because {cause}; no checkpoint was saved."
    )


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
