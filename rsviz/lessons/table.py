"""The lessons, in the order of the keys 1 to 8. A new lesson is its file and a line here."""

from collections.abc import Mapping

from rsviz.lessons import attack, compared, confidence, linf, noise, radius, training, votes
from rsviz.lessons.records import Lesson
from rsviz.records import by_key

LESSONS: Mapping[str, Lesson] = by_key(
    noise.LESSON,
    votes.LESSON,
    confidence.LESSON,
    radius.LESSON,
    compared.LESSON,
    attack.LESSON,
    training.LESSON,
    linf.LESSON,
)


def number_of(lesson: Lesson) -> int | None:
    """The number of a lesson, from 1; None for a teacher's own."""
    return next((number for number, key in enumerate(LESSONS, 1) if key == lesson.key), None)
