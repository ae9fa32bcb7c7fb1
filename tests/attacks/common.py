"""Victims and images that the tests of attacks share."""

import functools

import torch

from rsviz.attacks import Victim, attack, make_parameters
from rsviz.checkpoints import load_checkpoint
from rsviz.data import load
from rsviz.noise import Gaussian


def digits(count, start=0):
    """(x float32 (count, 1, 8, 8), labels) of the test images from `start` on."""
    dataset = load("digits")
    rows = slice(start, start + count)
    return torch.from_numpy(dataset.pixels(rows)), torch.from_numpy(dataset.labels[rows].astype("int64"))


@functools.cache
def victim(name="digits-gaussian-0.25", sigma=0.25, batch=128):
    """A shipped network for digits, smoothed; sigma 0 gives f itself."""
    network, card = load_checkpoint(name)
    noise = Gaussian(sigma) if sigma else None
    return Victim(network, noise, card.num_classes, input_shape=card.input_shape, batch=batch)


def last(
    key, on, x, labels, *, targets=None, seed=0, epsilons=None, surrogate=None, starts=None, **parameters
):
    """The last state of an attack."""
    states = attack(
        on,
        x,
        labels,
        make_parameters(key, **parameters),
        targets=targets,
        seed=seed,
        epsilon=epsilons,
        surrogate=surrogate,
        starts=starts,
    )
    *_, state = states
    return state


def half_space(weights, bias):
    """(Victim, ...) f with two classes and a flat boundary: class 1 where <weights, x> + bias > 0."""

    def f(batch):
        score = (batch.flatten(1) @ weights + bias)[:, None]
        return torch.cat([torch.zeros_like(score), score], 1)

    return Victim(f, None, 2, batch=256)
