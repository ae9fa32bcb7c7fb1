"""The networks of the papers: one record a network, and one short builder in a file of its family.

Importing this module does not import torch; building does. A built network is
Sequential(normalize, network): inputs are pixels in [0, 1], noise is added before the first layer.
"""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rsviz.errors import RsvizError


class ModelError(RsvizError):
    """A network that cannot be built, in one sentence."""


@dataclass(frozen=True)
class Architecture:
    """A network that `build` knows.

    key: its name in cards, and the `arch` entry of the field's .pth.tar files. input_shapes: the images
    (C, H, W) that it is made for. dataset: the one it is usually trained on. head: the state-dict name of
    the last layer's weight, linear or convolutional, whose first axis counts the classes. builder:
    "module:function" in this package, called with (num_classes, input_shape).
    """

    key: str
    title: str
    source: str
    input_shapes: tuple[tuple[int, int, int], ...]
    dataset: str
    head: str
    builder: str

    def network(self, num_classes: int, input_shape):
        """The bare network, without its normalisation, freshly initialised by torch's global generator."""
        module, function = self.builder.split(":")
        return getattr(importlib.import_module(f"{__name__}.{module}"), function)(num_classes, input_shape)


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        architecture.key: architecture
        for architecture in (
            Architecture(
                key="digits-cnn",
                title="Small convolutional network for 8x8 digits",
                source="rsviz",
                input_shapes=((1, 8, 8),),
                dataset="digits",
                head="fc2.weight",
                builder="small:digits_cnn",
            ),
            Architecture(
                key="li-mnist",
                title="MNIST network of Li et al. 2019",
                source="Li, Chen, Wang and Carin 2019, appendix (network for MNIST)",
                input_shapes=((1, 28, 28),),
                dataset="mnist",
                head="fc2.weight",
                builder="small:li_mnist",
            ),
            Architecture(
                key="cifar_resnet20",
                title="ResNet-20 for 32x32 images",
                source="He et al. 2016, as in Cohen, Rosenfeld and Kolter 2019",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="fc.weight",
                builder="cifar_resnet:cifar_resnet20",
            ),
            Architecture(
                key="cifar_resnet110",
                title="ResNet-110 for 32x32 images",
                source="He et al. 2016, as in Cohen, Rosenfeld and Kolter 2019",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="fc.weight",
                builder="cifar_resnet:cifar_resnet110",
            ),
            Architecture(
                key="three-layer-cnn",
                title="Three-layer network for MNIST, ReLU",
                source="Sinha, Namkoong and Duchi 2018, section 4; NAL, section 5.1",
                input_shapes=((1, 28, 28),),
                dataset="mnist",
                head="fc.weight",
                builder="small:three_layer_cnn",
            ),
            Architecture(
                key="three-layer-cnn-elu",
                title="Three-layer network for MNIST, ELU",
                source="Sinha, Namkoong and Duchi 2018, section 4; NAL, section 5.1",
                input_shapes=((1, 28, 28),),
                dataset="mnist",
                head="fc.weight",
                builder="small:three_layer_cnn_elu",
            ),
            Architecture(
                key="li-cifar",
                title="CIFAR-10 network of Li et al. 2019",
                source="Li, Chen, Wang and Carin 2019, appendix (network for CIFAR-10)",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="conv7.weight",
                builder="small:li_cifar",
            ),
            Architecture(
                key="cifar_resnet18",
                title="ResNet-18 for 32x32 images, ReLU",
                source="He et al. 2016; NAL, section 5.1",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="linear.weight",
                builder="cifar_large:cifar_resnet18",
            ),
            Architecture(
                key="cifar_resnet18-elu",
                title="ResNet-18 for 32x32 images, ELU",
                source="He et al. 2016; NAL, section 5.1",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="linear.weight",
                builder="cifar_large:cifar_resnet18_elu",
            ),
            Architecture(
                key="cifar_vgg16",
                title="VGG-16 for 32x32 images, ReLU",
                source="Simonyan and Zisserman 2015; NAL, section 5.1",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="classifier.weight",
                builder="cifar_large:cifar_vgg16",
            ),
            Architecture(
                key="cifar_vgg16-elu",
                title="VGG-16 for 32x32 images, ELU",
                source="Simonyan and Zisserman 2015; NAL, section 5.1",
                input_shapes=((3, 32, 32),),
                dataset="cifar10",
                head="classifier.weight",
                builder="cifar_large:cifar_vgg16_elu",
            ),
            Architecture(
                key="resnet50",
                title="ResNet-50 for ImageNet",
                source="He et al. 2016, of torchvision, as in Cohen, Rosenfeld and Kolter 2019",
                input_shapes=((3, 224, 224),),
                dataset="imagenet",
                head="fc.weight",
                builder="imagenet:resnet50",
            ),
        )
    }
)


def build(architecture: str, *, num_classes: int, input_shape, mean, std):
    """Sequential(normalize, network) for float32 images (B, C, H, W); gives logits (B, num_classes).

    architecture: a key of ARCHITECTURES. input_shape: (C, H, W), one of its input_shapes. mean, std: one
    number a channel, in pixel units, std > 0.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(f"architecture is {architecture!r}; it must be one of {', '.join(ARCHITECTURES)}.")
    record, input_shape = ARCHITECTURES[architecture], tuple(input_shape)
    if input_shape not in record.input_shapes:
        allowed = " or ".join(str(shape) for shape in record.input_shapes)
        raise ModelError(f"input_shape is {input_shape}; {architecture} takes images of shape {allowed}.")
    if num_classes < 2:
        raise ModelError(f"num_classes is {num_classes}; a classifier needs at least two classes.")
    for name, values in (("mean", mean), ("std", std)):
        if len(values) != input_shape[0] or not all(math.isfinite(value) for value in values):
            raise ModelError(f"{name} is {values}; it must hold {input_shape[0]} finite numbers.")
    if min(std) <= 0:
        raise ModelError(f"std is {std}; every standard deviation must be positive.")

    from rsviz.models.normalize import with_normalisation

    return with_normalisation(record.network(num_classes, input_shape), mean, std)
