"""The Lessons page without a browser: its list, hostile links, lessons of teachers."""

import pytest

from rsviz import jobs
from rsviz.lessons import LESSONS


def test_the_list_names_every_lesson_and_what_it_removes(open_page):
    app = open_page("lesson")
    words = "\n".join([*(one.value for one in app.markdown), *(one.value for one in app.caption)])
    for lesson in LESSONS.values():
        assert lesson.question in words
        assert all(one in words for one in lesson.removes)


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_lesson_opens_and_starts_no_job(open_page, number):
    app = open_page("lesson", n=str(number))
    assert not app.exception and not app.error and not app.warning
    assert jobs.list_jobs(10) == []


@pytest.mark.parametrize("n", ["0", "9999999999999", "-1", "inf", "abc", "1.5", "٣x", "1" * 500])
def test_another_number_gives_the_list_and_a_sentence(open_page, n):
    app = open_page("lesson", n=n)
    assert not app.exception
    assert app.title and "no lesson" in app.warning[0].value and len(app.warning[0].value) < 150


@pytest.mark.parametrize("step", ["0", "99", "x", "1e3", "-2", "9" * 400])
def test_another_step_gives_the_lesson_and_a_sentence(open_page, step):
    app = open_page("lesson", n="1", step=step)
    assert not app.exception and not app.title
    assert f"1 to {len(LESSONS['noise'].steps)}" in app.warning[0].value


@pytest.mark.parametrize("name", ["x", "../../etc/passwd", "0123456789abcdef", "A" * 16])
def test_a_lesson_that_this_server_does_not_have_gives_the_list_and_a_sentence(open_page, name):
    app = open_page("lesson", own=name)
    assert not app.exception
    assert app.title and len(app.warning) == 1
