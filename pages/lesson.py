"""The Lessons page: the list of lessons, or one of them, which the browser steps through."""

import streamlit as st

from rsviz.ui.lesson import address, component, overview
from rsviz.ui.shell import show_page


def page():
    asked, own = address.asked()
    lesson, wrong = address.lesson(asked, own)
    if wrong:
        st.warning(wrong, icon=":material/link_off:")
    if lesson is None:
        overview.show()
    else:
        component.deck(lesson, asked, own)
        overview.take_home(lesson)


show_page(page)
