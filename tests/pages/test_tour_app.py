"""The tour: nine stops over the real pages, each ending in something that the person does."""

import importlib
import re

import pytest

from rsviz.ui import tour
from rsviz.ui.shell import PAGES

NUMBERED = list(enumerate(tour.STOPS, 1))
ADDRESSES = {
    "playground": "playground.address",
    "noise": "noise.address",
    "certify": "certify.controls",
    "statistics": "statistics.controls",
    "bounds": "bounds.controls",
    "attack": "attack.controls",
    "evaluate": "evaluate.controls",
    "train": "train.controls",
}


def hint(app) -> str:
    """The words of the card; empty where there is none."""
    return "\n".join(one.value for one in app.markdown if f"of {len(tour.STOPS)}" in one.value)


def test_nine_stops_over_pages_that_exist_each_with_at_most_25_words_and_something_to_do():
    assert len(tour.STOPS) == 9
    for stop in tour.STOPS:
        assert stop.page in {page.key for page in PAGES}
        assert len(stop.says.split()) <= 25
        assert re.search(r"\*\*.+\*\*", stop.says)


@pytest.mark.parametrize(
    "stop", [stop for stop in tour.STOPS if stop.page in ADDRESSES], ids=lambda stop: stop.page
)
def test_what_is_done_at_a_stop_is_in_the_address_of_its_page(stop):
    address = importlib.import_module(f"rsviz.ui.{ADDRESSES[stop.page]}").ADDRESS
    assert set(stop.does) <= {*address.fields, "job"}


@pytest.mark.parametrize("number, stop", NUMBERED, ids=lambda one: getattr(one, "page", None))
def test_a_hint_is_shown_until_it_is_done_and_leaves_when_asked(open_page, number, stop):
    app = open_page(stop.page, **stop.link(number))
    assert not app.exception
    assert stop.says in hint(app)
    app.button(key="tour-leave").click().run()
    assert hint(app) == "" and "tour" not in app.query_params


def test_a_stop_is_done_once_one_of_its_settings_changed():
    stop = tour.STOPS[0]
    begun = stop.link(1)
    assert not stop.is_done(begun)
    assert stop.is_done(begun | {"x": "0.4"})
    assert not stop.is_done(begun | {"scale": "0.4"})


def test_what_is_done_on_a_page_keeps_the_tour_in_the_address_and_replaces_the_hint(open_page):
    number, stop = next((number, stop) for number, stop in NUMBERED if stop.page == "noise")
    app = open_page(stop.page, **stop.link(number))
    app.slider(key="n_dev").set_value(0.5).run()
    assert app.query_params["tour"] == str(number)
    assert stop.says not in hint(app) and "**Done**" in hint(app)


@pytest.mark.parametrize("text", ["0", "10", "x", "-1", "1.5", "9" * 400])
def test_another_number_shows_no_hint(open_page, text):
    app = open_page("statistics", tour=text)
    assert not app.exception and hint(app) == ""
