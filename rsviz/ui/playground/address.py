"""What the URL of the Playground page holds. A setting that it leaves out is that of the scene."""

from collections.abc import Mapping, Sequence

import streamlit as st

from rsviz.noise import NOISES
from rsviz.plane import HALF, SCENES, ClassMap, Settings
from rsviz.plane.geometry import RUNNER_UPS
from rsviz.plane.networks import NETWORKS
from rsviz.plane.scenes import ALPHAS, DIMENSIONS, LAYERS, NUMBERS_OF_VOTES, SCALES, WAYS
from rsviz.ui.address import Address, Field, choice, choices, flag, number

DRAW = "draw"
FIRST = next(iter(SCENES))


def _follows_scene(field: Field) -> Field:
    """The field without a default of its own."""
    return Field(None, field.read, field.write)


def _drawing(texts: list[str]) -> str:
    ClassMap.from_text(texts[0])  # RsvizError, a ValueError, for what is no drawing
    return texts[0]


ADDRESS = Address(
    "playground",
    {
        "scene": choice((*SCENES, *NETWORKS, DRAW), FIRST),
        "map": Field("", _drawing, lambda text: [text]),
        **{
            key: _follows_scene(field)
            for key, field in {
                "x": number(-HALF, HALF, 0.0),
                "y": number(-HALF, HALF, 0.0),
                "noise": choice(NOISES, "gaussian"),
                "scale": number(*SCALES, 0.5),
                "n": choice(NUMBERS_OF_VOTES, 1_000),
                "alpha": choice(ALPHAS, 0.05),
                "seed": number(0, 2**31 - 1, 0),
                "runner_up": choice(RUNNER_UPS, "measured"),
                "show": choices(LAYERS, ()),
                "variant": number(0, 1, 0),
                "d": choice(DIMENSIONS, 2),
                "clip": flag(False),
                "way": choice(WAYS, "peeked"),
            }.items()
        },
    },
)


def restore() -> list[str]:
    """Put the URL into the fields, and the settings of the scene into those that it leaves out.

    Returns the keys in the URL whose values are not allowed.
    """
    ADDRESS.restore()
    scene = st.session_state["scene"]
    for key, value in vars(settings_of(scene)).items():
        ADDRESS.suggest(key, list(value) if isinstance(value, tuple) else value, follows=scene)
    return ADDRESS.not_allowed()


def settings_of(scene: str) -> Settings:
    """What a scene, a network or a drawing begins with."""
    if scene in NETWORKS:
        return Settings(scale=NETWORKS[scene].sigma, show=("ball", "true", "g"))
    return SCENES[scene].settings if scene in SCENES else Settings()


def values_of(query: Mapping[str, Sequence[str]]) -> dict:
    """The values that query parameters set, by key; those that they leave out are of the scene."""
    found = ADDRESS.read(query)
    settings = vars(settings_of(found["scene"]))
    return {key: settings.get(key) if value is None else value for key, value in found.items()}


def class_map(values: Mapping[str, object]) -> ClassMap:
    """The base classifier that the fields name; without a drawing, a drawing begins as the first scene."""
    if values["scene"] == DRAW:
        return ClassMap.from_text(values["map"]) if values["map"] else SCENES[FIRST].class_map()
    if values["scene"] in NETWORKS:
        return NETWORKS[values["scene"]].class_map()
    return SCENES[values["scene"]].class_map(values["variant"])


def title(values: Mapping[str, object]) -> str:
    """The name of the scene."""
    scene = values["scene"]
    return (
        "My drawing" if scene == DRAW else network_title(scene) if scene in NETWORKS else SCENES[scene].title
    )


def network_title(key: str) -> str:
    """Its data and how it was trained."""
    return f"{NETWORKS[key].data_title}, {NETWORKS[key].method_title}"


def sentence(wrong: list[str]) -> str:
    """What the page says of a link with such keys."""
    return (
        f"The link has values that are not allowed for: {', '.join(wrong)}. "
        "The picture shows those of the scene instead."
    )
