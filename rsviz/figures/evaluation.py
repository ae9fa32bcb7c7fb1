"""Certified accuracy of whole test sets against radius, and a sheet of their images."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.data.images import to_png
from rsviz.figures.theme import (
    BAND,
    GREEN,
    PALE,
    PRINTED,
    SKY,
    SOLID,
    STAIRS,
    WRONG,
    chart,
    colour,
    layer,
    legend,
    percent_axis,
    printed_line,
    rule,
    series_colours,
    stroke,
    tip,
    x_axis,
)
from rsviz.norms import NORMS

ENVELOPE = "best at each radius"
STROKES = {"ours": SOLID, "paper": PRINTED, "envelope": [6, 2, 2, 2]}
OUTCOME_COLOURS = {
    "certified": GREEN,
    "correct, but not so far": SKY,
    "wrong": WRONG,
    "abstained": PALE,
}
"""By the words of rsviz.evaluation.OUTCOMES."""
HEIGHT = 420
"""Pixels of the curves, with the axis below them."""
MOST_INSIDE, LONGEST_INSIDE = 4, 28
"""Names, and letters of the longest, for which the legend lies below the falling curves."""
COLUMNS, CELL = 20, 33
"""Of a sheet: images in a row, and pixels on the screen from one to the next."""


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
    """Vega-Lite chart of `curve_columns`: stairs are proved here, diamonds are printed in a paper.

    norm: of the radii. at: the radius that a rule marks, pixel units.
    """
    kinds = {name: curve["kind"] for name, curve in curves.items()}
    colours = series_colours(sorted(kinds, key=lambda name: list(STROKES).index(kinds[name])))
    inside = len(curves) <= MOST_INSIDE and max(map(len, curves), default=0) <= LONGEST_INSIDE
    by_name = legend(orient="bottom-left" if inside else "bottom", offset=8)
    dash = stroke("series", {name: STROKES[kind] for name, kind in kinds.items()}, by_name)
    shares = (("accuracy", "certified"), ("low", "at least"), ("high", "at most"))
    tooltip = [tip("series", form=None), tip("radius")]
    tooltip += [tip(name, f"{title} (%)", ".1f") for name, title in shares]
    own = "datum.kind != 'paper'"
    area = {"type": "area", "opacity": BAND, **STAIRS}
    line = {"type": "line", "strokeWidth": 2.8, **STAIRS}
    accuracy = {"y": _percent("accuracy"), "strokeDash": dash, "tooltip": tooltip}
    return chart(
        [
            layer(area, where=f"{own} && isValid(datum.low)", y=_percent("low"), y2={"field": "high"}),
            layer(line, where=own, **accuracy),
            layer(printed_line(), where="datum.kind == 'paper'", **accuracy),
            *rule("x", at),
        ],
        HEIGHT + (0 if inside else 24 * len(curves)),  # a line of the legend for each
        x=x_axis("radius", f"{NORMS[norm].symbol} radius (pixel units)", scale={"zero": True}),
        color=colour("series", colours, by_name),
    )


def _percent(field) -> dict:
    return percent_axis(field, "certified and right (%)")


def sheet_png(images, columns: int = COLUMNS) -> bytes:
    """Images float (N, C, H, W) in [0, 1] in rows of `columns`, each pixel of an image a pixel of the PNG.

    Between two images there is an empty line of an eighth of their size, which `sheet_spec` frames.
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
    width, height = COLUMNS * CELL, rows * CELL
    picture = {"type": "image", "x": 0, "y": 0, "width": width, "height": height, "align": "left"}
    picture |= {"baseline": "top", "aspect": False, "smooth": False}
    frame = {"type": "rect", "fillOpacity": 0.001, "fill": "#000", "cursor": "pointer"}
    thick = {"test": f"datum.row === {chosen if chosen is not None else -1}", "value": 6}
    frames = layer(
        frame,
        x=_place("x", {"domain": [0, COLUMNS]}),
        x2={"field": "x2"},
        y=_place("y", {"domain": [0, rows], "reverse": True}),
        y2={"field": "y2"},
        stroke=colour("outcome", OUTCOME_COLOURS),
        strokeWidth={"condition": thick, "value": 2.5},
        tooltip={"field": "what", "type": "nominal"},
    )
    picking = {"params": [{"name": "pick", "select": {"type": "point", "fields": ["row"]}}]}
    padding = dict.fromkeys(("left", "top", "right", "bottom"), 4)
    layers = [layer(picture, [{"url": uri}], url={"field": "url"}), frames | picking]
    return chart(layers, height) | {"width": width, "autosize": "none", "padding": padding}


def _place(field, scale) -> dict:
    return {"field": field, "type": "quantitative", "axis": None, "scale": scale | {"nice": False}}
