"""Pictures of one certificate: votes, the path of p_A, the edge of the ball, and all of it on one sheet.

The charts are plain Vega-Lite: a page redraws them every 0.4 s, and checking each through Altair would take
longer than all the rest.
"""

import base64

import numpy as np

from rsviz.data.images import to_png
from rsviz.norms import NORMS

TOP, OTHER = "#0072B2", "#9AA5B1"
"""The class that is certified; every other one."""
TOP_WORDS, OTHER_WORDS = "#2E86C1", "#7A8794"
"""The same for words and lines, legible on white and on black."""
FONT = 15
NAME_GAP = 0.1
MOST_CLASSES = 12
"""Bars that can be read side by side; of more classes the rest is summed up."""


def votes_columns(counts, classes, top: int | None) -> dict[str, list]:
    """Columns of the bar chart: class, votes, share in percent, label, role; in class order.

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
    return {
        "class": names,
        "votes": votes,
        "share": [100 * value / total for value in votes],
        "label": [f"{value:,}" if value else "" for value in votes],
        "role": ["top" if index == top else "other" for index in [*shown.tolist(), -1][: len(names)]],
    }


def votes_spec() -> dict:
    """Vega-Lite bar chart of the rows of `votes_columns`."""
    bars, words = (
        {
            "field": "role",
            "type": "nominal",
            "scale": {"domain": ["top", "other"], "range": colours},
            "legend": None,
        }
        for colours in ([TOP, OTHER], [TOP_WORDS, OTHER_WORDS])
    )
    return _chart(
        [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {
                    "color": bars,
                    "tooltip": [
                        {"field": "class", "type": "nominal"},
                        {"field": "votes", "type": "quantitative", "format": ","},
                        {"field": "share", "type": "quantitative", "title": "%", "format": ".2f"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "dy": -9, "fontSize": FONT - 3},
                "encoding": {"text": {"field": "label"}, "color": words},
            },
        ],
        x={
            "field": "class",
            "type": "nominal",
            "sort": None,
            "title": "class",
            "axis": {"labelAngle": 0, "labelLimit": 90},
        },
        y={
            "field": "share",
            "type": "quantitative",
            "title": "votes (%)",
            "scale": {"domain": [0, 100]},
            "axis": {"tickCount": 5},
        },
    )


def path_columns(history) -> dict[str, list]:
    """Columns of the path of the votes: drawn, p_a and p_b (shares of the top class and the largest other),
    p_a_lower and p_b_upper (limits), and where on the last row the two lines are named.

    history: rows [votes drawn, votes for the top class, for the largest other, p_a_lower, p_b_upper].
    """
    drawn, top, other, p_a_lower, p_b_upper = np.asarray(history or np.empty((0, 5)), float).reshape(-1, 5).T
    p_a, p_b = top / np.maximum(drawn, 1), other / np.maximum(drawn, 1)
    # Names stand outside of what lies between the lines, unless the frame is too near
    name_a = p_a + np.where(p_a > 0.85, -NAME_GAP, NAME_GAP)
    name_b = p_b + np.where(p_b < 0.15, NAME_GAP, -NAME_GAP)
    return {
        "drawn": drawn.tolist(),
        "p_a": p_a.tolist(),
        "p_b": p_b.tolist(),
        "p_a_lower": p_a_lower.tolist(),
        "p_b_upper": p_b_upper.tolist(),
        "name_a": name_a.tolist(),
        "name_b": name_b.tolist(),
        "last": [False] * (len(drawn) - 1) + [True] * (len(drawn) > 0),
    }


def path_spec() -> dict:
    """Vega-Lite chart of the rows of `path_columns`: two shares and their limits, votes on a log axis."""
    tooltip = [{"field": "drawn", "type": "quantitative", "title": "votes", "format": ","}]
    for name in ("p_a", "p_a_lower", "p_b", "p_b_upper"):
        tooltip.append({"field": name, "type": "quantitative", "format": ".4f"})
    line, layers = {"type": "line", "strokeWidth": 2.5}, []
    for share, limit, name, words, colour in (
        ("p_a", "p_a_lower", "name_a", "p_A and its lower limit", TOP_WORDS),
        ("p_b", "p_b_upper", "name_b", "p_B and its upper limit", OTHER_WORDS),
    ):
        layers += [
            {
                "mark": {"type": "area", "opacity": 0.3, "color": colour},
                "encoding": {"y": _probability(limit), "y2": {"field": share}},
            },
            {
                "mark": line | {"color": colour, "point": {"size": 25, "color": colour}},
                "encoding": {"y": _probability(share), "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "datum.last"}],
                "mark": {"type": "text", "align": "right", "color": colour, "fontSize": FONT - 2},
                "encoding": {"y": _probability(name), "text": {"value": words}},
            },
        ]
    return _chart(
        layers,
        x={
            "field": "drawn",
            "type": "quantitative",
            "scale": {"type": "log", "nice": False},
            "title": "votes drawn",
            "axis": {"format": "~s", "tickCount": 4, "grid": False},
        },
    )


def _probability(field):
    return {
        "field": field,
        "type": "quantitative",
        "title": "probability",
        "scale": {"domain": [0, 1]},
        "axis": {"tickCount": 5},
    }


def _chart(layers, **shared) -> dict:
    """A layered Vega-Lite chart whose rows come with each call; `shared` encodings hold for every layer."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 230,
        "encoding": shared,
        "layer": layers,
        "resolve": {"scale": {"color": "independent"}},  # words are lighter than bars
        "config": {
            "axis": {"labelFontSize": FONT - 2, "titleFontSize": FONT - 1, "titleFontWeight": "normal"}
        },
    }


def edges(x, radius: float, norm: str = "l2", seed: int = 0, towards=None) -> dict[str, np.ndarray]:
    """Images at the edge of the ball around x, each moved by exactly `radius` in another direction.

    x: float32 (C, H, W). norm: "l1", "l2" or "linf", of the ball. towards: another image, or None. Values may
    leave [0, 1]: the ball does not stop there. Returns words for the direction -> float32 (C, H, W).
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
    order = NORMS[norm].order
    return {
        words: (x + radius * direction / np.linalg.norm(direction.ravel(), order)).astype(np.float32)
        for words, direction in directions.items()
    }


def montage(images, columns: int, enlarge: int = 1, gap: int = 6) -> np.ndarray:
    """Images float (N, C, H, W) side by side, (H', W', C), with grey lines of `gap` pixels between them."""
    count, channels, height, width = np.shape(images)
    height, width = height * enlarge, width * enlarge
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 0.5, np.float32)
    for number, image in enumerate(np.asarray(images, np.float32)):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        large = image.repeat(enlarge, axis=1).repeat(enlarge, axis=2).transpose(1, 2, 0)
        sheet[top : top + height, left : left + width] = large
    return sheet


def sheet_png(x, votes, path, headline: str, lines: list[str]) -> bytes:
    """The certificate as one picture for slides: image, votes, path of p_A, and the promise in words.

    x: float32 (C, H, W). votes, path: of `votes_columns` and `path_columns`. Returns PNG bytes.
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
        | {"data": {"values": _rows(columns)}, "width": 330}
        for spec, columns in ((votes_spec(), votes), (path_spec(), path))
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


def _rows(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
