"""The Statistics page: what each confidence procedure proves after n votes, and how often it is false."""

import streamlit as st

from rsviz.ui.glossary import explain
from rsviz.ui.settings import more_settings, pick_view
from rsviz.ui.shell import show_page
from rsviz.ui.statistics import controls, export, view


def page():
    controls.ADDRESS.restore()
    st.title("How sure, after n votes?", anchor=False, help=explain("votes", "limits", "certificate"))
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = pick_view(controls.VIEWS, "s_view")
        controls.PRESETS.menu("Examples")
    with more_settings("Truth, runs, seed"):
        controls.more_controls()
    truth = controls.truth_controls() if chosen != "same" else (0.5, 0.5)
    controls.votes_controls()
    asked = controls.experiment(truth)
    picture = st.container()
    controls.PRESETS.say()
    with picture:
        rows = view.show(chosen, asked)
    export.offer(chosen, asked, rows)
    controls.ADDRESS.write()


show_page(page)
