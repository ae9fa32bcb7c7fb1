"""What the URL of the Quiz page holds: the answers so far, and the question that is looked at again."""

import streamlit as st

from rsviz.lessons.quiz import QUESTIONS, Question, are_answers
from rsviz.ui.address import Address, Field, number


def _answers(texts: list[str]) -> str:
    if not are_answers(texts[0]):
        raise ValueError
    return texts[0]


ADDRESS = Address(
    "quiz",
    {"answers": Field("", _answers, lambda letters: [letters]), "at": number(0, len(QUESTIONS), 0)},
)
"""at: 0 is the first question without an answer, or the score after the last."""
WRONG = (
    f"The link has answers that are not of this quiz, a letter for each of {len(QUESTIONS)} questions, or no "
    "number of a question. The quiz begins anew."
)


def answers() -> str:
    """The letters of the answers so far."""
    return st.session_state["answers"]


def place() -> int | None:
    """The number of the question that is shown, from 1; None for the score."""
    reached, at = len(answers()) + 1, st.session_state["at"]
    if 1 <= at <= min(reached, len(QUESTIONS)):
        return at
    return reached if reached <= len(QUESTIONS) else None


def question(number: int) -> Question:
    """The question with this number."""
    return list(QUESTIONS.values())[number - 1]


def answer(letter: str) -> None:
    """In a callback: the answer to the first question without one. Its explanation is shown next."""
    letters = answers() + letter
    ADDRESS.put({"answers": letters, "at": len(letters)})


def go(number: int) -> None:
    """In a callback: look at a question again; 0 goes on."""
    ADDRESS.put({"at": number})


def begin() -> None:
    """In a callback: begin anew."""
    ADDRESS.put(ADDRESS.defaults())
