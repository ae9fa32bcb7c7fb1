"""The Statistics page: what each confidence procedure proves after n votes, and how often it is false."""

import streamlit as st

from rsviz.ui.glossary import explain
from rsviz.ui.settings import more_settings, pick_view
from rsviz.ui.shell import show_page
from rsviz.ui.statistics import controls, export, view


def page():
    controls.ADDRESS.restore()
    with st.container(horizontal=True, vertical_alignment="center"):
        words = explain("votes", "limits", "certificate")
        st.title("How sure, after n votes?", anchor=False, help=words, width="content")
        chosen = pick_view(controls.VIEWS, "s_view")
        controls.PRESETS.menu("Examples")
    asked = controls.experiment(controls.row(chosen))
    picture = st.container()
    controls.PRESETS.say()
    with more_settings("Truth, runs, seed"):
        controls.more_controls()
    with picture:
        rows = view.show(chosen, asked)
    export.offer(chosen, asked, rows)
    controls.ADDRESS.write()


show_page(page)
