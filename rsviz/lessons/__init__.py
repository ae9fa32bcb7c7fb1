"""Eight lessons: pictures in closed form or from shipped counts, questions, words for the speaker."""

import importlib
from typing import Any

from rsviz.lessons.records import (
    FRAMES,
    HIDABLE,
    PLANE_CONTROLS,
    Chart,
    Choice,
    Frame,
    Lesson,
    Page,
    Plane,
    Prediction,
    Step,
)

__all__ = [
    "FRAMES",
    "HIDABLE",
    "LESSONS",
    "PLANE_CONTROLS",
    "Chart",
    "Choice",
    "Frame",
    "Lesson",
    "Page",
    "Plane",
    "Prediction",
    "Step",
]


def __getattr__(name: str) -> Any:
    """The lessons are read when they are first asked for: their counts can be made without them."""
    if name != "LESSONS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module("rsviz.lessons.table").LESSONS
