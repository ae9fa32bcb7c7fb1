"""Choosing curves that papers print, to lay over one's own; what is chosen stands in the URL."""

import streamlit as st

from rsviz.reference import published
from rsviz.ui.address import Field

MOST = 10


def field(quantity: str) -> Field:
    """Of an Address: the places of the chosen curves of this quantity, in the order of `keys`."""

    def read(texts):
        known = {str(place): place for place in range(len(keys(quantity)))}
        return [known[part] for text in texts for part in text.split(",") if part in known][:MOST]

    return Field([], read, lambda places: [",".join(map(str, places))])


def keys(quantity: str) -> list[tuple[str, ...]]:
    """Of all printed curves of one quantity: see `rsviz.reference.published.curves`."""
    return list(published.curves(quantity))


def pick(key: str, quantity: str) -> None:
    """A multiselect over the printed curves; key: of the widget, a field of an Address."""
    known = keys(quantity)
    st.multiselect(
        "Published numbers",
        range(len(known)),
        format_func=lambda place: title(known[place]),
        key=key,
        max_selections=MOST,
        placeholder="Curves printed in papers, to lay over these",
    )


def chosen(key: str, quantity: str) -> tuple[tuple[str, ...], ...]:
    """The keys that stand in the widget `key`."""
    known = keys(quantity)
    return tuple(known[place] for place in st.session_state[key])


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
