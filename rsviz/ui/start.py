"""The button that starts a job, and what is said where one is under way or no more are allowed."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs import Job
from rsviz.ui.runs import cancel_button, row
from rsviz.ui.session import owner_id


def start_button(
    label: str, icon: str, kind: str, request, *, parameter: str = "job", prominent: bool = True
) -> bool:
    """The button that submits a job; True in the run in which it did. The job's id is then in the URL.

    request: as the controls are in this run, None where they make none. It is submitted here and not by a
    callback, which would hold the request of the run before: a person who changes a control and presses at
    once means what the page shows. parameter: of the URL. A refusal is shown below the button.
    While a run of the kind is under way the person is asked first; where no more are allowed, what fills the
    places is listed.
    """
    pressed = st.button(
        label,
        type="primary" if prominent else "secondary",
        icon=icon,
        width="stretch" if prominent else "content",
        disabled=request is None,
        key=f"start-{kind}",
    )
    if refused := st.session_state.pop("refused", None):
        st.error(refused, icon=":material/error:")
    if request is None:
        return False
    asked = f"asked-{kind}"
    if pressed:
        st.session_state[asked] = True
    if not st.session_state.get(asked):
        return False
    try:
        begun = _start(kind, request, parameter, pressed)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        begun = False
    if begun is not None:  # there is nothing left to ask
        st.session_state.pop(asked, None)
    return bool(begun)


def _start(kind, request, parameter, pressed) -> bool | None:
    """Whether the job was submitted now; None where the person is asked what to do."""
    owner = owner_id()
    if refusal := jobs.refusal(owner):
        _tell_what_fills(refusal, jobs.list_jobs(100, owner, unfinished=True), kind)
        return None
    under_way = jobs.list_jobs(100, owner, kind, unfinished=True)
    if under_way:
        place = st.empty()
        with place.container(border=True, key=f"busy-{kind}"):
            choice = _choose(under_way, kind)
        if choice is None:
            return None
        place.empty()
        if choice == "wait":
            st.query_params[parameter] = under_way[0].id
            return False
        if choice == "cancel":
            for job in under_way:
                jobs.cancel(job.id)
    elif not (pressed or _chosen(kind)):  # what was under way has ended: the person may want to see it first
        return False
    st.query_params[parameter] = jobs.submit(kind, request, session=owner)
    return True


def _choose(under_way: list[Job], kind) -> str | None:
    """What the person wants to happen to what runs: "wait", "cancel", "begin"; None until one is chosen."""
    for job in under_way:
        _row(job)
    one = len(under_way) == 1
    st.markdown("This run is under way." if one else f"These {len(under_way)} runs are under way.")
    choices = {
        "wait": ("Wait for it", "hourglass_top"),
        "cancel": ("Cancel it and begin" if one else "Cancel them and begin", "cancel"),
        "begin": ("Begin another beside it" if one else "Begin another", "add"),
    }
    for choice, (words, symbol) in choices.items():
        key = f"busy-{kind}-{choice}"
        if st.button(words, icon=f":material/{symbol}:", key=key, width="stretch"):
            return choice
    return None


def _chosen(kind) -> bool:
    """Whether a button of the last run's question was pressed that asks for a new job."""
    return any(st.session_state.get(f"busy-{kind}-{choice}") for choice in ("cancel", "begin"))


def _tell_what_fills(refusal: str, mine: list[Job], kind) -> None:
    st.error(refusal, icon=":material/error:")
    with st.container(key=f"full-{kind}"):
        for job in mine:
            with st.container(border=True, gap="small"):
                _row(job)
                cancel_button(job, f"full-{kind}")


def _row(job) -> None:
    from rsviz.jobs.listing import run_of

    row(run_of(job))
