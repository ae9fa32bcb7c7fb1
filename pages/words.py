"""The words and symbols of the field, from A to Z."""

import streamlit as st

from rsviz.reference.glossary import find
from rsviz.ui.address import Address, text
from rsviz.ui.glossary import entry
from rsviz.ui.shell import show_page
from rsviz.ui.widgets import text_input

ADDRESS = Address("words", {"q": text()})


def page():
    ADDRESS.restore()
    st.title("Words", anchor=False)
    asked = text_input(
        "Search",
        key="q",
        type="search",
        live=True,
        max_chars=80,
        placeholder="radius, α, p_A, abstain",
        label_visibility="collapsed",
        width=400,
    )
    found = find(asked or "")
    if ADDRESS.not_allowed():
        st.warning("The search in the link is longer than 80 characters.", icon=":material/link_off:")
    if not found:
        st.info("No word here has that.", icon=":material/search:")
    st.markdown("\n\n".join(map(entry, found)))
    ADDRESS.write()


show_page(page)
