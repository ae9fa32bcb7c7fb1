"""Certifying as one draws: each new drawing starts a run, where that takes less than a second."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs.at_hand import seconds
from rsviz.tasks.certify import CertifyRequest
from rsviz.ui.session import owner_id

VOTES = 1_000
"""Votes n to which the page goes when the canvas is chosen."""
LONGEST = 1.0
"""Seconds that a run may take to be started by itself."""


def fewer_votes(source: str) -> None:
    """Callback of the choice of a source: on the canvas n starts small."""
    if source == "draw":
        st.session_state["n"] = VOTES


def ask() -> None:
    """A new drawing has arrived: run it."""
    st.session_state["drawn"] = True


def start(_, request: CertifyRequest | None) -> None:
    """Start the run of a new drawing, in place of the unfinished one of the drawing before."""
    if st.session_state.get("from") != "draw":
        st.session_state.pop("drawn", None)
        return
    st.caption(
        f"A run starts after each stroke while it takes less than {LONGEST:g} s. Each drawing is an image of "
        "its own, with a certificate of its own."
    )
    if not st.session_state.pop("drawn", False) or request is None:
        return
    takes = seconds(request, shipped=False)
    if takes is None and request.n <= VOTES:  # a few votes, and then it is known
        takes = 0.0
    if takes is None or takes > LONGEST:
        words = "some time" if takes is None else f"about {takes:.1f} s"
        st.caption(f"{request.n:,} votes of this network take {words} here: press Certify.")
        return
    owner, before = owner_id(), st.session_state.get("live")
    try:
        if before is not None:
            jobs.cancel(before)
        if not jobs.refusal(owner):
            st.session_state["live"] = jobs.submit("certify", request, session=owner)
            st.query_params["job"] = st.session_state["live"]
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
