"""A network for the 8x8 digits, fast enough to watch while it is trained."""

from collections import OrderedDict

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, Shape

nn = lazy("torch.nn")


def _network(num_classes: int, input_shape: Shape):
    """Two 3x3 convolutions, the second with stride 2, and 64 hidden units."""
    channels, height, width = input_shape
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 32, 3, padding=1),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(32, 64, 3, stride=2, padding=1),
            relu2=nn.ReLU(),
            flatten=nn.Flatten(),
            fc1=nn.Linear(64 * ((height + 1) // 2) * ((width + 1) // 2), 64),
            relu3=nn.ReLU(),
            dropout=nn.Dropout(0.25),
            fc2=nn.Linear(64, num_classes),
        )
    )


DIGITS_CNN = Architecture(
    key="digits-cnn",
    title="Small convolutional network for 8x8 digits",
    source="rsviz",
    input_shapes=((1, 8, 8),),
    dataset="digits",
    head="fc2.weight",
    network=_network,
)
