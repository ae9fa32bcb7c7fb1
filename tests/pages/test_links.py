"""What is set on a page is its link: links last, Back works, and a network brings its own noise."""

import pytest
from streamlit.testing.v1 import AppTest

from rsviz.ui.address import Address, choice, number

CHANGES = {
    "certify": ("n0", 50),
    "attack": ("seed", 7),
    "evaluate": ("skip", 3),
    "population": ("images", 50),
    "train": ("epochs", 9),
    "bounds": ("b_dim", 64),
    "statistics": ("s_seed", 7),
}
"""A number of each page, by key: another value than its default."""


def query(app):
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def open_all(app):
    """Expanders that draw what is in them only when they are open."""
    for key in ("a_more", "t_more"):
        app.session_state[key] = True
    return app.run()


@pytest.mark.parametrize("page", CHANGES)
def test_back_to_a_bare_address_shows_the_defaults_and_leaves_the_address_bare(page, open_page):
    key, value = CHANGES[page]
    app = open_all(open_page(page))
    default = app.number_input(key=key).value
    assert default != value
    app = app.number_input(key=key).set_value(value).run()
    assert query(app)[key] == f"{value:g}"
    app.query_params.clear()  # as Back does in a browser
    app = app.run()
    assert app.number_input(key=key).value == default
    assert query(app) == {}


@pytest.mark.parametrize(
    ("page", "link", "key", "shown"),
    [
        ("certify", {"sigma": "0.3", "end": "When it is good enough"}, "scale", 0.3),
        ("attack", {"a_cw_steps": "7", "attack": "cw"}, "cw.steps", 7),
        ("train", {"t_network": "digits-cnn", "t_epochs": "7"}, "epochs", 7),
        ("certify", {"index": "99999", "n": "many"}, "n", 100_000),
    ],
)
def test_a_link_is_left_as_it_was_opened_until_something_changes(page, link, key, shown, open_page):
    app = open_page(page, **link)
    assert app.session_state[key] == shown
    assert query(app) == link  # a new address would be an entry in the browser's history
    app = app.run()
    assert query(app) == link
    app = open_all(app).number_input(key="seed").set_value(5).run()
    assert query(app)["seed"] == "5"
    assert not {"sigma", "a_cw_steps", "t_network", "t_epochs"} & set(query(app))
    assert app.session_state[key] == shown


@pytest.mark.parametrize("page", CHANGES)
def test_a_change_holds_though_the_browser_does_not_know_the_address_of_the_last_one_yet(page, open_page):
    key, value = CHANGES[page]
    app = open_all(open_page(page))
    before = dict(app.query_params)
    app.number_input(key=key).set_value(value).run()
    app.query_params.clear()
    app.query_params.update(before)  # what the browser knows where the next change is made at once
    app.number_input(key=key).set_value(value + 1).run()
    assert app.number_input(key=key).value == value + 1
    assert query(app)[key] == f"{value + 1:g}"


@pytest.mark.parametrize("page", CHANGES)
def test_a_change_and_its_undoing_hold_though_the_browser_learns_of_the_change_late(page, open_page):
    key, value = CHANGES[page]
    app = open_all(open_page(page))
    default = app.number_input(key=key).value
    before = dict(app.query_params)
    app.number_input(key=key).set_value(value).run()
    changed = dict(app.query_params)
    app.query_params.clear()
    app.query_params.update(before)  # the change is undone before the browser knows its address
    app.number_input(key=key).set_value(default).run()
    assert app.number_input(key=key).value == default
    app.query_params.clear()
    app.query_params.update(changed)  # which the browser knows by the time of the next change
    app.number_input(key=key).set_value(value + 1).run()
    assert app.number_input(key=key).value == value + 1
    assert query(app)[key] == f"{value + 1:g}"


@pytest.mark.parametrize("page", ["certify", "attack", "evaluate"])
def test_a_network_brings_its_own_noise_and_scale_and_leaves_the_image(page, open_page):
    app = open_page(page, scale="0.3", index="3")
    assert app.slider(key="scale").value == 0.3
    if page != "evaluate":
        app = app.number_input(key="index").set_value(7).run()
    app = app.selectbox(key="checkpoint").set_value("digits-gaussian-0.50").run()
    assert app.slider(key="scale").value == 0.5
    assert "scale" not in query(app)
    assert page == "evaluate" or app.number_input(key="index").value == 7


@pytest.mark.parametrize("scale", ["0.3333", "5.5", "0.004"])
def test_a_link_may_ask_for_every_scale_that_a_request_may_have(scale, open_page):
    app = open_page("certify", scale=scale)
    assert not app.exception
    assert app.slider(key="scale").value == float(scale)


def cut_off():
    import streamlit as st

    from rsviz.ui.address import Address, Field

    address = Address("page", {"of": Field("a", lambda texts: texts[0], lambda value: [value])}, {})
    address.fields = dict(address.fields) | {"scale": Field(None, lambda texts: float(texts[0]), str)}
    address.restore()
    of = st.selectbox("of", ["a", "b"], key="of")
    address.suggest("scale", {"a": 0.25, "b": 0.5}[of], follows=of)
    st.slider("scale", 0.0, 1.0, key="scale")
    if st.session_state.get("cut off"):
        st.stop()
    address.write()


def run_cut_off(app, act):
    """Run the app once after `act`, cut off before its end."""
    app.session_state["cut off"] = True
    act().run()
    app.session_state["cut off"] = False


def test_a_scale_that_was_on_its_way_to_the_browser_when_the_page_was_cut_off_is_sent_again():
    app = AppTest.from_function(cut_off).run()
    run_cut_off(app, lambda: app.selectbox(key="of").set_value("b"))
    app.slider(key="scale").set_value(0.25)  # what the browser still holds, and sends
    assert app.run().slider(key="scale").value == 0.5


def preset():
    import streamlit as st

    from rsviz.ui import widgets
    from rsviz.ui.address import Address, number

    address = Address("page", {"size": number(0.0, 1.0, 0.5), "other": number(0.0, 1.0, 0.5)})
    address.restore()
    st.button("preset", on_click=address.put, args=({"size": 0.25, "other": 0.75},))
    for key in address.fields:
        widgets.slider(key, 0.0, 1.0, key=key)
    if st.session_state.get("cut off"):
        st.stop()
    address.write()


def test_a_preset_that_was_cut_off_holds_and_what_a_person_moved_since_holds_too():
    app = AppTest.from_function(preset).run()
    run_cut_off(app, app.button[0].click)
    app.slider(key="size").set_value(0.5)  # what the browser still holds, and sends
    app.slider(key="other").set_value(1.0)
    app.run()
    assert [found.value for found in app.slider] == [0.25, 1.0]
    app.slider(key="size").set_value(0.5).run()
    assert [found.value for found in app.slider] == [0.5, 1.0]


def test_a_rule_that_is_not_chosen_does_not_come_back_by_the_link(open_page):
    app = open_page("certify", until_radius="0.4")
    assert app.selectbox(key="end").value == "until_radius"
    app = app.selectbox(key="end").set_value("votes").run()
    again = open_page("certify", **query(app))
    assert again.selectbox(key="end").value == "votes"


@pytest.mark.parametrize("page", ["certify", "attack"])
@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"index": "99999"}, "The link names test image 99999; digits has 0 to 499."),
        ({"image": "photo"}, "The link names the image 'photo'; an upload is named by 64"),
        ({"checkpoint": "nobodys"}, "There is no checkpoint 'nobodys' here"),
        ({"job": "nonsense"}, "'nonsense' is not a job id"),
    ],
    ids=str,
)
def test_what_a_link_names_and_is_not_here_is_one_warning(page, link, words, open_page):
    app = open_page(page, **link)
    for _ in range(2):  # the warning stays while the link asks for it
        assert not app.exception and not app.error
        (said,) = [warning.value for warning in app.warning]
        assert said.startswith(words)
        app = app.run()


@pytest.mark.parametrize(("text", "value"), [("1000", 1000), ("1,000", 1000), ("100,000", 100_000)])
def test_numbers_in_links_may_have_commas(text, value):
    query = {"n": [text]}
    assert Address("toy", {"n": number(1, 1_000_000, 7)}).read(query) == {"n": value}
    assert Address("toy", {"n": choice((1_000, 100_000), 7)}).read(query) == {"n": value}


@pytest.mark.parametrize("text", ["1,00", ",100", "1,000,", "10,00"])
def test_commas_elsewhere_are_no_number(text):
    assert Address("toy", {"n": number(1, 1_000_000, 7)}).read({"n": [text]}) == {"n": 7}
