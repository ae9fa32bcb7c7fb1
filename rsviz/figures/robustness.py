"""Robust accuracy against attack size, with what is certified below it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from rsviz.figures.theme import (
    BAND,
    PRINTED,
    SOLID,
    STAIRS,
    TRANSFER,
    chart,
    colour,
    layer,
    legend,
    percent_axis,
    printed_line,
    series_colours,
    stroke,
    tip,
    x_axis,
)
from rsviz.norms import NORMS

EMPTY: Mapping = MappingProxyType({})


def names(curves: Sequence[Mapping]) -> list[str]:
    """Each curve in a few words: what tells it from the others, and which network is attacked."""
    several = len({one["checkpoint"] for one in curves}) > 1
    found = []
    for one in curves:
        words = f"g, scale {one['scale']:g}" if one["scale"] else "f, no noise"
        words += f", {one['checkpoint']}" if several else ""
        found.append(words + (f", transfer from {one['surrogate']}" if one["surrogate"] else ""))
    return found


def accuracy_columns(curves: Sequence[Mapping], printed: Mapping[str, Mapping] = EMPTY) -> dict[str, list]:
    """Columns of the chart: series, kind, size, right, abstained, wrong.

    Shares are in percent; only curves of kind "attacked" have the last two, the others have NaN.
    curves: as rsviz.attacks gives them. printed: curves of papers by name, each with radius and value.
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


def accuracy_spec(curves: Sequence[Mapping], norm: str, printed: Mapping[str, Mapping] = EMPTY) -> dict:
    """Vega-Lite chart of `accuracy_columns`: points were attacked; stairs are certified, and lie below.

    A colour is a checkpoint under one noise; a broken line is a transfer attack; diamonds are from papers.
    """
    victims = [(one["checkpoint"], one["scale"]) for one in curves]
    inks = series_colours([*victims, *printed])
    colours, strokes = {}, {}
    for name, victim, one in zip(names(curves), victims, curves, strict=True):
        colours[name], strokes[name] = inks[victim], TRANSFER if one["surrogate"] else SOLID
    for name in printed:
        colours[name], strokes[name] = inks[name], PRINTED
    by_name = legend(labelLimit=500)
    dash = stroke("series", strokes, by_name)
    shares = [tip(name, f"{name} (%)", ".1f") for name in ("right", "abstained", "wrong")]
    tooltip = [tip("series", form=None), tip("size"), *shares]
    certified = {"type": "area", "opacity": BAND, "line": {"strokeWidth": 1.5}, **STAIRS}
    attacked = {"type": "line", "strokeWidth": 2.5, "point": {"size": 45}}
    return chart(
        [
            layer(certified, where="datum.kind == 'certified'"),
            layer(attacked, where="datum.kind == 'attacked'", strokeDash=dash, tooltip=tooltip),
            layer(printed_line(), where="datum.kind == 'printed'", strokeDash=dash, tooltip=tooltip[:3]),
        ],
        360 + 20 * len(colours),  # a line of the legend for each
        x=x_axis("size", f"attack size, {NORMS[norm].symbol} (pixel units)"),
        y=percent_axis("right", "right answers (%)"),
        color=colour("series", colours, by_name),
    )
