"""Vectorised golden-section search: the supremum in a bound, for every point of a grid at once."""

import numpy as np

_GOLDEN = (5**0.5 - 1) / 2


def maximise(objective, low, high, steps):
    """Largest value of a function with one maximum on [low, high], and where it is taken.

    objective: takes and gives arrays of the shape of `low` and `high`. steps: evaluations after the first
    two; the interval shrinks by 0.618 each, the value's error by its square.
    Returns (argument, value). Every value is one the objective takes, so a bound that is valid for each
    argument stays valid whatever the search misses.
    """
    width = _GOLDEN * (high - low)
    left, right = high - width, low + width
    at_left, at_right = objective(left), objective(right)
    for _ in range(steps):
        keep_left = at_left >= at_right
        low, high = np.where(keep_left, low, left), np.where(keep_left, right, high)
        width = _GOLDEN * (high - low)
        new = np.where(keep_left, high - width, low + width)
        at_new = objective(new)
        left, right = np.where(keep_left, new, right), np.where(keep_left, left, new)
        at_left, at_right = np.where(keep_left, at_new, at_right), np.where(keep_left, at_left, at_new)
    better = at_left >= at_right
    return np.where(better, left, right), np.where(better, at_left, at_right)
