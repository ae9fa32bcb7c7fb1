"""Choosing curves that papers print, to lay over one's own; the choice is part of the URL."""

import functools
import re
from collections.abc import Callable

import streamlit as st

from rsviz.reference import published
from rsviz.reference.published import PrintedCurve
from rsviz.ui.address import Field
from rsviz.ui.widgets import multiselect

MOST = 10


def field(quantity: str) -> Field:
    """Of an Address: the names of the chosen curves of this quantity."""
    known = _names(quantity)

    def read(texts):
        older = dict(zip(map(str, range(len(known))), known, strict=True))  # links had places in the list
        asked = [older.get(part, part) for text in texts for part in text.split(",")]
        return [name for name in asked if name in known][:MOST]

    return Field([], read, lambda names: [",".join(names)])


@functools.cache
def _names(quantity: str) -> dict[str, PrintedCurve]:
    """The printed curves of one quantity by their names in a link: see `rsviz.reference.published.curves`."""
    return {
        "_".join(map(_plain, filter(None, key))): published.printed_curve(key, quantity)
        for key in published.curves(quantity)
    }


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def pick(key: str, quantity: str, fits: Callable[[PrintedCurve], bool] = lambda curve: True) -> None:
    """A multiselect over the printed curves.

    key: of the widget, a field of an Address. fits: which ones belong into the picture; the others are
    offered only where none does.
    """
    known = _names(quantity)
    fitting = [name for name, curve in known.items() if fits(curve)]
    chosen = [name for name in st.session_state[key] if name not in fitting]
    multiselect(
        "Published numbers",
        [*fitting, *chosen] if fitting else list(known),
        format_func=lambda name: _option(known[name]),
        key=key,
        max_selections=MOST,
        placeholder="Curves printed in papers, to lay over these",
        help="Those of the data set and norm of the picture, where papers print some.",
    )


def _option(curve: PrintedCurve) -> str:
    return f"{curve.dataset}: {curve.title}"


def chosen(key: str, quantity: str) -> tuple[PrintedCurve, ...]:
    """The curves that are chosen in the widget `key`."""
    known = _names(quantity)
    return tuple(known[name] for name in st.session_state[key])


def columns(curve: PrintedCurve) -> dict[str, list[float]]:
    """radius and value of one printed curve."""
    return {field: [getattr(one, field) for one in curve.results] for field in ("radius", "value")}
