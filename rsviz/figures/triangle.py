"""Maps of bounds over the triangle of (p_A, p_B): radius, ratio of two radii, largest radius."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from rsviz.bounds import BOUNDS
from rsviz.figures.bounds import label
from rsviz.figures.theme import EMPTY, LARGE, chart, colour, layer, legend, tip, words, x_axis, y_axis

ON_CANVAS = {"embedOptions": {"renderer": "canvas"}}
"""As SVG, thousands of squares with a label each for screen readers took longer than all the rest."""
NOTHING = "nothing certified"
NEUTRAL = "#EFEFEF"
"""Where two radii are equal."""
_BELOW = ["#8C2D04", "#D55E00", "#F1A96B", "#F7D9BC"]
_ABOVE = ["#D2E3F1", "#8EBBDD", "#3F8FC4", "#08519C", "#08306B"]
_BELOW_STEPS = (0.01, 0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
_ABOVE_STEPS = (1.02, 1.05, 1.1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 10, 30, 100)
_LEVELS = (1, 1.5, 2, 3, 4, 5, 7.5)


def levels_to(largest: float, most: int = 9) -> list[float]:
    """Round values up to `largest`, closer together where they are small: radii differ by factors."""
    if not (math.isfinite(largest) and largest > 0):
        return [1.0]
    decade = math.floor(math.log10(largest))
    found = [round(digit * 10.0**power, 12 - power) for power in (decade - 1, decade) for digit in _LEVELS]
    return [level for level in found if level < largest][-most:]


def radius_map(
    p_a,
    p_b,
    side: float,
    radius,
    *,
    levels: Sequence[float],
    units: str,
    point: tuple[float, float] | None = None,
    refuted=None,
    extent: float = 1.0,
    height: int = 330,
) -> dict:
    """Heat map of one bound over the triangle.

    p_a, p_b: centres of squares of this side. radius: float64 at each. levels: values at which the colour
    changes. units: of the radius. point: (p_a, p_b) to mark. refuted: where the number is larger than the
    tight radius; marked with crosses. extent: largest p_a of the picture; p_b goes to half of that.
    The chart has a point selection named "point".
    """
    radius, title = np.asarray(radius), f"radius ({units})"
    scale = {"type": "threshold", "domain": list(levels), "scheme": "viridis"}
    ink = {"field": "value", "type": "quantitative", "scale": scale, "legend": _colour_bar(title, ".3~g")}
    hint = tip("value", title)
    layers = [_squares(ink, hint, extent, where="datum.value > 0")]
    if (radius <= 0).any():
        layers.append(_squares({"value": EMPTY}, hint, extent, where="datum.value <= 0", name="nothing"))
    if refuted is not None and np.any(refuted):
        layers.append(_crosses(np.asarray(p_a)[refuted], np.asarray(p_b)[refuted]))
    return _map(p_a, p_b, side, radius, layers, point, extent, height)


def ratio_map(
    p_a,
    p_b,
    side: float,
    ratio,
    *,
    names: str,
    extremes: Iterable[tuple[float, float, str]] = (),
    point: tuple[float, float] | None = None,
    extent: float = 1.0,
    height: int = 340,
) -> dict:
    """Heat map of one radius over another; 1 is the border between two colours.

    names: both radii in words, for legend and tooltip. extremes: (p_a, p_b, text) to write into the map.
    The rest as for `radius_map`.
    """
    ratio = np.asarray(ratio)
    finite = ratio[np.isfinite(ratio)]
    smallest, largest = (finite.min(), finite.max()) if len(finite) else (1.0, 1.0)
    below = _thin([step for step in _BELOW_STEPS if step > smallest], len(_BELOW) - 1)
    above = _thin([step for step in _ABOVE_STEPS if step < largest], len(_ABOVE) - 1)
    scale = {
        "type": "threshold",
        "domain": [*below, 1 - 1e-9, 1 + 1e-9, *above],
        "range": [*_BELOW[-len(below) - 1 :], NEUTRAL, *_ABOVE[: len(above) + 1]],
    }
    ink = {"field": "value", "type": "quantitative", "scale": scale, "legend": _colour_bar(names, ".2~f")}
    kept = np.isfinite(ratio)
    layers = [_squares(ink, tip("value", names), extent), *_write(extremes, extent)]
    return _map(
        np.asarray(p_a)[kept], np.asarray(p_b)[kept], side, ratio[kept], layers, point, extent, height
    )


def winner_map(
    p_a,
    p_b,
    side: float,
    winner,
    keys: Sequence[str],
    *,
    point: tuple[float, float] | None = None,
    extent: float = 1.0,
    height: int = 340,
) -> dict:
    """Regions in which each of `keys` gives the largest radius. winner: index into keys, -1 for none.

    The rest as for `radius_map`.
    """
    p_a, p_b, winner = np.asarray(p_a), np.asarray(p_b), np.asarray(winner)
    names = [label(BOUNDS[key]) for key in keys]
    present = [i for i in range(len(keys)) if (winner == i).any()]
    colours = {names[i]: BOUNDS[keys[i]].colour for i in present}
    colours |= {NOTHING: EMPTY} if (winner < 0).any() else {}
    ink = colour("value", colours, legend("largest radius", columns=3, lines=False))
    texts = []
    for i in present:
        region = winner == i
        if region.mean() > 0.04:
            # the name is at the square of the region next to the region's middle, so inside the region
            distance = np.hypot(p_a - p_a[region].mean(), p_b - p_b[region].mean())
            middle = np.argmin(np.where(region, distance, np.inf))
            texts.append((float(p_a[middle]), float(p_b[middle]), names[i]))
    layers = [_squares(ink, tip("value", "largest", None), extent), *_write(texts, extent)]
    return _map(p_a, p_b, side, np.array([*names, NOTHING])[winner], layers, point, extent, height)


def _map(p_a, p_b, side, values, layers, point, extent, height) -> dict:
    """The chart of these layers; its squares are one dataset, which travels in binary."""
    # Squares overlap the next ones, which are drawn over them: a canvas would show seams between them
    low, high = -side / 2, side * 0.8
    squares = pd.DataFrame(
        {"p_a": p_a, "p_b": p_b, "left": p_a + low, "right": p_a + high, "low": p_b + low, "high": p_b + high}
        | {"value": values}
    )
    found = chart([*layers, *_mark_point(point, extent)], height)
    return found | {"data": {"name": "squares"}, "datasets": {"squares": squares}, "usermeta": ON_CANVAS}


def _squares(ink, hint, extent, where=None, name="point") -> dict:
    """A square for each row, which can be clicked. name: of the selection."""
    x = x_axis("left", "p_A", (0, extent), ticks=5)
    y = y_axis("low", "p_B", (0, extent / 2), grid=False)
    tooltip = [tip("p_a", "p_A"), tip("p_b", "p_B"), hint]
    mark = {"type": "rect", "cursor": "pointer", "opacity": 1}
    ends = {"x2": {"field": "right"}, "y2": {"field": "high"}}
    rects = layer(mark, where=where, x=x, y=y, **ends, color=ink, tooltip=tooltip)
    select = {"type": "point", "fields": ["p_a", "p_b"], "toggle": False}
    return rects | {"params": [{"name": name, "select": select}]}


def _at(p_a="p_a", p_b="p_b") -> dict:
    return {"x": {"field": p_a, "type": "quantitative"}, "y": {"field": p_b, "type": "quantitative"}}


def _crosses(p_a, p_b) -> dict:
    mark = {"type": "point", "shape": "cross", "angle": 45, "size": 22, "filled": True, "opacity": 0.9}
    rows = [{"p_a": a, "p_b": b} for a, b in zip(p_a[::3].tolist(), p_b[::3].tolist(), strict=True)]
    return layer(mark | {"color": "white"}, rows, **_at())


def _mark_point(point, extent) -> list[dict]:
    if point is None or point[0] > extent or point[1] > extent / 2:
        return []
    rows = [{"p_a": point[0], "p_b": point[1]}]
    ring = {"type": "point", "filled": False, "opacity": 1, "tooltip": None, "size": 230}
    return [
        layer(ring | {"stroke": stroke, "strokeWidth": width}, rows, **_at())
        for stroke, width in (("#FFFFFF", 6), ("#000000", 2.5))
    ]


def _write(texts: Iterable[tuple[float, float, str]], extent) -> list[dict]:
    """Words in a map, readable on every colour; towards the middle, so that none is cut off."""
    layers = []
    for p_a, p_b, text in texts:
        align = "left" if p_a < 0.35 * extent else "right" if p_a > 0.65 * extent else "center"
        shift = 14 if p_b > 0.4 * extent else -14 if p_b < 0.1 * extent else 0
        common = words(align, dy=shift, size=LARGE, fontWeight=700, tooltip=None)
        rows = [{"p_a": float(p_a), "p_b": float(p_b), "text": text}]
        for ink in ({"stroke": "#FFFFFF", "strokeWidth": 4, "strokeJoin": "round"}, {"color": "#111111"}):
            layers.append(layer(common | ink, rows, **_at(), text={"field": "text"}))
    return layers


def _thin(values, most) -> list:
    if len(values) <= most:
        return values
    return [values[i] for i in np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))]


def _colour_bar(title, form) -> dict:
    bar = {"gradientThickness": 14, "gradientLength": 240, "labelOverlap": "greedy", "labelSeparation": 6}
    return {"title": title, "orient": "bottom", "format": form, **bar}
