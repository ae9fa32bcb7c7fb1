"""The state of a page in its URL: what is set is a link, and no link can set what may not be.

Streamlit's own binding writes the label of an option instead of its key and leaves out widgets that appear in
the same run in which they are set, as those of a preset do.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Field:
    """One value of a page. read: the texts in the URL -> value, or ValueError. write: the reverse."""

    default: object
    read: Callable[[list[str]], object]
    write: Callable[[object], list[str]]


def choice(options, default) -> Field:
    """One of `options`."""
    by_text = {str(option): option for option in options}

    def read(texts):
        if texts[0] not in by_text:
            raise ValueError
        return by_text[texts[0]]

    return Field(default, read, lambda value: [str(value)])


def choices(options, default) -> Field:
    """Any of `options`, in their order; unknown ones are passed over."""

    def read(texts):
        asked = {part for text in texts for part in text.split(",")}
        return [option for option in options if option in asked]

    return Field(list(default), read, lambda value: [",".join(value)])


def number(low, high, default) -> Field:
    """A float in [low, high], or an int where the default is one."""
    kind = type(default)

    def read(texts):
        value = kind(texts[0])
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError
        return value

    return Field(default, read, lambda value: [f"{value:.10g}" if kind is float else str(value)])


def flag(default: bool) -> Field:
    return Field(
        default, lambda texts: {"1": True, "0": False}.get(texts[0], default), lambda on: [str(int(on))]
    )


class Address:
    """The fields of one page, by the key of their widget, which is their name in the URL too.

    `restore` before the widgets are drawn, `write` after. Widgets take key= and no default of their own.
    """

    def __init__(self, name: str, fields: Mapping[str, Field]):
        self._fields = fields
        self._kept, self._seen = f"address-{name}", f"address-{name}-seen"
        self._cut_off = f"address-{name}-cut-off"

    def restore(self) -> None:
        """Put the URL into the widgets where it is new, and what they last held where they were away."""
        kept = st.session_state.setdefault(self._kept, self.defaults())
        query = self._query()
        fresh = query != st.session_state.get(self._seen)
        # Another page's link clears the query: then what was set here before still holds
        if fresh and (query or self._seen not in st.session_state):
            for key, field in self._fields.items():
                st.session_state[key] = self._read(field, query.get(key))
            st.session_state[self._seen] = query
        for key in self._fields:
            if key not in st.session_state:
                st.session_state[key] = kept[key]
            elif st.session_state.get(self._cut_off):
                # Who presses something while the page is still being drawn cuts off what was on its way, and
                # Streamlit tells a value only once: the widgets would show, and then send, others.
                st.session_state[key] = st.session_state[key]
        st.session_state[self._cut_off] = True

    def write(self) -> None:
        """Put the widgets into the URL; defaults are left out. The last line of a page."""
        st.session_state[self._cut_off] = False
        kept = {key: st.session_state.get(key, field.default) for key, field in self._fields.items()}
        st.session_state[self._kept] = kept
        query = {
            key: self._fields[key].write(value)
            for key, value in kept.items()
            if value is not None and value != self._fields[key].default
        }
        if query != self._query():
            for key in self._fields:
                if key in query:
                    st.query_params[key] = query[key]
                elif key in st.query_params:
                    del st.query_params[key]
        st.session_state[self._seen] = query

    def defaults(self) -> dict:
        """A fresh copy of every default."""
        return {
            key: list(field.default) if isinstance(field.default, list) else field.default
            for key, field in self._fields.items()
        }

    def _query(self) -> dict[str, list[str]]:
        return {key: st.query_params.get_all(key) for key in self._fields if key in st.query_params}

    def _read(self, field, texts):
        default = list(field.default) if isinstance(field.default, list) else field.default
        if not texts:
            return default
        try:
            return field.read(texts)
        except (ValueError, OverflowError):
            return default
