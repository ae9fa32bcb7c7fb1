"""The way back: a page that is opened without a query shows one's own last run there, if there is one."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs import Job
from rsviz.ui.session import owner_id, url_value

SHOWN = "runs-shown"
"""In the session: the job that was shown last, by kind; None where the example was asked for."""
BARE = "runs-bare"
LEFT = "runs-left"
"""In the session: by kind, the query with which a job was left for the example."""


def arrive() -> None:
    """Before anything of a page is drawn: note whether it was just opened without a query.

    The menu opens it so, and so does a bookmark; Back to a bare address leads from this page to itself.
    """
    arrived = st.session_state.get("page-drawn") != st.session_state.get("page-now")
    st.session_state[BARE] = arrived and not st.query_params.to_dict()


def return_to_own(kind: str, parameter: str = "job", *, remembered_only: bool = False) -> None:
    """Where the page was opened without a query: put this browser's last run of the kind into the URL.

    remembered_only: only what this session has shown.
    """
    shown = st.session_state.setdefault(SHOWN, {})
    last, job_id = shown.get(kind, ""), url_value(parameter)
    example_asked = last is None or (remembered_only and not last)
    returns = job_id is None and st.session_state.get(BARE) and not example_asked
    if returns and (job := _own(last, kind)) is not None:
        st.query_params[parameter] = job_id = job.id
    if job_id is not None:
        shown[kind] = job_id


def _own(job_id: str | None, kind: str) -> Job | None:
    """The job, if it is one's own and of the kind; else one's newest of the kind."""
    try:
        if job_id:
            job = jobs.get(job_id)
            if (job.session, job.kind) == (owner_id(), kind):
                return job
    except RsvizError:
        pass
    try:
        return next(iter(jobs.list_jobs(1, owner_id(), kind)), None)
    except RsvizError:
        return None


def offer_example(kind: str, parameter: str = "job") -> None:
    """A small way back to the example, while a job is shown."""
    if url_value(parameter) is not None:
        st.button(
            "Back to the example",
            icon=":material/undo:",
            type="tertiary",
            key=f"example-{kind}",
            on_click=_leave,
            args=(kind, parameter),
        )


def _leave(kind, parameter):
    st.session_state.setdefault(SHOWN, {})[kind] = None
    st.query_params.pop(parameter, None)
    st.session_state.setdefault(LEFT, {})[kind] = st.query_params.to_dict()


def left_for_example(kind: str) -> bool:
    """Whether the address is the one with which somebody went back from a job to the example."""
    return st.session_state.get(LEFT, {}).get(kind) == st.query_params.to_dict()
