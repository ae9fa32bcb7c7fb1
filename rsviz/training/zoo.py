"""The shipped checkpoints, declared once: `python -m rsviz train --zoo all` makes them again."""

from collections.abc import Mapping
from types import MappingProxyType

from rsviz.checkpoints.shelves import names_in
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.training.request import TrainRequest

# float32, because these train in a minute and then come out the same on every machine of a kind.
_DIGITS = {"dataset": "digits", "precision": "float32"}
# Each machine measures which precision is faster here: bfloat16, by three times, on a processor with AMX.
_MNIST = {"dataset": "mnist", "architecture": "li-mnist", "epochs": 10, "shift": 1}

ZOO: Mapping[str, TrainRequest] = MappingProxyType(
    {
        request.chosen_name: request
        for request in (
            TrainRequest(method="plain", epochs=60, **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.25, epochs=300, **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.5, epochs=300, **_DIGITS),
            TrainRequest(method="gaussian", sigma=0.25, **_MNIST),
            TrainRequest(method="gaussian", sigma=0.5, **_MNIST),
        )
    }
)


def missing() -> list[str]:
    """Names that are declared and not shipped."""
    shipped = names_in(SHIPPED_CHECKPOINTS)
    return [name for name in ZOO if name not in shipped]
