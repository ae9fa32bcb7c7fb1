"""Pictures of one attack: the ruler, its steps, and the votes on the way to the image that it found."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.bounds import BOUNDS, round_down
from rsviz.figures import sheet
from rsviz.figures.contrast import on
from rsviz.figures.theme import (
    AXIS_HEIGHT,
    FOUND,
    LEAD,
    QUIET,
    TICK,
    chart,
    layer,
    percent_axis,
    tip,
    words,
    x_axis,
    y_axis,
)
from rsviz.norms import NORMS


def magnified(delta) -> tuple[np.ndarray, float]:
    """A perturbation as a picture, grey where nothing changes, and the factor that multiplies it.

    delta: float (C, H, W), values in [-1, 1]. Returns float32 (C, H, W) in [0, 1], 0.5 + factor * delta, and
    the factor: the largest with one digit that keeps it inside.
    """
    largest = float(np.abs(delta).max())
    if largest == 0:
        return np.full(delta.shape, 0.5, np.float32), 1.0
    room = 0.5 / largest
    decade = 10.0 ** math.floor(math.log10(room))
    factor = math.floor(room / decade) * decade
    return (0.5 + factor * np.asarray(delta)).astype(np.float32), factor


def ruler_columns(radii: Mapping[str, float], found: float, says: str) -> dict[str, list]:
    """Columns of the ruler: a row for each bound with a radius, the largest first, and one for the attack.

    radii: certified radii by bound in the attack's norm, pixel units; 0 is left out. found: length of the
    perturbation. says: the result of the attack in a few words. Radii are rounded down.
    """
    proved = sorted(((radius, key) for key, radius in radii.items() if radius > 0), reverse=True)
    names = [BOUNDS[key].title for _, key in proved]
    return {
        "name": [*names, "the attack"],
        "length": [*(min(radius, 1e6) for radius, _ in proved), found],
        "label": [*(f"{round_down(radius)}" for radius, _ in proved), f"{found:.4g} {says}"],
        "kind": ["proved"] * len(proved) + ["found"],
        "colour": [*(BOUNDS[key].colour for _, key in proved), FOUND],
        "ink": [*(on(BOUNDS[key].colour) for _, key in proved), FOUND],
    }


def ruler_spec(norm: str, extent: float, rows: int, row: int = 27) -> dict:
    """Vega-Lite chart of `ruler_columns`: bars are proved, the diamond was found.

    extent: end of the ruler, pixel units: the attack's size or more. rows: of the table. row: pixels of each.
    """
    x = x_axis("length", _distance(norm), (0, extent))
    ink = {"field": "colour", "type": "nominal", "scale": None}
    proved, found = "datum.kind == 'proved'", "datum.kind == 'found'"
    tooltip = [tip("name", form=None), tip("label", form=None)]
    # In the right half of the ruler words are left of the end: on a phone they would be cut off
    late, early = f"datum.length > {extent / 2}", f"datum.length <= {extent / 2}"
    diamond = {"type": "point", "shape": "diamond", "filled": True, "size": 150, "opacity": 1, "clip": True}
    label = {"size": TICK, "baseline": "middle"}
    text = {"field": "label"}
    axis = {"labelLimit": 170, "ticks": False, "domain": False, "labelOverlap": False}
    return chart(
        [
            layer({"type": "bar", "height": 12, "clip": True}, where=proved, x=x, color=ink, tooltip=tooltip),
            layer({"type": "rule", "color": FOUND, "strokeDash": [3, 3]}, where=found, x=x, x2={"datum": 0}),
            layer(diamond, where=found, x=x, color=ink, tooltip=tooltip),
            layer(words(dx=10, color=QUIET, **label), where=early, x=x, text=text),
            layer(
                words("right", dx=-10, dy=-9, color=FOUND, **label),
                where=f"{found} && {late}",
                x=x,
                text=text,
            ),
            layer(
                words("right", dx=-6, **label),
                where=f"{proved} && {late}",
                x=x,
                text=text,
                color={"field": "ink", "type": "nominal", "scale": None},
            ),
        ],
        row * rows + AXIS_HEIGHT,
        y={"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis},
    )


def extent(radii: Mapping[str, float], found: float, epsilon: float | None) -> float:
    """The end of the ruler: every finite length is on it, and room for its words."""
    lengths = [value for value in (*radii.values(), found, epsilon) if value and math.isfinite(value)]
    return 1.06 * max(lengths, default=1.0)


STEPS = {
    "loss": ("loss", None),
    "distance": ("{distance}", None),
    "share": ("votes for the label (%)", [0, 100]),
}
"""The three pictures of the steps: the title, and the ends of the axis where they are known."""


def steps_columns(history) -> dict[str, list]:
    """Columns of the steps: step, loss, distance, best (the nearest found so far, or None), share in percent.

    history: rows [step, loss, distance, best, share], share of the votes for the label in [0, 1].
    """
    columns = list(zip(*history, strict=True)) if history else [[]] * 5
    step, loss, distance, best, share = columns
    return {
        "step": list(step),
        "loss": list(loss),
        "distance": list(distance),
        "best": list(best),
        "share": [None if value is None else 100 * value for value in share],
        "last": [False] * (len(step) - 1) + [True] * (len(step) > 0),
    }


def steps_spec(name: str, norm: str, title: str | None = None) -> dict:
    """Vega-Lite chart of one of STEPS over the rows of `steps_columns`."""
    title_words, domain = STEPS[name]
    scale = {"domain": domain} if domain else {"zero": name == "distance"}
    line = {"type": "line", "strokeWidth": 2, "color": LEAD, "point": {"size": 12, "color": LEAD}}
    layers = [layer(line, y=y_axis(name, None, scale=scale))]
    if name == "distance":
        y = y_axis("best", None, scale=scale)
        last = "datum.last && datum.best != null"
        label = words("right", dy=-9, color=FOUND)
        layers += [
            layer(line | {"color": FOUND, "strokeDash": [5, 3], "point": False}, y=y),
            layer(label, where=last, y=y, text={"value": "found"}),
        ]
    x = x_axis("step", "step", ticks=4, format="~d")
    title = title or title_words.format(distance=_distance(norm))
    return chart(layers, 150 + AXIS_HEIGHT, x=x) | {"title": title}


def path_columns(path: Mapping) -> dict[str, list]:
    """Columns of the path, in percent: distance, share, lower, upper, envelope, f; see rsviz.attacks."""
    nothing = [None] * len(path["distance"])
    percent = {
        name: [100 * value for value in path[name]] if path[name] else nothing
        for name in ("share", "lower", "upper", "envelope", "f")
    }
    return {"distance": list(path["distance"]), **percent, "place": list(range(len(nothing)))}


def path_spec(norm: str, noisy: bool, promised: bool, points: int = 21) -> dict:
    """Vega-Lite chart of `path_columns`: votes with their limits, the promised envelope under them.

    norm: of the distance. noisy: whether g votes; else the line is f's answer, 0 or 100. promised: whether
    there is an envelope.
    """

    def y(field):
        return percent_axis(field, "votes (%)" if noisy else "softmax (%)")

    def name(field, text, place, ink, **where):
        label = words(size=TICK, color=ink, **where)
        return layer(label, where=f"datum.place == {place}", y=y(field), text={"value": text})

    layers = []
    if promised:
        layers += [
            layer({"type": "area", "color": QUIET, "opacity": 0.18}, y=y("envelope")),
            layer(
                words(size=TICK, color=QUIET),
                where="datum.place == 0",
                x={"value": 8},
                y={"datum": 7, "type": "quantitative"},
                text={"value": "promised at the least"},
            ),
        ]
    layers += [
        layer({"type": "line", "color": FOUND, "strokeDash": [4, 4], "strokeWidth": 1.5}, y=y("f")),
        name("f", "f, without noise", points // 2 + 1, FOUND, dx=10),
    ]
    if noisy:
        line = {"type": "line", "color": LEAD, "strokeWidth": 2.5, "point": {"color": LEAD}}
        tooltip = [
            tip("distance", form=".4f"),
            tip("share", "votes (%)", ".1f"),
            tip("envelope", "promised", ".1f"),
        ]
        layers += [
            layer({"type": "rule", "color": LEAD, "opacity": 0.6}, y=y("lower"), y2={"field": "upper"}),
            layer(line, y=y("share"), tooltip=tooltip),
            name("share", "votes of g", 3 * points // 4, LEAD, dx=10, dy=-12),
        ]
    return chart(layers, 240 + AXIS_HEIGHT, x=x_axis("distance", _distance(norm)))


def _distance(norm) -> str:
    return f"{NORMS[norm].symbol} distance (pixel units)"


def sheet_png(
    x, adversarial, ruler, ruler_chart, path, path_chart, headline: str, lines: Sequence[str]
) -> bytes:
    """The attack as one picture for slides: three images, ruler, path, and the verdict in words.

    x, adversarial: float32 (C, H, W). ruler, path: columns; ruler_chart, path_chart: their specs.
    """
    delta, factor = magnified(adversarial - x)
    shown = {"original": x, "attacked": adversarial, f"difference ×{factor:g}": delta}
    pictures = [sheet.image(image, title) for title, image in shown.items()]
    charts = [sheet.filled(ruler_chart, ruler, 380), sheet.filled(path_chart, path, 380)]
    rows = [{"hconcat": pictures, "spacing": 20}, {"hconcat": charts, "spacing": 40}]
    return sheet.slide(headline, lines, vconcat=rows, spacing=24)
