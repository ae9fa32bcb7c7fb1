"""The list of lessons, a teacher's own, and what can be taken home of a lesson."""

import streamlit as st

from rsviz.errors import RsvizError
from rsviz.lessons import LESSONS, Lesson
from rsviz.reference.glossary import words_in
from rsviz.ui.export import File, download
from rsviz.ui.glossary import marks
from rsviz.ui.lesson import own
from rsviz.ui.uploads import uploader

PAGE = "pages/lesson.py"


def show() -> None:
    """The lessons by number, each a door, and the misconceptions that it removes."""
    st.title("Eight lessons", anchor=False)
    st.markdown("Each asks a question, lets the hall predict, and shows the answer. **F** is lecture mode.")
    columns, explained = st.columns(2), ([], [])
    for number, lesson in enumerate(LESSONS.values(), 1):
        place, known = columns[(number - 1) % 2], explained[(number - 1) % 2]
        with place.container(border=True, gap="small", key=f"lesson-{number}"):
            st.page_link(PAGE, label=f"**{number}. {lesson.title}**", query_params={"n": str(number)})
            removes = "Removes: " + " ".join(f"“{one}”" for one in lesson.removes)
            st.markdown(lesson.question, help=marks(f"{lesson.question} {removes}", *known))
            known += words_in(lesson.question) + words_in(removes)
            st.caption(removes)
    _own()


def _own():
    with st.expander("A lesson of your own", icon=":material/upload_file:"):
        st.markdown(
            "A small text file of links: each scene is a state of a page. The README says how it is written, "
            "and `examples/lessons` has one."
        )
        file = uploader("Lesson (.toml)", key="own-lesson", type="toml", max_upload_size=1)
        if file is None:
            return
        try:
            name = own.keep(file.getvalue())
        except RsvizError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.page_link(PAGE, label="Open it", icon=":material/arrow_forward:", query_params={"own": name})


def take_home(lesson: Lesson) -> None:
    """Below a lesson: the hand-out, and what the lesson removes."""
    with st.expander("Hand-out and misconceptions", icon=":material/download:", key="lesson-below"):
        if lesson.removes:
            st.markdown("This lesson removes:\n" + "\n".join(f"- “{one}”" for one in lesson.removes))
        with st.container(horizontal=True):
            download(File("Hand-out, PDF", f"rsviz-{lesson.key}.pdf", lambda: _handout().pdf(lesson)))
            download(File("Hand-out, PNG", f"rsviz-{lesson.key}.png", lambda: _handout().png(lesson)))
        st.page_link(PAGE, label="All lessons", icon=":material/list:", query_params={})


def _handout():
    from rsviz.lessons import handout  # pictures as files, for those who take them home

    return handout
