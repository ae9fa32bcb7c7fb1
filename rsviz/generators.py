"""Generators that report progress and return a value: running them to the end, and passing them on."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

Value = TypeVar("Value")


def returned(generator: Generator[Any, None, Value]) -> Value:
    """Run a generator to its end, and give what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def mapped(function: Callable, generator: Generator[Any, None, Value]) -> Generator[Any, None, Value]:
    """`function` of everything that the generator yields; returns what it returns.

    Closing the result closes the generator, which `map` would not.
    """
    try:
        while True:
            try:
                item = next(generator)
            except StopIteration as end:
                return end.value
            yield function(item)
    finally:
        generator.close()
