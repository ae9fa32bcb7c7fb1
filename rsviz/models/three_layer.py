"""The three-layer network for MNIST of Sinha, Namkoong and Duchi 2018, with ReLU or ELU."""

from collections import OrderedDict

from rsviz.lazy import lazy
from rsviz.models.base import Shape, with_activations

nn = lazy("torch.nn")


def _network(num_classes: int, input_shape: Shape, activation):
    """Convolutions 8x8 of 64 filters and stride 2, 6x6 of 128 and stride 2, 5x5 of 128, and a linear layer.

    Padding as in the implementation that the paper names, the basic network of CleverHans: the first layer
    halves each side ("same"), the other two have none, so one pixel of 128 channels is left.
    """
    channels, height, width = input_shape
    left = [((side + 1) // 2 - 6) // 2 + 1 - 4 for side in (height, width)]
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 64, 8, stride=2, padding=3),
            act1=activation(),
            conv2=nn.Conv2d(64, 128, 6, stride=2),
            act2=activation(),
            conv3=nn.Conv2d(128, 128, 5),
            act3=activation(),
            flatten=nn.Flatten(),
            fc=nn.Linear(128 * left[0] * left[1], num_classes),
        )
    )


THREE_LAYER_CNN, THREE_LAYER_CNN_ELU = with_activations(
    _network,
    key="three-layer-cnn",
    title="Three-layer network for MNIST",
    source="Sinha, Namkoong and Duchi 2018, section 4; NAL, section 5.1",
    input_shapes=((1, 28, 28),),
    dataset="mnist",
    head="fc.weight",
)
