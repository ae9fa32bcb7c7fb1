"""A link of the playground as a picture on paper: its scene, its settings, and what is not allowed in it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qsl

from rsviz.errors import RsvizError, short
from rsviz.plane import SCENES, Settings, SmoothedPlane
from rsviz.plane.networks import NETWORKS
from rsviz.plane.scenes import LAYERS
from rsviz.plane.states import DRAW, OPTIONS, RANGES, class_map_of, settings_of, smoothed, title_of


def _one_of(options) -> Callable:
    by_text = {str(option): option for option in options}

    def read(text):
        if text not in by_text:
            raise ValueError(f"one of {', '.join(by_text)}")
        return by_text[text]

    return read


def _number(kind, low, high) -> Callable:
    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return read


def _layers(text) -> tuple[str, ...]:
    asked = [part for part in text.split(",") if part]
    if unknown := set(asked) - set(LAYERS):
        raise ValueError(f"names of {', '.join(LAYERS)} with commas between, without {short(min(unknown))}")
    return tuple(layer for layer in LAYERS if layer in asked)


_HOW = {
    **{key: _number(type(getattr(Settings(), key)), *limits) for key, limits in RANGES.items()},
    **{key: _one_of(options) for key, options in OPTIONS.items()},
    "show": _layers,
    "clip": lambda text: bool(_one_of((0, 1))(text)),
}
READ: Mapping[str, Callable] = MappingProxyType({key: _HOW[key] for key in vars(Settings())})
"""How the value of each key of /playground is read, besides its scene and a drawing."""


def plane_of(query: str) -> tuple[str, SmoothedPlane, Settings]:
    """(title, g, settings) of a query of /playground; RsvizError, a sentence, where it is not allowed."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    scene, drawing = given.pop("scene", next(iter(SCENES))), given.pop("map", "")
    if not (scene in SCENES or scene in NETWORKS or (scene == DRAW and drawing)):
        allowed = ", ".join([*SCENES, *NETWORKS])
        raise RsvizError(f"scene is {short(scene)}; it must be one of {allowed}, or draw with a map.")
    settings = replace(settings_of(scene), **{key: _read(key, text) for key, text in given.items()})
    f = class_map_of(scene, drawing, settings.variant)
    return title_of(scene, "A drawing"), smoothed(f, settings), settings


def _read(key, text):
    if key not in READ:
        raise RsvizError(
            f"A link of the playground has no {short(key)}; it may have scene, map, {', '.join(READ)}."
        )
    try:
        return READ[key](text)
    except ValueError as allowed:
        raise RsvizError(
            f"{key} of a link of the playground is {short(text)}; it must be {allowed}."
        ) from None
