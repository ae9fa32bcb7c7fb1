"""Pictures of training runs: loss terms, accuracy, certified accuracy; and of runs side by side."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures.theme import (
    CHOSEN,
    FONT,
    GREEN,
    LEAD,
    ORANGE,
    PINK,
    QUIET,
    SKY,
    STAIRS,
    chart,
    colour,
    end_names,
    layer,
    legend,
    percent_axis,
    place_names,
    round_steps,
    tip,
    words,
    x_axis,
    y_axis,
)

CLEAN, NOISY, CERTIFIED = GREEN, PINK, LEAD
TERMS = (SKY, ORANGE, PINK)
RUNS = (LEAD, ORANGE, GREEN, PINK)
LETTERS = "ABCD"
"""Runs side by side: each has a colour and a letter, for people who do not see the colour."""

HEIGHT, AXIS = 310, 70
"""Pixels on the screen of a whole chart, and those of them that the axis below takes."""
MOST_POINTS = 100
"""Points of a curve; the lines of a long run are averaged to that number."""
MOST_EARLIER = 12
"""Faint curves of earlier epochs behind the certified accuracy that is shown."""
LABELS_WIDTH = 0.5
"""Room for labels at the right of the curves, as a share of the axis."""

CERTIFIED_AXES = {
    "x": x_axis("radius", "ℓ₂ radius (pixel units)", ticks=5),
    "y": percent_axis("value", "certified accuracy (%)"),
}
CERTIFIED_TIP = [tip("radius", form=".6~f"), tip("value", "certified (%)", ".1f")]


def loss_columns(step, terms: Mapping[str, Sequence[float]], steps_per_epoch: float) -> dict[str, list]:
    """Columns of the loss chart (`curves_spec`), series being the terms and, of several, their total.

    step: steps done at each line, rising. terms: by name, at each line the mean over the steps since the
    line before. Averaged to MOST_POINTS points, each line weighing as many steps as it stands for.
    """
    step = np.asarray(step, float)
    values = {name: np.asarray(series, float) for name, series in terms.items()}
    if len(values) > 1:
        values = {"total": sum(values.values()), **values}
    weight = np.diff(step, prepend=0)
    parts = [part for part in np.array_split(np.arange(len(step)), MOST_POINTS) if len(part)]
    ends = [float(step[part[-1]] / steps_per_epoch) for part in parts]
    return curves_columns(
        {
            name: (ends, [float(np.average(series[part], weights=weight[part])) for part in parts])
            for name, series in values.items()
        }
    )


def loss_spec(terms: Sequence[str], epochs: int) -> dict:
    """Vega-Lite chart of `loss_columns`: each term its own line, the total of several in grey."""
    colours = dict(zip(terms, TERMS, strict=False))
    if len(colours) > 1:
        colours["total"] = QUIET
    return curves_spec(colours, "loss", epochs=epochs)


def accuracy_columns(epoch, clean, noisy, kept: int | None = None) -> dict[str, list]:
    """Columns of the accuracy chart (`curves_spec`), in percent, series "clean" and "under noise".

    epoch: of each look. clean: shares of test images; noisy: shares of votes for the true class, or None.
    kept: the epoch with the weights that are kept; it is marked.
    """
    curves = {}
    for name, shares in (("clean", clean), ("under noise", noisy)):
        known = [(at, 100 * share) for at, share in zip(epoch, shares, strict=True) if share is not None]
        if known:
            curves[name] = tuple(zip(*known, strict=True))
    return curves_columns(curves, limits=(0, 100), kept=kept)


def accuracy_spec(noisy: bool, epochs: int) -> dict:
    """Vega-Lite chart of `accuracy_columns`. noisy: whether there is a noise at all."""
    colours = {"clean": CLEAN} | ({"under noise": NOISY} if noisy else {})
    return curves_spec(colours, "test images right (%)", epochs=epochs, domain=(0, 100))


def curves_columns(curves: Mapping[str, tuple], limits=None, kept: int | None = None) -> dict[str, list]:
    """Columns of `curves_spec`: epoch, value, series; and rows that name the lines or mark an epoch.

    curves: name -> (epochs, values). limits: (low, high) of the value axis, from 0 to the greatest if None.
    """
    columns = {name: [] for name in ("epoch", "value", "series", "name", "place", "kept")}

    def add(epoch, value, series, name=None, place=None, kept=None):
        for column, cell in zip(columns.values(), (epoch, value, series, name, place, kept), strict=True):
            column.append(cell)

    for series, (epochs, values) in curves.items():
        for epoch, value in zip(epochs, values, strict=True):
            add(epoch, value, series)
    for series, epoch, place in _end_labels(curves, *(limits or _limits(columns["value"]))):
        add(epoch, None, series, name=series, place=place)
    if kept is not None:
        add(kept, None, None, kept=f"kept: epoch {kept}")
    return columns


def curves_spec(colours: Mapping[str, str], title: str, *, epochs: int, domain=None) -> dict:
    """Vega-Lite chart of `curves_columns`: a line for each of `colours`, named at its end.

    The spec stays the same while the run goes on, so that a browser changes the picture and does not make
    another. domain: (low, high) of the value axis; where None, from 0 or the least value to the greatest.
    """
    value = y_axis("value", title, domain, scale=None if domain else {"zero": True})
    ink = colour("series", colours)
    tooltip = [tip("series", " ", None), tip("epoch"), tip("value", title)]
    line = {"type": "line", "strokeWidth": 2.5, "point": {"size": 14}}
    x = _epochs_axis(epochs)
    named = end_names(None, x, value | {"field": "place"}, ink) | {"transform": [{"filter": _has("name")}]}
    left = f"datum.epoch < {epochs / 2}"
    mark = words({"expr": f"{left} ? 'left' : 'right'"}, dx={"expr": f"{left} ? 6 : -6"}, color=QUIET)
    rule = {"type": "rule", "strokeDash": CHOSEN, "color": QUIET, "strokeWidth": 2}
    return chart(
        [
            layer(line, where=_has("value"), y=value, color=ink, tooltip=tooltip),
            named,
            layer(rule, where=_has("kept")),
            layer(mark, where=_has("kept"), y=_above_the_axis(12), text={"field": "kept"}),
        ],
        HEIGHT,
        x=x,
    )


def certified_columns(radii, certified: Sequence, epoch: Sequence[int], shown: int) -> dict[str, list]:
    """Columns of the certified-accuracy chart: radius, value in percent, epoch, age, label.

    certified: for each look the shares at the radii, or None. epoch: of each look. shown: the epoch to
    emphasise, of age 0; at most MOST_EARLIER curves of epochs before it lie behind, the last of age 1.
    """
    rows = {at: shares for at, shares in zip(epoch, certified, strict=True) if shares is not None}
    earlier = [at for at in rows if at < shown]
    if len(earlier) > MOST_EARLIER:
        earlier = [earlier[i] for i in np.linspace(0, len(earlier) - 1, MOST_EARLIER).round().astype(int)]
    columns = {name: [] for name in ("radius", "value", "epoch", "age", "label")}
    for age, at in enumerate([shown, *earlier[::-1]]):
        shares = rows.get(at, ())
        columns["radius"] += list(radii[: len(shares)])
        columns["value"] += [100 * share for share in shares]
        columns["epoch"] += [at] * len(shares)
        columns["age"] += [age] * len(shares)
        columns["label"] += [f"epoch {at}" if age == 0 and i == 0 else None for i in range(len(shares))]
    return columns


def certified_spec() -> dict:
    """Vega-Lite chart of `certified_columns`: the epoch looked at in colour, earlier ones faint.

    A line holds its lower value all the way back to the radius before: between two radii no more is known.
    """
    faint = {
        "field": "age",
        "type": "quantitative",
        "scale": {"domain": [1, MOST_EARLIER], "range": [0.9, 0.25], "clamp": True},
        "legend": None,
    }
    tooltip = [tip("epoch", form="d"), *CERTIFIED_TIP]
    line = {"type": "line", **STAIRS}
    shown = {"strokeWidth": 3.5, "color": CERTIFIED, "point": {"size": 30, "color": CERTIFIED}}
    return chart(
        [
            layer(
                line | {"strokeWidth": 1.5, "color": QUIET},
                where=f"{_has('value')} && datum.age > 0",
                detail={"field": "epoch", "type": "nominal"},
                opacity=faint,
                tooltip=tooltip,
            ),
            layer(line | shown, where=f"{_has('value')} && datum.age == 0", tooltip=tooltip),
            layer(
                words(baseline="bottom", fontWeight="bold", color=CERTIFIED),
                where=_has("label"),
                **_corner(3),
                text={"field": "label"},
            ),
            layer(
                words(baseline="bottom", color=QUIET),
                [{}],
                **_corner(FONT + 9),
                text={"value": "grey: earlier epochs"},
            ),
        ],
        HEIGHT,
        **CERTIFIED_AXES,
    )


def side_by_side_spec(runs: Sequence[str], title: str, *, epochs: int, domain=None) -> dict:
    """Vega-Lite chart of `curves_columns`; its series are the letters of runs."""
    return curves_spec(run_colours(runs), title, epochs=epochs, domain=domain)


def certified_side_by_side_spec(runs: Sequence[str]) -> dict:
    """Vega-Lite chart of columns radius, value (percent), run: the certified accuracy of runs by radius."""
    line = {"type": "line", "strokeWidth": 2.5, "point": {"size": 22}, **STAIRS}
    ink = colour("run", run_colours(runs), legend(orient="top", columns=len(runs)))
    tooltip = [tip("run", form=None), *CERTIFIED_TIP]
    return chart([layer(line, where=_has("value"), tooltip=tooltip)], HEIGHT, color=ink, **CERTIFIED_AXES)


def run_colours(runs: Sequence[str]) -> dict[str, str]:
    """The colour of each letter."""
    return {run: RUNS[LETTERS.index(run)] for run in runs}


def _has(field) -> str:
    """Keeps the rows that have something in `field`."""
    return f"isValid(datum.{field})"


def _above_the_axis(pixels) -> dict:
    return {"value": {"expr": f"height - {pixels}"}}


def _corner(pixels) -> dict:
    """The lower left corner, some pixels above the axis."""
    return {"x": {"value": 6}, "y": _above_the_axis(pixels)}


def _epochs_axis(epochs) -> dict:
    """Epochs from 0 to the last, and room for the labels at the right."""
    step = next(int(step) for step in round_steps(1) if epochs / step <= 5)
    end = epochs * (1 + LABELS_WIDTH)
    return x_axis("epoch", "epoch", (0, end), values=list(range(0, epochs + 1, step)), format="d")


def _limits(values) -> tuple[float, float]:
    """From 0, or the least value, to the greatest; never empty."""
    finite = [value for value in values if np.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    return low, high if high > low else low + 1.0


def _end_labels(curves, low, high) -> list[tuple]:
    """(name, epoch, height) of the name of each line."""
    ends = {name: values[-1] for name, (_, values) in curves.items() if values}
    places = place_names(ends, low, high, 1.15 * FONT / (HEIGHT - AXIS) * (high - low))
    return [(name, curves[name][0][-1], place) for name, place in places.items()]
