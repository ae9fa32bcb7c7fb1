"""Modules imported at first use, so that a light record and torch code can share a file."""

import importlib
from types import ModuleType
from typing import Any


class _LazyModule:
    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            self._module = importlib.import_module(self._name)
        return getattr(self._module, attribute)

    def __repr__(self) -> str:
        return f"lazy({self._name!r})"


def lazy(name: str) -> Any:
    """A stand-in for the module `name` that imports it at the first access to one of its attributes.

        torch = lazy("torch")  # at the top of a file, in place of an import

    Decorators, default values and annotations that use it at the top of a file would import it at once.
    """
    return _LazyModule(name)
