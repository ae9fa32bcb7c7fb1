"""The controls of the pages: Streamlit's, which keep what was set until the browser has drawn them.

The browser loads the code of a kind of control when it first draws one, and Streamlit sends a value that the
page has set only once. Where a person presses a button before that, the control would appear with its first
option, and the next run would take this for the person's choice. With `persist_state`, Streamlit sends the
value again until the browser names the control in what it sends.
"""

import functools

import streamlit as st


def _kept(name):
    @functools.wraps(getattr(st, name))
    def control(*args, place=st, **options):
        return getattr(place, name)(*args, persist_state="session", **options)

    return control


# Each takes key=, and place= for where it is drawn, such as a column.
multiselect = _kept("multiselect")
number_input = _kept("number_input")
segmented_control = _kept("segmented_control")
select_slider = _kept("select_slider")
selectbox = _kept("selectbox")
slider = _kept("slider")
text_input = _kept("text_input")
toggle = _kept("toggle")
