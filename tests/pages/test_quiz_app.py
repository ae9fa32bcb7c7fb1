"""The Quiz page without a browser: from the first question to the score, links, hostile links."""

import pytest

from rsviz.lessons.quiz import QUESTIONS
from rsviz.ui.views import literal, page_and_query

ALL = list(QUESTIONS.values())
RIGHT = "".join(question.right_letter for question in ALL)


def query(app):
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def press(app, key):
    return next(one for one in app.button if one.key == key).click().run()


def said(app):
    return " ".join(
        one.value for kind in ("markdown", "caption", "subheader", "header") for one in app.get(kind)
    )


def links(app):
    return [one.proto.query_string for one in app.get("page_link")]


def test_eight_answers_from_the_first_question_to_the_score(open_page):
    app, given = open_page("quiz"), "cbbcbdab"
    for number, (question, letter) in enumerate(zip(ALL, given, strict=True), 1):
        assert literal(question.asks) in said(app) and literal(question.why) not in said(app)
        assert f"Question {number} of 8" in said(app)
        offered = [one.label for one in app.button if (one.key or "").startswith("answer-")]
        assert offered == [literal(words) for words in question.answers]
        app = press(app, f"answer-{number}-{letter}")
        assert query(app) == {"answers": given[:number], "at": str(number)}
        assert literal(question.why) in said(app)
        assert ("**Right.**" in said(app)) == (letter == question.right_letter)
        page, _ = page_and_query(question.view)
        assert [one.proto.page for one in app.get("page_link")] == [page]
        app = press(app, "next")
    assert query(app) == {"answers": given}
    right = sum(a == b for a, b in zip(given, RIGHT, strict=True))
    assert f"{right} of 8 right" in said(app)
    again = [one.key for one in app.button if (one.key or "").startswith("again-")]
    assert again == [
        f"again-{one.key}" for one, letter in zip(ALL, given, strict=True) if letter != one.right_letter
    ]
    app = press(app, again[0])
    assert literal(QUESTIONS[again[0].removeprefix("again-")].why) in said(app)
    app = press(open_page("quiz", answers=given), "begin")
    assert query(app) == {} and literal(ALL[0].asks) in said(app)


def test_all_right_leaves_nothing_to_look_at_again(open_page):
    app = open_page("quiz", answers=RIGHT)
    assert "8 of 8 right" in said(app)
    assert not [one for one in app.button if (one.key or "").startswith("again-")]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"answers": "cab"}, ALL[3].asks),
        ({"answers": "cab", "at": "2"}, ALL[1].why),
        ({"answers": "cab", "at": "8"}, ALL[3].asks),  # not reached yet
        ({"answers": "cab", "at": "3"}, ALL[2].why),
    ],
)
def test_a_link_opens_where_its_answers_are(link, words, open_page):
    app = open_page("quiz", **link)
    assert literal(words) in said(app) and not app.warning
    assert query(app) == link


@pytest.mark.parametrize(
    "link",
    [{"answers": "zzz"}, {"answers": "c" * 9}, {"answers": "<b>"}, {"at": "99"}, {"at": "nan"}],
    ids=str,
)
def test_a_hostile_link_begins_anew_and_says_so(link, open_page):
    app = open_page("quiz", **link)
    assert not app.exception
    assert literal(ALL[0].asks) in said(app)
    assert len(app.warning) == 1 and "The quiz begins anew." in app.warning[0].value


def test_back_and_on_again(open_page):
    app = press(open_page("quiz", answers="ca"), "back")
    assert literal(ALL[1].why) in said(app)
    app = press(app, "back")
    assert literal(ALL[0].why) in said(app) and "back" not in [one.key for one in app.button]
    app = press(press(app, "next"), "next")
    assert literal(ALL[2].asks) in said(app) and query(app) == {"answers": "ca"}
