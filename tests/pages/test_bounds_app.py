"""The Bounds page in Streamlit's own test runner: states, links, refusals."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rsviz.bounds import BOUNDS
from rsviz.ui.bounds import controls as ui
from rsviz.ui.bounds.view import MOST_MAPS

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clear_caches():
    st.cache_data.clear()
    st.cache_resource.clear()


def open_page(name, **query):
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(f"pages/{name}.py")
    return app.run()


def charts(app):
    """The number of pictures on the page, the counter-example aside."""
    kinds = ("arrow_vega_lite_chart", "vega_lite_chart", "plotly_chart")
    return sum(len(app.get(kind)) for kind in kinds) - 1


def words(app):
    return " ".join(
        element.value for kind in ("markdown", "caption", "info", "error") for element in app.get(kind)
    )


def test_page_opens_on_the_finished_picture_of_the_paper():
    app = open_page("bounds")
    assert not app.exception
    assert not app.error
    assert charts(app) == 3
    for name in ("Cohen et al.", "Li et al.", "PixelDP"):
        assert name in words(app)
    assert ui.PRESETS.table["figure-5"].says in words(app)


def test_every_bound_stands_at_the_point_with_its_number():
    text = words(open_page("bounds", b_pa="0.8", b_pb="0.1", b_scale="1.0"))
    for bound in BOUNDS.values():
        assert bound.statement in text
        assert bound.filled(0.8, 0.1, 1.0, 784) in text


@pytest.mark.parametrize("view", ui.VIEWS)
@pytest.mark.parametrize("votes", ["0", "1"])
def test_every_view_draws_every_bound(view, votes):
    app = open_page("bounds", b_view=view, b_bounds=",".join(BOUNDS), b_norm="l2", b_votes=votes, b_n="100")
    assert not app.exception
    assert not app.error
    assert charts(app) == (MOST_MAPS if view == "map" else 1)


@pytest.mark.parametrize("name", ui.PRESETS.table)
def test_preset_gives_its_picture_and_a_link_that_restores_it(name):
    app = open_page("bounds", b_view="Surfaces", b_n="10")
    app.button(key=f"preset-{name}").click().run()
    assert not app.exception
    assert charts(app) >= 1
    assert ui.PRESETS.table[name].says in words(app)
    link = {key: app.query_params[key] for key in app.query_params if key.startswith("b_")}
    restored = open_page("bounds", **link)
    assert ui.PRESETS.table[name].says in words(restored)
    for key in ui.ADDRESS.defaults():
        assert restored.session_state[key] == app.session_state[key]


def test_link_holds_only_what_differs_from_the_defaults():
    assert not [key for key in open_page("bounds").query_params if key.startswith("b_")]
    app = open_page("bounds", b_view="Slice")
    app.slider(key="b_scale").set_value(1.25).run()
    assert app.query_params["b_scale"] == "1.25"
    assert app.query_params["b_view"] == "slice"
    assert set(app.query_params) == {"b_scale", "b_view"}


def test_a_control_that_was_away_comes_back_as_it_was():
    app = open_page("bounds", b_view="slice", b_share="0.3")
    app.session_state["b_view"] = "map"
    app.run()
    assert app.query_params["b_share"] == "0.3"
    app.session_state["b_view"] = "slice"
    app.run()
    assert app.slider(key="b_share").value == 0.3


JUNK = [
    {
        "b_view": "Nothing",
        "b_bounds": "cohen-l2,<script>,../../etc",
        "b_over": "x",
        "b_under": "",
        "b_region": "q",
    },
    {"b_scale": "1e999", "b_share": "-1", "b_c": "nan", "b_dim": "1e99", "b_n": "1000000000", "b_alpha": "0"},
    {"b_pa": "inf", "b_pb": "-0.5", "b_votes": "yes", "b_equal": "", "b_norm": "l3", "b_procedure": "guess"},
    {"b_scale": "abc", "b_dim": "0", "b_pa": "'; drop table", "b_example": "x", "b_view": "\x00"},
    {"b_scale": "9" * 5000, "b_dim": "9" * 5000},
]


@pytest.mark.parametrize("query", JUNK)
def test_no_traceback_whatever_stands_in_the_url(query):
    app = open_page("bounds", **query)
    assert not app.exception
    assert not app.error
    assert charts(app) >= 1


def test_an_impossible_point_gets_one_sentence_and_the_picture_stays():
    app = open_page("bounds", b_pa="0.8", b_pb="0.7")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "p_b is 0.7 where p_a is 0.8; p_a + p_b must not exceed 1."
    ]
    assert charts(app) == 3


def test_no_bound_chosen_is_said_and_norms_that_differ_do_not_compete():
    assert "Choose at least one bound." in words(open_page("bounds", b_bounds=""))
    app = open_page("bounds", b_view="Who wins", b_bounds="cohen-l2,laplace-l1")
    assert not app.warning and "Every radius is read in ℓ₁" in words(app)


def test_who_wins_opens_where_somebody_else_than_cohen_wins_too():
    app = open_page("bounds", b_view="winner")
    shares = dict(re.findall(r"(Cohen et al\.|Laplace, tight|Uniform, tight) ([\d.]+)%", words(app)))
    assert float(shares["Cohen et al."]) > 10 and float(shares["Laplace, tight"]) > 10


def test_an_older_link_to_who_wins_has_its_contestants():
    app = open_page("bounds", b_view="winner", b_bounds="li-l2,pixeldp-l2")
    assert app.multiselect(key="b_contest").value == ["li-l2", "pixeldp-l2"]


def test_a_claim_is_never_shown_as_a_certificate():
    app = open_page("bounds", b_bounds="dmr-l2", b_pa="0.1", b_pb="0.02")
    text = words(app)
    assert "not a certificate" in text
    assert "larger than any true radius here" in text
    winners = open_page("bounds", b_view="winner", b_bounds="dmr-l2,li-l2")
    assert "Left out, for it is not a certificate: D_MR" in words(winners)


def test_the_python_lines_recompute_the_picture():
    app = open_page("bounds", b_bounds="cohen-l2,dmr-l2", b_votes="1", b_n="100", b_scale="0.25")
    room = {}
    app.session_state["take_home"] = True
    app.run()
    exec(app.code[0].value, room)
    assert room["setting"].votes.n == 100
    assert set(room["radii"]) == {"cohen-l2", "dmr-l2"}
    assert room["radii"]["cohen-l2"].max() > 0


@pytest.mark.parametrize("view", ui.VIEWS)
def test_files_and_python_lines_are_those_of_the_view(view, monkeypatch):
    saved = []
    monkeypatch.setattr("rsviz.ui.export.download", lambda file: saved.append(file.name))
    app = open_page("bounds", b_view=view)
    app.session_state["take_home"] = True
    app.run()
    assert not app.exception
    room = {}
    exec(app.code[0].value, room)
    made = {"map": "radii", "ratio": "ratios", "winner": "largest", "surfaces": "radii", "slice": "radii"}[
        view
    ]
    assert len(room[made])
    assert {name.partition(".")[0] for name in saved} == {f"rsviz-bounds-{view}", "rsviz"}
