"""Certifying as one draws: each new drawing starts a run, where that takes less than a second."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
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
    if (seconds := _seconds(request)) is not None and seconds > LONGEST:
        st.caption(f"{request.n:,} votes of this network take about {seconds:.1f} s here: press Certify.")
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


def _seconds(request) -> float | None:
    """How long the votes will take, by the last finished run of the network; None where none has finished.

    The first run of a few votes is started unasked, and then it is known.
    """
    for job in jobs.list_jobs(20, owner_id(), "certify"):
        certificate = (job.result or {}).get("certificate")
        if certificate and certificate["checkpoint"] == request.checkpoint:
            return (request.n0 + request.n) / certificate["votes_per_second"]
    return None if request.n <= VOTES else LONGEST + 1
