"""Pictures of the mechanisms: density, one pixel, growth, radius against dimension."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures.theme import (
    LEVEL,
    QUIET,
    TICK,
    chart,
    colour,
    end_names,
    layer,
    log_scale,
    noise_colour,
    place_names,
    rule,
    tip,
    words,
    x_axis,
    y_axis,
)
from rsviz.noise import NOISES
from rsviz.norms import NORMS

GREY_LEVEL = 1 / 255
INK = "#3A3F47"
"""Dots of draws, on every colour of a density."""

_LEVELS, _SHADE = np.linspace(0.04, 0.96, 12), 0.11


def density_chart(noise, draws, reach: float) -> dict:
    """Density of one mechanism in two dimensions, with draws as dots.

    Its level sets are balls of one norm. Twelve of them lie one in the other, each as dark, at equal steps
    of the density: the shade at a point counts the steps below its density.
    noise: a mechanism. draws: float (n, 2). reach: the axes go from -reach to reach, in pixel units.
    """
    rows = [
        {"ring": ring, "point": i, "x": x, "y": y}
        for ring, level in enumerate(_LEVELS)
        for i, (x, y) in enumerate(noise.level_outline(level).clip(-reach, reach).round(5).tolist())
    ]
    inside = draws[np.abs(draws).max(1) <= reach]
    dots = [{"x": x, "y": y} for x, y in inside.round(4).tolist()]
    place = {
        "x": x_axis("x", "noise on pixel 1", (-reach, reach), ticks=5),
        "y": y_axis("y", "noise on pixel 2", (-reach, reach), grid=False),
    }
    ball = {"type": "line", "fill": noise_colour(noise.key), "fillOpacity": _SHADE, "strokeWidth": 0}
    point = {"type": "circle", "size": 14, "color": INK, "stroke": "white", "strokeWidth": 0.5}
    balls = layer(ball, rows, **place, order={"field": "point"}, detail={"field": "ring"})
    return chart([balls, layer(point, dots, **place)], 255) | {"width": 255}


def marginal_chart(t, densities: Mapping[str, np.ndarray], height=340) -> dict:
    """Density of the noise on one pixel, a curve a mechanism, each with its name beside it.

    t: float (n,) symmetric around 0, pixel units. densities: key of a mechanism -> float (n,), per pixel
    unit. The axis of the density is logarithmic where the peaks differ by more than a factor of ten.
    """
    peaks = [float(values.max()) for values in densities.values()]
    log = max(peaks) > 10 * min(peaks)
    floor = min(peaks) / 30
    shown = {key: (t[values > floor], values[values > floor]) for key, values in densities.items()}
    x = x_axis("x", "noise on one pixel (pixel units)", scale={"nice": True})
    title = "density (per pixel unit)"
    y = _log(y_axis, "y", title, (floor, 1.5 * max(peaks))) if log else y_axis("y", title)
    ink = _colour(densities)
    heights = {
        key: np.log(np.maximum(values, floor) / floor) if log else values for key, values in densities.items()
    }
    names = [
        layer(
            words(align, dx=dx, dy=-7),
            [{"x": x_at, "y": y_at, "key": key, "name": NOISES[key].title}],
            x=x,
            y=y,
            text={"field": "name"},
            color=ink,
        )
        for key, x_at, y_at, align, dx in _beside(t, densities, heights)
    ]
    rows = _rows(shown if log else {key: (t, values) for key, values in densities.items()})
    line = {"type": "line", "strokeWidth": 2.5}
    return chart([layer(line, rows, x=x, y=y, color=ink, tooltip=_tooltip("density")), *names], height)


def _beside(t, densities, heights):
    """(key, x, y, align, dx) of each name: beside its curve, where no curve runs through it; sides alternate.

    heights: the curves as the eye sees them. They are symmetric, so the right half stands for the left.
    """
    right = np.flatnonzero(t >= 0)
    stack = np.stack([values[right] for values in heights.values()])
    stack = stack / stack.max()
    width = len(right) // 3
    for i, key in enumerate(densities):
        free = [_room(stack[:, j + 2 : j + width], stack[i, j]) for j in range(len(right) - width)]
        best = right[int(np.argmax(np.minimum(free, 0.04)))]
        side = -1 if i % 2 == 0 else 1
        yield (
            key,
            side * float(t[best]),
            float(densities[key][best]),
            "right" if side < 0 else "left",
            side * 7,
        )


def _room(curves, height) -> float:
    """How far curves stay from a name just above `height`: 0 where one crosses it, -1 at the bottom."""
    if height < 0.05:
        return -1.0
    distance = curves - (height + 0.03)
    crossed = (distance.min(1) < 0) & (distance.max(1) > 0)
    return 0.0 if crossed.any() else float(np.abs(distance).min())


def growth_chart(
    dims, expected: Mapping[str, np.ndarray], sampled_dims, sampled, norm: str, marks, height=360
) -> dict:
    """Expected norm against dimension, log-log: a line a mechanism, and dots for means over draws.

    expected: key -> float (dims,), pixel units. sampled: key -> float (sampled dims,). marks: dimensions by
    name, for upright lines.
    """
    symbol = NORMS[norm].symbol
    x = _dimension_axis()
    ends = np.concatenate([*expected.values(), *sampled.values()])
    domain = (ends.min() / 1.5, ends.max() * 1.5)
    y = _log(y_axis, "y", f"mean of ‖z‖ in {symbol} (pixel units)", domain)
    common = {"x": x, "y": y, "color": _colour(expected)}
    lines = _rows({key: (dims, values) for key, values in expected.items()})
    dots = _rows({key: (sampled_dims, values) for key, values in sampled.items()})
    dot = {"type": "point", "filled": True, "size": 70, "stroke": "white", "strokeWidth": 1}
    return chart(
        [
            *_upright(marks, x),
            layer(
                {"type": "line", "strokeWidth": 2.5}, lines, **common, tooltip=_tooltip(f"E‖z‖ in {symbol}")
            ),
            layer(dot, dots, **common, tooltip=_tooltip("mean over draws")),
            _end_names({key: values[-1] for key, values in expected.items()}, dims[-1], **common),
        ],
        height,
    )


def radius_chart(dims, radii, slopes, norm: str, marks, height=420) -> dict:
    """Certified radius against dimension, log-log, with slopes that have no height, and one grey level.

    radii: rows (name, colour, width, float (dims,)) in pixel units. slopes: (words, power) pairs: drawn as
    dashed lines that fall as d^-power, from a height that says nothing. norm: of the radius.
    """
    ink = colour("key", {name: colour for name, colour, *_ in radii})
    x = _dimension_axis()
    start = (8 if norm == "linf" else 2.5) * max(
        float(np.interp(_SLOPES_FROM, dims, values)) for *_, values in radii
    )
    low, high = min(values.min() for *_, values in radii), max(values.max() for *_, values in radii)
    domain = (min(low, GREY_LEVEL) / 2.5, (10 if norm == "linf" else 20) * max(high, start))
    y = _log(y_axis, "y", f"certified radius in {NORMS[norm].symbol} (pixel units)", domain)
    common = {"x": x, "y": y, "color": ink}
    layers = _upright(marks, x, top=True)
    if norm == "linf":
        place = {"baseline": "top", "dy": 5, "dx": 10, "fontSize": TICK}
        layers += rule("y", GREY_LEVEL, "1/255, one grey level", dash=[1, 0], mark=place, scale=y["scale"])
    for name, _, width, values in radii:
        line = {"type": "line", "strokeWidth": width}
        layers.append(
            layer(line, _rows({name: (dims, values)}), **common, tooltip=_tooltip("radius", ".3~g"))
        )
    layers.append(_end_names({name: values[-1] for name, *_, values in radii}, dims[-1], **common))
    return chart([*layers, *(_slopes(slopes, start, x, y) if slopes else ())], height)


_SLOPES_FROM, _SLOPES_TO = 6.0, 200.0


def _slopes(slopes: Sequence[tuple[str, float]], start, x, y):
    """Dashed lines from one point above the radii, so that nobody reads a radius off them."""
    ends = [start * (_SLOPES_TO / _SLOPES_FROM) ** -power for _, power in slopes]
    rows = [
        {"words": words, "x": d, "y": height}
        for (words, _), end in zip(slopes, ends, strict=True)
        for d, height in ((_SLOPES_FROM, start), (_SLOPES_TO, end))
    ]
    line = {"type": "line", "color": QUIET, "strokeDash": LEVEL, "strokeWidth": 2}
    return [
        layer(line, rows, x=x, y=y, detail={"field": "words"}),
        layer(words(dx=6, size=TICK, color=QUIET), rows[1::2], x=x, y=y, text={"field": "words"}),
    ]


def _upright(marks: Mapping[str, int], x, top=False) -> list[dict]:
    """Upright lines at the dimensions of datasets, with their names along them."""
    place = {
        "angle": 270,
        "dx": -4 if top else 4,
        "dy": -3,
        "align": "right" if top else "left",
        "fontSize": TICK,
    }
    layers = []
    for name, dim in marks.items():
        line, label = rule("x", dim, name, mark=place, scale=x["scale"])
        label["encoding"]["y"] = {"value": 0 if top else "height"}
        layers += [line, label]
    return layers


def _end_names(ends: Mapping[str, float], last, x, y, color) -> dict:
    """Names at the right ends of lines. ends: heights by key, on a logarithmic axis."""
    low, high = (math.log(value) for value in y["scale"]["domain"])
    logs = {key: math.log(value) for key, value in ends.items()}
    places = place_names(logs, low, high, 0.062 * (high - low))
    rows = [
        {"x": float(last), "y": math.exp(place), "key": key, "name": _name(key)}
        for key, place in places.items()
    ]
    return end_names(rows, x, y, color)


def _name(key) -> str:
    """Title of a mechanism; other names stay as they are."""
    return NOISES[key].title if key in NOISES else key


def _rows(curves: Mapping[str, tuple]) -> list[dict]:
    return [
        {"key": key, "name": _name(key), "x": float(x), "y": float(f"{y:.5g}")}
        for key, (xs, ys) in curves.items()
        for x, y in zip(xs, ys, strict=True)
    ]


def _colour(keys) -> dict:
    return colour("key", {key: noise_colour(key) for key in keys})


def _tooltip(title, form=".4~g") -> list[dict]:
    return [tip("name", "noise", None), tip("x", "at", ",.4~g"), tip("y", title, form)]


def _log(axis, field, title, domain, **more) -> dict:
    """A logarithmic axis with labels at round values."""
    more = {"gridOpacity": 0.4, "values": _round_values(*domain), "format": "~g"} | more
    return axis(field, title, scale=log_scale(domain), **more)


def _dimension_axis() -> dict:
    """To the right of ImageNet there is room for the names of the lines."""
    ticks = [10, 100, 1000, 10_000, 100_000]
    return _log(x_axis, "x", "dimension d", (2, 100_000_000), values=ticks, format=",d", grid=True)


def _round_values(low, high):
    """Powers of ten, or where there are fewer than three of them also their doubles and halves."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    powers = [10.0**k for k in decades if low <= 10.0**k <= high]
    if len(powers) >= 3:
        return powers
    return [value for k in decades for digit in (1, 2, 5) if low <= (value := digit * 10.0**k) <= high]
