"""A link of the playground as a picture on paper: its scene, its settings, and what is not allowed in it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qsl

from rsviz.errors import RsvizError, short
from rsviz.noise import NOISES
from rsviz.plane import HALF, SCENES, ClassMap, Settings, SmoothedPlane
from rsviz.plane.geometry import RUNNER_UPS
from rsviz.plane.networks import NETWORKS
from rsviz.plane.scenes import ALPHAS, DIMENSIONS, LAYERS, NUMBERS_OF_VOTES, SCALES, WAYS

DRAW = "draw"


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


READ: Mapping[str, Callable] = MappingProxyType(
    {
        "x": _number(float, -HALF, HALF),
        "y": _number(float, -HALF, HALF),
        "noise": _one_of(NOISES),
        "scale": _number(float, *SCALES),
        "n": _one_of(NUMBERS_OF_VOTES),
        "alpha": _one_of(ALPHAS),
        "seed": _number(int, 0, 2**31 - 1),
        "runner_up": _one_of(RUNNER_UPS),
        "show": _layers,
        "variant": _number(int, 0, 1),
        "d": _one_of(DIMENSIONS),
        "clip": lambda text: bool(_one_of((0, 1))(text)),
        "way": _one_of(WAYS),
    }
)
"""How the value of each key of /playground is read, besides its scene and a drawing."""


def plane_of(query: str) -> tuple[str, SmoothedPlane, Settings]:
    """(title, g, settings) of a query of /playground; RsvizError, a sentence, where it is not allowed."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    scene, drawing = given.pop("scene", next(iter(SCENES))), given.pop("map", "")
    if scene in SCENES:
        title, settings = SCENES[scene].title, SCENES[scene].settings
    elif scene in NETWORKS:
        network = NETWORKS[scene]
        title = f"{network.data_title}, {network.method_title}"
        settings = Settings(scale=network.sigma, show=("ball", "true", "g"))
    elif scene == DRAW and drawing:
        title, settings = "A drawing", Settings()
    else:
        allowed = ", ".join([*SCENES, *NETWORKS])
        raise RsvizError(f"scene is {short(scene)}; it must be one of {allowed}, or draw with a map.")
    settings = replace(settings, **{key: _read(key, text) for key, text in given.items()})
    if scene == DRAW:
        f = ClassMap.from_text(drawing)
    else:
        f = SCENES[scene].class_map(settings.variant) if scene in SCENES else NETWORKS[scene].class_map()
    f = f.clipped() if settings.clip else f
    return title, SmoothedPlane(f, NOISES[settings.noise](settings.scale)), settings


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
