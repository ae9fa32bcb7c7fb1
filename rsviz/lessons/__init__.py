"""Eight lessons: pictures in closed form or from shipped counts, questions, words for the speaker."""

from rsviz.lessons.records import (
    FRAMES,
    HIDABLE,
    PLANE_CONTROLS,
    Chart,
    Choice,
    Frame,
    Lesson,
    Plane,
    Prediction,
    Step,
)
from rsviz.lessons.table import LESSONS

__all__ = [
    "FRAMES",
    "HIDABLE",
    "LESSONS",
    "PLANE_CONTROLS",
    "Chart",
    "Choice",
    "Frame",
    "Lesson",
    "Plane",
    "Prediction",
    "Step",
]
