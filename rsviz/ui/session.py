"""The browser session, and the URL of the page."""

import secrets
from urllib.parse import urlencode

import streamlit as st


def session_id() -> str:
    """An id of this browser session; the number of its unfinished jobs is limited."""
    return st.session_state.setdefault("session", secrets.token_urlsafe(12))


def url_value(name: str, longest: int = 100) -> str | None:
    """The value of a query parameter, or None if it is missing or longer than `longest` characters."""
    value = st.query_params.get(name)
    return value if value and len(value) <= longest else None


def page_link() -> str:
    """The address of this page with its query, which st.context.url leaves out."""
    query = urlencode({key: st.query_params.get_all(key) for key in st.query_params}, doseq=True)
    return f"{(st.context.url or '').split('?')[0]}?{query}".rstrip("?")
