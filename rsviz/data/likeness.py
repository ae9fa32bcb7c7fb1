"""How far a picture is from a network's training images: Mahalanobis distance of simple statistics.

The statistics are brightness, contrast, edges, border, spread of the light, colour and others: see NAMES. For
each dataset their mean and covariance over training images are stored, and the distance below which 99 of
100 other training images are; `python -m benchmarks.likeness` computes them. A picture beyond it is unlike
them. One within it need not be of any of the classes: the measure knows statistics, not shapes.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".json")
NAMES = {
    "brightness": "mean of all pixels",
    "contrast": "standard deviation of the pixels",
    "edges": "mean difference between neighbours",
    "grain": "mean difference from the mean of the four neighbours",
    "border": "mean of the outermost pixels",
    "middle tones": "share of pixels between 0.2 and 0.8",
    "off centre": "distance of the centre of light from the middle, in sides",
    "spread": "spread of the light about its centre, in sides",
    "colour": "mean difference between the strongest and the weakest channel",
}
"""The statistics, with what each is."""


def statistics(images: np.ndarray) -> np.ndarray:
    """The statistics float64 (N, len(NAMES)), in their order, of images float (N, C, H, W) in [0, 1]."""
    images = np.asarray(images, np.float64)
    grey = images.mean(1)
    across, down = np.abs(np.diff(grey, axis=2)), np.abs(np.diff(grey, axis=1))
    inner = grey[:, 1:-1, 1:-1]
    around = (grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]) / 4
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    light = grey + 1e-9
    light = light / light.sum((1, 2), keepdims=True)
    y, x = ((np.arange(side) + 0.5) / side - 0.5 for side in grey.shape[1:])
    middle_y, middle_x = (light.sum(2) * y).sum(1), (light.sum(1) * x).sum(1)
    spread = (light.sum(2) * y**2).sum(1) + (light.sum(1) * x**2).sum(1) - middle_y**2 - middle_x**2
    columns = (
        grey.mean((1, 2)),
        grey.std((1, 2)),
        (across.mean((1, 2)) + down.mean((1, 2))) / 2,
        np.abs(inner - around).mean((1, 2)) if min(grey.shape[1:]) > 2 else np.zeros(len(grey)),
        border.mean(1),
        ((grey > 0.2) & (grey < 0.8)).mean((1, 2)),
        np.hypot(middle_y, middle_x),
        np.sqrt(np.maximum(spread, 0)),
        (images.max(1) - images.min(1)).mean((1, 2)),
    )
    return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class Familiar:
    """What is stored of the training images of a dataset.

    mean, deviation (k,), inverse (k, k): of the statistics; the inverse is that of the correlations.
    limit: the distance below which 99 of 100 held-out training images are.
    false_alarms: share of test images beyond it.
    """

    dataset: str
    mean: np.ndarray
    deviation: np.ndarray
    inverse: np.ndarray
    limit: float
    false_alarms: float

    def distances(self, images: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of each image float (N, C, H, W) from the training images."""
        away = (statistics(images) - self.mean) / self.deviation
        return np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", away, self.inverse, away), 0))

    def farthest(self, image: np.ndarray) -> tuple[str, float, float, float]:
        """The statistic that is most deviations away: name, value, mean, deviation. image: (C, H, W)."""
        found = statistics(image[None])[0]
        index = int(np.abs((found - self.mean) / self.deviation).argmax())
        return list(NAMES)[index], float(found[index]), float(self.mean[index]), float(self.deviation[index])


def measured(dataset: str, train: np.ndarray, held_out: np.ndarray, test: np.ndarray) -> dict:
    """What FILE stores of a dataset. train, held_out, test: images float (N, C, H, W)."""
    found = statistics(train)
    mean, deviation = found.mean(0), np.maximum(found.std(0), 1e-6)
    correlations = np.cov(((found - mean) / deviation).T)
    inverse = np.linalg.inv(correlations + 1e-3 * np.eye(len(correlations)))
    familiar = Familiar(dataset, mean, deviation, inverse, np.inf, 0.0)
    limit = float(np.quantile(familiar.distances(held_out), 0.99))
    return {
        "shape": list(train.shape[1:]),
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "inverse": inverse.tolist(),
        "limit": limit,
        "false_alarms": float((familiar.distances(test) > limit).mean()),
        "counts": [len(train), len(held_out), len(test)],
    }


def familiar_with(dataset: str, shape) -> Familiar | None:
    """What is known of the training images of a dataset, None if nothing. shape: (C, H, W) of an input."""
    stored = _stored().get(dataset)
    if stored is None or tuple(stored["shape"]) != tuple(shape):
        return None
    arrays = (np.array(stored[name]) for name in ("mean", "deviation", "inverse"))
    return Familiar(dataset, *arrays, stored["limit"], stored["false_alarms"])


@functools.cache
def _stored():
    return json.loads(FILE.read_text("utf-8"))
