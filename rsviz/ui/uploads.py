"""Streamlit's uploader, which shows a file only while this server has it."""

from collections.abc import Callable

import streamlit as st


def uploader(label: str, *, key: str, on_remove: Callable[[], None] = lambda: None, **options):
    """The uploaded file, or None. on_remove: called when a person takes the file away. options: Streamlit's.

    A page that outlives its server shows the name of a file that the next server does not have, and the
    choice of another one there does not arrive. So another uploader, which is empty, takes its place.
    """
    moved = f"{key}-moved"
    here = f"{key}-again" if st.session_state.get(moved) else key

    def changed():
        if st.session_state[here] is None:  # a page that was away has an empty uploader too, and no change
            on_remove()

    file = st.file_uploader(label, key=here, on_change=changed, **options)
    if file is None and st.session_state[here] is not None:
        st.session_state[moved] = here == key
        st.rerun()
    return file
