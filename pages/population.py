"""The Population page: checkpoints -> request -> job -> the worst mean loss of a population that moves."""

import streamlit as st

from rsviz import jobs
from rsviz.distributional import make_request, shipped_example
from rsviz.errors import RsvizError
from rsviz.jobs.distribution import certificates_of
from rsviz.ui import attack_curve
from rsviz.ui import population as controls
from rsviz.ui import population_views as view
from rsviz.ui.live import follow, start_button, tell_of_trouble
from rsviz.ui.phone import CONTROLS_FIRST
from rsviz.ui.session import url_value
from rsviz.ui.shell import open_page

open_page()


def show_example():
    view.show(*shipped_example())


def check(job):
    if job.kind != "distribution":
        raise RsvizError(f"The job {job.id} certifies no population.")


def show_state(job):
    tell_of_trouble(job)
    if job.unfinished:
        progress = job.progress or {}
        share = progress.get("finished", 0) / max(progress.get("parts", 1), 1)
        with st.container(horizontal=True, vertical_alignment="center", key="p_running"):
            st.progress(min(share, 1.0), progress.get("what") or "waiting")
            st.button("Cancel", icon=":material/cancel:", on_click=jobs.cancel, args=(job.id,))
    elif job.state == "cancelled":
        st.info("Cancelled: what was finished stands below.", icon=":material/cancel:")
    try:
        curves = certificates_of(job)
    except RsvizError as error:  # a checkpoint that is gone since
        st.error(str(error), icon=":material/error:")
        return
    view.show(make_request(**job.request), curves)


jobs.ensure_worker()  # it loads torch while the person looks at the example
controls.ADDRESS.restore()
st.title("Certify a population", anchor=False)
st.html(CONTROLS_FIRST)
with st.container(key="sides"):
    result, side = st.columns([2, 1], gap="large")

with side:
    pressed = st.container(key="settings")
    card, request = controls.choose()
    with pressed:
        start_button("Certify the population", ":material/groups:", "distribution", request)

job_id = url_value("job")
with result:
    if job_id is None:
        show_example()
    else:
        follow(job_id, show_state, show_example, button="Certify the population", check=check, every=0.8)
attack_curve.section(
    card, st.session_state["p_checkpoints"], "Accuracy under PGD-20 against attack size, beside NAL's"
)
controls.ADDRESS.write()
