"""A lesson in the browser: one component with all of a lesson's pictures, so that a step needs no server.

The address of a step is written in the browser (script/deck.js); Python sends a lesson, and a QR code when
one is asked for.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import segno
import streamlit as st

from rsviz.lessons import FRAMES, LESSONS, Chart, Lesson, Plane
from rsviz.lessons.svg import inline_svg
from rsviz.lessons.table import number_of
from rsviz.ui.legible import words_of_charts
from rsviz.ui.playground.component import HTML, ROOM, SCRIPTS, script
from rsviz.ui.playground.embedded import CSS, parse, plane_of, scenes_of

FOLDER = Path(__file__).with_name("script")
KEY = "lesson"
LONGEST = 2_000
"""Characters of an address that becomes a QR code; a phone reads no denser one."""

_COMPONENT = st.components.v2.component(
    "rsviz_lesson",
    html=(FOLDER / "page.html").read_text(encoding="utf-8").replace("PLAYGROUND", HTML),
    css="\n".join([CSS, (FOLDER / "style.css").read_text(encoding="utf-8"), *words_of_charts(".svg")]),
    js=script((*SCRIPTS, "embedded"), FOLDER / "deck.js"),
)


def deck(lesson: Lesson, asked: str, own: bool) -> None:
    """Draw a lesson. asked: how the address names it. own: whether it is a teacher's own."""
    st.html(ROOM)
    with st.container(key="deck"):
        _draw(lesson, asked, own)


def _draw(lesson, asked, own):
    _COMPONENT(
        key=KEY,
        on_asked_change=lambda: None,
        data={
            "asked": asked,
            "own": own,
            "lesson": _lesson(lesson),
            "lessons": [one.title for one in LESSONS.values()],
            "code": _code(heard().get("code")),
            **_scenes(lesson),
        },
    )


def heard() -> dict:
    """What the browser asked for last: {"lesson": text, "own": bool, "code": address}; empty at first."""
    try:
        found = json.loads(str(st.session_state[KEY]["asked"]))
        return found if isinstance(found, dict) else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}


def _code(address) -> dict | None:
    """The QR code of an address, drawn here: no other host is asked."""
    if (
        not isinstance(address, str)
        or len(address) > LONGEST
        or not address.startswith(("http://", "https://"))
    ):
        return None
    return {"address": address, "svg": segno.make(address, error="m").svg_inline(border=2, omitsize=True)}


def _scenes(lesson: Lesson) -> dict:
    return scenes_of(parse(step.picture.query) for step in lesson.steps if isinstance(step.picture, Plane))


@lru_cache(maxsize=64)  # the shipped ones, and those of teachers that were opened last
def _lesson(lesson: Lesson) -> dict:
    """A lesson as the script reads it, with every picture of it."""
    number = number_of(lesson)
    return {
        "key": lesson.key,
        "place": f"Lesson {number}: {lesson.title}" if number else lesson.title,
        "question": lesson.question,
        "predictions": [vars(one) for one in lesson.predictions],
        "hides": list(lesson.hides),
        "steps": [
            {
                "title": step.title,
                "words": step.words,
                "speaker": step.speaker,
                "asks": step.asks,
                "link": step.link,
                **_picture(step.picture),
            }
            for step in lesson.steps
        ],
    }


def _picture(picture) -> dict:
    if isinstance(picture, Plane):
        return {"plane": plane_of(parse(picture.query), picture.controls)}
    if isinstance(picture, Chart):
        choice = picture.choice
        return {
            "choice": choice
            and {
                "label": choice.label,
                "options": list(choice.options.items()),
                "first": choice.first,
                "plays": choice.plays,
            },
            "pictures": {option: _sizes(picture, option) for option in (choice.options if choice else [""])},
        }
    return {"page": picture.query}


def _sizes(chart: Chart, option: str) -> Mapping[str, str]:
    return {frame.key: inline_svg(chart, option, frame) for frame in FRAMES} | {"alt": chart.alt(option)}
