"""Charts that fit a frame: letters, margins and inks for a hall, and the same as SVG, PNG or PDF."""

from rsviz.figures import theme
from rsviz.lessons.records import Frame

INK = "#1B1C1D"
"""The colour of axes and of words without a hue. In the SVG of a page it follows the theme."""


def fitted(layers, frame: Frame, **more) -> dict:
    """A layered chart that fills the frame. layers, more: see rsviz.figures.theme.chart."""
    found = theme.chart(layers, frame.height, **more)
    letters = {"labelFontSize": frame.letters, "titleFontSize": frame.letters}
    inks = {"labelColor": INK, "titleColor": INK}
    config = found["config"]
    axis = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.12}
    return found | {
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
