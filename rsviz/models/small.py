"""Small networks, each a row of layers."""

from collections import OrderedDict

from torch import nn


def li_mnist(num_classes, input_shape):
    """Two 5x5 convolutions of 64 filters without padding, dropout 0.25, 128 hidden units, dropout 0.5.

    Source: Li, Chen, Wang and Carin 2019, appendix.
    """
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


def digits_cnn(num_classes, input_shape):
    """Two 3x3 convolutions, the second with stride 2, and 64 hidden units: fast enough to watch."""
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


def three_layer_cnn(num_classes, input_shape):
    """Convolutions 8x8 of 64 filters and stride 2, 6x6 of 128 and stride 2, 5x5 of 128, and a linear layer.

    Padding as in the implementation that the paper names, the basic network of CleverHans: the first layer
    keeps half of each side ("same"), the other two have none, so one pixel of 128 channels is left.
    Source: Sinha, Namkoong and Duchi 2018, section 4; in NAL, section 5.1, also with ReLU.
    """
    return _three_layers(num_classes, input_shape, nn.ReLU)


def three_layer_cnn_elu(num_classes, input_shape):
    """`three_layer_cnn` with ELU: smooth, as WRM asks of a network."""
    return _three_layers(num_classes, input_shape, nn.ELU)


def _three_layers(num_classes, input_shape, activation):
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


def li_cifar(num_classes, input_shape):
    """Seven convolutions: 96 5x5 and 1x1, 192 5x5 and 1x1, 256 3x3 and 1x1, and one 1x1 for the classes.

    "Same" padding; ELU after each but the last; after the first two pairs max pooling 3/2 and dropout 0.5; at
    the end the mean over the image. The pooling windows are those of "same" padding, which on an even side
    begins at the edge and lets the last window hang over.
    Source: Li, Chen, Wang and Carin 2019, appendix (network for CIFAR-10).
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
