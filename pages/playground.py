"""The Playground page: randomized smoothing in two dimensions, under the finger."""

import streamlit as st

from rsviz.ui.playground import address
from rsviz.ui.playground.component import playground
from rsviz.ui.playground.export import show_export
from rsviz.ui.shell import show_page


def page():
    wrong = address.restore()
    with st.container(key="playground-title"):
        st.title("Playground", anchor=False)
    if wrong:
        st.warning(address.sentence(wrong), icon=":material/link_off:")
    playground()
    show_export()
    address.ADDRESS.write()


show_page(page)
