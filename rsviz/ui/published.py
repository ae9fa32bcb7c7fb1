"""Choosing curves that papers print, to lay over one's own; the choice is part of the URL."""

import functools
import re

import streamlit as st

from rsviz.reference import published
from rsviz.ui.address import Field

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
def _names(quantity: str) -> dict[str, tuple[str, ...]]:
    """The printed curves of one quantity by their names in a link: see `rsviz.reference.published.curves`."""
    return {"_".join(map(_plain, filter(None, key))): key for key in published.curves(quantity)}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def pick(key: str, quantity: str) -> None:
    """A multiselect over the printed curves; key: of the widget, a field of an Address."""
    known = _names(quantity)
    st.multiselect(
        "Published numbers",
        list(known),
        format_func=lambda name: title(known[name]),
        key=key,
        max_selections=MOST,
        placeholder="Curves printed in papers, to lay over these",
    )


def chosen(key: str, quantity: str) -> tuple[tuple[str, ...], ...]:
    """The curves that are chosen in the widget `key`."""
    known = _names(quantity)
    return tuple(known[name] for name in st.session_state[key])


def columns(key, quantity: str) -> dict[str, list[float]]:
    """radius and value of one printed curve."""
    results = published.curves(quantity)[key]
    return {field: [getattr(one, field) for one in results] for field in ("radius", "value")}


def title(key) -> str:
    """A published curve in a line: the paper's table, dataset, method, sigma."""
    table, dataset, method, sigma, settings = key
    words = [f"paper: {table.replace('-', ' ')}", dataset, method]
    words += [f"σ = {sigma}"] * bool(sigma) + [settings] * bool(settings)
    return ", ".join(words)
