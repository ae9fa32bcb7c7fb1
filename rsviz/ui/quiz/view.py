"""One question on a screen: to answer, explained, or all of them scored."""

import streamlit as st

from rsviz.lessons.quiz import QUESTIONS, Question, outcomes
from rsviz.ui.frame import announce
from rsviz.ui.glossary import marks
from rsviz.ui.quiz.address import answer, answers, begin, go, question
from rsviz.ui.views import literal, view_link

STYLE = """<style>
.st-key-quiz {max-width: 46rem; margin: 0 auto}
.st-key-answers button {min-height: 3.2rem}
.st-key-answers button > div {width: 100%; justify-content: space-between; text-align: left}
.st-key-answers button p {font-size: 1.125rem}
</style>"""


def ask(number: int) -> None:
    """A question without an answer yet."""
    asked = _head(number)
    with st.container(key="answers"):
        for place, (letter, words) in enumerate(zip(asked.letters, asked.answers, strict=True), 1):
            st.button(
                literal(words),
                key=f"answer-{number}-{letter}",
                on_click=answer,
                args=(letter,),
                shortcut=str(place),
                width="stretch",
            )
    with st.container(horizontal=True):
        _back(number)


def explained(number: int) -> None:
    """A question with its answer, and why."""
    asked, given = _head(number), answers()[number - 1]
    is_right = given == asked.right_letter
    for letter, words in zip(asked.letters, asked.answers, strict=True):
        st.markdown(_marked(literal(words), letter == asked.right_letter, letter == given))
    said = "Right." if is_right else "Not so."
    st.markdown(f"**{said}** {literal(asked.why)}", help=marks(asked.why))
    view_link(asked.view, asked.place)
    announce(f"{said} {asked.why}", f"quiz-{number}")
    with st.container(horizontal=True):
        _back(number)
        last = number == len(QUESTIONS)
        st.button(
            "My score" if last else "Next question",
            key="next",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=go,
            args=(number + 1 if number < len(answers()) else 0,),
            shortcut="right",
        )


def score() -> None:
    """How many are right, and what to look at again."""
    found = outcomes(answers())
    missed = [key for key, is_right in found.items() if not is_right]
    st.header(f"{len(found) - len(missed)} of {len(found)} right", anchor=False)
    announce(f"{len(found) - len(missed)} of {len(found)} right.", "quiz-score")
    if not missed:
        st.markdown("You know what is proved, of whom, and how surely.")
    else:
        st.markdown("To look at again:")
    for number, key in enumerate(QUESTIONS, 1):
        if key in missed:
            asked = QUESTIONS[key]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(f"{number}. {asked.theme}", key=f"again-{key}", on_click=go, args=(number,))
                view_link(asked.view, asked.place)
                view_link(f"lesson?n={number}", f"Lesson {number}")
    st.button("Begin anew", key="begin", icon=":material/replay:", on_click=begin)


def _head(number: int) -> Question:
    asked = question(number)
    right = sum(outcomes(answers()).values())
    st.caption(
        f"Question {number} of {len(QUESTIONS)} · {asked.theme} · {right} right so far",
        help=marks(asked.theme),
    )
    texts = " ".join([asked.asks, *asked.answers])
    st.subheader(literal(asked.asks), anchor=False, help=marks(texts))
    return asked


def _back(number: int) -> None:
    if number > 1:
        st.button(
            "Back", key="back", icon=":material/arrow_back:", on_click=go, args=(number - 1,), shortcut="left"
        )


def _marked(words: str, is_right: bool, is_given: bool) -> str:
    sign = (
        ":green[:material/check_circle:]"
        if is_right
        else ":red[:material/cancel:]"
        if is_given
        else ":material/circle:"
    )
    notes = [note for note, holds in (("right", is_right), ("your answer", is_given)) if holds]
    words = f"**{words}**" if is_right else words
    return f"{sign} {words}" + (f" :gray-badge[{', '.join(notes)}]" if notes else "")
