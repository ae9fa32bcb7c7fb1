"""A job on a page: how it begins; the one in the URL, polled while it runs; what is said of a late one."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.ui.session import session_id


def start_button(
    label: str, icon: str, kind: str, request, *, parameter: str = "job", prominent: bool = True
) -> bool:
    """The button of a page: whether it was pressed and its job, of this kind, now stands in the URL.

    request: as the controls stand in this run, None where they make none. It is submitted here and not by a
    callback, which would hold that of the run before: who changes a control and presses at once means what
    the page shows. parameter: of the URL. Below the button stands why what was asked is refused.
    """
    pressed = st.button(
        label,
        type="primary" if prominent else "secondary",
        icon=icon,
        width="stretch" if prominent else "content",
        disabled=request is None,
        key=f"start-{kind}",
    )
    begun, refused = False, st.session_state.pop("refused", None)  # by a callback
    if pressed and request is not None:
        try:
            st.query_params[parameter] = jobs.submit(kind, request, session=session_id())
            begun = True
        except RsvizError as error:
            refused = str(error)
    if refused:
        st.error(refused, icon=":material/error:")
    return begun


def follow(job_id, show_state, show_example, *, button, check=None, unfinished=None, every=0.4):
    """Draw the job, again every `every` seconds while it is unfinished; then the page once more, without.

    show_state: draws a job. show_example: draws what stands there where the job cannot be shown. button: its
    label, which the person may press instead. check: raises RsvizError for a job that is not this page's.
    unfinished: whether more may come of a job; by default what the job says.
    """
    unfinished = unfinished or (lambda job: job.unfinished)
    try:
        job = jobs.get(job_id)
        if check is not None:
            check(job)
        polled = unfinished(job)
    except RsvizError as error:
        words = f"{error} The settings of the link are restored; press {button}."
        st.warning(words, icon=":material/link_off:")
        show_example()
        return

    @st.fragment(run_every=every if polled else None)
    def watch():
        try:
            job = jobs.get(job_id)
        except RsvizError as error:  # a disk that is full for a moment; the next poll may do
            st.warning(str(error), icon=":material/warning:")
            return
        if polled and not unfinished(job):
            st.rerun()  # the page stops polling and offers its button again
        show_state(job)

    watch()


def tell_of_trouble(job) -> None:
    """Why a job failed, or what a queued one waits for."""
    if job.state == "failed":
        st.error(job.error, icon=":material/error:")
    elif job.state == "queued":
        ahead = "It is next." if not job.position else f"{job.position} before it."
        st.info(f"The job waits for the worker. {ahead}", icon=":material/schedule:")
