"""The Noise page: the mechanisms on one image, their shape, their size, and what they certify."""

import streamlit as st

from rsviz.ui.noise import controls
from rsviz.ui.noise.address import ADDRESS, PRESETS
from rsviz.ui.noise.export import show_export
from rsviz.ui.noise.view import VIEWS, images
from rsviz.ui.noise.words import pictures_show
from rsviz.ui.settings import more_settings, pick_view
from rsviz.ui.shell import show_page


def page():
    ADDRESS.restore()
    st.title("Which noise?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = controls.rule_kind()
        PRESETS.menu("Pictures with a name")
    with more_settings("Image, pixels, seed", ":material/image:"):
        controls.image_controls(ADDRESS)
    compared, wrong = controls.compare(kind)
    if wrong:
        st.info(wrong, icon=":material/image:")
    images(compared)
    st.markdown(pictures_show(compared))
    view = pick_view({key: view.title for key, view in VIEWS.items()}, "n_view")
    show_export(view, compared, VIEWS[view].show(compared))
    ADDRESS.write()


show_page(page)
