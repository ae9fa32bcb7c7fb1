"""Every number that keeps the random draws of one seed apart; no two purposes share one.

A stream is the second argument of `rsviz.noise.block_seed`: draws of different streams are independent.
The numbers are part of what a seed means. Another number gives other draws, so none of them may change.
NumPy draws for pictures have generators of their own, from `numpy_generator`.
"""

import numpy as np

# Votes (rsviz.voting)
SELECTION = 0
ESTIMATION = 1
PREDICTION = 2

# Training: fresh weights, order of the images, the steps of the main process, and of process `rank`
INITIAL_WEIGHTS = 16
IMAGE_ORDER = 17
TRAINING_STEP = 18
TRAINING_STEP_OF_RANK = 1000
"""The first of a range: process `rank` > 0 uses TRAINING_STEP_OF_RANK + rank."""

# Attacks: gradients, judging within a search, starts, random directions, the verdict, the path to the image
GRADIENT = 32
CONFIRM = 33
START = 34
WALK = 35
VERDICT = 36
PATH = 37

# The population's worst-case loss: ascent, reported losses, slope at the end of the ascent
ASCENT = 40
MEASURE = 41
SLOPE = 42

# NumPy draws of pictures, through `numpy_generator`
PICTURE_NOISE = 64
DENSITY_DOTS = 65
SAMPLED_NORMS = 66

SIMULATED_SELECTION, SIMULATED_ESTIMATION, SIMULATED_WATCHING = 0, 1, 2
"""Second number of a NumPy seed [seed, number]: votes that select, that certify, and that somebody watches.

They are a numbering of their own: votes on the Statistics page are simulated without a network and noise.
"""


def training_step(rank: int) -> int:
    """The stream of the training steps of process `rank` (0 is the main process)."""
    return TRAINING_STEP_OF_RANK + rank if rank else TRAINING_STEP


def numpy_generator(seed: int, stream: int, key: str, number: int = 0) -> np.random.Generator:
    """A NumPy generator for one purpose and one mechanism.

    seed: integer >= 0. stream: one of the numbers above. key: of the mechanism. number: integer >= 0, for
    instance a dimension, where one purpose needs several independent generators.
    """
    return np.random.default_rng([seed, stream, number, *key.encode()])
