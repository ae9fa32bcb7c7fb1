"""How a network under noise votes on some test images: a bar of votes beside each image."""

import numpy as np

from rsviz.figures.sheet import png_uri
from rsviz.figures.theme import BLUE, PALE, WRONG, chart, colour, layer, legend, tip, words, x_axis

ROLES = {"true class": BLUE, "strongest other": WRONG, "the rest": PALE}

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
        picture = None if images is None else png_uri(images[number], 2 * ROW)
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
    """Vega-Lite chart of `votes_columns` for this number of images: a bar of votes beside each image."""
    start = x_axis("start", "votes (%)", (-22, 100), values=[0, 25, 50, 75, 100])
    ink = colour("role", ROLES, legend(orient="top", columns=len(ROLES), lines=False))
    tooltip = [tip("class", form=None), tip("share", "votes (%)", ".1f")]
    side = {"expr": "bandwidth('y')"}
    picture = {"type": "image", "width": side, "height": side}
    name = words("center", fontWeight="bold", color="white")
    image = {"field": "picture", "type": "nominal"}
    layers = [
        layer("bar", where="isValid(datum.share)", x=start, x2={"field": "end"}, color=ink, tooltip=tooltip),
        layer(name, where="isValid(datum.label)", x=start | {"field": "middle"}, text={"field": "label"}),
        layer(picture, where="isValid(datum.picture)", x={"datum": -12}, url=image),
    ]
    scale = {"paddingInner": 0.15, "paddingOuter": 0.05}
    y = {"field": "image", "type": "ordinal", "axis": None, "scale": scale}
    return chart(layers, ROW * images + LEGEND, y=y)


def _fitting(name, share) -> str:
    """The label of a segment, as much as its length has room for, on a phone too."""
    full = f"{name}: {share:.0f} %"
    if share >= 3.6 * len(full):
        return full
    return name if share >= 3.6 * len(name) + 2 else ""
