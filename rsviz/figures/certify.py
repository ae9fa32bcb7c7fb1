"""Pictures of one certificate: votes, the path of p_A, the edge of the ball, and all of it on one sheet.

The charts are Vega-Lite specifications that are built once; live pages only send new rows.
"""

import base64
import functools

import altair as alt
import numpy as np
import pandas as pd

from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.data.images import to_png

TOP, OTHER, LIMIT = "#0072B2", "#9AA5B1", "#D55E00"
FONT = 15
MOST_CLASSES = 12
"""Bars that can be read side by side; of more classes the rest is summed up."""


def votes_frame(counts, classes, top: int | None) -> pd.DataFrame:
    """Rows of the bar chart: name, votes, share in percent, label, role, in class order.

    counts: votes per class. top: the class that is counted for, or None while it is being selected.
    """
    counts = np.asarray(counts)
    top = int(counts.argmax()) if top is None else top
    shown = np.arange(len(counts))
    if len(counts) > MOST_CLASSES:
        shown = np.sort(np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1])
    names = [str(classes[index]) for index in shown]
    votes = counts[shown].tolist()
    if len(shown) < len(counts):
        names.append(f"{len(counts) - len(shown)} others")
        votes.append(int(counts.sum()) - sum(votes))
    total = max(int(counts.sum()), 1)
    return pd.DataFrame(
        {
            "class": names,
            "votes": votes,
            "share": [100 * value / total for value in votes],
            "label": [f"{value:,}" if value else "" for value in votes],
            "role": ["top" if index == top else "other" for index in [*shown.tolist(), -1][: len(names)]],
        }
    )


@functools.cache
def votes_spec() -> dict:
    """Vega-Lite bar chart of `votes_frame`."""
    base = alt.Chart(
        pd.DataFrame({"class": ["0"], "votes": [0], "share": [0.0], "label": [""], "role": ["top"]})
    )
    base = base.encode(
        x=alt.X("class:N", sort=None, title="class", axis=alt.Axis(labelAngle=0, labelLimit=90)),
        y=alt.Y("share:Q", title="votes (%)", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5)),
    )
    colour = alt.Color("role:N", scale=alt.Scale(domain=["top", "other"], range=[TOP, OTHER]), legend=None)
    tooltip = [
        alt.Tooltip("class:N"),
        alt.Tooltip("votes:Q", format=","),
        alt.Tooltip("share:Q", title="%", format=".2f"),
    ]
    bars = base.mark_bar(cornerRadiusEnd=2).encode(color=colour, tooltip=tooltip)
    labels = base.mark_text(dy=-9, fontSize=FONT - 3).encode(text="label:N", color=colour)
    return _spec(alt.layer(bars, labels), height=230)


def path_frame(history, alpha: float) -> pd.DataFrame:
    """Rows of the path of p_A: votes drawn, estimate, and the one-sided limits at alpha after so many votes.

    history: rows [votes drawn, votes for the top class].
    """
    drawn, votes = np.asarray(history or np.empty((0, 2)), float).reshape(-1, 2).T
    return pd.DataFrame(
        {
            "drawn": drawn,
            "estimate": votes / np.maximum(drawn, 1),
            "lower": clopper_pearson_lower(votes, drawn, alpha),
            "upper": clopper_pearson_upper(votes, drawn, alpha),
        }
    )


@functools.cache
def path_spec() -> dict:
    """Vega-Lite chart of `path_frame`: estimate and interval over the votes, on a logarithmic axis."""
    base = alt.Chart(pd.DataFrame({"drawn": [1.0], "estimate": [0.5], "lower": [0.0], "upper": [1.0]}))
    base = base.encode(
        x=alt.X(
            "drawn:Q",
            scale=alt.Scale(type="log", nice=False),
            title="votes drawn",
            axis=alt.Axis(format="~s", tickCount=4, grid=False),
        )
    )
    y = alt.Y("lower:Q", title="p_A", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5))
    tooltip = [
        alt.Tooltip("drawn:Q", title="votes", format=","),
        alt.Tooltip("estimate:Q", format=".4f"),
        alt.Tooltip("lower:Q", format=".4f"),
        alt.Tooltip("upper:Q", format=".4f"),
    ]
    band = base.mark_area(opacity=0.3, color=TOP).encode(y=y, y2="upper:Q")
    line = base.mark_line(color=TOP, strokeWidth=2.5, point={"size": 25, "color": TOP})
    line = line.encode(y="estimate:Q", tooltip=tooltip)
    half = alt.Chart().mark_rule(color=LIMIT, strokeDash=[6, 4], strokeWidth=2).encode(y=alt.datum(0.5))
    words = (
        alt.Chart()
        .mark_text(align="left", dx=6, dy=-9, color=LIMIT, fontSize=FONT - 2)
        .encode(x=alt.value(0), y=alt.datum(0.5), text=alt.value("needed: more than 1/2"))
    )
    return _spec(alt.layer(band, line, half, words), height=230)


def _spec(chart, height) -> dict:
    chart = chart.properties(height=height).configure_axis(
        labelFontSize=FONT - 2, titleFontSize=FONT - 1, titleFontWeight="normal"
    )
    spec = chart.to_dict()
    # The rows come with each call; the placeholder only told Altair the types.
    for key in ("data", "datasets"):
        spec.pop(key, None)
    for layer in spec.get("layer", ()):
        layer.pop("data", None)
    return spec


def edges(x, radius: float, seed: int = 0, towards=None) -> dict[str, np.ndarray]:
    """Images at the edge of the l2 ball around x, each moved by exactly `radius` in another direction.

    x: float32 (C, H, W). towards: another image, or None. Values may leave [0, 1]: the ball does not stop
    there. Returns words for the direction -> float32 (C, H, W).
    """
    random = np.random.default_rng(seed)
    patch = np.zeros_like(x)
    height, width = x.shape[1:]
    size = max(2, min(height, width) // 4)
    top, left = (height - size) // 2, (width - size) // 2
    patch[:, top : top + size, left : left + size] = np.where(
        x[:, top : top + size, left : left + size] < 0.5, 1, -1
    )
    directions = {
        "spread over all pixels": random.choice((-1.0, 1.0), x.shape),
        "spent on a small patch": patch,
    }
    if towards is not None and np.any(towards != x):
        directions["towards another class"] = towards - x
    return {
        words: (x + radius * direction / np.linalg.norm(direction)).astype(np.float32)
        for words, direction in directions.items()
    }


def montage(images, columns: int, enlarge: int = 1, gap: int = 1) -> np.ndarray:
    """Images float (N, C, H, W) side by side, (H', W', C), with white lines between them."""
    count, channels, height, width = np.shape(images)
    height, width, gap = height * enlarge, width * enlarge, gap * enlarge
    rows = -(-count // columns)
    sheet = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), np.float32)
    for number, image in enumerate(np.asarray(images, np.float32)):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        large = image.repeat(enlarge, axis=1).repeat(enlarge, axis=2).transpose(1, 2, 0)
        sheet[top : top + height, left : left + width] = large
    return sheet


def sheet_png(x, frame, path, headline: str, lines: list[str]) -> bytes:
    """The certificate as one picture for slides: image, votes, path of p_A, and the promise in words.

    x: float32 (C, H, W). frame, path: of `votes_frame` and `path_frame`. Returns PNG bytes.
    """
    import vl_convert

    enlarge = max(1, 230 // x.shape[1])
    picture = "data:image/png;base64," + base64.b64encode(to_png(x, enlarge)).decode()
    image = {
        "data": {"values": [{"url": picture}]},
        "mark": {"type": "image", "width": 230, "height": 230, "smooth": False},
        "encoding": {
            "url": {"field": "url"},
            "x": {"value": 115},
            "y": {"value": 115},
        },
        "width": 230,
        "height": 230,
    }
    charts = [
        {key: value for key, value in spec.items() if key not in ("$schema", "config")}
        | {"data": {"values": rows.to_dict("records")}, "width": 330}
        for spec, rows in ((votes_spec(), frame), (path_spec(), path))
    ]
    sheet = {
        "$schema": votes_spec()["$schema"],
        "config": votes_spec()["config"] | {"view": {"stroke": None}},
        "background": "white",
        "padding": 24,
        "title": {
            "text": headline,
            "subtitle": lines,
            "anchor": "start",
            "fontSize": 26,
            "subtitleFontSize": 15,
            "subtitlePadding": 8,
            "offset": 18,
        },
        "hconcat": [image, *charts],
        "spacing": 30,
    }
    return vl_convert.vegalite_to_png(sheet, scale=2)
