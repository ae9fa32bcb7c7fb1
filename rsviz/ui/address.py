"""The state of a page in its URL: what is set is a link, and no link can set what is not allowed.

Streamlit's own binding writes the label of an option instead of its key. It also leaves out widgets that
appear in the same run in which they are set, as those of a preset do.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import streamlit as st

LONGEST = 80
"""Characters of a text in a link."""


@dataclass(frozen=True)
class Field:
    """One value of a page.

    default: None for a value that depends on another control; see `Address.suggest`.
    read: the texts in the URL -> value, or ValueError. write: the reverse.
    """

    default: object
    read: Callable[[list[str]], object]
    write: Callable[[object], list[str]]


def choice(options: Iterable, default, older: Mapping[str, object] | None = None) -> Field:
    """One of `options`, written as its key. older: texts in links of older versions -> option."""
    by_text = {**(older or {}), **{str(option): option for option in options}}

    def read(texts):
        if texts[0] not in by_text:
            raise ValueError
        return by_text[texts[0]]

    return Field(default, read, lambda value: [str(value)])


def choices(
    options: Iterable, default, spell: Callable[[object], str] = str, most: int | None = None
) -> Field:
    """Any of `options`, in their order; unknown ones are passed over. spell: an option as text in the URL."""
    by_text = {spell(option): option for option in options}

    def read(texts):
        asked = _parts(texts)
        return [option for text, option in by_text.items() if text in asked]

    return Field(list(default), read, lambda values: [",".join(map(spell, values))])


def numbers(options: Iterable[float], default) -> Field:
    """Any of `options`, which are numbers."""
    return choices(options, default, "{:g}".format)


def names(default: Iterable[str], most: int, pattern: str = r"[^,]+") -> Field:
    """Up to `most` different texts that match `pattern`, in the order of the URL."""

    def read(texts):
        found = dict.fromkeys(part for part in _parts(texts) if re.fullmatch(pattern, part))
        if not found:
            raise ValueError
        return list(found)[:most]

    return Field(list(default), read, lambda values: [",".join(values)])


def text(default: str | None = "", longest: int = LONGEST, pattern: str = ".*") -> Field:
    """A text of at most `longest` characters that matches `pattern`."""

    def read(texts):
        if len(texts[0]) > longest or not re.fullmatch(pattern, texts[0], re.DOTALL):
            raise ValueError
        return texts[0]

    return Field(default, read, lambda value: [value])


def number(low: float, high: float, default, kind: type | None = None) -> Field:
    """A number in [low, high] of type `kind`, which is that of the default if not given."""
    kind = kind or type(default)

    def read(texts):
        value = kind(texts[0])
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError
        return value

    return Field(default, read, lambda value: [f"{value:.10g}" if kind is float else str(value)])


def flag(default: bool) -> Field:
    """True or False, written 1 or 0."""
    known = {"1": True, "0": False, "true": True, "false": False}
    return Field(default, lambda texts: known.get(texts[0], default), lambda on: [str(int(on))])


def labelled(field: Field, older: Mapping[str, str]) -> Field:
    """The field, which also reads the texts of older links, such as labels. older: such a text -> today's."""
    return replace(field, read=lambda texts: field.read([older.get(text, text) for text in texts]))


def _parts(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text[:2000].split(",")]


class Address:
    """The fields of one page, by the key of their widget, which is their name in the URL too.

    `restore` before the widgets are drawn, `write` after. Widgets take key= and no default of their own.
    Pages may share keys: each page keeps its own values.

    older: keys in links of older versions -> today's keys.
    implied: a key in the URL -> (another key, its value where the URL does not say it).
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Field],
        older: Mapping[str, str] = MappingProxyType({}),
        implied: Mapping[str, tuple[str, object]] = MappingProxyType({}),
    ):
        self._name, self._fields, self._older, self._implied = name, fields, older, implied
        self._kept, self._seen = f"address-{name}", f"address-{name}-seen"
        self._cut_off, self._suggested = f"address-{name}-cut-off", f"address-{name}-suggested"

    def restore(self) -> None:
        """Put a new URL into the widgets, and into those that were away what they last held."""
        kept = st.session_state.setdefault(self._kept, self.defaults())
        owners = st.session_state.setdefault("address-owners", {})
        self._rename_older()
        query = self._query()
        fresh = query != st.session_state.get(self._seen)
        # Another page's link clears the query: then what was set here before still holds
        if fresh and (query or self._seen not in st.session_state):
            for key, field in self._fields.items():
                st.session_state[key] = self._read(field, query.get(key))
            for key, (other, value) in self._implied.items():
                if key in query and other not in query:
                    st.session_state[other] = value
            st.session_state[self._seen] = query
            owners.update(dict.fromkeys(self._fields, self._name))
        for key in self._fields:
            if key not in st.session_state or owners.get(key) != self._name:
                st.session_state[key] = kept[key]
            elif st.session_state.get(self._cut_off):
                # A press while the page is still being drawn cuts off what was on its way, and Streamlit
                # sends a value only once: the widgets would show, and then send, other values.
                st.session_state[key] = st.session_state[key]
        owners.update(dict.fromkeys(self._fields, self._name))
        st.session_state[self._cut_off] = True
        st.session_state[self._suggested] = {}

    def suggest(self, key: str, value, allowed: Callable[[object], bool] = lambda value: True):
        """Before a widget is drawn: its value, `value` where none is set or `allowed` refuses what is set.

        For fields without a default. The suggestion is left out of the URL, as a default is.
        """
        st.session_state[self._suggested][key] = value
        current = st.session_state.get(key)
        if current is None or not allowed(current):
            st.session_state[key] = value
        return st.session_state[key]

    def write(self, *, last: bool = True) -> None:
        """Put the widgets into the URL; defaults are left out.

        last: whether the page is drawn. Call it before too, where something below shows the link.
        """
        st.session_state[self._cut_off] = not last
        kept = {key: st.session_state.get(key, field.default) for key, field in self._fields.items()}
        st.session_state[self._kept] = kept
        defaults = self.defaults() | st.session_state[self._suggested]
        query = {
            key: self._fields[key].write(value)
            for key, value in kept.items()
            if value is not None and value != defaults[key]
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
        return {key: _copy(field.default) for key, field in self._fields.items()}

    def _rename_older(self):
        for old, key in self._older.items():
            if old in st.query_params:
                if key not in st.query_params:
                    st.query_params[key] = st.query_params.get_all(old)
                del st.query_params[old]

    def _query(self) -> dict[str, list[str]]:
        return {key: st.query_params.get_all(key) for key in self._fields if key in st.query_params}

    def _read(self, field, texts):
        try:
            return field.read(texts) if texts else _copy(field.default)
        except (ValueError, OverflowError):
            return _copy(field.default)


def forget(*keys: str) -> None:
    """Callback: let these fields follow the suggestions of the page again."""
    for key in keys:
        st.session_state[key] = None


def _copy(value):
    return list(value) if isinstance(value, list) else value
