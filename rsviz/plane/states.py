"""States of the playground by name: what a scene, a network or a drawing begins with, and what can be set."""

from collections.abc import Mapping
from types import MappingProxyType

from rsviz.noise import NOISES
from rsviz.plane.class_map import HALF, ClassMap
from rsviz.plane.geometry import RUNNER_UPS
from rsviz.plane.networks import NETWORKS
from rsviz.plane.scenes import ALPHAS, DIMENSIONS, NUMBERS_OF_VOTES, SCALES, SCENES, WAYS, Settings
from rsviz.plane.smoothing import SmoothedPlane

DRAW = "draw"
"""In place of the key of a scene: a drawing."""
FIRST = next(iter(SCENES))

RANGES: Mapping[str, tuple] = MappingProxyType(
    {
        "x": (-HALF, HALF),
        "y": (-HALF, HALF),
        "scale": SCALES,
        "seed": (0, 2**31 - 1),
        "variant": (0, 1),
    }
)
"""Smallest and largest value of the settings that are numbers."""
OPTIONS: Mapping[str, tuple] = MappingProxyType(
    {
        "noise": tuple(NOISES),
        "n": NUMBERS_OF_VOTES,
        "alpha": ALPHAS,
        "runner_up": tuple(RUNNER_UPS),
        "d": DIMENSIONS,
        "way": tuple(WAYS),
    }
)
"""What the settings that are one of several may be."""


def settings_of(scene: str) -> Settings:
    """What a scene, a network or a drawing begins with."""
    if scene in NETWORKS:
        return Settings(scale=NETWORKS[scene].sigma, show=("ball", "true", "g"))
    return SCENES[scene].settings if scene in SCENES else Settings()


def class_map_of(scene: str, drawing: str = "", variant: int = 0) -> ClassMap:
    """The base classifier. drawing: the text of one; without it a drawing begins as the first scene."""
    if scene == DRAW:
        return ClassMap.from_text(drawing) if drawing else SCENES[FIRST].class_map()
    return NETWORKS[scene].class_map() if scene in NETWORKS else SCENES[scene].class_map(variant)


def title_of(scene: str, drawing: str) -> str:
    """The name of a scene or of a network, or else `drawing`."""
    if scene in NETWORKS:
        return f"{NETWORKS[scene].data_title}, {NETWORKS[scene].method_title}"
    return SCENES[scene].title if scene in SCENES else drawing


def smoothed(f: ClassMap, settings: Settings) -> SmoothedPlane:
    """g under the noise of the settings, of f that clips first where they say so."""
    return SmoothedPlane(f.clipped() if settings.clip else f, NOISES[settings.noise](settings.scale))
