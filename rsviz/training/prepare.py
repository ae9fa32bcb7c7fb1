"""What a run needs before its first step, and the card of what comes out."""

import datetime
import platform
from dataclasses import dataclass

import torch

from rsviz import __version__
from rsviz.checkpoints import Card
from rsviz.data import Dataset, describe_copy, load, normalisation
from rsviz.execution import pick_device
from rsviz.models import ARCHITECTURES, build
from rsviz.noise.streams import INITIAL_WEIGHTS
from rsviz.training.data import Resident
from rsviz.training.objectives import METHODS, TrainingError
from rsviz.training.step import noise_of, randomness
from rsviz.training.team import own_device


@dataclass(frozen=True)
class Preparation:
    """A fresh network and the images on the device. images: trained on; held_out: kept out of training, or
    None; test: the test split. mean, std: of the network's first layer."""

    device: torch.device
    module: torch.nn.Module
    images: Resident
    held_out: Resident | None
    test: Dataset
    data_copy: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.images.x.shape[1:])


def prepare(request) -> Preparation:
    """Load the dataset onto the device and build the network; DataError where the dataset is not there."""
    device = pick_device(own_device() or request.device)
    architecture = ARCHITECTURES[request.chosen_architecture]
    dataset, test = (
        load(request.dataset, split, architecture.input_shapes[0]) for split in ("train", "test")
    )
    if request.held_out >= len(dataset):
        raise TrainingError(f"held_out is {request.held_out}, but there are {len(dataset)} training images.")
    images = Resident.of(dataset, device)
    mean, std = _normalisation(request.dataset, images.x)
    images, held_out = images.split(request.held_out)
    classes = tuple(dataset.classes)
    with randomness(request.seed, INITIAL_WEIGHTS, 0, device):
        module = build(
            architecture.key,
            num_classes=len(classes),
            input_shape=tuple(images.x.shape[1:]),
            mean=mean,
            std=std,
        )
    module.to(device, memory_format=torch.channels_last)
    return Preparation(device, module, images, held_out, test, describe_copy(dataset), classes, mean, std)


def _normalisation(dataset, x):
    if usual := normalisation(dataset):
        return usual
    std, mean = torch.std_mean(x, dim=(0, 2, 3))
    return tuple(mean.tolist()), tuple(std.clamp(min=1e-3).tolist())


SETTINGS = {"epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule", "clip"}
SETTINGS |= {"shift", "flip", "held_out", "stored"}


def make_card(request, prepared: Preparation, about, run_id: str, seconds: float) -> Card:
    """The card of the run's network, without metrics. run_id: by which a restart knows its own checkpoint."""
    objective, noise = METHODS[request.method], noise_of(request)
    settings = request.model_dump(include=SETTINGS)
    if request.optimizer == "sgd":
        settings |= {"momentum": request.momentum, "nesterov": request.nesterov}
    device = prepared.device
    settings |= objective.parameters(**request.parameters).model_dump() | {
        "precision": about.precision,
        "layout": about.layout,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "seconds": round(seconds, 1),
        "run": run_id,
    }
    return Card(
        name=about.name,
        architecture=request.chosen_architecture,
        dataset=request.dataset,
        data_copy=prepared.data_copy,
        classes=prepared.classes,
        input_shape=prepared.shape,
        mean=prepared.mean,
        std=prepared.std,
        method=request.method,
        hyperparameters=settings,
        noise=noise.key if noise else None,
        scale=request.sigma,
        versions={"rsviz": __version__, "python": platform.python_version(), "torch": torch.__version__},
        seed=request.seed,
        date=datetime.datetime.now(datetime.UTC).date(),
        source=f"trained by rsviz: {objective.title} ({objective.source})",
    )
