"""What a training run needs before its first step: images on the device, a network, a draft of its card."""

import datetime
import itertools
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from rsviz import __version__
from rsviz.checkpoints import Card, build_network
from rsviz.data import Dataset, describe_copy, load, normalisation
from rsviz.execution import pick_device
from rsviz.models import ARCHITECTURES
from rsviz.noise import NOISES, block_seed
from rsviz.noise.streams import IMAGE_ORDER, INITIAL_WEIGHTS
from rsviz.training.distributed import local_device
from rsviz.training.objectives import METHODS
from rsviz.training.records import TrainingError


@dataclass(frozen=True)
class Images:
    """Labelled images on the device: x float32 (N, C, H, W), pictures in [0, 1], y int64 (N,)."""

    x: torch.Tensor
    y: torch.Tensor

    @classmethod
    def of(cls, dataset: Dataset, device, rows=slice(None)) -> "Images":
        """The images of a dataset, or some of its rows, as tensors on the device."""
        return cls(
            torch.from_numpy(dataset.pixels(rows)).to(device),
            torch.from_numpy(dataset.labels[rows].copy()).to(device),
        )

    def hold_out(self, held_out: int) -> "tuple[Images, Images | None]":
        """(all but the last `held_out` images, those), without a copy; (all, None) if it is 0."""
        if not held_out:
            return self, None
        return Images(self.x[:-held_out], self.y[:-held_out]), Images(self.x[-held_out:], self.y[-held_out:])

    def order(self, seed: int, epoch: int) -> torch.Tensor:
        """A permutation of the row indices, a pure function of (seed, epoch)."""
        generator = torch.Generator().manual_seed(block_seed(seed, IMAGE_ORDER, epoch))
        return torch.randperm(len(self), generator=generator).to(self.x.device)

    def batches(self, seed: int, size: int, start: int = 0) -> Iterator[torch.Tensor]:
        """Row indices of the images of step `start` and all later ones, each epoch in its own order."""
        steps_per_epoch = -(-len(self) // size)
        for epoch in itertools.count(start // steps_per_epoch):
            order = self.order(seed, epoch).split(size)
            yield from order[start % steps_per_epoch :]
            start = 0

    def batch(
        self, rows: torch.Tensor, shift: int, flip: bool, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(x, y) of the rows, the images moved and mirrored at random."""
        x = shifted(self.x[rows], shift, generator)
        return flipped(x, generator) if flip else x, self.y[rows]

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Materials:
    """What training steps need: a network, the images on its device that it is trained on, and noise.

    noise: the mechanism that the network is trained under, or None.
    """

    device: torch.device
    module: torch.nn.Module
    images: Images
    noise: object


@dataclass(frozen=True)
class Preparation(Materials):
    """A fresh network and the images on the device.

    held_out: images kept out of training, or None. test: the test split. card: of the network to be, with
    what the request decides.
    """

    held_out: Images | None
    test: Dataset
    card: Card


def prepare(request) -> Preparation:
    """Load the dataset onto the device and build the network.

    Raises DataError if the dataset is not on this machine, TrainingError if it is smaller than held_out.
    """
    device = pick_device(local_device() or request.device)
    architecture = ARCHITECTURES[request.chosen_architecture]
    dataset, test = (
        load(request.dataset, split, architecture.input_shapes[0]) for split in ("train", "test")
    )
    if request.held_out >= len(dataset):
        raise TrainingError(f"held_out is {request.held_out}, but there are {len(dataset)} training images.")
    everything = Images.of(dataset, device)
    images, held_out = everything.hold_out(request.held_out)
    noise = NOISES["gaussian"](request.sigma) if METHODS[request.method].needs_noise else None
    card = _draft_card(request, dataset, everything.x, noise)
    with seeded(request.seed, INITIAL_WEIGHTS, 0, device):
        module = build_network(card)
    module.to(device, memory_format=torch.channels_last)
    return Preparation(device, module, images, noise, held_out, test, card)


def _normalisation(dataset, x):
    if usual := normalisation(dataset):
        return usual
    std, mean = torch.std_mean(x, dim=(0, 2, 3))
    return tuple(mean.tolist()), tuple(std.clamp(min=1e-3).tolist())


ON_THE_CARD = {"epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule", "clip"}
ON_THE_CARD |= {"shift", "flip", "held_out", "stored"}
"""Fields of the request that the card lists among the hyper-parameters."""


def _draft_card(request, dataset, x, noise) -> Card:
    """The card of the network to be, without metrics and what is chosen later. x: all training images."""
    mean, std = _normalisation(request.dataset, x)
    objective = METHODS[request.method]
    settings = request.model_dump(include=ON_THE_CARD)
    if request.optimizer == "sgd":
        settings |= {"momentum": request.momentum, "nesterov": request.nesterov}
    settings |= objective.parameters(**request.parameters).model_dump()
    settings["device"] = torch.cuda.get_device_name(x.device) if x.is_cuda else x.device.type
    return Card(
        name=request.chosen_name,
        architecture=request.chosen_architecture,
        dataset=request.dataset,
        data_copy=describe_copy(dataset),
        classes=tuple(dataset.classes),
        input_shape=tuple(x.shape[1:]),
        mean=mean,
        std=std,
        method=request.method,
        hyperparameters=settings,
        noise=noise.key if noise else None,
        scale=request.sigma,
        versions={"rsviz": __version__, "python": platform.python_version(), "torch": torch.__version__},
        seed=request.seed,
        date=datetime.datetime.now(datetime.UTC).date(),
        source=f"trained by rsviz: {objective.title} ({objective.source})",
    )


@contextmanager
def seeded(seed: int, stream: int, number: int, device: torch.device) -> Iterator[torch.Generator]:
    """Within it, torch's global generators and the one it gives are seeded for one step of one stream.

    Dropout and initialisation draw from the global generators, which the caller may use between two steps.
    """
    seed = block_seed(seed, stream, number)
    with torch.random.fork_rng([device.index or 0] if device.type == "cuda" else []):
        # Not torch.manual_seed: without a GPU it keeps every call, with its stack, for the day there is one.
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            torch.cuda.default_generators[device.index or 0].manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        # Another seed: dropout must not repeat the numbers of the noise.
        yield torch.Generator(device).manual_seed(seed ^ 1)


def shifted(x, shift: int, generator):
    """Each image moved by its own whole number of pixels, up to `shift` in each direction; zeros move in.

    x: (B, C, H, W).
    """
    if shift == 0:
        return x
    batch, _, height, width = x.shape
    offsets = torch.randint(2 * shift + 1, (2, batch, 1), generator=generator, device=x.device)
    rows = (offsets[0] + torch.arange(height, device=x.device))[:, :, None]
    columns = (offsets[1] + torch.arange(width, device=x.device))[:, None, :]
    which = torch.arange(batch, device=x.device)[:, None, None]
    return pad(x, (shift,) * 4).permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)


def flipped(x, generator):
    """Each image mirrored left to right with probability 1/2. x: (B, C, H, W)."""
    mirrored = torch.randint(2, (len(x), 1, 1, 1), generator=generator, device=x.device).bool()
    return torch.where(mirrored, x.flip(3), x)
