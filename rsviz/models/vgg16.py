"""VGG-16 for 32x32 images, with ReLU or ELU: a network of the NAL experiments on CIFAR-10.

State-dict names are those of the usual implementation for CIFAR: features.0, classifier.
Source: Simonyan and Zisserman 2015, configuration D, with batch normalisation and one linear layer.
"""

from collections import OrderedDict

from rsviz.lazy import lazy
from rsviz.models.base import Shape, with_activations

nn = lazy("torch.nn")

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions of each block."""


def _network(num_classes: int, input_shape: Shape, activation):
    """Blocks of 3x3 convolutions, each followed by max pooling that halves the sides, and a linear layer."""
    layers, channels_in = [], input_shape[0]
    for block in BLOCKS:
        for channels in block:
            convolution = nn.Conv2d(channels_in, channels, 3, padding=1)
            layers += [convolution, nn.BatchNorm2d(channels), activation()]
            channels_in = channels
        layers.append(nn.MaxPool2d(2))
    features, classifier = nn.Sequential(*layers), nn.Linear(channels_in, num_classes)
    return nn.Sequential(OrderedDict(features=features, flatten=nn.Flatten(), classifier=classifier))


CIFAR_VGG16, CIFAR_VGG16_ELU = with_activations(
    _network,
    key="cifar_vgg16",
    title="VGG-16 for 32x32 images",
    source="Simonyan and Zisserman 2015; NAL, section 5.1",
    input_shapes=((3, 32, 32),),
    dataset="cifar10",
    head="classifier.weight",
)
