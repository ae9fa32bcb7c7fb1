"""The networks of Li, Chen, Wang and Carin 2019 for MNIST and CIFAR-10."""

from collections import OrderedDict

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, Shape

nn = lazy("torch.nn")


def _li_mnist(num_classes: int, input_shape: Shape):
    """Two 5x5 convolutions of 64 filters without padding, dropout 0.25, 128 hidden units, dropout 0.5."""
    channels, height, width = input_shape
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 64, 5),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(64, 64, 5),
            relu2=nn.ReLU(),
            dropout1=nn.Dropout(0.25),
            flatten=nn.Flatten(),
            fc1=nn.Linear(64 * (height - 8) * (width - 8), 128),
            relu3=nn.ReLU(),
            dropout2=nn.Dropout(0.5),
            fc2=nn.Linear(128, num_classes),
        )
    )


def _li_cifar(num_classes: int, input_shape: Shape):
    """Seven convolutions: 96 5x5 and 1x1, 192 5x5 and 1x1, 256 3x3 and 1x1, and one 1x1 for the classes.

    "Same" padding; ELU after each but the last; after the first two pairs max pooling 3/2 and dropout 0.5;
    finally the mean over the image. The pooling windows are those of "same" padding, which on an even side
    starts at the edge and lets the last window reach beyond the other edge.
    """
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(input_shape[0], 96, 5, padding=2),
            elu1=nn.ELU(),
            conv2=nn.Conv2d(96, 96, 1),
            elu2=nn.ELU(),
            pool1=nn.MaxPool2d(3, stride=2, ceil_mode=True),
            dropout1=nn.Dropout(0.5),
            conv3=nn.Conv2d(96, 192, 5, padding=2),
            elu3=nn.ELU(),
            conv4=nn.Conv2d(192, 192, 1),
            elu4=nn.ELU(),
            pool2=nn.MaxPool2d(3, stride=2, ceil_mode=True),
            dropout2=nn.Dropout(0.5),
            conv5=nn.Conv2d(192, 256, 3, padding=1),
            elu5=nn.ELU(),
            conv6=nn.Conv2d(256, 256, 1),
            elu6=nn.ELU(),
            conv7=nn.Conv2d(256, num_classes, 1),
            mean=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
        )
    )


LI_MNIST = Architecture(
    key="li-mnist",
    title="MNIST network of Li et al. 2019",
    source="Li, Chen, Wang and Carin 2019, appendix (network for MNIST)",
    input_shapes=((1, 28, 28),),
    dataset="mnist",
    head="fc2.weight",
    network=_li_mnist,
)

LI_CIFAR = Architecture(
    key="li-cifar",
    title="CIFAR-10 network of Li et al. 2019",
    source="Li, Chen, Wang and Carin 2019, appendix (network for CIFAR-10)",
    input_shapes=((3, 32, 32),),
    dataset="cifar10",
    head="conv7.weight",
    network=_li_cifar,
)
