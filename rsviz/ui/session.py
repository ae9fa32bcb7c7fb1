"""Who is asking, and what the URL says."""

import secrets

import streamlit as st


def session_id() -> str:
    """An id of this browser session, for the cap on its jobs."""
    return st.session_state.setdefault("session", secrets.token_urlsafe(12))


def url_value(name: str, longest: int = 100) -> str | None:
    """The value of a query parameter, or None; a person may have typed it."""
    value = st.query_params.get(name)
    return value if value and len(value) <= longest else None
