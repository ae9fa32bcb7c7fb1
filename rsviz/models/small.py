"""Small networks for grey images."""

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
