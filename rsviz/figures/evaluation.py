"""Certified accuracy of whole test sets against radius, and a sheet of their images. Arrays -> Vega-Lite."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.data.images import to_png
from rsviz.figures.robustness import COLOURS, config
from rsviz.norms import NORMS

MORE_COLOURS = (*COLOURS, "#B58900", "#5E81AC")
"""Ten series; the first eight as elsewhere."""
ENVELOPE = "best at each radius"
OUTCOME_COLOURS = {
    "certified": "#009E73",
    "correct, but not so far": "#56B4E9",
    "wrong": "#D55E00",
    "abstained": "#9AA5B1",
}
"""By the words of rsviz.evaluation.OUTCOMES."""
COLUMNS, CELL = 20, 33
"""Of a sheet: images in a row, and pixels on the screen from one to the next."""


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """A colour for each series, in order."""
    return {name: MORE_COLOURS[place % len(MORE_COLOURS)] for place, name in enumerate(names)}


def curve_columns(curves: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, list]:
    """Columns of the chart: series, kind, radius, accuracy, low, high; shares in percent.

    curves: by name; each with radius (rising), accuracy, and low and high, which may be None; and kind:
    "ours", "envelope" or "paper".
    """
    columns = {name: [] for name in ("series", "kind", "radius", "accuracy", "low", "high")}
    for name, curve in curves.items():
        count = len(curve["radius"])
        columns["series"] += [name] * count
        columns["kind"] += [curve["kind"]] * count
        columns["radius"] += np.asarray(curve["radius"], float).tolist()
        for key in ("accuracy", "low", "high"):
            values = curve.get(key)
            if values is None:
                values = np.full(count, np.nan)  # a column of None alone would have no type
            columns[key] += (100 * np.asarray(values, float)).round(4).tolist()
    return columns


def curve_spec(curves: Mapping[str, Mapping], norm: str, at: float) -> dict:
    """Vega-Lite chart of `curve_columns`: stairs are proved here, points are printed in a paper.

    norm: of the radii. at: the radius that a rule marks.
    """
    colours = colours_of([name for name, curve in curves.items() if curve["kind"] == "ours"])
    printed = [name for name, curve in curves.items() if curve["kind"] == "paper"]
    paper = dict(
        zip(printed, reversed(MORE_COLOURS * 2), strict=False)
    )  # from the other end, to keep them apart
    shown = [colours.get(name) or paper.get(name) or "#7A8794" for name in curves]
    dashes = [
        {"ours": [1, 0], "envelope": [2, 3], "paper": [6, 4]}[curve["kind"]] for curve in curves.values()
    ]
    legend = {"orient": "bottom", "columns": 1, "labelLimit": 600, "title": None, "symbolType": "stroke"}
    series = {"field": "series", "type": "nominal"}
    scale = {"domain": list(curves), "range": shown}
    colour = series | {"scale": scale, "legend": legend}
    dash = series | {"scale": {"domain": list(curves), "range": dashes}, "legend": legend}
    tooltip = [
        series,
        {"field": "radius", "type": "quantitative", "format": ".4~g"},
        *(
            {"field": name, "type": "quantitative", "title": f"{title} (%)", "format": ".1f"}
            for name, title in (("accuracy", "certified"), ("low", "at least"), ("high", "at most"))
        ),
    ]
    stairs = {"interpolate": "step-before"}
    own = {"filter": "datum.kind != 'paper'"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 420 + 24 * len(curves),  # a line of the legend for each
        "encoding": {
            "x": {
                "field": "radius",
                "type": "quantitative",
                "title": f"{NORMS[norm].symbol} radius (pixel units)",
                "scale": {"nice": False, "zero": True},
                "axis": {"tickCount": 6, "grid": False},
            },
            "color": colour,
        },
        "layer": [
            {
                "transform": [own, {"filter": "isValid(datum.low)"}],
                "mark": {"type": "area", "opacity": 0.16, **stairs},
                "encoding": {"y": _percent("low"), "y2": {"field": "high"}},
            },
            {
                "transform": [own],
                "mark": {"type": "line", "strokeWidth": 2.8, **stairs},
                "encoding": {"y": _percent("accuracy"), "strokeDash": dash, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "datum.kind == 'paper'"}],
                "mark": {
                    "type": "line",
                    "strokeWidth": 1.5,
                    "point": {"size": 90, "shape": "diamond"},
                },
                "encoding": {"y": _percent("accuracy"), "strokeDash": dash, "tooltip": tooltip},
            },
            {
                "data": {"values": [{"at": at}]},
                "mark": {"type": "rule", "strokeDash": [2, 4], "color": "#7A8794", "strokeWidth": 1.5},
                "encoding": {"x": {"field": "at", "type": "quantitative"}, "color": {"value": "#7A8794"}},
            },
        ],
        "config": config(symbolOpacity=1),
    }


def _percent(field) -> dict:
    return {
        "field": field,
        "type": "quantitative",
        "title": "certified and right (%)",
        "scale": {"domain": [0, 100]},
        "axis": {"tickCount": 5},
        "stack": None,
    }


def sheet_png(images, columns: int = COLUMNS) -> bytes:
    """Images float (N, C, H, W) in [0, 1] in rows of `columns`, each pixel of an image a pixel of the PNG.

    Between two images stands an empty line of an eighth of their size, which `sheet_spec` frames.
    """
    images = np.asarray(images, np.float32)
    count, channels, height, width = images.shape
    gap = max(1, height // 8)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap), columns * (width + gap), channels), 0.5, np.float32)
    for number, image in enumerate(images):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return to_png(sheet)


def sheet_columns(rows: Sequence[int], words: Sequence[str], outcomes: Sequence[str]) -> dict[str, list]:
    """Columns of `sheet_spec`: row (the image's number), what (its tooltip), outcome, x, y, x2, y2."""
    place = np.arange(len(rows))
    x, y = place % COLUMNS, place // COLUMNS
    return {
        "row": [int(row) for row in rows],
        "what": list(words),
        "outcome": list(outcomes),
        "x": x.tolist(),
        "y": y.tolist(),
        "x2": (x + 0.89).tolist(),
        "y2": (y + 0.89).tolist(),
    }


def sheet_spec(count: int, uri: str, chosen: int | None = None) -> dict:
    """Vega-Lite: one picture of `count` images, and over each a frame that can be clicked.

    uri: of `sheet_png`, as a data: URI. chosen: the row whose frame is thick. The selection is called "pick",
    with the field "row".
    """
    rows = -(-count // COLUMNS)
    size = {"width": COLUMNS * CELL, "height": rows * CELL}
    field = {"type": "quantitative", "axis": None}
    known = list(OUTCOME_COLOURS)
    thick = {"test": f"datum.row === {chosen if chosen is not None else -1}", "value": 6}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        **size,
        "autosize": "none",
        "padding": dict.fromkeys(("left", "top", "right", "bottom"), 4),
        "layer": [
            {
                "data": {"values": [{"url": uri}]},
                "mark": {
                    "type": "image",
                    "x": 0,
                    "y": 0,
                    **size,
                    "align": "left",
                    "baseline": "top",
                    "aspect": False,
                    "smooth": False,
                },
                "encoding": {"url": {"field": "url"}},
            },
            {
                "params": [{"name": "pick", "select": {"type": "point", "fields": ["row"]}}],
                "mark": {"type": "rect", "fillOpacity": 0.001, "fill": "#000", "cursor": "pointer"},
                "encoding": {
                    "x": {"field": "x", "scale": {"domain": [0, COLUMNS], "nice": False}, **field},
                    "x2": {"field": "x2"},
                    "y": {
                        "field": "y",
                        "scale": {"domain": [0, rows], "reverse": True, "nice": False},
                        **field,
                    },
                    "y2": {"field": "y2"},
                    "stroke": {
                        "field": "outcome",
                        "type": "nominal",
                        "scale": {"domain": known, "range": [OUTCOME_COLOURS[word] for word in known]},
                        "legend": None,
                    },
                    "strokeWidth": {"condition": thick, "value": 2.5},
                    "tooltip": {"field": "what", "type": "nominal"},
                },
            },
        ],
        "config": {"view": {"stroke": None}},
    }
