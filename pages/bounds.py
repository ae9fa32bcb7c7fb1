"""The Bounds page: every closed-form certificate over the (p_A, p_B) triangle, side by side."""

import streamlit as st

from rsviz.errors import RsvizError
from rsviz.ui.bounds import controls, export, view
from rsviz.ui.bounds.point import show_counter_example, show_point
from rsviz.ui.glossary import explain
from rsviz.ui.shell import show_page


def page():
    controls.ADDRESS.restore()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Every bound, side by side", help=explain("bound", "certificate", "tight"), width="content")
        view_key = controls.choose_view()
    st.markdown(
        "Under noise, class A gets a share $p_A$ of the votes and the runner-up $p_B$. "
        "A bound turns the two into a radius within which the class stays.",
        help=explain("noise", "votes", "radius", "p_A", "p_B"),
    )
    asked = controls.choose(view_key)
    picture = st.container()
    st.subheader("At one point", anchor="point")
    st.caption("Click a square of a map, or type.")
    point = controls.point_controls()
    with picture:
        charts = view.show(asked, point)
        if asked.keys:
            controls.PRESETS.say()
            export.offer(asked, charts)
    try:
        show_point(*point, asked.setting)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
    show_counter_example()
    controls.ADDRESS.write()


show_page(page)
