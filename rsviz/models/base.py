"""What a network is to rsviz: a record that can be read without torch, and a function that builds it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rsviz.errors import RsvizError
from rsviz.lazy import lazy

nn = lazy("torch.nn")

Shape = tuple[int, int, int]
"""(channels, height, width) of one image."""


class ModelError(RsvizError):
    """A network that cannot be built, in one sentence."""


@dataclass(frozen=True)
class Architecture:
    """A network that `rsviz.models.build` knows.

    key: its name on cards, and the entry `arch` of the field's .pth.tar files. title: for a person.
    source: the paper. input_shapes: shapes (C, H, W) of the images that it takes.
    dataset: the one it is usually trained on. head: state-dict name of the weight of the last layer, linear
    or convolutional, whose first axis is the number of classes.
    network: called with (num_classes, input_shape), gives the torch module without its normalisation,
    initialised by torch's global generator.
    """

    key: str
    title: str
    source: str
    input_shapes: tuple[Shape, ...]
    dataset: str
    head: str
    network: Callable[[int, Shape], Any]

    def takes(self, shape: Shape) -> bool:
        """Whether images of this shape (C, H, W) fit the network."""
        return tuple(shape) in self.input_shapes


def with_activations(
    network: Callable[[int, Shape, Any], Any], *, key: str, title: str, **record
) -> tuple[Architecture, Architecture]:
    """A network with ReLU, and with ELU as KEY-elu, which is smooth, as WRM requires.

    network: called with (num_classes, input_shape, class of the activation). record: see Architecture.
    """

    def architecture(key, activation):
        def built(num_classes, input_shape):
            return network(num_classes, input_shape, getattr(nn, activation))

        return Architecture(key=key, title=f"{title}, {activation}", network=built, **record)

    return architecture(key, "ReLU"), architecture(f"{key}-elu", "ELU")
