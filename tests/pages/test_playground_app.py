"""The Playground page without a browser: links, what the browser says, and the size of what it is sent."""

import json

import numpy as np
import pytest

from rsviz.plane import SCENES, SIDE, ClassMap, Settings
from rsviz.ui.playground import component
from tests.plane.test_class_map import GOOD, HOSTILE_TEXTS

DEFAULT = SCENES["island"].settings
MOST_BYTES = 60_000
HOSTILE = {
    "an unknown scene": {"scene": "../../etc/passwd"},
    "a script for a scene": {"scene": "<script>alert(1)</script>"},
    "no number": {"x": "NaN", "y": "nan"},
    "an infinite number": {"scale": "inf", "x": "-inf"},
    "a huge number": {"seed": "9" * 5_000, "x": "1e308"},
    "an overflow": {"x": "1e999"},
    "beyond the picture": {"x": "2.5", "y": "-7"},
    "a scale of nothing": {"scale": "0"},
    "a negative scale": {"scale": "-0.5"},
    "no votes": {"n": "0"},
    "votes between those offered": {"n": "17"},
    "an alpha of one": {"alpha": "1"},
    "a negative seed": {"seed": "-1"},
    "half a seed": {"seed": "1.5"},
    "an unknown noise": {"noise": "cauchy"},
    "an unknown runner-up": {"runner_up": "guessed"},
    "a dimension of nothing": {"d": "-3"},
    "a variant beyond": {"variant": "10000000000000000000000"},
    "empty": {"x": "", "noise": "", "scene": ""},
    "digits of another script": {"n": "١٠٠"},
}
HOSTILE |= {
    f"a drawing, {name}": {"scene": "draw", "map": text}
    for name, text in HOSTILE_TEXTS.items()
    if 0 < len(text) < 500_000  # Streamlit itself passes over a longer address
}


@pytest.fixture(scope="module")
def app():
    """The page, opened once: a further link is opened in the same session, as one does by hand."""
    from streamlit.testing.v1 import AppTest

    from tests.pages.conftest import CHECKOUT

    return AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=60).run()


def opened(app, **query):
    app.query_params.clear()
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("pages/playground.py").run()


def settings_of(app) -> dict:
    return {key: app.session_state[key] for key in ("scene", "map", *Settings.__dataclass_fields__)}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_link_opens_the_default_with_one_sentence(still_home, app, name):
    found = opened(app, **HOSTILE[name])
    assert not found.exception and not found.error
    scene = "draw" if HOSTILE[name].get("scene") == "draw" else "island"
    expected = Settings() if scene == "draw" else DEFAULT
    assert settings_of(found) == {"scene": scene, "map": "", **vars(expected), "show": list(expected.show)}
    (said,) = found.warning
    assert said.value.count(". ") == 1 and said.value.endswith(".") and len(said.value) < 200
    assert all(key in said.value for key in HOSTILE[name] if key != "scene" or scene != "draw")
    assert "<" not in said.value


def test_a_good_link_is_what_the_page_opens_with_and_nothing_is_said(still_home, app):
    found = opened(app, scene="draw", map=GOOD, x="-1.25", noise="uniform", show="worst,g", n="30")
    assert not found.exception and not found.warning
    settings = settings_of(found)
    assert (settings["map"], settings["x"], settings["noise"], settings["n"]) == (GOOD, -1.25, "uniform", 30)
    assert settings["show"] == ["worst", "g"]


def test_what_a_link_leaves_out_is_that_of_its_scene(still_home, app):
    for key, scene in SCENES.items():
        found = opened(app, scene=key)
        assert not found.exception and not found.warning
        expected = {"scene": key, **vars(scene.settings), "show": list(scene.settings.show)}
        assert settings_of(found) == expected | {"map": ""}


def test_the_script_is_small_and_stands_alone():
    text = component.script()
    assert len(text.encode()) <= MOST_BYTES
    page = (component.FOLDER / "page.html").read_text() + (component.FOLDER / "style.css").read_text()
    for word in ("http://", "https://", "import(", "fetch(", "@import", "eval(", "document.cookie"):
        assert word not in text + page


def said(**changes) -> str:
    state = {"scene": "draw", **vars(Settings()), "show": ["g"]} | changes.pop("state", {})
    drawing = {"runs": ClassMap(np.zeros((SIDE, SIDE), int), 2).runs(), "classes": 2}
    return json.dumps({"turn": 3, "state": state, "drawing": drawing} | changes)


@pytest.mark.parametrize(
    "words",
    [
        "", "no JSON", "[]", "null", "7", '{"turn": 1}', "[" * 90_000, "x" * 1_000_000,
        said(drawing={"runs": "A5", "classes": 2}), said(drawing={"runs": 5}), said(drawing=[1]),
        said(drawing={"runs": "A16384", "classes": "2; DROP"}), said(turn="soon"), said(turn=[]),
        said(drawing={"runs": "F" * 50_000, "classes": 2}),
    ],
)  # fmt: skip
def test_what_the_browser_would_never_say_changes_nothing(monkeypatch, words):
    store = {component.KEY: {"said": words}}
    monkeypatch.setattr(component.st, "session_state", store)
    taken = []
    monkeypatch.setattr(component.ADDRESS, "take", taken.append)
    component._take()
    assert not taken
    assert list(store) == [component.KEY]


def test_what_the_browser_says_is_read_as_a_link_is(monkeypatch):
    store = {component.KEY: {"said": said(state={"x": 1e300, "noise": "cauchy", "scale": 0.25, "other": 1})}}
    monkeypatch.setattr(component.st, "session_state", store)
    taken = []
    monkeypatch.setattr(component.ADDRESS, "take", taken.append)
    component._take()
    values = component.ADDRESS.read(taken[0])
    assert (values["x"], values["noise"], values["scale"]) == (None, None, 0.25)
    assert "other" not in taken[0]
    assert not ClassMap.from_text(values["map"]).cells.any()
