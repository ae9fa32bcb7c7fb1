"""Pictures of one attack: the ruler, its steps, the path, and robust accuracy by size.

Plain Vega-Lite, as for a certificate: a page that watches an attack redraws them twice a second.
"""

import base64
import math
from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.bounds import BOUNDS, round_down
from rsviz.data.images import to_png
from rsviz.figures.certify import OTHER_WORDS, TOP_WORDS
from rsviz.norms import NORMS

BROKEN = "#E4437A"
"""What an attack found. What is proved has the colour of its bound."""
FONT = 15
AXIS = 60
"""Pixels of a chart's height that the axis below it takes on a page."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_AXES = {"axis": {"labelFontSize": FONT - 2, "titleFontSize": FONT - 1, "titleFontWeight": "normal"}}


def magnified(delta) -> tuple[np.ndarray, float]:
    """A perturbation as a picture: grey where nothing changes; and by how much it was multiplied.

    delta: float (C, H, W), values in [-1, 1]. Returns float32 (C, H, W) in [0, 1], 0.5 + factor * delta, and
    the factor: the largest with one digit that keeps it inside.
    """
    largest = float(np.abs(delta).max())
    if largest == 0:
        return np.full(delta.shape, 0.5, np.float32), 1.0
    room = 0.5 / largest
    decade = 10.0 ** math.floor(math.log10(room))
    factor = math.floor(room / decade) * decade
    return (0.5 + factor * np.asarray(delta)).astype(np.float32), factor


def ruler_columns(radii: Mapping[str, float], found: float, words: str) -> dict[str, list]:
    """Columns of the ruler, a row for each bound with its radius, the largest first, and one for the attack.

    radii: certified radii by bound in the attack's norm, pixel units; 0 is left out. found: length of the
    perturbation. words: what became of it. Radii are rounded down.
    """
    proved = sorted(((radius, key) for key, radius in radii.items() if radius > 0), reverse=True)
    names = [BOUNDS[key].title for _, key in proved]
    return {
        "name": [*names, "the attack"],
        "length": [*(min(radius, 1e6) for radius, _ in proved), found],
        "label": [*(f"{round_down(radius)}" for radius, _ in proved), f"{found:.4g} {words}"],
        "kind": ["proved"] * len(proved) + ["found"],
        "colour": [*(BOUNDS[key].colour for _, key in proved), BROKEN],
    }


def ruler_spec(norm: str, extent: float, rows: int) -> dict:
    """Vega-Lite chart of `ruler_columns`: bars are proved, the diamond was found.

    extent: end of the ruler, pixel units: the attack's size or more.
    """
    x = {
        "field": "length",
        "type": "quantitative",
        "title": f"{NORMS[norm].symbol} distance (pixel units)",
        "scale": {"domain": [0, extent], "nice": False},
        "axis": {"tickCount": 6, "grid": False},
    }
    colour = {"field": "colour", "type": "nominal", "scale": None}
    only = {kind: [{"filter": f"datum.kind == '{kind}'"}] for kind in ("proved", "found")}
    tooltip = [{"field": "name", "type": "nominal"}, {"field": "label", "type": "nominal"}]
    # Past the middle of the ruler words stand before the end, on a phone they would be cut off
    late, early = f"datum.length > {extent / 2}", f"datum.length <= {extent / 2}"
    words = {"type": "text", "fontSize": FONT - 2, "baseline": "middle"}
    return {
        "$schema": _SCHEMA,
        "height": 27 * rows + AXIS,
        "encoding": {
            "y": {
                "field": "name",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 170, "ticks": False, "domain": False, "labelOverlap": False},
            }
        },
        "layer": [
            {
                "transform": only["proved"],
                "mark": {"type": "bar", "height": 12, "clip": True},
                "encoding": {"x": x, "color": colour, "tooltip": tooltip},
            },
            {
                "transform": only["found"],
                "mark": {"type": "rule", "color": BROKEN, "strokeDash": [3, 3]},
                "encoding": {"x": x, "x2": {"datum": 0}},
            },
            {
                "transform": only["found"],
                "mark": {
                    "type": "point",
                    "shape": "diamond",
                    "filled": True,
                    "size": 150,
                    "opacity": 1,
                    "clip": True,
                },
                "encoding": {"x": x, "color": colour, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": early}],
                "mark": words | {"align": "left", "dx": 10, "color": OTHER_WORDS},
                "encoding": {"x": x, "text": {"field": "label"}},
            },
            {
                "transform": [*only["found"], {"filter": late}],
                "mark": words | {"align": "right", "dx": -10, "dy": -9, "color": BROKEN},
                "encoding": {"x": x, "text": {"field": "label"}},
            },
            {
                "transform": [*only["proved"], {"filter": late}],
                "mark": words | {"align": "right", "dx": -6, "color": "white"},
                "encoding": {"x": x, "text": {"field": "label"}},
            },
        ],
        "config": _AXES,
    }


def extent(radii: Mapping[str, float], found: float, epsilon: float | None) -> float:
    """The end of the ruler: all finite lengths are on it, and room for their words."""
    lengths = [value for value in (*radii.values(), found, epsilon) if value and math.isfinite(value)]
    return 1.06 * max(lengths, default=1.0)


STEPS = {
    "loss": ("loss", None),
    "distance": ("{norm} distance (pixel units)", None),
    "share": ("votes for the label (%)", [0, 100]),
}
"""The three pictures of the steps: the title, and the ends of the axis where they are known."""


def steps_columns(history) -> dict[str, list]:
    """Columns of the steps: step, loss, distance, best (the nearest found so far, or None), share in percent.

    history: rows [step, loss, distance, best, share], share of the votes for the label in [0, 1].
    """
    columns = list(zip(*history, strict=True)) if history else [[]] * 5
    step, loss, distance, best, share = columns
    return {
        "step": list(step),
        "loss": list(loss),
        "distance": list(distance),
        "best": list(best),
        "share": [None if value is None else 100 * value for value in share],
        "last": [False] * (len(step) - 1) + [True] * (len(step) > 0),
    }


def steps_spec(name: str, norm: str, title: str | None = None) -> dict:
    """Vega-Lite chart of one of STEPS over the rows of `steps_columns`."""
    words, domain = STEPS[name]
    words = title or words.format(norm=NORMS[norm].symbol)
    scale = {"domain": domain} if domain else {"zero": name == "distance"}
    y = {"type": "quantitative", "title": None, "scale": scale, "axis": {"tickCount": 5}}
    line = {"type": "line", "strokeWidth": 2, "color": TOP_WORDS, "point": {"size": 12, "color": TOP_WORDS}}
    layers = [{"mark": line, "encoding": {"y": y | {"field": name}}}]
    if name == "distance":
        best = line | {"color": BROKEN, "strokeDash": [5, 3], "point": False}
        named = {"type": "text", "align": "right", "dy": -9, "fontSize": FONT - 3, "color": BROKEN}
        layers.append({"mark": best, "encoding": {"y": y | {"field": "best"}}})
        layers.append(
            {
                "transform": [{"filter": "datum.last && datum.best != null"}],
                "mark": named,
                "encoding": {"y": y | {"field": "best"}, "text": {"value": "found"}},
            }
        )
    return {
        "$schema": _SCHEMA,
        "height": 150 + AXIS,
        "title": {"text": words, "anchor": "start", "fontSize": FONT - 1, "fontWeight": "normal"},
        "encoding": {
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": "step",
                "scale": {"nice": False},
                "axis": {"tickCount": 4, "grid": False, "format": "~d"},
            }
        },
        "layer": layers,
        "config": _AXES,
    }


def path_columns(path: Mapping) -> dict[str, list]:
    """Columns of the path in percent: distance, share, lower, upper, envelope, f; see rsviz.attacks.run."""
    distance, share = path["distance"], path["share"]
    nothing = [None] * len(distance)

    def percent(name):
        return [100 * value for value in path[name]] if path[name] else nothing

    return {
        "distance": list(distance),
        "share": [100 * value for value in share],
        "lower": percent("lower"),
        "upper": percent("upper"),
        "envelope": percent("envelope"),
        "f": percent("f"),
        "place": list(range(len(distance))),
    }


def path_spec(norm: str, noisy: bool, promised: bool, points: int = 21) -> dict:
    """Vega-Lite chart of `path_columns`: votes with their limits, the promised envelope under them.

    norm: of the distance. noisy: whether g votes; else it is f's answer, 0 or 100. promised: whether there is
    an envelope.
    """
    y = {
        "type": "quantitative",
        "title": "votes (%)" if noisy else "softmax (%)",
        "scale": {"domain": [0, 100]},
        "axis": {"tickCount": 5},
    }
    layers = []
    if promised:
        area = {"type": "area", "color": OTHER_WORDS, "opacity": 0.3}
        layers.append({"mark": area, "encoding": {"y": y | {"field": "envelope"}}})
        words = {"type": "text", "align": "left", "fontSize": FONT - 2, "color": OTHER_WORDS}
        here = {"x": {"value": 8}, "y": {"datum": 7, "type": "quantitative"}}
        here["text"] = {"value": "promised at the least"}
        layers.append({"transform": [{"filter": "datum.place == 0"}], "mark": words, "encoding": here})
    dashed = {"type": "line", "color": BROKEN, "strokeDash": [4, 4], "strokeWidth": 1.5}
    layers.append({"mark": dashed, "encoding": {"y": y | {"field": "f"}}})
    layers.append(_named("f", "f, without noise", points // 2 + 1, BROKEN, y, dx=10, align="left"))
    if noisy:
        bars = {"type": "rule", "color": TOP_WORDS, "opacity": 0.6}
        line = {"type": "line", "color": TOP_WORDS, "strokeWidth": 2.5, "point": {"color": TOP_WORDS}}
        ends = {"y": y | {"field": "lower"}, "y2": {"field": "upper"}}
        layers += [
            {"mark": bars, "encoding": ends},
            {
                "mark": line,
                "encoding": {
                    "y": y | {"field": "share"},
                    "tooltip": [
                        {"field": "distance", "type": "quantitative", "format": ".4f"},
                        {"field": "share", "type": "quantitative", "title": "votes (%)", "format": ".1f"},
                        {"field": "envelope", "type": "quantitative", "title": "promised", "format": ".1f"},
                    ],
                },
            },
            _named("share", "votes of g", 3 * points // 4, TOP_WORDS, y, dx=10, dy=-12, align="left"),
        ]
    return {
        "$schema": _SCHEMA,
        "height": 240 + AXIS,
        "encoding": {
            "x": {
                "field": "distance",
                "type": "quantitative",
                "title": f"{NORMS[norm].symbol} distance (pixel units)",
                "scale": {"nice": False},
                "axis": {"tickCount": 6, "grid": False},
            }
        },
        "layer": layers,
        "config": _AXES,
    }


def _named(field, words, place, colour, y, dx=0, dy=0, align="right"):
    """A line's name beside the point number `place`."""
    mark = {"type": "text", "align": align, "dx": dx, "dy": dy, "fontSize": FONT - 2, "color": colour}
    return {
        "transform": [{"filter": f"datum.place == {place}"}],
        "mark": mark,
        "encoding": {"y": y | {"field": field}, "text": {"value": words}},
    }


def sheet_png(
    x, adversarial, ruler, ruler_chart, path, path_chart, headline: str, lines: Sequence[str]
) -> bytes:
    """The attack as one picture for slides: three images, ruler, path, and the verdict in words.

    x, adversarial: float32 (C, H, W). ruler, path: columns; ruler_chart, path_chart: their specs.
    """
    import vl_convert

    delta, factor = magnified(adversarial - x)
    shown = {"original": x, "attacked": adversarial, f"difference ×{factor:g}": delta}
    pictures = [_image(image, title) for title, image in shown.items()]
    charts = [
        {key: value for key, value in spec.items() if key not in ("$schema", "config")}
        | {"data": {"values": _rows(columns)}, "width": 380}
        for spec, columns in ((ruler_chart, ruler), (path_chart, path))
    ]
    sheet = {
        "$schema": _SCHEMA,
        "config": _AXES | {"view": {"stroke": None}},
        "background": "white",
        "padding": 24,
        "title": {
            "text": headline,
            "subtitle": list(lines),
            "anchor": "start",
            "fontSize": 24,
            "subtitleFontSize": 15,
            "subtitlePadding": 8,
            "offset": 18,
        },
        "vconcat": [{"hconcat": pictures, "spacing": 20}, {"hconcat": charts, "spacing": 40}],
        "spacing": 24,
    }
    return vl_convert.vegalite_to_png(sheet, scale=2)


def _image(x, title):
    size = 230
    picture = to_png(x, max(1, size // max(x.shape[1:])))
    uri = "data:image/png;base64," + base64.b64encode(picture).decode()
    return {
        "title": {"text": title, "fontSize": FONT, "fontWeight": "normal"},
        "data": {"values": [{"url": uri}]},
        "mark": {"type": "image", "width": size, "height": size, "smooth": False},
        "encoding": {"url": {"field": "url"}, "x": {"value": size / 2}, "y": {"value": size / 2}},
        "width": size,
        "height": size,
    }


def _rows(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
