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
