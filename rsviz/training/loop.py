"""The one training loop: an objective goes in, progress comes out, and at the end a checkpoint stands.

Every random number of step k is a pure function of (seed, k), and the order of the images in an epoch of
(seed, epoch): the same request on the same kind of machine gives the same weights.
"""

import copy
import datetime
import platform
import time
from contextlib import contextmanager
from pathlib import Path

import torch

from rsviz import __version__
from rsviz.checkpoints import Card, save_checkpoint, save_survey, stored_module
from rsviz.checkpoints.shelves import own_folder
from rsviz.data import DATASETS, load
from rsviz.execution import keep_memory, pick_device, synchronize
from rsviz.models import ARCHITECTURES, NORMALISATIONS, build
from rsviz.noise import NOISES, block_seed
from rsviz.training.data import Resident, augmented, order
from rsviz.training.measure import data_copy, measure
from rsviz.training.objectives import METHODS, TrainingError
from rsviz.training.request import TrainRequest

INITIAL, STEP = 16, 18
"""Streams of the seed, apart from those that rsviz.smoothing draws votes from."""

EVERY = 0.1
"""Seconds between two reports: half of the slice after which a job gives the device to another."""

BFLOAT16_GAIN = 1.15
"""bfloat16 is chosen where a training step is this many times faster."""


def train(request: TrainRequest, folder=None):
    """Train as the request says, measure, and save; a generator of progress.

    folder: where the checkpoint goes; the user's own folder if None.
    Yields dictionaries about every 0.1 s: at first, where the precision is to be measured, with phase
    "prepare" and what, done and total; then with phase "train" and step, steps, epoch, epochs, loss,
    accuracy (both means since the last report), images_per_second; then phase "measure" with what, done and
    total; at last phase "done" with name, folder and the card. Closing the generator ends the run, and
    nothing has been written: a checkpoint is written as a whole at the end.
    Raises TrainingError where the loss is not finite, and DataError where the dataset is not there.
    """
    keep_memory()
    began = time.perf_counter()
    device = pick_device(request.device)
    architecture = ARCHITECTURES[request.chosen_architecture]
    datasets = {
        split: load(request.dataset, split, architecture.input_shapes[0]) for split in ("train", "test")
    }
    shape = datasets["train"].image(0).shape
    images = Resident.of(datasets["train"], device)
    mean, std = _normalisation(request.dataset, images.x)
    classes = tuple(datasets["train"].classes)
    with randomness(request.seed, INITIAL, 0, device):
        module = build(architecture.key, num_classes=len(classes), input_shape=shape, mean=mean, std=std)
    module.to(device, memory_format=torch.channels_last)
    precision = request.precision
    if precision == "auto":
        precision = yield from _faster_precision(request, module, images, device)
    yield from _fit(request, module, images, device, precision)

    objective = METHODS[request.method]
    settings = request.model_dump(
        include={"epochs", "batch_size", "optimizer", "learning_rate", "momentum", "weight_decay", "schedule"}
        | {"shift", "flip", "stored"}
    )
    if request.optimizer != "sgd":
        del settings["momentum"]
    card = Card(
        name=request.chosen_name,
        architecture=architecture.key,
        dataset=request.dataset,
        data_copy=data_copy(datasets["train"]),
        classes=classes,
        input_shape=shape,
        mean=mean,
        std=std,
        method=request.method,
        hyperparameters=settings
        | objective.parameters(**request.parameters).model_dump()
        | {
            "precision": precision,
            "device": _device_title(device),
            "seconds": round(time.perf_counter() - began, 1),
        },
        noise=_noise(request).key if objective.needs_noise else None,
        scale=request.sigma,
        versions={"rsviz": __version__, "python": platform.python_version(), "torch": torch.__version__},
        seed=request.seed,
        date=datetime.datetime.now(datetime.UTC).date(),
        source=f"trained by rsviz: {objective.title} ({objective.source})",
    )
    metrics, survey = yield from measure(
        stored_module(module, card, request.stored), card, datasets["test"], device
    )
    folder = Path(folder) if folder is not None else own_folder()
    card = save_checkpoint(module, card.model_copy(update={"metrics": metrics}), folder, request.stored)
    save_survey(folder, card.name, survey | {"weights_sha256": card.weights_sha256})
    yield {"phase": "done", "name": card.name, "folder": str(folder), "card": card.model_dump(mode="json")}


def _fit(request, module, images, device, precision):
    """Minimise the objective over all epochs; a generator of progress."""
    module.train()
    steps_per_epoch = -(-len(images.y) // request.batch_size)
    steps = steps_per_epoch * request.epochs
    optimizer, schedule = _optimizer(request, module, steps)
    report = _Report(steps, request.epochs, device)
    for step in range(steps):
        epoch, position = divmod(step, steps_per_epoch)
        if position == 0:
            shuffled = order(request.seed, epoch, len(images), device)
        chosen = shuffled[position * request.batch_size : (position + 1) * request.batch_size]
        with randomness(request.seed, STEP, step, device) as generator:
            x = augmented(images.x[chosen], request, generator)
            loss, correct = _step(request, module, x, images.y[chosen], optimizer, precision, generator)
        schedule.step()
        report.add(loss, correct, len(chosen))
        if report.due() or step + 1 == steps:
            yield report.take(step + 1, epoch + 1, request)


def _step(request, module, x, y, optimizer, precision, generator):
    """One step of the optimizer; (loss, number of right answers) as tensors on the device."""
    objective = METHODS[request.method]
    parameters = objective.parameters(**request.parameters)

    f = _Network(module, precision)
    outcome = objective.loss(f, x, y, noise=_noise(request), parameters=parameters, generator=generator)
    optimizer.zero_grad(set_to_none=True)
    outcome.total.backward()
    optimizer.step()
    return outcome.total.detach(), (outcome.logits.argmax(1) == y).sum()


class _Network(torch.nn.Module):
    """The module in the precision of the run; a Module, so that attacks may set it to evaluation mode."""

    def __init__(self, module, precision):
        super().__init__()
        self.module, self.bfloat16 = module, precision == "bfloat16"
        self.training = module.training

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.module(x)


class _Report:
    """Sums since the last report; they stay on the device until somebody is told."""

    def __init__(self, steps, epochs, device):
        self.steps, self.epochs = steps, epochs
        self.loss = torch.zeros((), device=device)
        self.correct = torch.zeros((), dtype=torch.int64, device=device)
        self.count, self.since = 0, time.perf_counter()

    def add(self, loss, correct, count):
        self.loss += loss * count
        self.correct += correct
        self.count += count

    def due(self) -> bool:
        return time.perf_counter() - self.since >= EVERY

    def take(self, step, epoch, request) -> dict:
        loss, accuracy = self.loss.item() / self.count, self.correct.item() / self.count
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise TrainingError(
                f"Training stopped in epoch {epoch} of {self.epochs}: the loss is no longer finite, most "
                f"likely because the learning rate {request.learning_rate:g} is too high; nothing was saved."
            )
        seconds = time.perf_counter() - self.since
        progress = {
            "phase": "train",
            "step": step,
            "steps": self.steps,
            "epoch": epoch,
            "epochs": self.epochs,
            "loss": loss,
            "accuracy": accuracy,
            "images_per_second": self.count / seconds,
        }
        self.loss.zero_()
        self.correct.zero_()
        self.count, self.since = 0, time.perf_counter()
        return progress


@contextmanager
def randomness(seed, stream, number, device):
    """Within it, torch's global generators and the one it gives are seeded for one step of one stream.

    Dropout and initialisation draw from the global generators, which the caller may be using between yields.
    """
    seed = block_seed(seed, stream, number)
    with torch.random.fork_rng([device.index or 0] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        # Another seed: dropout must not repeat the numbers of the noise.
        yield torch.Generator(device).manual_seed(seed ^ 1)


def _optimizer(request, module, steps):
    parameters = list(module.parameters())
    if request.optimizer == "adamw":
        optimizer = torch.optim.AdamW(
            parameters, request.learning_rate, weight_decay=request.weight_decay, fused=True
        )
    else:
        optimizer = torch.optim.SGD(
            parameters,
            request.learning_rate,
            momentum=request.momentum,
            nesterov=request.momentum > 0,
            weight_decay=request.weight_decay,
        )
    schedules = torch.optim.lr_scheduler
    if request.schedule == "one-cycle":
        return optimizer, schedules.OneCycleLR(
            optimizer, request.learning_rate, total_steps=steps + 1, cycle_momentum=False
        )
    if request.schedule == "cosine":
        return optimizer, schedules.CosineAnnealingLR(optimizer, steps)
    return optimizer, schedules.ConstantLR(optimizer, factor=1.0)


def _faster_precision(request, module, images, device):
    """float32 or bfloat16, by timing training steps of a copy; a generator of progress that returns it."""
    seconds = {}
    for precision in ("float32", "bfloat16"):
        trial = copy.deepcopy(module).train()
        optimizer, _ = _optimizer(request, trial, 10)
        x, y = images.x[: request.batch_size], images.y[: request.batch_size]
        times = []
        for number in range(4):
            start = time.perf_counter()
            with randomness(request.seed, STEP, number, device) as generator:
                _step(request, trial, x, y, optimizer, precision, generator)
            synchronize(device)
            times.append(time.perf_counter() - start)
            yield {"phase": "prepare", "what": f"trying {precision}", "done": number + 1, "total": 4}
        seconds[precision] = min(times[1:])
    return "bfloat16" if seconds["float32"] > BFLOAT16_GAIN * seconds["bfloat16"] else "float32"


def _noise(request):
    return NOISES["gaussian"](request.sigma) if METHODS[request.method].needs_noise else None


def _normalisation(dataset, x):
    if dataset in DATASETS and dataset in NORMALISATIONS:
        return NORMALISATIONS[dataset]
    std, mean = torch.std_mean(x, dim=(0, 2, 3))
    return tuple(mean.tolist()), tuple(std.clamp(min=1e-3).tolist())


def _device_title(device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
