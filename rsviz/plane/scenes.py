"""The finished scenes of the playground: a class map, a point, a noise, and what they show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from rsviz.plane.class_map import ClassMap
from rsviz.records import by_key

LAYERS = MappingProxyType(
    {
        "dots": "noise",
        "ball": "certified ball",
        "true": "true radius",
        "worst": "worst case",
        "attack": "attack",
        "g": "boundary of g",
    }
)
"""What a picture may show, in the order in which it is drawn."""
NUMBERS_OF_VOTES = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
ALPHAS = (0.1, 0.05, 0.01, 0.001)
WAYS = MappingProxyType(
    {
        "fixed": "All n votes, then one limit",
        "peeked": "Stop when I like the limit",
        "sequence": "Confidence sequence, stop at will",
    }
)
"""How the votes of a replayed certificate are stopped."""
DIMENSIONS = (2, 3, 5, 10, 30, 100, 300, 784, 3_072, 12_288, 150_528)
SCALES = (0.05, 2.0)
"""Smallest and largest scale of the noise, in units of the plane."""


@dataclass(frozen=True)
class Settings:
    """What is set in a picture; each scene has its own to begin with.

    x, y: the point. noise, scale, seed: of the noise. n, alpha: of a certificate from votes. runner_up: how
    p_b is found, see rsviz.plane.certify_point. show: keys of LAYERS. variant: which map of the scene.
    d: of images, for the section through their balls. clip: whether f clips to [0, 1] first. way: of WAYS.
    """

    x: float = 0.0
    y: float = 0.0
    noise: str = "gaussian"
    scale: float = 0.5
    n: int = 1_000
    alpha: float = 0.05
    seed: int = 0
    runner_up: str = "measured"
    show: tuple[str, ...] = ("dots", "ball", "true", "g")
    variant: int = 0
    d: int = 2
    clip: bool = False
    way: str = "peeked"


@dataclass(frozen=True)
class Scene:
    """A picture with a name.

    says: at most 25 words. act: label of its one act.
    rules: functions from (x, y) of the cells to classes, one a variant. panel: what is beside the picture:
    "", "scale" (radius against scale), "replays" or "section".
    """

    key: str
    title: str
    says: str
    act: str
    rules: tuple[Callable, ...]
    classes: int = 2
    settings: Settings = Settings()
    panel: str = ""

    def class_map(self, variant: int = 0) -> ClassMap:
        """The base classifier; the first one where there is no such variant."""
        return _map(self.key, variant if variant < len(self.rules) else 0)


@cache
def _map(key, variant):
    return ClassMap.of(SCENES[key].rules[variant], SCENES[key].classes)


def _island(x, y):
    return (np.hypot(x + 0.2, y) < 0.3) | (x + 0.25 * np.sin(1.6 * y + 0.6) > 1.2)


def _half_plane(x, y):
    return x > 0.75


def _disc(x, y):
    return np.hypot(x, y) > 1


def _corridor(x, y):
    return np.abs(x) > 0.75


def _coast(x, y):
    return y > 0.55 + 0.35 * np.sin(2.1 * x + 0.4)


def _sectors(x, y):
    return np.floor((np.arctan2(y, x) + np.pi / 3) % (2 * np.pi) / (2 * np.pi / 3))


def _steps(x, y):
    return np.where(x + y > 1.25, 1, np.where(x - y > 1.9, 2, 0))


SCENES: Mapping[str, Scene] = by_key(
    Scene(
        "island",
        "Island",
        "f says B on its island; most noisy votes say A, so g says A. The ball promises g's answer: f breaks "
        "inside it.",
        "Walk through the ball",
        (_island,),
        settings=Settings(x=-0.2, y=0.0, scale=0.5),
    ),
    Scene(
        "boundary",
        "Line and disc",
        "At a straight boundary the proof is tight: proved = true. Round the disc only 0.55 of 0.86 is "
        "proved: p_A fits worse maps.",
        "Bend the boundary",
        (_half_plane, _disc),
        settings=Settings(show=("dots", "ball", "true", "worst", "g")),
    ),
    Scene(
        "corridor",
        "Corridor",
        "More noise is not more safety: the proved radius shrinks, collapses, then g flips. With few votes "
        "another σ is best.",
        "Turn up the noise",
        (_corridor,),
        settings=Settings(scale=0.3, n=100, alpha=0.001),
        panel="scale",
    ),
    Scene(
        "rain",
        "Rain",
        "Of 200 certificates about α may be false. Whoever stops when they like the limit gets more; a "
        "confidence sequence keeps the promise.",
        "Replay 200 certificates",
        (_coast,),
        settings=Settings(x=0.1, y=0.1, show=("dots", "ball", "g")),
        panel="replays",
    ),
    Scene(
        "sectors",
        "Three sectors",
        "Three classes share the votes. With p_B = 1 − p_A almost nothing is proved, 0.02; with p_B "
        "measured, 0.19.",
        "Measure p_B",
        (_sectors,),
        classes=3,
        settings=Settings(x=0.25, y=0.0, runner_up="rest"),
    ),
    Scene(
        "noises",
        "Four noises",
        "Each noise proves a ball of its own shape. As d grows, the ℓ∞ cube inside the ℓ₂ ball shrinks as "
        "1/√d.",
        "Turn up the dimension",
        (_steps,),
        classes=3,
        settings=Settings(x=0.0, y=0.0, scale=0.4, show=("ball", "true", "g")),
        panel="section",
    ),
)
"""The scenes by key, in the order of their buttons."""
