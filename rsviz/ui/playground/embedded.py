"""The picture of the playground as a part of a page or of a lesson, under the finger too."""

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

import streamlit as st

from rsviz.plane import ClassMap
from rsviz.ui.playground.address import values_of
from rsviz.ui.playground.component import CSS as PLAYGROUND_CSS
from rsviz.ui.playground.component import FOLDER, HTML, SCRIPTS, catalogue, script

CSS = PLAYGROUND_CSS + (FOLDER / "embedded.css").read_text(encoding="utf-8")
"""Styles of a playground that shows only what is named for it."""
_COMPONENT = st.components.v2.component(
    "rsviz_plane",
    html=HTML,
    css=CSS,
    js=script((*SCRIPTS, "embedded"), FOLDER / "mount_embedded.js"),
)


def picture(query: str, *, key: str, parts: Sequence[str] | None = None) -> None:
    """Draw it. query: of /playground. parts: what stands beside it; None for what its layers call for."""
    plane = plane_of(parse(query)) | ({} if parts is None else {"parts": list(parts)})
    _COMPONENT(key=key, data={"plane": plane, **scenes_of([parse(query)])})


def parse(query: str) -> dict:
    """The values of the playground that a query sets, by key."""
    return values_of(parse_qs(query, keep_blank_values=True))


def plane_of(values: dict, controls: Sequence[str] = ()) -> dict:
    """A state of the playground as the script reads it. controls: those that are shown, by key."""
    state = {key: value for key, value in values.items() if key != "map"}
    drawn = values["map"] and ClassMap.from_text(values["map"])
    return {
        "state": state,
        "controls": list(controls),
        "drawing": {"runs": drawn.runs(), "classes": drawn.classes} if drawn else None,
    }


def scenes_of(planes: Iterable[dict]) -> dict:
    """The scenes that these values name, and what can be chosen: less than the catalogue of all."""
    wanted, everything = {values["scene"] for values in planes}, catalogue()
    scenes = [scene for scene in everything["scenes"] if scene["key"] in wanted]
    return {"scenes": scenes or everything["scenes"][:1], "choices": everything["choices"]}
