"""Noise in two dimensions as a pure function of a seed and a number: the dots of the playground.

The browser computes the same draws, so the same seed gives the same dots there and here. They are for
pictures; votes of images come from `rsviz.noise.draws`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.noise.base import Noise
from rsviz.plane.class_map import Floats

VALUES = 5
"""Uniform values that a draw may take."""


def plane_draws(noise: Noise, seed: int, start: int, count: int) -> Floats:
    """Draws number start, ..., start + count - 1 of the noise: float64 (count, 2).

    seed: from 0 to 2^31 - 1. Coordinates of noises with another key than the four known ones raise KeyError.
    """
    number = np.arange(start, start + count, dtype=np.uint32)[:, None]
    u = uniforms(seed, number * np.uint32(VALUES) + np.arange(VALUES, dtype=np.uint32)).T
    return noise.scale * np.stack(UNIT_DRAWS[noise.key](u), -1)


def uniforms(seed: int, number: ArrayLike) -> Floats:
    """Uniform values in (0, 1), multiples of 2^-33, one for each 32-bit number."""
    keys = mix(np.uint32(seed)), mix(np.uint32(seed) ^ np.uint32(0x85EBCA6B))
    mixed = mix(mix(np.asarray(number, np.uint32) + keys[0]) ^ keys[1])
    return (mixed + 0.5) / 2.0**32


def mix(value: ArrayLike) -> NDArray[np.uint32]:
    """A permutation of 32-bit numbers, each bit of which depends on all.

    Source: Wellons 2018, "lowbias32".
    """
    with np.errstate(over="ignore"):
        value = np.asarray(value, np.uint32)
        value = (value ^ (value >> np.uint32(16))) * np.uint32(0x7FEB352D)
        value = (value ^ (value >> np.uint32(15))) * np.uint32(0x846CA68B)
        return value ^ (value >> np.uint32(16))


def _gaussian(u):
    size, angle = np.sqrt(-2 * np.log(u[0])), 2 * np.pi * u[1]
    return size * np.cos(angle), size * np.sin(angle)


def _laplace(u):
    return [np.where(one < 0.5, np.log(2 * one), -np.log(2 * (1 - one))) for one in u[:2]]


def _linf_exponential(u):
    size = -np.log(u[0]) - np.log(u[1]) - np.log(u[2])  # Gamma(3)
    return size * (2 * u[3] - 1), size * (2 * u[4] - 1)


def _uniform(u):
    return 2 * u[0] - 1, 2 * u[1] - 1


UNIT_DRAWS = {
    "gaussian": _gaussian,
    "laplace": _laplace,
    "linf-exponential": _linf_exponential,
    "uniform": _uniform,
}
"""Uniform values (5, count) -> the two coordinates at scale 1."""
