"""The Statistics page in Streamlit's own test runner: views, links, refusals, and what it says."""

import json
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rsviz.confidence import PROCEDURES
from rsviz.simulation import Experiment, peeking
from rsviz.ui.statistics import controls as ui
from rsviz.ui.statistics.view import summaries

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clear_caches():
    st.cache_data.clear()
    st.cache_resource.clear()


def open_page(**query):
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page("pages/statistics.py")
    app.run()
    assert not app.exception
    return app


def charts(app):
    return app.get("vega_lite_chart")


def words(app):
    return " ".join(
        element.value for kind in ("markdown", "caption", "info", "error") for element in app.get(kind)
    )


def test_page_opens_on_one_idea_and_the_chances_of_it_are_exact():
    app = open_page()
    assert not app.error
    assert len(charts(app)) == 2
    ends = {key: values[-1] for key, values in peeking(0.9, 300, 0.05).items()}
    text = words(app)
    assert f"a false Clopper-Pearson limit with probability **{ends['cohen']:.3g}**" in text
    assert f"misleads with probability **{ends['anytime']:.3g}**" in text
    assert [slider.key for slider in (*app.slider, *app.select_slider)][:3] == ["s_pa", "s_n", "s_alpha"]
    assert not [key for key in app.query_params if key.startswith("s_")]


def test_the_certificates_are_a_finished_experiment():
    text = words(open_page(s_view="certificates"))
    assert "The true radius is **1.784 σ**" in text
    assert "split **+" in text
    assert ui.PRESETS.table["ten"].says in text


def test_a_link_from_before_the_page_opened_on_peeking_shows_the_certificates():
    app = open_page(s_pa="0.8")
    assert app.session_state["s_view"] == "certificates"
    peeked = open_page()
    peeked.slider(key="s_pa").set_value(0.8).run()
    link = {key: peeked.query_params[key] for key in peeked.query_params}
    assert open_page(**link).session_state["s_view"] == "peeking"


def test_the_first_picture_holds_every_procedure_and_the_truth():
    spec = charts(open_page(s_view="certificates"))[0].proto.spec
    found = {row["key"] for layer in json.loads(spec)["layer"] for row in rows_of(layer) if "key" in row}
    assert found == {*PROCEDURES, "truth"}


def rows_of(layer):
    return layer.get("data", {}).get("values", [])


def test_what_is_not_proved_is_said_so_wherever_it_is_named():
    for view in ("certificates", "votes", "split"):
        app = open_page(s_view=view)
        text = " ".join(chart.proto.spec for chart in charts(app))
        assert "T-CERTIFY (not proved)" in text
        assert '"T-CERTIFY"' not in text


@pytest.mark.parametrize("view", ui.VIEWS)
@pytest.mark.parametrize("source", ui.SOURCES)
def test_every_view_draws_every_truth(view, source):
    app = open_page(s_view=view, s_from=source, s_n="100")
    assert not app.error
    assert len(charts(app)) == (2 if view in ("certificates", "peeking") else 1)


@pytest.mark.parametrize("name", ui.PRESETS.table)
def test_preset_gives_its_picture_and_a_link_that_restores_it(name):
    app = open_page(s_view="votes", s_n="100")
    app.button(key=f"preset-{name}").click().run()
    assert not app.exception
    assert ui.PRESETS.table[name].says in words(app)
    link = {key: app.query_params[key] for key in app.query_params if key.startswith("s_")}
    restored = open_page(**link)
    for key in ui.ADDRESS.defaults():
        assert restored.session_state[key] == app.session_state[key]


def test_the_examples_show_what_they_say():
    coin = open_page(s_pa="0.5", s_classes="2")
    assert "the true radius is 0" in words(coin)
    equal = summaries(Experiment((0.1,) * 10, n=100, seed=3), False)
    assert equal["li"].limits_false > 0.15
    assert equal["split"].limits_false < 0.05
    sison = summaries(Experiment((0.95, 0.05), n=100, seed=3), True)["sison-glaz"]
    assert sison.runs == 1_000
    assert sison.low > 0.05
    below = summaries(Experiment((0.3, *[0.7 / 9] * 9), n=1_000, seed=3), False)
    assert below["split"].mean_radius > 0
    assert below["cohen"].abstains == below["tcertify"].abstains == 1


def test_draw_again_takes_the_next_seed_and_the_link_keeps_it():
    app = open_page(s_view="certificates")
    before = charts(app)[0].proto.spec
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert app.query_params["s_seed"] in ("1", ["1"])
    assert charts(app)[0].proto.spec != before
    assert charts(open_page(s_seed="1"))[0].proto.spec == charts(app)[0].proto.spec


def test_the_numbers_and_what_is_assumed_open_on_demand():
    app = open_page(s_view="certificates")
    assert PROCEDURES["tcertify"].assumes not in words(app)
    app.session_state["statistics-numbers"] = True
    app.run()
    for procedure in PROCEDURES.values():
        assert procedure.statement in words(app)
        assert procedure.assumes in words(app)


def test_votes_that_a_person_types():
    app = open_page(s_from="votes", s_votes="50 30;20")
    app.session_state["take_home"] = True
    app.run()
    assert "0.5, 0.3, 0.2" in app.code[0].value
    app.text_input(key="s_votes").set_value("a lot").run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "The votes are 'a lot'; they must be 2 to 1000 whole numbers with commas or spaces between them, "
        "not all 0."
    ]
    app.text_input(key="s_votes").set_value("0, 0").run()
    assert len(app.error) == 1
    app.text_input(key="s_votes").set_value("9, 1").run()
    assert not app.error


JUNK = [
    {"s_view": "Nothing", "s_from": "x", "s_votes": "<script>", "s_n": "1e9", "s_alpha": "0", "s_runs": "-1"},
    {"s_pa": "nan", "s_share": "7", "s_classes": "1000000", "s_seed": "-3", "s_n0": "", "s_sison": "yes"},
    {"s_pa": "1e999", "s_seed": "9" * 5000, "s_votes": "1" * 5000, "s_view": "\x00"},
]


@pytest.mark.parametrize("query", JUNK)
def test_no_traceback_whatever_stands_in_the_url(query):
    app = open_page(**query)
    assert not app.error
    assert len(charts(app)) == 2


def test_the_python_lines_draw_the_same_certificates():
    app = open_page(s_from="votes", s_votes="1, 1, 1", s_n="100", s_runs="100")
    room = {}
    app.session_state["take_home"] = True
    app.run()
    exec(app.code[0].value, room)
    mine = summaries(room["experiment"], False)
    assert room["rates"]["li"] == mine["li"].limits_false
    assert room["experiment"].probabilities == (1 / 3,) * 3


@pytest.mark.parametrize("view", ui.VIEWS)
def test_the_python_lines_are_those_of_the_view(view):
    app = open_page(s_view=view, s_n="100", s_runs="100")
    app.session_state["take_home"] = True
    app.run()
    room = {}
    exec(app.code[0].value, room)
    made = {
        "certificates": "rates",
        "peeking": "misled",
        "votes": "radii",
        "split": "radii",
        "same": "failures",
    }
    assert len(room[made[view]])


def test_peeking_stops_where_it_would_take_too_long():
    text = words(open_page(s_view="peeking", s_n="1000000"))
    assert "Votes beyond 10,000 are left out." in text
