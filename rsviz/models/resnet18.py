"""ResNet-18 for 32x32 images, with ReLU or ELU: a network of the NAL experiments on CIFAR-10.

State-dict names are those of the usual implementation for CIFAR: conv1, layer1.0.shortcut.0, linear.
Source: He, Zhang, Ren and Sun 2016, table 1 (18 layers), with a 3x3 first layer and no max pooling.
"""

from collections import OrderedDict
from functools import partial

from rsviz.lazy import lazy
from rsviz.models.base import Shape, with_activations

nn, layers = lazy("torch.nn"), lazy("rsviz.models.layers")


def _network(num_classes: int, input_shape: Shape, activation):
    """Four stages of two blocks with 64, 128, 256 and 512 channels."""
    stage = partial(layers.residual_stage, blocks=2, activation=activation, shortcut_name="shortcut")
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(input_shape[0], 64, 3, padding=1, bias=False),
            bn1=nn.BatchNorm2d(64),
            activation=activation(),
            layer1=stage(64, 64, stride=1),
            layer2=stage(64, 128, stride=2),
            layer3=stage(128, 256, stride=2),
            layer4=stage(256, 512, stride=2),
            mean=layers.SpatialMean(),
            linear=nn.Linear(512, num_classes),
        )
    )


CIFAR_RESNET18, CIFAR_RESNET18_ELU = with_activations(
    _network,
    key="cifar_resnet18",
    title="ResNet-18 for 32x32 images",
    source="He et al. 2016; NAL, section 5.1",
    input_shapes=((3, 32, 32),),
    dataset="cifar10",
    head="linear.weight",
)
