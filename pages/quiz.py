"""Eight questions, one on a screen, each answer explained."""

import streamlit as st

from rsviz.ui.quiz import view
from rsviz.ui.quiz.address import ADDRESS, WRONG, answers, place
from rsviz.ui.shell import show_page


def page():
    ADDRESS.restore()
    st.html(view.STYLE)
    with st.container(key="quiz"):
        st.title("What is proved?", anchor=False)
        if ADDRESS.not_allowed():
            st.warning(WRONG, icon=":material/link_off:")
        number = place()
        if number is None:
            view.score()
        elif number > len(answers()):
            view.ask(number)
        else:
            view.explained(number)
    ADDRESS.write()


show_page(page)
