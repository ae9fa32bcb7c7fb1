"""Links to where something can be seen: page and query of the app, as records spell them."""

from urllib.parse import parse_qsl

import streamlit as st

from rsviz.ui.shell import PAGES

ARROW = ":material/arrow_forward:"


def page_and_query(view: str) -> tuple[str, dict[str, str]]:
    """The key of the page that a view such as "bounds?b_n=100" names, and its query."""
    page, _, query = view.partition("?")
    assert page in {known.key for known in PAGES}
    return page, dict(parse_qsl(query))


def view_link(view: str, place: str) -> None:
    """A link to it. place: where it leads, in words."""
    page, query = page_and_query(view)
    st.page_link(f"pages/{page}.py", label=f"See it: {place}", icon=ARROW, query_params=query)


def literal(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for sign in "\\*_[]|~<>$":
        text = text.replace(sign, f"\\{sign}")
    return text
