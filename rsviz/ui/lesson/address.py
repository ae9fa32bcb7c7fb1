"""Which lesson the address names: /lesson?n=4&step=2, or a teacher's own, /lesson?own=NAME&step=2."""

import streamlit as st

from rsviz.errors import RsvizError, short
from rsviz.lessons import LESSONS, Lesson
from rsviz.ui.lesson import component, own


def asked() -> tuple[str | None, bool]:
    """How a lesson is named, and whether it is a teacher's own; None where none is.

    The browser writes the address of a step without Python, and then says which lesson it means.
    """
    name, is_own = st.query_params.get("n"), False
    if st.query_params.get("own"):
        name, is_own = st.query_params["own"], True
    heard = component.heard()
    if name is not None and isinstance(heard.get("lesson"), str):
        return heard["lesson"], bool(heard.get("own"))
    return name, is_own


def lesson(name: str | None, is_own: bool) -> tuple[Lesson | None, str]:
    """The lesson, None for the list of all; and what is wrong with its name or its step, in a sentence."""
    if name is None:
        return None, ""
    try:
        found = own.stored(name) if is_own else _numbered(name)
        step = st.query_params.get("step", "1")
        if not (step.isdecimal() and 1 <= int(step[:9]) <= len(found.steps)):
            return (
                found,
                f"The step {short(step)} is not in this lesson; it has the steps 1 to {len(found.steps)}.",
            )
        return found, ""
    except RsvizError as error:
        return None, str(error)


def _numbered(name: str) -> Lesson:
    lessons = list(LESSONS.values())
    if not (name.isdecimal() and 1 <= int(name[:9]) <= len(lessons)):
        raise RsvizError(f"There is no lesson {short(name)}; n is 1 to {len(lessons)}.")
    return lessons[int(name) - 1]
