"""The Evaluate page: checkpoint, test set -> request -> job -> certified accuracy beside that of others."""

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.ui import evaluate as controls
from rsviz.ui import evaluate_views as view
from rsviz.ui.evaluate_gallery import gallery
from rsviz.ui.live import follow, start_button, tell_of_trouble
from rsviz.ui.phone import CONTROLS_FIRST
from rsviz.ui.session import url_value
from rsviz.ui.shell import open_page

open_page()


def picture():
    view.show(view.gather(st.session_state["e_show"], reading), reading)


def check(job):
    if job.kind != "evaluate":
        raise RsvizError(f"The job {job.id} is no evaluation.")


def show_state(job):
    tell_of_trouble(job)
    if job.unfinished:
        progress = job.progress or {}
        share = progress.get("votes", 0) / max(progress.get("total", 0), 1)
        words = f"{progress.get('votes', 0):,} of {progress.get('total', 0):,} votes"
        with st.container(horizontal=True, vertical_alignment="center", key="e_running"):
            st.progress(min(share, 1.0), words if progress.get("total") else "The network is being loaded …")
            st.button("Cancel", icon=":material/cancel:", on_click=jobs.cancel, args=(job.id,))
    elif job.state == "cancelled":
        st.info(
            "Cancelled: the images that have all their votes are in the picture.", icon=":material/cancel:"
        )
    picture()


jobs.ensure_worker()  # it loads torch while the person looks at the example
controls.ADDRESS.restore()
controls.take_new()
st.title("Certify a whole test set", anchor=False)
st.html(CONTROLS_FIRST)
with st.container(key="sides"):
    result, side = st.columns([2, 1], gap="large")

reading = controls.reading()
with side:
    pressed = st.container(key="settings")
    card, request = controls.choose()
    controls.choose_curves()
    with pressed:
        if start_button("Evaluate", ":material/checklist:", "evaluate", request):
            controls.join(f"job:{url_value('job')}", request.checkpoint)

job_id = url_value("job")
with result:
    if job_id is None:
        picture()
    else:
        follow(job_id, show_state, picture, button="Evaluate", check=check, every=0.8)
    controls.choose_reading()
    gallery(st.session_state["e_show"], reading)
controls.ADDRESS.write()
