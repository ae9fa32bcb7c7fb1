"""What the URL of the Playground page holds. A setting that it leaves out is that of the scene."""

from collections.abc import Mapping, Sequence

import streamlit as st

from rsviz.plane import SCENES, ClassMap, Settings
from rsviz.plane.networks import NETWORKS
from rsviz.plane.scenes import LAYERS
from rsviz.plane.states import DRAW, FIRST, OPTIONS, RANGES, class_map_of, settings_of, title_of
from rsviz.ui.address import Address, Field, choice, choices, flag, number


def _follows_scene(field: Field) -> Field:
    """The field without a default of its own."""
    return Field(None, field.read, field.write)


def _drawing(texts: list[str]) -> str:
    ClassMap.from_text(texts[0])  # RsvizError, a ValueError, for what is no drawing
    return texts[0]


_SETTINGS = {
    **{key: number(*limits, getattr(Settings(), key)) for key, limits in RANGES.items()},
    **{key: choice(options, getattr(Settings(), key)) for key, options in OPTIONS.items()},
    "show": choices(LAYERS, ()),
    "clip": flag(False),
}
ADDRESS = Address(
    "playground",
    {
        "scene": choice((*SCENES, *NETWORKS, DRAW), FIRST),
        "map": Field("", _drawing, lambda text: [text]),
        **{key: _follows_scene(_SETTINGS[key]) for key in vars(Settings())},
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


def values_of(query: Mapping[str, Sequence[str]]) -> dict:
    """The values that query parameters set, by key; those that they leave out are of the scene."""
    found = ADDRESS.read(query)
    settings = vars(settings_of(found["scene"]))
    return {key: settings.get(key) if value is None else value for key, value in found.items()}


def class_map(values: Mapping[str, object]) -> ClassMap:
    """The base classifier that the fields name."""
    return class_map_of(values["scene"], values["map"], values["variant"])


def title(values: Mapping[str, object]) -> str:
    """The name of the scene."""
    return title_of(values["scene"], "My drawing")


def sentence(wrong: list[str]) -> str:
    """What the page says of a link with such keys."""
    return (
        f"The link has values that are not allowed for: {', '.join(wrong)}. "
        "The picture shows those of the scene instead."
    )
