"""What the papers claim, what holds, and where they are wrong: a table to search."""

import streamlit as st

from rsviz.ui.papers import controls
from rsviz.ui.papers.address import ADDRESS, chosen, found
from rsviz.ui.papers.detail import show
from rsviz.ui.papers.export import show_export
from rsviz.ui.papers.table import STYLE, table
from rsviz.ui.shell import show_page


def page():
    ADDRESS.restore()
    st.title("What the papers claim, and what holds", anchor=False)
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        shown, counts = found()
        controls.search()
        controls.pick_paper()
        controls.pick_verdict(counts)
    row = chosen(shown)
    if ADDRESS.not_allowed():
        st.warning(
            "The link names a claim, a paper, a verdict or a search that is not here.",
            icon=":material/link_off:",
        )
    if row is None:
        st.info("No claim has all of these words. A shorter search finds more.", icon=":material/search:")
    else:
        left, right = st.columns([3, 2])
        with left:
            table(shown, row)
        with right:
            show(row)
    show_export(shown)
    ADDRESS.write()


show_page(page)
