"""The networks of the playground, trained on points of the plane by the steps of every other run.

    python -m rsviz.training.plane      # train all of them and write the shipped files again

A point is an image of one row and two pixels, (1, 1, 2), in units of the plane instead of pixel units: no
objective clips. The files are rsviz/plane/networks.json and .safetensors, read by rsviz.plane.networks.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn

import rsviz.plane
from rsviz.checkpoints.weights import stored_tensors
from rsviz.files import write_atomically
from rsviz.noise import NOISES
from rsviz.noise.streams import INITIAL_WEIGHTS
from rsviz.plane import CENTRES, HALF, ClassMap, SmoothedPlane, certified_radii
from rsviz.records import by_key
from rsviz.training.objectives import METHODS
from rsviz.training.prepare import Images, Materials, seeded
from rsviz.training.train_step import PassSettings, Trainer

FILE = Path(rsviz.plane.__file__).with_name("networks.json")
WEIGHTS = FILE.with_suffix(".safetensors")

TRAINING_POINTS, HELD_OUT_POINTS = 240, 2000
DECIMALS = 3
"""Of the coordinates: networks are trained on exactly the points that are shipped."""

WIDTH = 64
STORED = "float16"
"""Precision of the shipped weights, from which the class maps are computed."""

CPU = torch.device("cpu")


@dataclass(frozen=True)
class PlaneData:
    """Labelled points of scikit-learn, moved into the plane.

    make: (number of points, seed) -> points (N, 2), labels (N,). sigma: of the noise under which its networks
    are trained and smoothed, in units of the plane.
    """

    key: str
    title: str
    classes: int
    sigma: float
    make: Callable[[int, int], tuple[np.ndarray, np.ndarray]]

    def points(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(points float64 (N, 2), labels int64 (N,)) to train on, and the same held out; all in the plane."""
        wanted = TRAINING_POINTS + HELD_OUT_POINTS
        points, labels = self.make(2 * wanted, 0)
        points = points.round(DECIMALS)
        inside = np.flatnonzero(np.abs(points).max(1) < HALF)[:wanted]
        train, held_out = inside[:TRAINING_POINTS], inside[TRAINING_POINTS:]
        return (points[train], labels[train]), (points[held_out], labels[held_out])


def _moons(count, seed):
    from sklearn.datasets import make_moons  # importing it takes seconds

    points, labels = make_moons(count, noise=0.3, random_state=seed)
    return (points - (0.5, 0.25)) * 1.1, labels


def _circles(count, seed):
    from sklearn.datasets import make_circles

    points, labels = make_circles(count, noise=0.2, factor=0.4, random_state=seed)
    return points * 1.35, labels


def _blobs(count, seed):
    from sklearn.datasets import make_blobs

    centres = [(-0.9, -0.6), (0.9, -0.6), (0.0, 0.9)]
    return make_blobs(count, centers=centres, cluster_std=0.6, random_state=seed)


DATA = by_key(
    PlaneData("moons", "Two moons", 2, 0.3, _moons),
    PlaneData("circles", "Two circles", 2, 0.3, _circles),
    PlaneData("blobs", "Three blobs", 3, 0.35, _blobs),
)


@dataclass(frozen=True)
class PlaneRun:
    """One network: its data, its method, and the settings that training steps read of a request."""

    data: str
    method: str
    sigma: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 800
    batch_size: int = 60
    optimizer: str = "adamw"
    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    schedule: str = "one-cycle"
    clip: float = 0.0
    shift: int = 0
    flip: bool = False
    seed: int = 0

    @property
    def key(self) -> str:
        return f"{self.data}-{self.method}"


PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "gaussian": {},
    "smoothadv": {"m": 4, "epsilon": 0.25, "steps": 2},
}

RUNS = by_key(
    *(
        PlaneRun(data.key, method, data.sigma if METHODS[method].needs_noise else 0.0, parameters)
        for data in DATA.values()
        for method, parameters in PARAMETERS.items()
    )
)


def network(classes: int) -> nn.Sequential:
    """Three linear layers with ReLU between them, fresh: points (N, 1, 1, 2) -> logits (N, classes)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(2, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, classes),
    )


def trained(run: PlaneRun, points: np.ndarray, labels: np.ndarray) -> nn.Sequential:
    """The network of a run on points (N, 2) with their labels."""
    images = Images(as_images(points, torch.float32), torch.from_numpy(labels))
    with seeded(run.seed, INITIAL_WEIGHTS, 0, CPU):
        module = network(DATA[run.data].classes)
    noise = NOISES["gaussian"](run.sigma) if run.sigma else None
    steps = -(-len(images) // run.batch_size) * run.epochs
    trainer = Trainer(run, Materials(CPU, module, images, noise), steps, PassSettings())
    batches = images.batches(run.seed, run.batch_size)
    for number, rows in enumerate(itertools.islice(batches, steps)):
        trainer.train_step(number, rows)
    return module


def as_images(points: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """Points (N, 2) as images (N, 1, 1, 2)."""
    return torch.from_numpy(points).to(dtype).reshape(-1, 1, 1, 2)


def class_map(module: nn.Sequential, classes: int) -> ClassMap:
    """The class of each cell: that of its centre. The module becomes float64, so that machines agree."""
    x, y = np.meshgrid(CENTRES, CENTRES)
    with torch.inference_mode():
        logits = module.double()(as_images(np.stack([x.ravel(), y.ravel()], 1), torch.float64))
    return ClassMap(logits.argmax(1).numpy().reshape(x.shape), classes)


def measured(f: ClassMap, sigma: float, points: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracy of f and of g, and the mean certified radius, exact, at held-out points."""
    g = SmoothedPlane(f, NOISES["gaussian"](sigma))
    is_right = g.classify(points) == labels
    return {
        "accuracy": float((f.at(points) == labels).mean()),
        "smoothed_accuracy": float(is_right.mean()),
        "radius": round(float(np.where(is_right, certified_radii(g, points), 0.0).mean()), 4),
        "held_out": len(points),
    }


def load(key: str) -> nn.Sequential:
    """The shipped network of a run, in float64."""
    tensors = load_file(WEIGHTS)
    module = network(DATA[RUNS[key].data].classes).double()
    module.load_state_dict({name: tensors[f"{key}.{name}"] for name in module.state_dict()})
    return module


def main() -> None:
    """Train every network, and write both files."""
    torch.set_num_threads(1)  # sums in one order, whatever the machine
    data: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    weights: dict[str, torch.Tensor] = {}
    drawn = {key: one.points() for key, one in DATA.items()}
    for key, one in DATA.items():
        points, labels = drawn[key][0]
        rows = [[*point, label] for point, label in zip(points.tolist(), labels.tolist(), strict=True)]
        data[key] = {"title": one.title, "points": rows}
    for key, run in RUNS.items():
        one, (train, held_out) = DATA[run.data], drawn[run.data]
        module = trained(run, *train)
        tensors = stored_tensors(module, STORED)
        weights |= {f"{key}.{name}": tensor for name, tensor in tensors.items()}
        module.load_state_dict(tensors)
        f = class_map(module, one.classes)
        networks[key] = {
            "data": run.data,
            "method": run.method,
            "method_title": METHODS[run.method].title,
            "classes": one.classes,
            "sigma": one.sigma,
            **measured(f, one.sigma, *held_out),
            "map": f.text(),
        }
        print(key, *(f"{name} {networks[key][name]}" for name in ("accuracy", "smoothed_accuracy", "radius")))
    write_atomically(WEIGHTS, save(weights))
    write_atomically(FILE, (_written({"data": data, "networks": networks}) + "\n").encode())


def _written(value: dict[str, Any]) -> str:
    """JSON with a line for each data set and each network."""
    parts = [
        f'"{name}": {{\n'
        + ",\n".join(f'"{key}": {json.dumps(one, separators=(",", ":"))}' for key, one in entries.items())
        + "\n}"
        for name, entries in value.items()
    ]
    return "{" + ",\n".join(parts) + "}"


if __name__ == "__main__":
    main()
