"""Pictures of the mechanisms as plain Vega-Lite: density, one pixel, growth, radius against dimension."""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.bounds import certifying
from rsviz.noise import NOISES
from rsviz.norms import NORMS

FONT = 14
QUIET = "#8A8F98"
GREY_LEVEL = 1 / 255

_AXIS = {"labelFontSize": FONT - 1, "titleFontSize": FONT, "titleFontWeight": "normal"}

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_LEVELS, _SHADE = np.linspace(0.04, 0.96, 12), 0.11
_CIRCLE = np.linspace(0, 2 * np.pi, 73)
_CORNERS = {
    "l1": np.array([(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)], float),
    "l2": np.stack([np.cos(_CIRCLE), np.sin(_CIRCLE)], axis=1),
    "linf": np.array([(1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1)], float),
}


def noise_colour(key: str) -> str:
    """A mechanism has the colour of its tight bound."""
    return certifying(key)[0].colour


def density_chart(noise, draws, reach: float) -> dict:
    """Density of one mechanism in two dimensions, with draws as dots.

    Its level sets are balls of one norm. Twelve of them lie one in the other, each as dark, at equal steps
    of the density: the shade at a point counts the steps below its density.
    noise: a mechanism. draws: float (n, 2). reach: the axes go from -reach to reach, in pixel units.
    """
    shape = _CORNERS[noise.level_norm]
    rows = [
        {"ring": ring, "point": i, "x": x, "y": y}
        for ring, size in enumerate(noise.level_size(_LEVELS))
        for i, (x, y) in enumerate((shape * size).clip(-reach, reach).round(5).tolist())
    ]
    inside = draws[np.abs(draws).max(1) <= reach]
    dots = [{"x": x, "y": y} for x, y in inside.round(4).tolist()]
    domain = {"domain": [-reach, reach], "nice": False}

    def place(field, title):
        axis = _AXIS | {"tickCount": 5, "grid": False}
        return {"field": field, "type": "quantitative", "title": title, "scale": domain, "axis": axis}

    balls = {
        "data": {"values": rows},
        "mark": {"type": "line", "fill": noise_colour(noise.key), "fillOpacity": _SHADE, "strokeWidth": 0},
        "encoding": {
            "x": place("x", "noise on pixel 1"),
            "y": place("y", "noise on pixel 2"),
            "order": {"field": "point"},
            "detail": {"field": "ring"},
        },
    }
    points = {
        "data": {"values": dots},
        "mark": {"type": "circle", "size": 14, "color": "#3A3F47", "stroke": "white", "strokeWidth": 0.5},
        "encoding": {"x": place("x", "noise on pixel 1"), "y": place("y", "noise on pixel 2")},
    }
    return _chart([balls, points], height=255) | {"width": 255}


def marginal_chart(t, densities: Mapping[str, np.ndarray], height=340) -> dict:
    """Density of the noise on one pixel, a curve a mechanism, each with its name beside it.

    t: float (n,) symmetric around 0, pixel units. densities: key of a mechanism -> float (n,), per pixel
    unit. The axis of the density is logarithmic where the peaks differ by more than a factor of ten.
    """
    peaks = [float(values.max()) for values in densities.values()]
    log = max(peaks) > 10 * min(peaks)
    floor = min(peaks) / 30
    shown = {key: (t[values > floor], values[values > floor]) for key, values in densities.items()}
    x = _quantity("x", "noise on one pixel (pixel units)")
    title = "density (per pixel unit)"
    y = _log("y", title, [floor, 1.5 * max(peaks)]) if log else _quantity("y", title)
    colour = _colour(densities)
    heights = {
        key: np.log(np.maximum(values, floor) / floor) if log else values for key, values in densities.items()
    }
    names = [
        {
            "data": {"values": [{"x": x_at, "y": y_at, "key": key, "name": _name(key, True)}]},
            "mark": {"type": "text", "align": align, "dx": dx, "dy": -7, "fontSize": FONT},
            "encoding": {"x": x, "y": y, "text": {"field": "name"}, "color": colour},
        }
        for key, x_at, y_at, align, dx in _beside(t, densities, heights)
    ]
    curves = {
        "data": {"values": _lines(shown if log else {key: (t, v) for key, v in densities.items()})},
        "mark": {"type": "line", "strokeWidth": 2.5},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": _tooltip("density")},
    }
    return _chart([curves, *names], height)


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
    lines = _lines({key: (dims, values) for key, values in expected.items()})
    dots = _lines({key: (sampled_dims, values) for key, values in sampled.items()})
    x = _dimension_axis()
    ends = np.concatenate([*expected.values(), *sampled.values()])
    y = _log("y", f"mean of ‖z‖ in {symbol} (pixel units)", [ends.min() / 1.5, ends.max() * 1.5])
    colour = _colour(expected)
    return _chart(
        [
            *_upright(marks),
            _line_layer(lines, x, y, colour, _tooltip(f"E‖z‖ in {symbol}")),
            {
                "data": {"values": dots},
                "mark": {"type": "point", "filled": True, "size": 70, "stroke": "white", "strokeWidth": 1},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": _tooltip("mean over draws")},
            },
            _end_names({key: values[-1] for key, values in expected.items()}, dims[-1], x, y, colour),
        ],
        height=height,
    )


def radius_chart(dims, radii, slopes, norm: str, marks, height=420) -> dict:
    """Certified radius against dimension, log-log, with slopes that have no height, and one grey level.

    radii: rows (name, colour, width, float (dims,)) in pixel units. slopes: (words, power) pairs: drawn as
    dashed lines that fall as d^-power, from a height that says nothing. norm: of the radius.
    """
    names = [row[0] for row in radii]
    colour = {
        "field": "key",
        "type": "nominal",
        "scale": {"domain": names, "range": [row[1] for row in radii]},
        "legend": None,
    }
    x = _dimension_axis()
    start = (8 if norm == "linf" else 2.5) * max(
        float(np.interp(_SLOPES_FROM, dims, values)) for *_, values in radii
    )
    low, high = min(values.min() for *_, values in radii), max(values.max() for *_, values in radii)
    domain = [min(low, GREY_LEVEL) / 2.5, (10 if norm == "linf" else 20) * max(high, start)]
    y = _log("y", f"certified radius in {NORMS[norm].symbol} (pixel units)", domain)
    layers = _upright(marks, top=True)
    if norm == "linf":
        layers += _grey_level(x, y)
    for name, _, width, values in radii:
        rows = _lines({name: (dims, values)}, titles=False)
        layers.append(_line_layer(rows, x, y, colour, _tooltip("radius", ".3~g"), width))
    ends = {name: values[-1] for name, _, _, values in radii}
    layers.append(_end_names(ends, dims[-1], x, y, colour, titles=False))
    if slopes:
        layers += _slopes(slopes, start, x, y)
    return _chart(layers, height=height)


_SLOPES_FROM, _SLOPES_TO = 6.0, 200.0


def _slopes(slopes: Sequence[tuple[str, float]], start, x, y):
    """Dashed lines from one point above the radii, so that nobody reads a radius off them."""
    ends = [start * (_SLOPES_TO / _SLOPES_FROM) ** -power for _, power in slopes]
    rows = [
        {"words": words, "x": d, "y": height}
        for (words, _), end in zip(slopes, ends, strict=True)
        for d, height in ((_SLOPES_FROM, start), (_SLOPES_TO, end))
    ]
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "line", "color": QUIET, "strokeDash": [7, 5], "strokeWidth": 2},
            "encoding": {"x": x, "y": y, "detail": {"field": "words"}},
        },
        {
            "data": {"values": rows[1::2]},
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": FONT - 1, "color": QUIET},
            "encoding": {"x": x, "y": y, "text": {"field": "words"}},
        },
    ]


def _grey_level(x, y):
    data = {"values": [{"y": GREY_LEVEL, "x": 2.3, "words": "1/255, one grey level"}]}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "color": "#C0392B", "strokeWidth": 1.5},
            "encoding": {"y": y},
        },
        {
            "data": data,
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": "top",
                "dy": 5,
                "color": "#C0392B",
                "fontSize": FONT - 1,
            },
            "encoding": {"x": x, "y": y, "text": {"field": "words"}},
        },
    ]


def _upright(marks: Mapping[str, int], top=False):
    data = {"values": [{"x": dim, "name": name} for name, dim in marks.items()]}
    x = {"field": "x", "type": "quantitative"}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "color": QUIET, "opacity": 0.6, "strokeDash": [2, 3]},
            "encoding": {"x": x},
        },
        {
            "data": data,
            "mark": {
                "type": "text",
                "angle": 270,
                "align": "right" if top else "left",
                "baseline": "bottom",
                "dy": -3,
                "dx": -4 if top else 4,
                "color": QUIET,
                "fontSize": FONT - 2,
            },
            "encoding": {"x": x, "y": {"value": 0 if top else "height"}, "text": {"field": "name"}},
        },
    ]


def _end_names(ends: Mapping[str, float], last, x, y, colour, titles=True):
    """Names at the right ends of lines, moved down where the ends lie close together."""
    low, high = y["scale"]["domain"]
    gap = (high / low) ** 0.062
    rows, place = [], high
    for name in sorted(ends, key=ends.get, reverse=True):
        place = min(ends[name], place / gap)
        rows.append({"x": float(last), "y": place, "key": name, "name": _name(name, titles)})
    return {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": FONT},
        "encoding": {"x": x, "y": y, "text": {"field": "name"}, "color": colour},
    }


def _name(key, titles):
    return NOISES[key].title if titles else key


def _line_layer(rows, x, y, colour, tooltip, width=2.5):
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": width},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
    }


def _lines(curves, titles=True):
    return [
        {"key": key, "name": _name(key, titles), "x": float(x), "y": float(f"{y:.5g}")}
        for key, (xs, ys) in curves.items()
        for x, y in zip(xs, ys, strict=True)
    ]


def _colour(keys):
    scale = {"domain": list(keys), "range": [noise_colour(key) for key in keys]}
    return {"field": "key", "type": "nominal", "scale": scale, "legend": None}


def _tooltip(title, form=".4~g"):
    return [
        {"field": "name", "type": "nominal", "title": "noise"},
        {"field": "x", "type": "quantitative", "title": "at", "format": ",.4~g"},
        {"field": "y", "type": "quantitative", "title": title, "format": form},
    ]


def _quantity(field, title):
    return {"field": field, "type": "quantitative", "title": title, "axis": _AXIS | {"tickCount": 6}}


def _log(field, title, domain):
    scale = {"type": "log", "nice": False, "domain": domain}
    axis = _AXIS | {"gridOpacity": 0.4, "values": _round_values(*domain), "format": "~g"}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis}


def _dimension_axis():
    """To the right of ImageNet there is room for the names of the lines."""
    x = _log("x", "dimension d", [2, 100_000_000])
    return x | {"axis": x["axis"] | {"values": [10, 100, 1000, 10_000, 100_000], "format": ",d"}}


def _round_values(low, high):
    """Powers of ten, or where there are fewer than three of them also their doubles and halves."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    powers = [10.0**k for k in decades if low <= 10.0**k <= high]
    if len(powers) >= 3:
        return powers
    return [value for k in decades for digit in (1, 2, 5) if low <= (value := digit * 10.0**k) <= high]


def _chart(layers, height) -> dict:
    return {"$schema": _SCHEMA, "height": height, "layer": layers}


def side_by_side(charts: Mapping[str, dict], columns: int = 2, width: int = 420) -> bytes:
    """Charts of this file by title, on one white sheet: PNG bytes."""
    import vl_convert  # a whole JavaScript engine, for those who save a picture

    parts = [
        {key: value for key, value in chart.items() if key != "$schema"}
        | {"title": title, "width": chart.get("width", width)}
        for title, chart in charts.items()
    ]
    sheet = {
        "$schema": _SCHEMA,
        "background": "white",
        "padding": 16,
        "columns": columns,
        "concat": parts,
        "resolve": {"scale": {"color": "independent", "fill": "independent"}},
    }
    # Its fonts know no subscripts
    text = json.dumps(sheet, ensure_ascii=False).replace("ℓ₁", "ℓ1").replace("ℓ₂", "ℓ2")
    return vl_convert.vegalite_to_png(text, scale=2)
