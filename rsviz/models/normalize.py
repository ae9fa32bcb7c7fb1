"""The first layer of every network: from pixels in [0, 1] to the units the network was trained in."""

from collections import OrderedDict

import torch
from torch import nn


class Normalize(nn.Module):
    """x -> (x - mean) / std for each channel; mean and std are buffers, so they travel with the weights."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).reshape(-1, 1, 1))

    def forward(self, x):
        return (x - self.mean) / self.std


def with_normalisation(network, mean, std) -> nn.Sequential:
    """Sequential with the parts `normalize` and `network`."""
    return nn.Sequential(OrderedDict(normalize=Normalize(mean, std), network=network))
