"""What `rsviz.lessons.counting` counted: votes under noise and attacks of shipped networks. No torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES

FOLDER = Path(__file__).with_name("counts")
ALPHA = 0.001
"""Probability of error of the certificates."""


@dataclass(frozen=True)
class Proved:
    """What votes prove. predicted: class number, None where g abstains. radius: l2, in pixel units."""

    p_a_lower: float
    p_b_upper: float
    radius: float
    predicted: int | None


@dataclass(frozen=True)
class Votes:
    """Votes of f on noisy copies of one picture.

    scale: of the Gaussian noise, pixel units. classes: names. counts0: 100 votes that choose the class.
    counts: votes per class after each number of votes. noisy: URLs of noisy copies; answers: of f for them.
    """

    checkpoint: str
    sample: str
    scale: float
    classes: tuple[str, ...]
    counts0: np.ndarray
    counts: Mapping[int, np.ndarray]
    noisy: tuple[str, ...]
    answers: tuple[int, ...]

    @property
    def n(self) -> int:
        """The largest number of votes."""
        return max(self.counts)

    @property
    def top(self) -> int:
        """The class that the first votes choose."""
        return int(self.counts0.argmax())

    def shares(self, n: int | None = None) -> np.ndarray:
        """Share of the votes of each class after n votes, by default all."""
        counts = self.counts[n or self.n]
        return counts / counts.sum()

    def name(self, place: int) -> str:
        """The name of the class at a place: 0 has most votes of all."""
        return self.classes[int(np.argsort(-self.counts[self.n], kind="stable")[place])]

    def proved(self, n: int | None = None, procedure: str = "split") -> Proved:
        """The certificate from n votes at ALPHA, by a procedure of rsviz.confidence."""
        limits = PROCEDURES[procedure].limits(self.counts[n or self.n], self.top, ALPHA)
        p_a, p_b = (float(limit) for limit in limits)
        radius = float(BOUNDS["cohen-l2"].certified_radius(p_a, p_b, scale=self.scale))
        return Proved(p_a, p_b, radius, self.top if p_a > p_b else None)


@cache
def votes() -> Mapping[str, Votes]:
    """All votes, by key of rsviz.lessons.counting.VOTES."""
    return MappingProxyType({key: _votes(entry) for key, entry in _read("votes").items()})


def _votes(entry) -> Votes:
    return Votes(
        **{name: entry[name] for name in ("checkpoint", "sample", "scale")},
        classes=tuple(entry["classes"]),
        counts0=np.array(entry["counts0"]),
        counts={int(n): np.array(counts) for n, counts in entry["counts"].items()},
        noisy=tuple(map(png_url, entry["noisy"])),
        answers=tuple(entry["answers"]),
    )


@cache
def attacks() -> Mapping[str, dict]:
    """All attacks, by key of rsviz.lessons.counting.ATTACKS; fields as of rsviz.tasks.attack.AttackResult."""
    return MappingProxyType(_read("attacks"))


def png_url(text: str) -> str:
    """The URL of a PNG that is stored as base64."""
    return f"data:image/png;base64,{text}"


@cache
def sample_url(key: str, side: int | None = None) -> str:
    """The URL of a picture that comes with rsviz. side: resized to this many pixels; None: a digit's 28."""
    from rsviz.data.samples import SAMPLES
    from rsviz.figures.sheet import png_uri

    sample = SAMPLES[key]
    shape = (1 if sample.is_digit else 3, *(2 * (side or 28,)))
    return png_uri(sample.prepared(shape).x, shape[-1])


def _read(name) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
