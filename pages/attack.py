"""The Attack page: checkpoint, image, attack -> request -> job -> what is broken beside what is proved."""

import streamlit as st

from rsviz import jobs
from rsviz.attacks.evidence import shipped_example
from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError
from rsviz.jobs.attack import evidence_of
from rsviz.ui import attack as view
from rsviz.ui import attack_controls as controls
from rsviz.ui import attack_curve
from rsviz.ui.live import follow, start_button, tell_of_trouble
from rsviz.ui.phone import CONTROLS_FIRST
from rsviz.ui.session import url_value
from rsviz.ui.shell import open_page

open_page()


def show_example():
    evidence = shipped_example()
    view.show(evidence, load_card(evidence.request.checkpoint), "example")


def check(job):
    if job.kind != "attack":
        raise RsvizError(f"The job {job.id} is no attack.")


def show_state(job):
    try:
        evidence = evidence_of(job)
        card = load_card(evidence.request.checkpoint)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    if job.unfinished:
        st.button("Cancel", icon=":material/cancel:", on_click=jobs.cancel, args=(job.id,))
    tell_of_trouble(job)
    view.show(evidence, card, job.state)


jobs.ensure_worker()  # it loads torch while the person looks at the example
controls.ADDRESS.restore()
st.title("Attack an image", anchor=False)
st.html(CONTROLS_FIRST + view.PHONE)
with st.container(key="sides"):
    result, side = st.columns([2, 1], gap="large")

with side:
    pressed = st.container(key="settings")
    card, request = controls.choose()
    with pressed:
        start_button("Attack", ":material/bolt:", "attack", request)

job_id = url_value("job")
with result:
    if job_id is None:
        show_example()
    else:
        follow(job_id, show_state, show_example, button="Attack", check=check)
attack_curve.section(card)
controls.ADDRESS.write()
