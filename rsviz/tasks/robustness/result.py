"""Robust accuracy against attack size: the finished parts, and the curves that they make. No torch."""

import json
from dataclasses import dataclass

import numpy as np

from rsviz.records import Record
from rsviz.tasks.robustness.request import RobustnessRequest, RobustnessSeries

RIGHT, ABSTAINED, WRONG = 0, 1, 2
"""Outcomes of one image at one size."""
POINTS = 101
"""Of a curve of certified accuracy."""


@dataclass(frozen=True)
class RobustnessCurve:
    """One series, as far as it is there.

    checkpoint, scale, surrogate: see RobustnessSeries.
    size: [0, ...], attack sizes in pixel units. right, abstained, wrong: shares of images in [0, 1] at each.
    radius, certified: radii in the attack's norm, and the share of images certified in the right class at
    least that far; None for f, or before they are there.
    """

    checkpoint: str
    scale: float
    surrogate: str | None
    size: list[float]
    right: list[float]
    abstained: list[float]
    wrong: list[float]
    radius: list[float] | None
    certified: list[float] | None

    def certified_at(self) -> list[float] | None:
        """The certified share at each size; a size between two radii takes the larger radius."""
        if self.certified is None:
            return None
        at = np.searchsorted(self.radius, self.size, side="left").clip(max=len(self.radius) - 1)
        return np.array(self.certified)[at].tolist()


@dataclass(frozen=True)
class RobustnessResult(Record):
    """curves: one for each series that has begun."""

    curves: tuple[RobustnessCurve, ...]

    @classmethod
    def of_parts(cls, request: RobustnessRequest, done: dict) -> "RobustnessResult":
        """What the finished parts make. done: see RobustnessProgress."""
        begun = [series for series in request.series if series.clean_key in done]
        return cls(tuple(_curve(request, series, done) for series in begun))


@dataclass(frozen=True)
class RobustnessProgress:
    """How far the curves are.

    done: finished parts by key (RobustnessRequest.part_keys), plain values: outcomes of every image, or its
    certified radius in the attack's norm, 0 where the certified class is wrong; and "plans", by checkpoint,
    which stay for the whole run.
    what: the part that is being made. step, steps: of that part. new: whether `done` has grown.
    """

    request: RobustnessRequest
    done: dict
    what: str = ""
    step: int = 0
    steps: int = 0
    new: bool = False

    @property
    def parts(self) -> int:
        """How many parts there will be."""
        return len(self.request.part_keys())

    @property
    def result(self) -> RobustnessResult:
        """The curves so far."""
        return RobustnessResult.of_parts(self.request, self.done)


def to_csv(request: RobustnessRequest, result: RobustnessResult) -> str:
    """A row for each curve and size."""
    import pandas as pd

    names = ("checkpoint", "scale", "surrogate", "size", "right", "abstained", "wrong")
    frames = [
        pd.DataFrame({name: getattr(curve, name) for name in names} | {"certified": curve.certified_at()})
        for curve in result.curves
    ]
    frame = pd.concat(frames)
    for name in ("norm", "attack", "images"):
        frame[name] = getattr(request, name)
    return frame.to_csv(index=False)


def described(request: RobustnessRequest, result: RobustnessResult) -> str:
    """Request and curves as one JSON text."""
    return json.dumps({"request": request.model_dump(), **result.to_json()}, indent=1)


def _curve(request: RobustnessRequest, series: RobustnessSeries, done: dict) -> RobustnessCurve:
    parts = [(0.0, done[series.clean_key])]
    parts += [(size, done[key]) for size in request.sizes if (key := series.size_key(size)) in done]
    outcomes = np.array([part for _, part in parts])
    radius = certified = None
    if series.scale and series.radius_key in done:
        grid = np.linspace(0, 1.05 * request.sizes[-1], POINTS)
        proved = np.array(done[series.radius_key])
        radius = grid.tolist()
        certified = ((proved > 0) & (proved >= grid[:, None])).mean(1).tolist()
    return RobustnessCurve(
        checkpoint=series.checkpoint,
        scale=series.scale,
        surrogate=series.surrogate,
        size=[size for size, _ in parts],
        right=(outcomes == RIGHT).mean(1).tolist(),
        abstained=(outcomes == ABSTAINED).mean(1).tolist(),
        wrong=(outcomes == WRONG).mean(1).tolist(),
        radius=radius,
        certified=certified,
    )
