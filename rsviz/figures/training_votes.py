"""How a network under noise votes on some test images: a bar of votes beside each image."""

import base64

import numpy as np

from rsviz.data.images import to_png
from rsviz.figures.certify import OTHER, TOP
from rsviz.figures.training import FONT, layered, rows_with

WRONG = "#D55E00"

ROW, LEGEND = 46, 100
"""Pixels on the screen of an image, and of the legend and the axis."""


def votes_columns(votes, labels, classes, images) -> dict[str, list]:
    """Columns of the votes chart: each image's share of the true class, of the strongest other, of the rest.

    votes: counts by class (images, classes). labels: true classes. images: float32 (N, C, H, W) in [0, 1], or
    None where they are not at hand. Rows of one image lie side by side from `start` to `end`, in percent.
    """
    names = ("image", "role", "class", "share", "start", "middle", "end", "label", "picture")
    columns = {name: [] for name in names}
    for number, (counts, label) in enumerate(zip(np.asarray(votes), labels, strict=True)):
        shares = 100 * counts / max(counts.sum(), 1)
        wrong = int(np.where(np.arange(len(shares)) == label, -1, shares).argmax())
        picture = None if images is None else _png_uri(images[number])
        start = 0.0
        for role, name, share in (
            ("true class", str(classes[label]), float(shares[label])),
            ("strongest other", str(classes[wrong]), float(shares[wrong])),
            ("the rest", "others", max(float(100 - shares[label] - shares[wrong]), 0.0)),
        ):
            end = start + share
            cells = (number, role, name, share, start, (start + end) / 2, end, _fitting(name, share), picture)
            for column, cell in zip(names, cells, strict=True):
                columns[column].append(cell)
            start, picture = end, None
    return columns


def votes_spec(images: int) -> dict:
    """Vega-Lite chart of `votes_columns` for so many images: a bar of votes beside each image."""
    colour = {
        "field": "role",
        "type": "nominal",
        "scale": {"domain": ["true class", "strongest other", "the rest"], "range": [TOP, WRONG, OTHER]},
        "legend": {"orient": "top", "title": None, "labelFontSize": FONT - 2, "symbolSize": 120},
    }
    start = {
        "field": "start",
        "type": "quantitative",
        "title": "votes (%)",
        "scale": {"domain": [-22, 100], "nice": False},
        "axis": {"values": [0, 25, 50, 75, 100], "grid": False},
    }
    tooltip = [
        {"field": "class", "type": "nominal"},
        {"field": "share", "type": "quantitative", "title": "votes (%)", "format": ".1f"},
    ]
    name = {"type": "text", "fontSize": FONT - 1, "fontWeight": "bold", "color": "white"}
    side = {"expr": "bandwidth('y')"}
    picture = {"type": "image", "width": side, "height": side}
    layers = [
        rows_with("share", {"type": "bar"}, x=start, x2={"field": "end"}, color=colour, tooltip=tooltip),
        rows_with("label", name, x=start | {"field": "middle"}, text={"field": "label"}),
        rows_with("picture", picture, x={"datum": -12}, url={"field": "picture", "type": "nominal"}),
    ]
    y = {
        "field": "image",
        "type": "ordinal",
        "axis": None,
        "scale": {"paddingInner": 0.15, "paddingOuter": 0.05},
    }
    return layered(layers, y=y) | {"height": ROW * images + LEGEND}


def _fitting(name, share) -> str:
    """The label of a segment, as much as its length has room for, on a phone too."""
    full = f"{name}: {share:.0f} %"
    if share >= 3.6 * len(full):
        return full
    return name if share >= 3.6 * len(name) + 2 else ""


def _png_uri(image) -> str:
    enlarge = max(1, round(2 * ROW / max(image.shape[-2:])))
    return "data:image/png;base64," + base64.b64encode(to_png(image, enlarge)).decode()
