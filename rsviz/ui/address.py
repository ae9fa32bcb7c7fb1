"""The state of a page in its URL: what is set is a link, and no link can set what is not allowed.

Streamlit's own binding writes the label of an option instead of its key. It also leaves out widgets that
appear in the same run in which they are set, as those of a preset do.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import streamlit as st

LONGEST = 80
"""Characters of a text in a link."""
MOST_LEFT = 5
"""Addresses that the browser may still name while several changes are under way."""


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
        for text in (texts[0], _without_commas(texts[0])):
            if text in by_text:
                return by_text[text]
        raise ValueError

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
        value = kind(_without_commas(texts[0]))
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


def first_part(field: Field, end: str) -> Field:
    """The field, which reads a text only up to `end`."""
    return replace(field, read=lambda texts: field.read([text.partition(end)[0] for text in texts]))


def _without_commas(text: str) -> str:
    """A number such as 10,000 without its commas; any other text as it is."""
    return text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) else text


def _parts(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text[:2000].split(",")]


class Address:
    """The fields of one page, by the key of their widget, which is their name in the URL too.

    `restore` before the widgets are drawn, `write` after. Widgets are those of `rsviz.ui.widgets` with key=
    and no default of their own.
    Pages may share keys: each page keeps its own values. A link is left as it was opened until a value
    changes, and a change of several values is one entry of the browser's history.

    older: keys in links of older versions -> today's keys.
    implied: a key in the URL -> (another key, its value where the URL does not say it).
    translate: query parameters of older links, and of links to the task -> those of today, by key.
    views: keys that change only how a result is looked at.
    job: the parameter of the URL that names a job. Where the URL has no settings, those of the job hold.
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Field],
        older: Mapping[str, str] = MappingProxyType({}),
        implied: Mapping[str, tuple[str, object]] = MappingProxyType({}),
        translate: Callable[[dict[str, list[str]]], dict[str, list[str]]] = dict,
        views: Collection[str] = (),
        job: str = "",
    ):
        self._name, self.fields, self._older, self._implied = name, fields, older, implied
        self._translate, self._views, self._job = translate, frozenset(views), job
        self._bare = f"address-{name}-bare"
        self._kept, self._seen = f"address-{name}", f"address-{name}-seen"
        self._suggested = f"address-{name}-suggested"
        self._followed, self._refused = f"address-{name}-followed", f"address-{name}-refused"
        self._taken, self._left = f"address-{name}-taken", f"address-{name}-left"

    # --- from query parameters to values and back, without a page ---

    def defaults(self) -> dict:
        """A fresh copy of every default."""
        return {key: _copy(field.default) for key, field in self.fields.items()}

    def read(self, query: Mapping[str, Sequence[str]]) -> dict:
        """The values that query parameters set, by key, and the defaults of the others.

        What is not allowed, or None, is the default.
        """
        query = self._today(query)
        values = {key: self._parse(key, query.get(key))[0] for key in self.fields}
        for key, (other, value) in self._implied.items():
            if key in query and other not in query:
                values[other] = value
        return values

    def spell(
        self, values: Mapping[str, object], suggested: Mapping[str, object] = MappingProxyType({})
    ) -> dict[str, list[str]]:
        """The query parameters that set these values, defaults left out; what `read` reads.

        suggested: values of fields without a default, where these follow other controls.
        """
        defaults = self.defaults() | dict(suggested)
        query = {
            key: field.write(values[key])
            for key, field in self.fields.items()
            if values[key] != defaults[key] and not (values[key] is None and field.default is None)
        }
        for key, (other, value) in self._implied.items():
            if key in query and other not in query and values[other] != value:
                query[other] = self.fields[other].write(values[other])
        return query

    def refuses(self, query: Mapping[str, Sequence[str]]) -> list[str]:
        """Keys of query parameters whose values are not allowed; `read` takes the defaults there."""
        query = self._today(query)
        return [key for key in self.fields if key in query and not self._parse(key, query[key])[1]]

    def _today(self, query) -> dict[str, Sequence[str]]:
        """The parameters by the keys of today."""
        renamed = {key: texts for key, texts in query.items() if key not in self._older}
        for old, key in self._older.items():
            if old in query:
                renamed.setdefault(key, query[old])
        return self._translate(renamed)

    def _parse(self, key, texts) -> tuple[object, bool]:
        """(the value that texts set, True), or (the default, False) where they set none."""
        field = self.fields[key]
        try:
            if texts:
                return field.read(list(texts)), True
        except (ValueError, OverflowError):
            pass
        return _copy(field.default), False

    # --- on the page ---

    def restore(self, settings: Callable[[str], Mapping[str, Sequence[str]]] = lambda job: {}) -> None:
        """Put a new URL into the widgets, and into those that were away what they last held.

        settings: id of the job in the URL -> the query parameters of its settings.
        """
        self._keep_taken()
        kept = st.session_state.setdefault(self._kept, self.defaults())
        owners = st.session_state.setdefault("address-owners", {})
        query, job = self._query(), self._job_id()
        bare = st.session_state[self._bare] = dict(settings(job)) if job else {}
        first = self._seen not in st.session_state
        # The menu leads to a page without a query: then what was set on it before still holds. Back to a
        # bare address leads from this page to itself.
        before, shown = st.session_state.get(self._seen, (None, None))
        arrived = first or query or on_the_same_page() or (job and job != shown)
        if self._is_stale(query, kept, owners):
            arrived = False
        if arrived and (first or (query, job) != (before, shown)):
            st.session_state.update(self._read_all(query or bare, views=first or bool(query) or not job))
            st.session_state[self._followed] = {}
            st.session_state[self._seen] = query, job
            st.session_state[self._refused] = {}
            owners.update(dict.fromkeys(self.fields, self._name))
        for key in self.fields:
            if key not in st.session_state or owners.get(key) != self._name:
                st.session_state[key] = kept[key]
        owners.update(dict.fromkeys(self.fields, self._name))
        st.session_state[self._suggested] = {}

    def _is_stale(self, query, kept, owners) -> bool:
        """Whether the browser named an address that the page had just left, because it did not know it yet.

        That comes with a change that a person made meanwhile. Back to that address comes without one.
        """
        if query not in st.session_state.get(self._left, ()):
            return False
        return any(
            owners.get(key) == self._name and key in st.session_state and st.session_state[key] != kept[key]
            for key in self.fields
        )

    def suggest(
        self, key: str, value, allowed: Callable[[object], bool] = lambda value: True, follows: object = None
    ):
        """Before a widget is drawn: its value, `value` where none is set or `allowed` refuses what is set.

        For fields without a default. The suggestion is left out of the URL, as a default is.
        follows: what the field follows, such as a network: when this changes, the suggestion is taken.
        """
        st.session_state[self._suggested][key] = value, follows
        current = st.session_state.get(key)
        # What was followed is noted once the page is drawn: a run that is cut off has not reached the widget
        if st.session_state[self._followed].get(key, follows) != follows:
            current = None
        if current is not None and not allowed(current):
            st.session_state[self._refused][key] = current
            current = None
        if current is None:
            st.session_state[key] = value
        return st.session_state[key]

    def take(self, query: Mapping[str, Sequence[str]]) -> None:
        """In a callback: what query parameters set, apart from how a result is looked at."""
        self.put(self._read_all(query, views=False))
        st.session_state[self._followed] = {}

    def put(self, values: Mapping[str, object]) -> None:
        """In a callback of a button: set widgets, by key. They keep it where the next run is cut off."""
        taken = st.session_state.setdefault(self._taken, {})
        taken |= {key: (st.session_state.get(key), value) for key, value in values.items()}
        st.session_state.update(values)

    def _keep_taken(self) -> None:
        """Where a run was cut off, the browser may have missed what a button set, and send an older value."""
        for key, (before, value) in st.session_state.get(self._taken, {}).items():
            if st.session_state.get(key) == before:
                st.session_state[key] = value

    def _read_all(self, query, views) -> dict:
        """`read`, with or without how a result is looked at."""
        return {key: value for key, value in self.read(query).items() if views or key not in self._views}

    def is_fresh(self) -> bool:
        """Whether the controls are as the page opens, apart from how a result is looked at."""
        suggested = {key: value for key, (value, _) in st.session_state[self._suggested].items()}
        return not set(self.spell(self.values(), suggested)) - self._views

    def refused(self, key: str) -> object | None:
        """What the link asked for and `suggest` refused; None where it refused nothing."""
        return st.session_state[self._refused].get(key)

    def not_allowed(self) -> list[str]:
        """Keys in the URL with values that are not allowed; `read` takes the defaults there."""
        return self.refuses({key: st.query_params.get_all(key) for key in st.query_params})

    def values(self) -> dict:
        """What the widgets hold, by key."""
        return {key: st.session_state.get(key, field.default) for key, field in self.fields.items()}

    def write(self, *, last: bool = True) -> None:
        """Put the widgets into the URL if they differ from it; defaults are left out.

        last: whether the page is drawn. Call it before too, where something below shows the link.
        """
        kept = st.session_state[self._kept] = self.values()
        given = st.session_state[self._suggested]
        suggested = {key: value for key, (value, _) in given.items()}
        if last:
            st.session_state[self._taken] = {}
            st.session_state[self._followed] |= {key: follows for key, (_, follows) in given.items()}
        mine, query = self._query(), self.spell(kept, suggested)
        bare = st.session_state[self._bare]
        opened = self.read(mine or bare) | dict.fromkeys(st.session_state[self._refused])
        if query != self.spell(opened, suggested):
            if not query and bare:  # a URL without settings would mean those of the job
                query = {key: self.fields[key].write(kept[key]) for key in kept if kept[key] != opened[key]}
            others = {key: st.query_params.get_all(key) for key in st.query_params if key not in mine}
            st.query_params.from_dict(others | query)
            left = st.session_state.get(self._left, [])
            st.session_state[self._left] = [*left, mine][-MOST_LEFT:]
            mine, st.session_state[self._refused] = query, {}
        st.session_state[self._seen] = mine, self._job_id()

    def _job_id(self) -> str | None:
        return st.query_params.get(self._job) if self._job else None

    def _query(self) -> dict[str, list[str]]:
        """The parameters of the URL that mean something here."""
        query = {key: st.query_params.get_all(key) for key in st.query_params}
        passed_on = self._today(query)
        known = {*self.fields, *self._older}
        return {key: texts for key, texts in query.items() if key in known or key not in passed_on}


def on_the_same_page() -> bool:
    """Whether the page that is being drawn is the one that was drawn last in this session."""
    return st.session_state.get("page-drawn") == st.session_state.get("page-now")


def _copy(value):
    return list(value) if isinstance(value, list) else value
