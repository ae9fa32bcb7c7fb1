"""What all figures share: letters, colours, strokes, axes, tooltips, legends, rules, names of lines.

Figures are plain Vega-Lite dictionaries: a page that watches a job redraws them twice a second, and checking
each of them through Altair would take longer than all the rest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from rsviz.bounds import certifying
from rsviz.errors import RsvizError

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

TICK, FONT, LARGE = 14, 14, 17
"""Sizes of letters in pixels: along axes and in legends; titles and words in a chart; words in a map."""
AXIS_HEIGHT = 60
"""Pixels of a chart's height that the axis below it takes on a page."""

# The palette of Okabe and Ito: people with colour blindness can tell these apart.
BLUE, SKY, GREEN, ORANGE, VERMILION, PINK = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
LEAD, QUIET = "#2E86C1", "#7A8794"
"""The subject of a picture, and what is compared with it: legible on white and black, in lines and words."""
PALE, EMPTY = "#9AA5B1", "#B8B8B8"
"""Areas of what is drawn for comparison; in a map, where nothing is certified."""
FOUND = "#E4437A"
"""What an attack found. What is proved has the colour of its bound."""
FALSE = "#C0392B"
"""A statement that is false."""
WRONG = VERMILION
"""Another class than the true one."""
SERIES = (
    *(LEAD, ORANGE, GREEN, PINK, SKY, VERMILION, "#5A6900", "#8C6BB1", "#B58900", "#5E81AC"),
    *("#E100FF", "#4B3CFF", "#B400A5", "#9600F0", "#785A5A", "#A569FF", "#FF2DC3", "#006987", "#FF000F"),
    *("#4B78FF", "#69A500", "#2D5AC3", "#A54B78", "#96691E", "#008700", "#873CB4"),
)
"""Series that have no colour of their own, in order; the later ones are as far from the others as can be."""

SOLID, NOT_PROVED, PRINTED, TRANSFER = [1, 0], [7, 5], [2, 3], [10, 3, 2, 3]
"""Strokes: proved or measured here; not proved; printed in a paper; of an attack on another network."""
CHOSEN, LEVEL = [2, 4], [6, 4]
"""Strokes of rules: at a value that somebody chose; at a value that other values are compared with."""
STAIRS = {"interpolate": "step-before"}
"""Between two radii only the share at the larger one is proved, so a line falls right behind the smaller."""
BAND = 0.16
"""Opacity of an area behind its line."""


def noise_colour(key: str) -> str:
    """A mechanism has the colour of its tight bound."""
    return certifying(key)[0].colour


def series_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each series, in order, none of them twice; RsvizError for more than there are colours."""
    names = list(dict.fromkeys(names))
    if len(names) > len(SERIES):
        raise RsvizError(f"{len(names)} curves are to be drawn; a picture has colours for {len(SERIES)}.")
    return dict(zip(names, SERIES, strict=False))


def config(**legend) -> dict:
    """Vega-Lite config of every chart, legible in a hall. legend: further properties of legends."""
    return {
        "axis": {"labelFontSize": TICK, "titleFontSize": FONT, "titleFontWeight": "normal"},
        "legend": {
            "labelFontSize": TICK,
            "titleFontSize": TICK,
            "titleFontWeight": "normal",
            "labelLimit": 600,
            "titleLimit": 600,
            "symbolOpacity": 1,
            "symbolSize": 400,
            "symbolStrokeWidth": 3,
            **legend,
        },
        "title": {"anchor": "start", "fontSize": FONT, "fontWeight": "normal"},
        "view": {"stroke": None},
        # a screen reader reads the alternative text and the axes, not each of hundreds of marks
        "mark": {"aria": False},
    }


def chart(layers: Sequence[dict], height, *, resolve: dict | None = None, **encoding) -> dict:
    """A layered chart. height: in pixels, or {"step": pixels}. encoding: what all layers share."""
    found = {"$schema": SCHEMA, "height": height, "layer": list(layers), "config": config()}
    return found | ({"encoding": encoding} if encoding else {}) | ({"resolve": resolve} if resolve else {})


def layer(mark, rows: Sequence[dict] | None = None, where=None, **encoding) -> dict:
    """A layer of a chart. mark: a dictionary or the name of a mark.

    rows: its own data; None: the data that the chart is given. where: keeps the rows for which this Vega
    expression or predicate is true.
    """
    found = {"mark": mark if isinstance(mark, dict) else {"type": mark}, "encoding": encoding}
    found |= {} if rows is None else {"data": {"values": list(rows)}}
    return found | ({} if where is None else {"transform": [{"filter": where}]})


def x_axis(field, title, domain=None, *, ticks=6, scale=None, **axis) -> dict:
    """Channel of a horizontal axis without grid lines, which ends where its domain ends."""
    return _axis(field, title, domain, {"nice": False} | (scale or {}), ticks, {"grid": False, **axis})


def y_axis(field, title, domain=None, *, ticks=5, scale=None, **axis) -> dict:
    """Channel of a vertical axis, on which lines and areas are not stacked."""
    return _axis(field, title, domain, scale or {}, ticks, axis) | {"stack": None}


def _axis(field, title, domain, scale, ticks, axis) -> dict:
    axis = {"labelOverlap": "greedy", **axis}
    if "values" not in axis:  # of given values on a logarithmic scale a count would drop labels
        axis["tickCount"] = ticks
    scale = _domain(domain) | scale
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis}


def percent_axis(field, title) -> dict:
    """Channel of a vertical axis from 0 to 100."""
    return y_axis(field, title, (0, 100))


def log_scale(domain=None) -> dict:
    """Scale of a logarithmic axis, which ends where its domain ends."""
    return {"type": "log", "nice": False} | _domain(domain)


def _domain(domain) -> dict:
    return {} if domain is None else {"domain": list(domain), "nice": False}


def tip(field, title=None, form=".4~g") -> dict:
    """One line of a tooltip. form: of a number, in d3's notation; None for words."""
    found = {"field": field, "title": title or field}
    return found | ({"type": "quantitative", "format": form} if form else {"type": "nominal"})


def colour(field, by_name: Mapping[str, str], legend=None) -> dict:
    """Channel of colours by name; no legend unless one is given: see `legend`."""
    return _by_name(field, by_name, legend)


def stroke(field, by_name: Mapping[str, list], legend=None) -> dict:
    """Channel of strokes by name; see `colour`."""
    return _by_name(field, by_name, legend)


def _by_name(field, by_name, legend) -> dict:
    scale = {"domain": list(by_name), "range": list(by_name.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": legend}


def legend(title=None, *, orient="bottom", columns=1, lines=True, **more) -> dict:
    """A legend of lines, or else of dots and areas."""
    symbols = {"symbolType": "stroke"} if lines else {"symbolSize": 150, "symbolStrokeWidth": 0}
    return {"title": title, "orient": orient, "columns": columns, **symbols, **more}


def printed_line() -> dict:
    """Mark of a curve of a paper: diamonds where a number is printed."""
    return {"type": "line", "strokeWidth": 1.5, "point": {"size": 90, "shape": "diamond"}}


def words(align="left", *, dx=0, dy=0, size=FONT, **more) -> dict:
    """Mark of words in a chart."""
    return {"type": "text", "align": align, "dx": dx, "dy": dy, "fontSize": size, **more}


def rule(channel, value, name="", *, colour=QUIET, dash=CHOSEN, span=None, mark=None, **axis) -> list[dict]:
    """Layers of a straight line across the chart at one value, and of its name at the upper or left end.

    channel: "x" or "y". span: from where to where it goes along the other axis; None: all the way. mark:
    further properties of the name. axis: further properties of the channel, such as its scale.
    """
    other = "y" if channel == "x" else "x"
    at = {channel: {"field": "at", "type": "quantitative", **axis}, "color": {"value": colour}}
    rows, along = [{"at": value, "name": name}], {}
    if span is not None:
        rows[0] |= {"from": float(span[0]), "to": float(span[1])}
        along = {other: {"field": "from", "type": "quantitative"}, f"{other}2": {"field": "to"}}
    line = {"type": "rule", "strokeWidth": 1.5, "strokeDash": dash}
    if not name:
        return [layer(line, rows, **at, **along)]
    place = {"dx": 5, "dy": 2, "baseline": "bottom"} if channel == "x" else {"dx": 6, "dy": -9}
    label = words(**place | (mark or {}))
    return [
        layer(line, rows, **at, **along),
        layer(label, rows, **at, **{other: {"value": 0}}, text={"field": "name"}),
    ]


def place_names(
    ends: Mapping[str, float], low: float, high: float, gap: float, lines=None
) -> dict[str, float]:
    """Heights of the names of lines: at the ends of the lines, moved until they are apart and inside.

    ends: heights of the ends, by name. low, high: of the axis. gap: height of a line of text. All of them in
    the unit of the axis, or in its logarithm. lines: name -> lines of text, downwards; 1 where it has none.
    """
    taken = {name: gap * (lines or {}).get(name, 1) for name in ends}
    order = sorted(ends, key=lambda name: min(max(ends[name], low), high))
    places, floor = {}, low - gap
    for name in order:
        floor = places[name] = max(min(ends[name], high), floor + taken[name])
    ceiling = high
    for name in reversed(order):  # what was pushed out at the top comes down again, in order
        places[name] = min(places[name], ceiling)
        ceiling = places[name] - taken[name]
    return places


def end_names(rows: Sequence[dict], x: dict, y: dict, colour: dict, **mark) -> dict:
    """Layer of the names of lines at their right ends.

    rows: each with "name" and the fields of the three channels. mark: further properties of the text.
    """
    mark = words(dx=8, **{"fontWeight": "bold"} | mark)
    return layer(mark, rows, x=x, y=y, color=colour, text={"field": "name"})


def round_steps(least: float) -> Iterator[float]:
    """1, 2, 5, 10, ... times a power of ten, from about `least` on, without end."""
    power = 10.0 ** np.floor(np.log10(least))
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
