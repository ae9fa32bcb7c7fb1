"""Pictures of one certificate: votes, the path of p_A, the edge of the ball, and all of them on one slide."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures import sheet
from rsviz.figures.theme import (
    BLUE,
    LEAD,
    PALE,
    QUIET,
    chart,
    colour,
    layer,
    log_scale,
    tip,
    words,
    x_axis,
    y_axis,
)
from rsviz.norms import NORMS

NAME_GAP = 0.1
"""Distance of a name from its line, in units of probability."""
MOST_CLASSES = 12
"""Bars that can be read side by side; the votes of further classes are summed up in one bar."""
HEIGHT, LOW = 230, 200
"""Pixels of a chart, and of one beside a picture on the first screen."""
SHORT = 3
"""Letters of a name that has room below its bar."""


def votes_columns(counts, classes: Sequence[str], top: int | None) -> dict[str, list]:
    """Columns of the bar chart: class, votes, share in percent, label, role; in class order.

    counts: votes per class. top: the class whose votes are counted, or None while it is being selected.
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


def votes_spec(names: Sequence[str] = (), height: int = HEIGHT) -> dict:
    """Vega-Lite bar chart of the rows of `votes_columns`, in which every class has its name.

    names: of the classes; long ones are written aslant, so that none hides another. height: in pixels.
    """
    bars = layer(
        {"type": "bar", "cornerRadiusEnd": 2},
        color=colour("role", {"top": BLUE, "other": PALE}),
        tooltip=[tip("class", form=None), tip("votes", form=","), tip("share", "%", ".2f")],
    )
    # Words are lighter than bars, legible on white and on black
    label = words("center", dy=-9)
    numbers = layer(label, text={"field": "label"}, color=colour("role", {"top": LEAD, "other": QUIET}))
    aslant = max(map(len, names), default=0) > SHORT
    axis = {"labelAngle": -45 if aslant else 0, "labelLimit": 90, "labelOverlap": False}
    return chart(
        [bars, numbers],
        height,
        resolve={"scale": {"color": "independent"}},
        x={"field": "class", "type": "nominal", "sort": None, "title": "class", "axis": axis},
        y=y_axis("share", "votes (%)", (0, 100), values=[0, 50, 100]),
    )


def path_columns(history) -> dict[str, list]:
    """Columns of the path of the votes, one row a report.

    drawn: votes. p_a, p_b: shares of the top class and of the largest other one. p_a_lower, p_b_upper: their
    limits. name_a, name_b: heights of the names of the two lines. last: whether the row is the last one.
    history: rows [votes drawn, votes for the top class, for the largest other, p_a_lower, p_b_upper].
    """
    drawn, top, other, p_a_lower, p_b_upper = np.asarray(history or np.empty((0, 5)), float).reshape(-1, 5).T
    p_a, p_b = top / np.maximum(drawn, 1), other / np.maximum(drawn, 1)
    # A name is outside the space between the two lines, unless the frame is too near
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
    probabilities = [tip(name, form=".4f") for name in ("p_a", "p_a_lower", "p_b", "p_b_upper")]
    tooltip = [tip("drawn", "votes", ","), *probabilities]
    layers = []
    for share, limit, name, text, ink in (
        ("p_a", "p_a_lower", "name_a", "p_A and its lower limit", LEAD),
        ("p_b", "p_b_upper", "name_b", "p_B and its upper limit", QUIET),
    ):
        line = {"type": "line", "strokeWidth": 2.5, "color": ink, "point": {"size": 25, "color": ink}}
        label = words("right", color=ink)
        layers += [
            layer({"type": "area", "opacity": 0.3, "color": ink}, y=_probability(limit), y2={"field": share}),
            layer(line, y=_probability(share), tooltip=tooltip),
            layer(label, where="datum.last", y=_probability(name), text={"value": text}),
        ]
    return chart(layers, HEIGHT, x=x_axis("drawn", "votes drawn", scale=log_scale(), ticks=4, format="~s"))


def _probability(field):
    return y_axis(field, "probability", (0, 1))


def edges(x, radius: float, norm: str = "l2", seed: int = 0, towards=None) -> dict[str, np.ndarray]:
    """Images at the edge of the ball around x, each moved by exactly `radius` in another direction.

    x: float32 (C, H, W). norm: "l1", "l2" or "linf", of the ball. towards: another image, or None. Values may
    leave [0, 1]: the ball does not end there. Returns words for the direction -> float32 (C, H, W).
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
        name: (x + radius * direction / np.linalg.norm(direction.ravel(), NORMS[norm].order)).astype(
            np.float32
        )
        for name, direction in directions.items()
    }


def montage(images, columns: int, enlarge: int = 1, gap: int = 6) -> np.ndarray:
    """Images float (N, C, H, W) side by side, (H', W', C), with grey lines of `gap` pixels between them."""
    count, channels, height, width = np.shape(images)
    height, width = height * enlarge, width * enlarge
    rows = -(-count // columns)
    joined = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 0.5, np.float32)
    for number, image in enumerate(np.asarray(images, np.float32)):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        large = image.repeat(enlarge, axis=1).repeat(enlarge, axis=2).transpose(1, 2, 0)
        joined[top : top + height, left : left + width] = large
    return joined


def sheet_png(x, votes: Mapping, path: Mapping, headline: str, lines: Sequence[str]) -> bytes:
    """The certificate as one picture for slides: image, votes, path of p_A, and the promise in words.

    x: float32 (C, H, W). votes, path: of `votes_columns` and `path_columns`. Returns PNG bytes.
    """
    charts = [sheet.filled(votes_spec(votes["class"]), votes, 330), sheet.filled(path_spec(), path, 330)]
    return sheet.slide(headline, lines, hconcat=[sheet.image(x), *charts], spacing=30)
