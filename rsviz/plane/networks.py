"""Small networks trained on points of the plane: what training under noise does to the base classifier f.

`python -m rsviz.training.plane` trains them and writes networks.json and networks.safetensors. Reading them
here needs neither torch nor scikit-learn.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rsviz.plane.class_map import ClassMap, Floats
from rsviz.records import by_key

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, eq=False)
class PlaneNetwork:
    """A trained network, as the classes that it gives to the centres of all cells.

    key: DATA-METHOD. data, data_title: the points it is trained on. method, method_title: of
    rsviz.training.METHODS. classes: their number.
    sigma: of the Gaussian noise that f is smoothed with, in units of the plane; the network is trained under
    this noise too, unless its method is plain.
    accuracy, smoothed_accuracy: shares of the held-out points that f and g classify correctly.
    radius: mean certified l2 radius of g at the held-out points, in units of the plane; 0 where g is wrong.
    held_out: number of held-out points.
    """

    key: str
    data: str
    data_title: str
    method: str
    method_title: str
    classes: int
    sigma: float
    accuracy: float
    smoothed_accuracy: float
    radius: float
    held_out: int
    _map: str = field(repr=False)
    _points: list[list[float]] = field(repr=False)

    def class_map(self) -> ClassMap:
        """The classifier f."""
        return ClassMap.from_text(self._map)

    def points(self) -> tuple[Floats, NDArray[np.int64]]:
        """All points that the network is trained on, float64 (N, 2), and their classes, int64 (N,)."""
        rows = np.array(self._points)
        return rows[:, :2], rows[:, 2].astype(np.int64)


def _shipped() -> Iterator[PlaneNetwork]:
    stored = json.loads(FILE.read_text("utf-8"))
    for key, entry in stored["networks"].items():
        data, text = stored["data"][entry["data"]], entry.pop("map")
        yield PlaneNetwork(key=key, data_title=data["title"], _map=text, _points=data["points"], **entry)


NETWORKS: Mapping[str, PlaneNetwork] = by_key(*_shipped())
"""Every network by its key: the data sets in turn, each with plain training first."""
