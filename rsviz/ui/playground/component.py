"""The playground in the browser: one component, with its script and style from files of this folder.

Dragging, noise and maps are computed there (script/*.js); Python sends the scenes and what the address says,
and hears of a change once it is over.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from rsviz.errors import RsvizError
from rsviz.plane import SCENES, ClassMap
from rsviz.plane.networks import NETWORKS, PlaneNetwork
from rsviz.plane.scenes import ALPHAS, DIMENSIONS, LAYERS, NUMBERS_OF_VOTES, SCALES, WAYS
from rsviz.plane.states import DRAW, settings_of, title_of
from rsviz.ui.playground.address import ADDRESS

FOLDER = Path(__file__).with_name("script")
SCRIPTS = ("mathematics", "point", "picture", "panels", "main", "controls", "acts")
"""In the order in which they are joined to one script, before that of the component that uses them."""
MOST_SAID = 100_000
"""Characters of what the browser says at once."""
KEY = "playground"
ROOM = """<style>
[data-testid="stMainBlockContainer"] {padding: 4.25rem 2rem 0.25rem}
@media (max-width: 768px) {[data-testid="stMainBlockContainer"] {padding: 4.25rem 1rem 1rem}}
</style>"""
"""A page that is one component gives it the whole screen."""
STYLE = """<style>
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] {gap: 0.5rem}
[data-testid="stLayoutWrapper"]:has(> .st-key-playground-title) {position: absolute; width: 0; height: 0}
.st-key-playground-title {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
</style>"""
"""The title is in the navigation already; without it the whole picture fits on a small projector."""


def script(names=SCRIPTS, component: Path | None = FOLDER / "mount.js") -> str:
    """The scripts as one, without comments, indentation, and spaces that do not count.

    component: file of the last part, which mounts the component; None for the parts alone.
    """
    files = [FOLDER / f"{name}.js" for name in names] + ([component] if component else [])
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    lines = re.sub(r"^\s+|^//.*\n|  //.*$", "", text, flags=re.MULTILINE).splitlines()
    return "\n".join(line if QUOTES & set(line) else SPACES.sub(r"\1", line) for line in lines)


QUOTES = set("\"'`/")
"""A line without them has no text, template or pattern."""
SPACES = re.compile(r" ?([=,;{}()\[\]?:<>&|*]) ?")


HTML = (FOLDER / "page.html").read_text(encoding="utf-8")
CSS = (FOLDER / "style.css").read_text(encoding="utf-8")
_COMPONENT = st.components.v2.component(
    "rsviz_playground",
    html=HTML,
    css=CSS,
    js=script(),
)


def playground() -> None:
    """Draw it. What a person changes is in the fields of ADDRESS by the next run."""
    st.html(ROOM + STYLE)
    settings = ADDRESS.values()
    # a drawing is kept while other scenes are looked at, but then it is not in the link
    text = st.session_state[DRAWN] = settings["map"] or st.session_state.get(DRAWN, "")
    drawing = text and ClassMap.from_text(text)
    _COMPONENT(
        key=KEY,
        on_said_change=_take,
        data={
            "turn": st.session_state.get(TURN, 0),
            "state": {key: value for key, value in settings.items() if key != "map"},
            "drawing": {"runs": drawing.runs(), "classes": drawing.classes} if drawing else None,
            **catalogue(),
        },
    )


TURN, DRAWN = f"{KEY}-turn", f"{KEY}-drawn"


def _take() -> None:
    """A callback: put what the browser says into the fields of the page."""
    try:
        said = str(st.session_state[KEY].get("said") or "")
        if len(said) > MOST_SAID:
            return
        heard = json.loads(said)
        drawing = heard.get("drawing")
        query = {key: [_spelled(value)] for key, value in heard["state"].items() if key in ADDRESS.fields}
        if drawing:
            query["map"] = [ClassMap.from_runs(drawing["runs"], drawing["classes"]).text()]
        turn = int(heard["turn"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, RsvizError):
        return  # not from our script; the page stays as it is
    st.session_state[TURN] = turn
    ADDRESS.take(query)


def _spelled(value) -> str:
    """A value of the browser as it would be in the address."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


@cache
def catalogue() -> dict:
    """What never changes: scenes and networks with their maps, and what can be chosen."""
    scenes = [
        _entry(scene.key, scene.says, [scene.class_map(at) for at in range(len(scene.rules))])
        | {"act": scene.act, "panel": scene.panel}
        for scene in SCENES.values()
    ]
    scenes += [
        _entry(key, _says(network), [network.class_map()]) | {"network": network.data}
        for key, network in NETWORKS.items()
    ]
    choices = {
        "tabs": [
            *((scene.key, scene.title) for scene in SCENES.values()),
            (DRAW, "Draw your own"),
            ("network", "Networks"),
        ],
        "networks": [(key, title_of(key, "")) for key in NETWORKS],
        "points": {network.data: _points(network) for network in NETWORKS.values()},
        "scales": SCALES,
        "votes": NUMBERS_OF_VOTES,
        "alphas": ALPHAS,
        "dimensions": DIMENSIONS,
        "layers": list(LAYERS.items()),
        "ways": list(WAYS.items()),
    }
    return {"scenes": scenes, "choices": choices}


def _entry(key: str, says: str, maps: Sequence[ClassMap]) -> dict:
    settings = vars(settings_of(key))
    return {
        "key": key,
        "says": says,
        "classes": maps[0].classes,
        "runs": [one.runs() for one in maps],
        "settings": settings | {"show": list(settings["show"])},
    }


def _says(network: PlaneNetwork) -> str:
    return (
        f"{network.method_title}: f is right on {network.accuracy:.0%} of new points, g on "
        f"{network.smoothed_accuracy:.0%}; on average g holds within {network.radius:.2f}, proved."
    )


def _points(network: PlaneNetwork) -> list[list[float]]:
    """[x, y, class] of the training points."""
    places, classes = network.points()
    return [
        [round(float(x), 3), round(float(y), 3), int(k)] for (x, y), k in zip(places, classes, strict=True)
    ]
