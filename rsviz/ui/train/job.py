"""The job of the Train page on the screen, and the button that resumes it."""

import time

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.tasks.train import TrainRequest
from rsviz.training.history import read_again, shipped_run
from rsviz.training.records import RunError
from rsviz.ui.job_page import badge, refuse
from rsviz.ui.session import owner_id
from rsviz.ui.train import controls, view

PUTTING_AWAY = 15.0  # seconds after which a cancelled run has kept what it can


def example() -> TrainRequest:
    """The request of the shipped run."""
    return TrainRequest.make(**shipped_run().request)


def show_example():
    run = shipped_run()
    badge("example", view.BADGES)

    @st.fragment
    def picture():
        view.show(run, "example")

    picture()


def in_flux(job) -> bool:
    """Whether the run may still change: the worker also stores the best epoch of a job just cancelled."""
    if job.unfinished:
        return True
    if job.state == "done" or time.time() - job.updated > PUTTING_AWAY:
        return False
    try:
        return read_again(jobs.folder(job.id)).end is None
    except RunError:
        return False


def show_state(job):
    badge(job.state, view.BADGES)
    try:
        run = read_again(jobs.folder(job.id))
    except RunError:
        st.caption("Nothing was trained yet.")
        return
    view.show(run, job.state, over=not in_flux(job))


def below_button(job_id, request):
    if job_id is not None:
        offer_resume(job_id)
    if request is not None:
        controls.tell_time(request)


def offer_resume(job_id):
    """A button that resumes the job in the URL, unless it is done or its loss was not finite."""
    try:
        job = jobs.get(job_id)
        if job.kind != "train" or job.state not in ("cancelled", "failed") or in_flux(job):
            return
        end = read_again(jobs.folder(job_id)).end
    except RunError:
        end = None
    except RsvizError:
        return
    if end is None or end.state == "stopped":
        words = "Resume the run"
        st.button(words, icon=":material/resume:", width="stretch", on_click=resume, args=(job_id,))


def resume(job_id):
    """Callback: the job resumes from its saved state."""
    try:
        jobs.resume(job_id, session=owner_id())
    except RsvizError as error:
        refuse(error)
