"""The noise mechanisms, and the scheme that makes every draw a pure function of its seed and number.

Importing this room does not import torch; sampling does.
"""

from collections.abc import Mapping

from rsviz.noise.base import Noise
from rsviz.noise.draws import MAX_SEED, Draws, block_seed, block_size
from rsviz.noise.gaussian import Gaussian
from rsviz.noise.laplace import Laplace
from rsviz.noise.linf_exponential import LinfExponential
from rsviz.noise.uniform import Uniform
from rsviz.records import by_key

__all__ = [
    "MAX_SEED",
    "NOISES",
    "Draws",
    "Gaussian",
    "Laplace",
    "LinfExponential",
    "Noise",
    "Uniform",
    "block_seed",
    "block_size",
]

NOISES: Mapping[str, type[Noise]] = by_key(Gaussian, Laplace, LinfExponential, Uniform)
"""Every mechanism by its key, in display order; each is made from its scale alone."""
