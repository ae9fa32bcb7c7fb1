"""The Train page: data set, network, method -> request -> job -> a run that a class can watch."""

import streamlit as st

from rsviz.ui.job_page import JobPage
from rsviz.ui.session import url_value
from rsviz.ui.train import controls, job
from rsviz.ui.train.compare import compare


def comparison(_):
    words, icon = "Compare up to four runs", ":material/compare_arrows:"
    together = st.expander(words, icon=icon, key="t_together", on_change="rerun")
    if together.open:
        with together:
            compare(url_value("job"))


JobPage(
    kind="train",
    address=controls.ADDRESS,
    choose=lambda: (None, controls.choose()),
    started=lambda _: controls.name_is_taken(),
    below_button=job.below_button,
    beside_cancel=lambda _: st.caption("Cancelling keeps the best epoch so far as a checkpoint."),
    show_example=job.show_example,
    show_state=job.show_state,
    example=job.example,
    every=0.5,
    unfinished=job.in_flux,
    begins=False,
    below_all=comparison,
).show()
