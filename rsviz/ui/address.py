"""The state of a page in its URL: what is set is a link, and no link can set what is not allowed.

Streamlit's own binding writes the label of an option instead of its key. It also leaves out widgets that
appear in the same run in which they are set, as those of a preset do.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from rsviz.ui.address_fields import (
    LONGEST,
    Field,
    choice,
    choices,
    first_part,
    flag,
    labelled,
    names,
    number,
    numbers,
    text,
)

__all__ = [
    "LONGEST",
    "Address",
    "Field",
    "choice",
    "choices",
    "first_part",
    "flag",
    "labelled",
    "names",
    "number",
    "numbers",
    "on_the_same_page",
    "text",
]

MOST_LEFT = 8
"""Addresses that the browser may still name while several changes are under way."""


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
    opening: values that a bare address has instead of the defaults. A link that sets something means the
    defaults of what it leaves out, so a page may open on something else and older links stay what they were.
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
        opening: Mapping[str, object] = MappingProxyType({}),
    ):
        self._name, self.fields, self._older, self._implied = name, fields, older, implied
        self._opening, self._linked = dict(opening), f"address-{name}-linked"
        self._translate, self._views, self._job = translate, frozenset(views), job
        self._bare = f"address-{name}-bare"
        self._kept, self._seen = f"address-{name}", f"address-{name}-seen"
        self._suggested = f"address-{name}-suggested"
        self._followed, self._refused = f"address-{name}-followed", f"address-{name}-refused"
        self._behind = f"address-{name}-behind"
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
        if self._opens() and not self._sets(query):
            values |= {key: _copy(value) for key, value in self._opening.items()}
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
        query = self._spelled(values, suggested)
        if not self._opens():
            return query
        if self._opening and not set(query) - self._views:  # a bare address would mean something else
            said = {key: suggested.get(key) if values[key] is None else values[key] for key in self._opening}
            named = {key: self.fields[key].write(value) for key, value in said.items() if value is not None}
            return query | named
        opening = self._spelled(self.defaults() | dict(suggested) | self._opening, suggested)
        settings = {key: texts for key, texts in query.items() if key not in self._views}
        return {key: query[key] for key in query if key in self._views} if settings == opening else query

    def _spelled(self, values, suggested) -> dict[str, list[str]]:
        """`spell`, for a link whose bare address has the defaults."""
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

    def _sets(self, query) -> set[str]:
        """Keys that parameters of today set to something allowed, apart from how a result is looked at."""
        named = (set(query) & set(self.fields)) - self._views
        return {key for key in named if self._parse(key, query[key])[1]}

    def _opens(self) -> bool:
        """Whether an address without settings of this page means what it opens on."""
        return True

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
        st.session_state[self._behind] = self._is_stale(query, kept, owners)
        if st.session_state[self._behind]:
            arrived = False
        if arrived and (first or (query, job) != (before, shown)):
            st.session_state.update(self._read_all(query or bare, views=first or bool(query) or not job))
            st.session_state[self._followed] = {}
            st.session_state[self._seen] = query, job
            names = bool(not job and self._sets(self._today(query)))
            st.session_state[self._linked] = self.linked()[0] + 1, names
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

    def linked(self) -> tuple[int, bool]:
        """How many addresses were opened in this session, and whether the last one named settings and no job.

        It still says so when the controls have been moved since.
        """
        return st.session_state.get(self._linked, (0, False))

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
        # A browser that named an address of before will go on to the last one it was given, unless told again
        behind = st.session_state.pop(self._behind, False)
        if behind or query != self.spell(opened, suggested):
            if not query and bare:  # a URL without settings would mean those of the job
                query = {key: self.fields[key].write(kept[key]) for key in kept if kept[key] != opened[key]}
            others = {key: st.query_params.get_all(key) for key in st.query_params if key not in mine}
            st.query_params.from_dict(others | query)
            left = st.session_state.get(self._left, [])
            told = [st.session_state[self._seen][0]] if behind else []
            st.session_state[self._left] = [*left, mine, *told][-MOST_LEFT:]
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
