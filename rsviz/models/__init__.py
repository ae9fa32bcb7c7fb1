"""The networks of the papers. Importing this room does not import torch; building a network does.

A new network is one file with its record, and one line in ARCHITECTURES.
A built network is Sequential(normalize, network): inputs are pixels in [0, 1], noise is added before the
first layer.
"""

import math
from collections.abc import Mapping, Sequence

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, ModelError, Shape
from rsviz.models.cifar_resnet import CIFAR_RESNET20, CIFAR_RESNET110
from rsviz.models.digits_cnn import DIGITS_CNN
from rsviz.models.li import LI_CIFAR, LI_MNIST
from rsviz.models.resnet18 import CIFAR_RESNET18, CIFAR_RESNET18_ELU
from rsviz.models.resnet50 import RESNET50
from rsviz.models.three_layer import THREE_LAYER_CNN, THREE_LAYER_CNN_ELU
from rsviz.models.vgg16 import CIFAR_VGG16, CIFAR_VGG16_ELU
from rsviz.records import by_key

__all__ = ["ARCHITECTURES", "Architecture", "ModelError", "architectures_for", "build"]

_layers = lazy("rsviz.models.layers")

ARCHITECTURES: Mapping[str, Architecture] = by_key(  # the first of a shape is the default for its images
    DIGITS_CNN,
    LI_MNIST,
    CIFAR_RESNET20,
    CIFAR_RESNET110,
    THREE_LAYER_CNN,
    THREE_LAYER_CNN_ELU,
    LI_CIFAR,
    CIFAR_RESNET18,
    CIFAR_RESNET18_ELU,
    CIFAR_VGG16,
    CIFAR_VGG16_ELU,
    RESNET50,
)


def architectures_for(shape: Shape) -> list[str]:
    """Keys of the architectures that take images of this shape (C, H, W); the first is the default."""
    return [key for key, architecture in ARCHITECTURES.items() if architecture.takes(shape)]


def build(
    architecture: str, *, num_classes: int, input_shape: Shape, mean: Sequence[float], std: Sequence[float]
):
    """Sequential(normalize, network) for float32 images (B, C, H, W); gives logits (B, num_classes).

    architecture: a key of ARCHITECTURES.
    num_classes: at least 2.
    input_shape: (C, H, W), one of the architecture's input_shapes.
    mean, std: of the normalisation, one number a channel, in pixel units; std > 0.
    Raises ModelError, one sentence, for anything else.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(f"architecture is {architecture!r}; it must be one of {', '.join(ARCHITECTURES)}.")
    record, input_shape = ARCHITECTURES[architecture], tuple(input_shape)
    if not record.takes(input_shape):
        allowed = " or ".join(str(shape) for shape in record.input_shapes)
        raise ModelError(f"input_shape is {input_shape}; {architecture} takes images of shape {allowed}.")
    if num_classes < 2:
        raise ModelError(f"num_classes is {num_classes}; a classifier needs at least two classes.")
    for name, values in (("mean", mean), ("std", std)):
        if len(values) != input_shape[0] or not all(math.isfinite(value) for value in values):
            raise ModelError(f"{name} is {values}; it must hold {input_shape[0]} finite numbers.")
    if min(std) <= 0:
        raise ModelError(f"std is {std}; every standard deviation must be positive.")
    return _layers.with_normalisation(record.network(num_classes, input_shape), mean, std)
