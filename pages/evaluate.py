"""The Evaluate page: checkpoint, test set -> request -> job -> certified accuracy beside that of others."""

import streamlit as st

from rsviz.ui.evaluate import controls, sources, view
from rsviz.ui.evaluate.gallery import gallery
from rsviz.ui.job_page import JobPage
from rsviz.ui.session import url_value


def show(_=None):
    reading = controls.reading()
    view.show(view.gather(st.session_state["e_show"], reading), reading)


def below_result():
    controls.choose_reading()
    gallery(st.session_state["e_show"], controls.reading())


JobPage(
    kind="evaluate",
    address=controls.ADDRESS,
    prepare=controls.take_new,
    choose=controls.choose,
    below_controls=controls.choose_curves,
    started=lambda request: controls.join(f"job:{url_value('job')}", request.checkpoint),
    show_example=show,
    show_state=show,
    cancelled="Cancelled: the images that have all their votes are in the picture.",
    every=0.8,
    live=controls.READ,
    compares=True,
    is_shipped=lambda request: sources.shipped_equal(request, controls.READ) is not None,
    names_results=controls.names_curves,
    below_result=below_result,
).show()
