"""The owner of the runs of this browser, and the URL of the page."""

import contextlib
from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from rsviz.jobs import owners

OWNER = "owner"


def owner_id() -> str:
    """The owner of the runs that this browser begins and lists: from its cookie, else a new one.

    The number of unfinished jobs of an owner is limited. Where cookies are refused, or this home has no key
    for them, the owner lasts as long as the session.
    """
    if OWNER not in st.session_state:
        st.session_state[OWNER] = _from_cookie() or owners.new_owner()
    return st.session_state[OWNER]


def become(owner: str) -> None:
    """From now on this browser is that owner."""
    st.session_state[OWNER] = owner


def _from_cookie() -> str | None:
    with contextlib.suppress(owners.KeyUnavailable):
        return owners.owner_of(_cookies().get(owners.cookie_name()))
    return None


def _cookies() -> Mapping[str, str]:
    """What the browser sent when it connected; AppTest has no browser."""
    cookies = st.context.cookies.to_dict()
    return {name: value for name, value in cookies.items() if isinstance(value, str)}


def url_value(name: str, longest: int = 100) -> str | None:
    """The value of a query parameter, or None if it is missing or longer than `longest` characters."""
    value = st.query_params.get(name)
    return value if value and len(value) <= longest else None


def page_link() -> str:
    """The address of this page with its query, which st.context.url leaves out."""
    query = urlencode({key: st.query_params.get_all(key) for key in st.query_params}, doseq=True)
    return f"{(st.context.url or '').split('?')[0]}?{query}".rstrip("?")
