"""Robust accuracy against attack size, with what is certified below it."""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from rsviz.figures.certify import TOP_WORDS
from rsviz.norms import NORMS

COLOURS = (TOP_WORDS, "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A8794", "#8C6BB1")
DASHES = ([1, 0], [6, 3])
"""White-box; transfer."""
PAPER = [2, 3]
EMPTY: Mapping = MappingProxyType({})
FONT = 15


def names(curves: Sequence[dict]) -> list[str]:
    """Each curve in a few words: only what tells it from the others, and whom it attacks."""
    several = len({one["checkpoint"] for one in curves}) > 1
    found = []
    for one in curves:
        words = f"g, scale {one['scale']:g}" if one["scale"] else "f, no noise"
        words += f", {one['checkpoint']}" if several else ""
        found.append(words + (f", transfer from {one['surrogate']}" if one["surrogate"] else ""))
    return found


def accuracy_columns(curves: Sequence[dict], printed: Mapping[str, Mapping] = EMPTY) -> dict[str, list]:
    """Columns of the chart: series, kind ("attacked", "certified" or "printed"), size, and in percent right,
    abstained, wrong; the last two are NaN but for what was attacked here.

    curves: as rsviz.attacks.curve_request.curves gives them. printed: by name, radius and value of curves
    that stand in papers.
    """
    columns = {name: [] for name in ("series", "kind", "size", "right", "abstained", "wrong")}

    def add(*row):
        for values, value in zip(columns.values(), row, strict=True):
            values.append(value)

    for name, one in zip(names(curves), curves, strict=True):
        for size, *shares in zip(one["size"], one["right"], one["abstained"], one["wrong"], strict=True):
            add(name, "attacked", size, *(100 * share for share in shares))
        if one["certified"] is not None and one["surrogate"] is None:
            for size, share in zip(one["radius"], one["certified"], strict=True):
                add(name, "certified", size, 100 * share, np.nan, np.nan)
    for name, one in printed.items():
        for size, share in zip(one["radius"], one["value"], strict=True):
            add(name, "printed", size, 100 * share, np.nan, np.nan)
    return columns


def accuracy_spec(curves: Sequence[dict], norm: str, printed: Mapping[str, Mapping] = EMPTY) -> dict:
    """Vega-Lite chart of `accuracy_columns`: points were attacked; stairs are certified, and lie below.

    A colour is a checkpoint under one noise; a broken line is a transfer attack; diamonds stand in papers.
    """
    series, victims = names(curves), []
    for one in curves:
        victim = (one["checkpoint"], one["scale"])
        victims += [victim] * (victim not in victims)
    colours = [COLOURS[victims.index((one["checkpoint"], one["scale"])) % len(COLOURS)] for one in curves]
    dashes = [DASHES[one["surrogate"] is not None] for one in curves]
    series += list(printed)
    colours += [colour for colour, _ in zip(itertools.cycle(reversed(COLOURS)), printed, strict=False)]
    dashes += [PAPER] * len(printed)
    legend = {"orient": "bottom", "columns": 1, "labelLimit": 500, "title": None, "symbolType": "stroke"}
    field = {"field": "series", "type": "nominal"}
    colour = field | {"scale": {"domain": series, "range": colours}, "legend": legend}
    dash = field | {"scale": {"domain": series, "range": dashes}, "legend": legend}
    tooltip = [field, {"field": "size", "type": "quantitative", "format": ".4~g"}]
    tooltip += [
        {"field": name, "type": "quantitative", "title": f"{name} (%)", "format": ".1f"}
        for name in ("right", "abstained", "wrong")
    ]
    attacked = {"type": "line", "strokeWidth": 2.5, "point": {"size": 45}}
    certified = {"type": "area", "interpolate": "step-before", "opacity": 0.16, "line": {"strokeWidth": 1.5}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 360 + 20 * len(series),  # a line of the legend for each
        "encoding": {
            "x": {
                "field": "size",
                "type": "quantitative",
                "title": f"attack size, {NORMS[norm].symbol} (pixel units)",
                "scale": {"nice": False},
                "axis": {"tickCount": 6, "grid": False},
            },
            "y": {
                "field": "right",
                "type": "quantitative",
                "title": "right answers (%)",
                "scale": {"domain": [0, 100]},
                "axis": {"tickCount": 5},
                "stack": None,
            },
            "color": colour,
        },
        "layer": [
            {"transform": [{"filter": "datum.kind == 'certified'"}], "mark": certified},
            {
                "transform": [{"filter": "datum.kind == 'attacked'"}],
                "mark": attacked,
                "encoding": {"strokeDash": dash, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "datum.kind == 'printed'"}],
                "mark": {"type": "line", "strokeWidth": 1.5, "point": {"size": 90, "shape": "diamond"}},
                "encoding": {"strokeDash": dash, "tooltip": tooltip[:3]},
            },
        ],
        "config": config(),
    }


def config(**legend) -> dict:
    """Letters and strokes of a chart that a hall can read; legend: what else its legend has."""
    return {
        "axis": {"labelFontSize": FONT - 2, "titleFontSize": FONT - 1, "titleFontWeight": "normal"},
        "legend": {"labelFontSize": FONT - 2, "symbolSize": 400, "symbolStrokeWidth": 3, **legend},
    }
