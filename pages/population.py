"""The Population page: checkpoints -> request -> job -> the worst mean loss of a population that moves."""

import streamlit as st

from rsviz.jobs.population import result_of
from rsviz.tasks.population import PopulationRequest, shipped_example
from rsviz.ui.attack import robustness
from rsviz.ui.job_page import JobPage
from rsviz.ui.population import controls, view

CURVES = "Accuracy under PGD-20 against attack size, beside NAL's"

JobPage(
    kind="population",
    label="Certify the population",
    address=controls.ADDRESS,
    choose=controls.choose,
    show_example=lambda: view.show(*shipped_example()),
    show_state=lambda job: view.show(PopulationRequest.make(**job.request), result_of(job)),
    cancelled="Cancelled: the curves that were finished are below.",
    every=0.8,
    example=lambda: shipped_example()[0],
    below_all=lambda card: robustness.section(card, st.session_state["checkpoints"], CURVES),
).show()
