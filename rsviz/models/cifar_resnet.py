"""The ResNets for 32x32 images whose published weights carry the names cifar_resnet20 and cifar_resnet110.

State-dict names are those of the published files: conv1, bn1, layer1.0.conv1, layer2.0.downsample.0, fc.
Source: He, Zhang, Ren and Sun 2016, section 4.2; projection shortcuts where the shape changes, as Cohen,
Rosenfeld and Kolter 2019 trained them.
"""

from collections import OrderedDict
from functools import partial

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, Shape

nn, layers = lazy("torch.nn"), lazy("rsviz.models.layers")


def _network(depth: int, num_classes: int, input_shape: Shape):
    """Three stages of 16, 32 and 64 channels with (depth - 2) / 6 blocks each."""
    relu = partial(nn.ReLU, inplace=True)
    stage = partial(
        layers.residual_stage, blocks=(depth - 2) // 6, activation=relu, shortcut_name="downsample"
    )
    network = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(input_shape[0], 16, 3, padding=1, bias=False),
            bn1=nn.BatchNorm2d(16),
            relu=relu(),
            layer1=stage(16, 16, stride=1),
            layer2=stage(16, 32, stride=2),
            layer3=stage(32, 64, stride=2),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(64, num_classes),
        )
    )
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return network


def _architecture(depth):
    return Architecture(
        key=f"cifar_resnet{depth}",
        title=f"ResNet-{depth} for 32x32 images",
        source="He et al. 2016, as in Cohen, Rosenfeld and Kolter 2019",
        input_shapes=((3, 32, 32),),
        dataset="cifar10",
        head="fc.weight",
        network=partial(_network, depth),
    )


CIFAR_RESNET20 = _architecture(20)
CIFAR_RESNET110 = _architecture(110)
