"""Where the controls ask for something else than what is drawn: what differs, and a grey picture."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import streamlit as st

from rsviz.tasks.base import Request
from rsviz.tasks.fields import FieldSpec
from rsviz.tasks.same import MISSING, changed, value_in
from rsviz.tasks.spellings import flat_mapping
from rsviz.ui.glossary import marks
from rsviz.ui.settings import value_words

SAID = 4
"""Differences that are named; the others are counted."""
LONGEST = 24
"""Characters of a value that are written."""

GREY = """<style>
[class*="st-key-stale"] {border-left: 4px solid #7A8794; padding-left: 0.9rem}
[class*="st-key-stale"] [data-testid="stElementContainer"] {filter: grayscale(1)}
[class*="st-key-stale"] :is([data-testid="stVegaLiteChart"], [data-testid="stImage"]) {opacity: 0.5}
[class*="st-key-stale"] [data-testid="stHeading"] {opacity: 0.65}
</style>"""
"""For st.html: what is drawn in `marked` is grey, its pictures pale, and its words legible."""

_STALE = ContextVar("stale", default=False)


@dataclass(frozen=True)
class Difference:
    """A field in which two requests of a task differ: its label, and both values in words."""

    label: str
    drawn: str
    asked: str

    def __str__(self) -> str:
        return f"{self.label} {self.drawn} → {self.asked}"


def differences(drawn: Request, asked: Request, unseen: Collection[str] = ()) -> list[Difference]:
    """The fields in which two requests of one task differ, in their order.

    drawn: of the result. asked: of the controls. unseen: names of fields that are passed over, beside UNSEEN.
    """
    found = []
    for spec in changed(drawn, asked, unseen):
        old, new = value_in(drawn, spec), value_in(asked, spec)
        if spec.kind == "mapping":
            entries = flat_mapping(old), flat_mapping(new)
            found += [
                Difference(name, *(_words(spec, one.get(name, MISSING)) for one in entries))
                for name in dict.fromkeys([*entries[0], *entries[1]])
                if entries[0].get(name) != entries[1].get(name)
            ]
        else:
            found.append(Difference(spec.label, _words(spec, old), _words(spec, new)))
    return found


def _words(spec: FieldSpec, value) -> str:
    if value is MISSING:
        return "none"
    words = value_words(spec, value)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def in_words(found: Sequence[Difference]) -> str:
    """The first differences in a line, and how many more there are."""
    more = f" · and {len(found) - SAID} more" if len(found) > SAID else ""
    return " · ".join(map(str, found[:SAID])) + more


def is_stale() -> bool:
    """Whether what is being drawn was made with other settings than those of the controls."""
    return _STALE.get()


@contextlib.contextmanager
def marked(stale: bool, key: str = "stale") -> Iterator[None]:
    """What is drawn inside is grey, and its badge too, where `stale`. key: tells several parts apart."""
    if not stale:
        yield
        return
    token = _STALE.set(True)
    try:
        with st.container(key=key):
            yield
    finally:
        _STALE.reset(token)


def tell(
    found: Sequence[Difference] | None, undo: Callable[[], None] | None = None, key: str = "changed"
) -> None:
    """Say that the result below is the older one, and what differs; a button takes its settings.

    found: None where the controls make no request at all. undo: callback of the button.
    """
    words = "The controls ask for nothing that can be run." if found is None else f"{in_words(found)}."
    with st.container(key=key):
        st.html(GREY)
        st.warning(f"**Settings changed; below is the older result.** {words}", icon=":material/history:")
        if undo is not None:
            st.button("Back to its settings", icon=":material/undo:", key=f"{key}-undo", on_click=undo)


def note(found: Sequence[Difference]) -> None:
    """Say that a finished example was made with other settings than the page begins with."""
    with st.container(key="example-differs"):
        words = in_words(found)
        st.caption(f"The example has other settings than those beside it: {words}.", help=marks(words))
