"""The Playground page: randomized smoothing in two dimensions, under the finger."""

import streamlit as st

from rsviz.ui.playground import address
from rsviz.ui.playground.component import playground
from rsviz.ui.shell import show_page


def page():
    wrong = address.restore()
    playground()
    if wrong:
        st.warning(address.sentence(wrong), icon=":material/link_off:")
    address.ADDRESS.write()


show_page(page)
