"""Charts that fit a frame: letters, axes and inks for a hall; lines, words, dots and pictures on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rsviz.figures import theme
from rsviz.lessons.records import Frame

INK = "#1B1C1D"
"""The colour of axes and of words without a hue. In the SVG of a page it follows the theme."""
LINE = 5
"""Pixels of a line that can be seen at the back of a hall."""


def fitted(layers, frame: Frame, *, heading: str = "", **more) -> dict:
    """A layered chart that fills the frame. layers, more: see rsviz.figures.theme.chart.

    heading: above the chart: what its vertical axis shows, with the unit.
    """
    found = theme.chart(layers, frame.height, **more)
    letters = {"labelFontSize": frame.letters, "titleFontSize": frame.letters}
    inks = {"labelColor": INK, "titleColor": INK}
    config = found["config"]
    axis = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.12, "labelLimit": 400}
    return found | {
        **({"title": {"text": heading, "frame": "bounds"}} if heading else {}),
        "width": frame.width,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": "transparent",
        "padding": frame.letters // 3,
        "config": config
        | {
            "axis": config["axis"] | letters | inks | axis,
            "legend": config["legend"] | letters | inks,
            "title": config["title"] | {"fontSize": frame.letters, "color": INK},
            "text": {"fontSize": frame.letters, "color": INK},
        },
    }


def is_wide(frame: Frame) -> bool:
    """Whether the frame is that of a hall, not of a phone."""
    return frame.width > 2 * frame.height


@dataclass(frozen=True)
class Axes:
    """Two axes on which layers are put. x, y: channels of rsviz.figures.theme with the fields x and y."""

    frame: Frame
    x: dict
    y: dict

    @classmethod
    def of(cls, frame: Frame, x: tuple, y: tuple, title: str | None, *, log=(), percent=False, **axis):
        """Axes from (low, high) to (low, high). title: of the horizontal one. log: of "x", "y".

        percent: the vertical axis shows shares. axis: further properties, as x_values=..., y_format=...
        """
        ticks = 6 if is_wide(frame) else 4
        more = {side: {} for side in "xy"}
        for name, value in axis.items():
            more[name[0]][name[2:]] = value
        if percent:
            more["y"] = {"format": ".0%"} | more["y"]
        scales = {side: theme.log_scale() if side in log else {} for side in "xy"}
        return cls(
            frame,
            theme.x_axis("x", title, x, ticks=ticks, scale=scales["x"], **more["x"]),
            theme.y_axis("y", None, y, ticks=5, scale=scales["y"], **more["y"]),
        )

    @classmethod
    def blank(cls, frame: Frame):
        """A canvas without axes, in pixels from the upper left corner."""
        x = theme.x_axis("x", None, (0, frame.width)) | {"axis": None}
        y = theme.y_axis("y", None, (frame.height, 0)) | {"axis": None}
        return cls(frame, x, y)

    def layer(self, mark: dict, rows: Iterable[Mapping], **channels) -> dict:
        """A layer of rows with x and y on these axes."""
        return theme.layer(mark, list(rows), x=self.x, y=self.y, **channels)

    def line(self, x: Iterable, y: Iterable, colour: str, *, width=LINE, dash=(1, 0), **mark) -> dict:
        """A line through the points in their order."""
        mark = {"type": "line", "stroke": colour, "strokeWidth": width, "strokeDash": list(dash)} | mark
        rows = [{**row, "at": at} for at, row in enumerate(_points(x, y))]
        return self.layer({"clip": True} | mark, rows, order={"field": "at"})

    def dots(self, x: Iterable, y: Iterable, colour: str, *, size=300, **mark) -> dict:
        """Filled dots."""
        mark = {"type": "point", "filled": True, "opacity": 1, "color": colour, "size": size} | mark
        return self.layer(mark, _points(x, y))

    def rise(self, x: Iterable, y: Iterable, colour: str, *, width=LINE) -> dict:
        """A vertical bar from 0 to each point."""
        return self.layer(
            {"type": "rule", "strokeWidth": width, "color": colour}, _points(x, y), y2={"datum": 0}
        )

    def across(self, y: float, colour: str = INK, *, dash=theme.LEVEL, width=3) -> dict:
        """A straight line at a height."""
        mark = {"type": "rule", "strokeWidth": width, "strokeDash": list(dash), "color": colour}
        return theme.layer(mark, [{"y": float(y)}], y=self.y)

    def upright(self, x: float, colour: str = INK, *, dash=theme.LEVEL, width=3) -> dict:
        """A straight line at a value of the horizontal axis."""
        mark = {"type": "rule", "strokeWidth": width, "strokeDash": list(dash), "color": colour}
        return theme.layer(mark, [{"x": float(x)}], x=self.x)

    def words(self, x: float, y: float, text: str, colour: str = INK, *, align="left", **mark) -> dict:
        """Words at a place."""
        mark = {"size": self.frame.letters, "baseline": "middle", "color": colour} | mark
        return self.layer(theme.words(align, **mark), _points([x], [y]), text={"value": text})

    def picture(self, x: float, y: float, url: str, size: float) -> dict:
        """A square picture around a place. size: in pixels."""
        mark = {"type": "image", "width": size, "height": size, "smooth": False}
        return self.layer(mark, [{"x": float(x), "y": float(y), "url": url}], url={"field": "url"})

    def box(self, low: tuple, high: tuple, colour: str, *, opacity=1.0) -> dict:
        """A filled rectangle between two corners (x, y)."""
        row = {"x": low[0], "y": low[1], "to_x": high[0], "to_y": high[1]}
        mark = {"type": "rect", "color": colour, "opacity": opacity}
        return self.layer(mark, [row], x2={"field": "to_x"}, y2={"field": "to_y"})

    def chart(self, *layers: dict, heading: str = "") -> dict:
        """The chart of these layers."""
        return fitted(layers, self.frame, heading=heading)


def _points(x, y) -> list[dict]:
    return [{"x": float(a), "y": float(b)} for a, b in zip(x, y, strict=True)]


@dataclass(frozen=True)
class Bar:
    """A bar of a bar chart. value: its length. says: at its end. low, high: of an interval drawn on it."""

    name: str
    value: float
    colour: str
    says: str = ""
    low: float = np.nan
    high: float = np.nan


def bars(
    frame: Frame,
    found: Sequence[Bar],
    title: str,
    *,
    high=1.0,
    heading="",
    axis_format=".0%",
    picture="",
) -> dict:
    """Horizontal bars from 0 to `high`, with words at their ends.

    title: of the axis, with its unit. picture: URL of a square one in the lower right corner.
    """
    wide = is_wide(frame)
    says, names = (
        max(map(len, texts)) for texts in zip(*((bar.says, bar.name) for bar in found), strict=True)
    )
    room = (0.5 * says * frame.letters + 20) / (frame.width - 0.5 * names * frame.letters)
    rows = [
        {"name": bar.name, "value": bar.value, "colour": bar.colour, "says": bar.says}
        | ({} if np.isnan(bar.low) else {"low": bar.low, "high": bar.high})
        | {"end": max(bar.value, 0 if np.isnan(bar.high) else bar.high)}
        for bar in found
    ]
    axis = {"labelOverlap": True, "labelPadding": 8, "ticks": False, "domain": False}
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis}
    ticks = round(high if high > 1 else 5 if high == 1 else 10 * high) if wide or high > 1 else 2
    values = np.linspace(0, high, ticks + 1).round(2).tolist()
    x = theme.x_axis("value", title, (0, high / (1 - room)), values=values, format=axis_format)
    colour = {"field": "colour", "type": "nominal", "scale": None}
    words = theme.words(dx=10, size=frame.letters, baseline="middle")
    interval = {"type": "rule", "strokeWidth": LINE, "color": INK}
    limited = [row for row in rows if "low" in row]
    layers = [
        theme.layer({"type": "bar", "height": {"band": 0.72}}, rows, x=x, y=y, color=colour),
        theme.layer(words, rows, x=x | {"field": "end"}, y=y, text={"field": "says"}),
    ]
    if limited:
        layers.append(theme.layer(interval, limited, x=x | {"field": "low"}, x2={"field": "high"}, y=y))
    if picture:
        size = frame.height * (0.45 if wide else 0.32)
        mark = {"type": "image", "width": size, "height": size, "align": "right", "baseline": "bottom"}
        place = {"x": {"value": "width"}, "y": {"value": "height"}}
        layers.append(theme.layer(mark, [{"url": picture}], url={"field": "url"}, **place))
    return fitted(layers, frame, heading=heading)


def at_least(share: float, digits: int = 0) -> str:
    """A lower limit for sentences, rounded down."""
    return f"{np.floor(share * 10 ** (digits + 2)) / 10 ** (digits + 2):.{digits}%}"


def at_most(share: float, digits: int = 0) -> str:
    """An upper limit for sentences, rounded up."""
    return f"{np.ceil(share * 10 ** (digits + 2)) / 10 ** (digits + 2):.{digits}%}"


def percent(share: float, digits: int = 0) -> str:
    """A share for sentences; never a rounded 0% or 100% of what is more or less."""
    return (
        f"{share:.{digits}%}"
        if share in (0, 1) or 0 < round(share, digits + 2) < 1
        else percent(share, digits + 1)
    )
