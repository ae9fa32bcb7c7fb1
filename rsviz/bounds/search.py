"""Vectorised golden-section search for the supremum in a bound, at every point of a grid at once."""

from collections.abc import Callable

import numpy as np

from rsviz.bounds.record import Floats

Solve = Callable[[Floats, Floats], tuple[Floats, Floats]]

_GOLDEN = (5**0.5 - 1) / 2


def maximise(
    objective: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int
) -> tuple[Floats, Floats]:
    """Largest value on [low, high] of a function with one maximum there, and its argument.

    objective: from and to arrays of the shape of `low` and `high`.
    steps: evaluations after the first two. Each shrinks the interval by 0.618, and the error of the value by
    the square of that.
    Returns (argument, value). The objective takes each returned value, so a bound that is valid for every
    argument stays valid even if the search misses the maximum.
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


def solve_apart(p_a: Floats, p_b: Floats, solve: Solve) -> tuple[Floats, Floats]:
    """Solve where p_a > p_b only; two arrays (argument, value) that are 0 elsewhere.

    solve: takes the flat arrays (p_a, p_b) of these points and returns (argument, value).
    """
    apart = p_a > p_b
    argument, value = np.zeros(p_a.shape), np.zeros(p_a.shape)
    if apart.any():
        argument[apart], value[apart] = solve(p_a[apart], p_b[apart])
    return argument, value
