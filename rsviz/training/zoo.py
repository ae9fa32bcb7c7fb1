"""The shipped checkpoints, declared once: `python -m rsviz train --zoo all` makes them again."""

from collections.abc import Mapping
from types import MappingProxyType

from rsviz.training.request import TrainRequest

# float32 because these train in seconds, and then come out the same on every machine of a kind.
_DIGITS = {"dataset": "digits", "epochs": 60, "precision": "float32"}
# The rate is measured by each machine: bfloat16 was four times faster on two cores with matrix instructions.
_MNIST = {"dataset": "mnist", "architecture": "li-mnist", "epochs": 10, "shift": 1}

ZOO: Mapping[str, TrainRequest] = MappingProxyType(
    {
        request.chosen_name: request
        for request in (
            TrainRequest(method="plain", **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.25, **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.5, **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.25, **_MNIST),
            TrainRequest(method="gaussian", sigma=0.5, **_MNIST),
        )
    }
)
