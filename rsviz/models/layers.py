"""Layers that several networks share. Needs torch; networks import it when they are built."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
from torch import nn


class Normalize(nn.Module):
    """x -> (x - mean) / std by channel; mean and std are buffers, so they are stored with the weights."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).reshape(-1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


def with_normalisation(network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> nn.Sequential:
    """Sequential with the parts `normalize` and `network`."""
    return nn.Sequential(OrderedDict(normalize=Normalize(mean, std), network=network))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation, added to a shortcut.

    The shortcut is the identity, or a 1x1 convolution if stride or channels change.
    shortcut_name: state-dict name of that convolution; published weights use different ones.
    Source: He, Zhang, Ren and Sun 2016, figure 2, with projection shortcuts.
    """

    def __init__(
        self,
        channels_in: int,
        channels: int,
        stride: int,
        activation: Callable[[], nn.Module],
        shortcut_name: str,
    ):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.activation = activation()
        self.shortcut_name = shortcut_name
        shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels:
            shortcut.append(nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False))
            shortcut.append(nn.BatchNorm2d(channels))
        self.add_module(shortcut_name, shortcut)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.activation(self.bn1(self.conv1(x)))
        return self.activation(self.bn2(self.conv2(out)) + getattr(self, self.shortcut_name)(x))


def residual_stage(
    channels_in: int,
    channels: int,
    blocks: int,
    stride: int,
    activation: Callable[[], nn.Module],
    shortcut_name: str,
) -> nn.Sequential:
    """`blocks` residual blocks; the first one changes channels and stride."""
    return nn.Sequential(
        ResidualBlock(channels_in, channels, stride, activation, shortcut_name),
        *(ResidualBlock(channels, channels, 1, activation, shortcut_name) for _ in range(blocks - 1)),
    )


class SpatialMean(nn.Module):
    """(B, C, H, W) -> (B, C): the mean over the image."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))
