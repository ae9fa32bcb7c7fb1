"""The Noise page: the mechanisms on one image, their shape, their size, and what they certify."""

import streamlit as st

from rsviz.ui.glossary import explain
from rsviz.ui.noise import controls
from rsviz.ui.noise.address import ADDRESS, PRESETS
from rsviz.ui.noise.export import show_export
from rsviz.ui.noise.view import VIEWS, images
from rsviz.ui.noise.words import pictures_notes, pictures_show
from rsviz.ui.settings import more_settings, pick_view
from rsviz.ui.shell import show_page


def page():
    ADDRESS.restore()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Which noise?", anchor=False, help=explain("noise"), width="content")
        kind = controls.rule_kind()
        PRESETS.menu("Pictures with a name")
    says = st.container(key="noise-says")
    rule = controls.rule(kind)
    pictures = st.container()
    with more_settings("Image, pixels, seed", ":material/image:"):
        controls.image_controls(ADDRESS)
    compared, wrong = controls.compare(rule)
    says.markdown(pictures_show(compared), help=explain("norm", "p_A", "p_B", "bound", "tight"))
    with pictures:
        if wrong:
            st.info(wrong, icon=":material/image:")
        images(compared)
        st.caption(pictures_notes(compared))
    view = pick_view({key: view.title for key, view in VIEWS.items()}, "n_view")
    show_export(view, compared, VIEWS[view].show(compared))
    ADDRESS.write()


show_page(page)
