"""The Papers page without a browser: filters, search, links to one claim, and what a row opens."""

import json

import pytest
from click.testing import CliRunner

from rsviz.cli import cli
from rsviz.reference.papers import Claim, find, rows
from rsviz.ui.views import literal, page_and_query
from tests.addresses import wrong_parts


def words(app):
    kinds = ("markdown", "caption", "info", "warning", "subheader")
    return " ".join(element.value for kind in kinds for element in app.get(kind))


def shown(app):
    """What the component is sent."""
    (component,) = [one for one in app.get("bidi_component") if "rsviz_papers" in str(one.proto)]
    return json.loads(component.proto.json)


def ids(app):
    return [row["id"] for row in shown(app)["rows"]]


def test_the_page_opens_on_all_rows_and_counts_them_by_verdict(first_drawn):
    app = first_drawn("papers")
    assert ids(app) == list(rows())
    assert shown(app)["chosen"] == next(iter(rows()))
    options = app.get("button_group")[0].options
    assert options[0] == f"All {len(rows())}"
    for verdict, label in zip(("holds", "false", "not reproduced", "not tested"), options[1:], strict=True):
        assert label == f"{verdict.capitalize()} {len(find(verdict=verdict))}"
    assert not app.query_params


def test_search_paper_and_verdict_are_in_the_link_and_leave_what_they_name(open_page):
    app = open_page("papers")
    app = app.text_input(key="q").set_value("tight radius").run()
    app = app.selectbox(key="paper").set_value("unified").run()
    left = [row.id for row in find("unified", words="tight radius")]
    assert ids(app) == left
    assert app.get("button_group")[0].options[0] == f"All {len(left)}"
    app = app.get("button_group")[0].set_value("false").run()
    assert ids(app) == [row.id for row in find("unified", "false", "tight radius")] != left
    assert shown(app)["chosen"] in ids(app)  # the detail is never that of a row which is hidden
    query = {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}
    assert query == {"q": "tight radius", "paper": "unified", "verdict": "false"}
    again = open_page("papers", **query)
    assert shown(again) == shown(app)
    none = open_page("papers", q="no such words")
    assert "No claim has all of these words" in words(none) and not none.get("bidi_component")


@pytest.mark.parametrize("row", ["A9", "B1", "li-above-pixeldp", "adre-theorem-1"])
def test_a_link_to_one_row_opens_its_numbers_or_its_picture(row, open_page):
    app = open_page("papers", row=row)
    assert not app.exception and not app.warning
    assert shown(app)["chosen"] == row
    found, text = rows()[row].found, words(app)
    assert literal(found.says) in text and f"[{found.verdict}]" in text
    if isinstance(found, Claim):
        assert [one.label for one in app.button if one.label.startswith("Erratum")]
        page, query = page_and_query(found.view)
        if page == "papers":
            assert literal(rows()[query["row"]].found.shows) in text
        else:
            assert [one.proto.label for one in app.get("page_link")] == [f"See it: {found.place}"]
    else:
        for part in (found.printed, found.correct, found.shows):
            assert literal(part) in text


def test_an_erratum_of_a_claim_is_one_click_away_even_where_a_filter_hides_it(open_page):
    app = open_page("papers", verdict="holds", row="li-theorem-2")
    assert "A8" not in ids(app)
    app = next(one for one in app.button if one.label == "Erratum A8").click().run()
    assert shown(app)["chosen"] == "A8"
    assert "A8" in ids(app)


@pytest.mark.parametrize(
    "query", [{"row": "Z99"}, {"paper": "<nobody>"}, {"verdict": "true"}, {"q": "x" * 81}], ids=str
)
def test_a_link_with_what_is_not_here_says_so_and_shows_everything(query, open_page):
    app = open_page("papers", **query)
    assert not app.exception
    assert [one.value for one in app.warning] == [
        "The link names a claim, a paper, a verdict or a search that is not here."
    ]
    assert ids(app) == list(rows())


def test_the_picture_of_a_claim_is_a_page_that_takes_every_value_of_its_link():
    views = {row.id: row.found.view for row in rows().values() if isinstance(row.found, Claim)}
    assert {id: wrong_parts(view) for id, view in views.items() if wrong_parts(view)} == {}


def test_a_link_that_no_page_takes_is_found():
    links = [
        "nowhere?x=1",
        "papers?row=Z99",
        "papers?rows=A9",
        "evaluate?e_papers=a",
        "bounds?b_n=many",
        "lesson?n=9",
    ]
    assert [wrong_parts(link) for link in links] == [
        ["nowhere"],
        ["row"],
        ["rows"],
        ["e_papers"],
        ["b_n"],
        ["n"],
    ]


def test_the_panel_has_the_table_and_the_papers_to_cite(open_page):
    app = open_page("papers", paper="adre")
    app.session_state["take_home"] = True
    app.run()
    assert "python -m rsviz papers list --json" in [one.value for one in app.code]
    assert any("feng2020regularized" in one.value for one in app.code)


def test_the_shell_prints_the_same_table():
    done = CliRunner().invoke(cli, ["papers", "list", "--json", "--paper", "nal", "--verdict", "false"])
    assert json.loads(done.stdout)["rows"] == [row.record() for row in find("nal", "false")]
    done = CliRunner().invoke(cli, ["papers", "list", "--search", "0.0745"])
    assert "A9" in done.stdout and done.stdout.count("\n") == 1
    assert CliRunner().invoke(cli, ["papers", "list", "--verdict", "true"]).exit_code == 2
