"""The first page: the playground's picture, one sentence, three doors."""

import streamlit as st

from rsviz.ui import tour
from rsviz.ui.glossary import explain
from rsviz.ui.playground.embedded import picture
from rsviz.ui.shell import PAGES, USE, show_page

STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 4.5rem}
.st-key-start-picture {max-width: min(27rem, 100vh - 17rem); margin: 0 auto}
[class*="st-key-door-"] :is([data-testid="stPageLink"] p, p strong) {font-size: 1.35rem}
.st-key-door-use [data-testid="stPageLink"] p {font-size: 1.05rem}
</style>"""


def page():
    st.html(STYLE)
    st.title("What is proved about a classifier?", anchor=False)
    st.markdown(
        "**Randomized smoothing** asks a classifier *f* about many noisy copies of an image, takes the "
        "majority's answer, and proves how far the image may change before that answer does.",
        help=explain("base classifier", "noise", "votes"),
    )
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left:
        picture("scene=island&x=0.15&y=0.35&show=dots,ball,g", key="start-picture", parts=())
        st.caption(
            "Drag x. Colours are what *f* says; dots are its votes on noisy copies; the disc is proved."
        )
    with right:
        tour.door()
        with st.container(border=True, key="door-lessons"):
            st.page_link("pages/lesson.py", label="**Teach it**", icon=":material/school:")
            st.markdown("Eight lessons for a hall: a question, three predictions, the answer.")
        with st.container(border=True, key="door-use", gap="small"):
            st.markdown("**Use it**")
            with st.container(horizontal=True):
                for known in PAGES:
                    if known.group == USE:
                        st.page_link(known.path, label=known.title, icon=known.icon)


show_page(page)
