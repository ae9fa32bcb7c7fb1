"""Pictures of training runs: loss terms, accuracy, certified accuracy; and of runs side by side.

Plain Vega-Lite, as for a certificate: a page that watches a run redraws them twice a second.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures.certify import OTHER_WORDS, TOP_WORDS

CLEAN, NOISY, CERTIFIED = "#009E73", "#CC79A7", TOP_WORDS
TERMS = ("#56B4E9", "#E69F00", "#CC79A7")
RUNS = (TOP_WORDS, "#E69F00", "#009E73", "#CC79A7")
LETTERS = "ABCD"
"""Runs side by side: each has a colour and a letter, for those who do not see the colour."""

FONT = 15
HEIGHT, AXIS = 310, 70
"""Pixels on the screen of a whole chart, and those of them that the axis below takes."""
MOST_POINTS = 100
"""Of a curve; the lines of a long run are averaged to so many."""

MOST_EARLIER = 12
"""Faint curves of certified accuracy behind the one that is looked at."""

STAIRS = {"type": "line", "interpolate": "step-before"}
RADIUS_AXIS = {
    "field": "radius",
    "type": "quantitative",
    "title": "ℓ₂ radius (pixel units)",
    "axis": {"tickCount": 5, "grid": False},
    "scale": {"nice": False},
}
CERTIFIED_AXIS = {
    "field": "value",
    "type": "quantitative",
    "title": "certified accuracy (%)",
    "scale": {"domain": [0, 100]},
    "axis": {"tickCount": 5},
}

LABELS_WIDTH = 0.5
"""Room for labels at the right of the curves, as a share of the axis."""


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
        colours["total"] = OTHER_WORDS
    return curves_spec(colours, "loss", epochs=epochs)


def accuracy_columns(epoch, clean, noisy, kept: int | None = None) -> dict[str, list]:
    """Columns of the accuracy chart (`curves_spec`), in percent, series "clean" and "under noise".

    epoch: of each look. clean: shares of test images; noisy: shares of votes for the true class, or None.
    kept: the epoch to mark, whose weights are kept.
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
    columns = {name: [] for name in ("epoch", "value", "series", "label", "place", "kept")}

    def add(epoch, value, series, label=None, place=None, kept=None):
        for name, cell in zip(columns, (epoch, value, series, label, place, kept), strict=True):
            columns[name].append(cell)

    for series, (epochs, values) in curves.items():
        for epoch, value in zip(epochs, values, strict=True):
            add(epoch, value, series)
    for series, epoch, place in _end_labels(curves, *(limits or _limits(columns["value"]))):
        add(epoch, None, series, label=series, place=place)
    if kept is not None:
        add(kept, None, None, kept=f"kept: epoch {kept}")
    return columns


def curves_spec(colours: Mapping[str, str], title: str, *, epochs: int, domain=None) -> dict:
    """Vega-Lite chart of `curves_columns`: a line for each of `colours`, named at its end.

    The spec stays the same while the run goes on, so that a browser changes the picture and does not make
    another. domain: (low, high) of the value axis; where None, from 0 or the least value to the greatest.
    """
    colour = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": None,
    }
    value = {
        "field": "value",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": list(domain)} if domain else {"zero": True},
        "axis": {"tickCount": 5},
    }
    tooltip = [
        {"field": "series", "type": "nominal", "title": " "},
        {"field": "epoch", "type": "quantitative", "format": ".4~g"},
        {"field": "value", "type": "quantitative", "title": title, "format": ".4~g"},
    ]
    line = {"type": "line", "strokeWidth": 2.5, "point": {"size": 14}}
    name = {"type": "text", "align": "left", "dx": 7, "fontSize": FONT - 1, "fontWeight": "bold"}
    mark = {"type": "text", "align": {"expr": f"datum.epoch < {epochs / 2} ? 'left' : 'right'"}}
    mark |= {
        "dx": {"expr": f"datum.epoch < {epochs / 2} ? 6 : -6"},
        "fontSize": FONT - 2,
        "color": OTHER_WORDS,
    }
    return layered(
        [
            rows_with("value", line, y=value, color=colour, tooltip=tooltip),
            rows_with("label", name, y=value | {"field": "place"}, color=colour, text={"field": "label"}),
            rows_with(
                "kept", {"type": "rule", "strokeDash": [4, 4], "color": OTHER_WORDS, "strokeWidth": 1.5}
            ),
            rows_with("kept", mark, y=_above_the_axis(12), text={"field": "kept"}),
        ],
        x=_epochs_axis(epochs),
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
    tooltip = [
        {"field": "epoch", "type": "quantitative"},
        {"field": "radius", "type": "quantitative", "format": ".6~f"},
        {"field": "value", "type": "quantitative", "title": "certified (%)", "format": ".1f"},
    ]
    faint = {
        "field": "age",
        "type": "quantitative",
        "scale": {"domain": [1, MOST_EARLIER], "range": [0.9, 0.25], "clamp": True},
        "legend": None,
    }
    corner = {"type": "text", "align": "left", "baseline": "bottom", "fontSize": FONT - 1}
    at_left = {"value": 6}
    layers = [
        rows_with(
            "value",
            STAIRS | {"strokeWidth": 1.5, "color": OTHER_WORDS},
            where="datum.age > 0",
            y=CERTIFIED_AXIS,
            detail={"field": "epoch", "type": "nominal"},
            opacity=faint,
            tooltip=tooltip,
        ),
        rows_with(
            "value",
            STAIRS | {"strokeWidth": 3.5, "color": CERTIFIED, "point": {"size": 30, "color": CERTIFIED}},
            where="datum.age == 0",
            y=CERTIFIED_AXIS,
            tooltip=tooltip,
        ),
        rows_with(
            "label",
            corner | {"color": CERTIFIED, "fontWeight": "bold"},
            x=at_left,
            y=_above_the_axis(3),
            text={"field": "label"},
        ),
        {
            "data": {"values": [{}]},
            "mark": corner | {"color": OTHER_WORDS},
            "encoding": {
                "x": at_left,
                "y": _above_the_axis(FONT + 8),
                "text": {"value": "grey: earlier epochs"},
            },
        },
    ]
    return layered(layers, x=RADIUS_AXIS)


def side_by_side_spec(runs: Sequence[str], title: str, *, epochs: int, domain=None) -> dict:
    """Vega-Lite chart of `curves_columns` whose series are the letters of runs."""
    return curves_spec(run_colours(runs), title, epochs=epochs, domain=domain)


def certified_side_by_side_spec(runs: Sequence[str]) -> dict:
    """Vega-Lite chart of columns radius, value (percent), run: the certified accuracy of runs by radius."""
    colours = run_colours(runs)
    colour = {
        "field": "run",
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {"orient": "top", "title": None, "labelFontSize": FONT - 1, "symbolStrokeWidth": 3},
    }
    tooltip = [
        {"field": "run", "type": "nominal"},
        {"field": "radius", "type": "quantitative", "format": ".6~f"},
        {"field": "value", "type": "quantitative", "title": "certified (%)", "format": ".1f"},
    ]
    mark = STAIRS | {"strokeWidth": 2.5, "point": {"size": 22}}
    return layered([rows_with("value", mark, y=CERTIFIED_AXIS, color=colour, tooltip=tooltip)], x=RADIUS_AXIS)


def run_colours(runs: Sequence[str]) -> dict[str, str]:
    """The colour of each letter."""
    return {run: RUNS[LETTERS.index(run)] for run in runs}


def _above_the_axis(pixels) -> dict:
    return {"value": {"expr": f"height - {pixels}"}}


def rows_with(field, mark, where: str = "true", **encoding) -> dict:
    """A layer of the rows that have something in `field`."""
    keep = {"filter": f"isValid(datum.{field}) && {where}"}
    return {"transform": [keep], "mark": mark, "encoding": encoding}


def layered(layers, **shared) -> dict:
    """A layered chart whose rows come with each call; `shared` encodings hold for every layer."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": HEIGHT,
        "encoding": shared,
        "layer": layers,
        "config": {
            "axis": {"labelFontSize": FONT - 2, "titleFontSize": FONT - 1, "titleFontWeight": "normal"}
        },
    }


def _epochs_axis(epochs) -> dict:
    """Epochs from 0 to the last, and room for the labels at the right."""
    step = next(size for size in _round_numbers() if epochs / size <= 5)
    return {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "scale": {"domain": [0, epochs * (1 + LABELS_WIDTH)], "nice": False},
        "axis": {"values": list(range(0, epochs + 1, step)), "grid": False, "format": "d"},
    }


def _round_numbers():
    size = 1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _limits(values) -> tuple[float, float]:
    """From 0, or the least value, to the greatest; never empty."""
    finite = [value for value in values if np.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    return low, high if high > low else low + 1.0


def _end_labels(curves, low, high) -> list[tuple]:
    """(name, epoch, value) where each line is named: at its end, moved where two names would overlap."""
    ends = sorted(
        (min(max(values[-1], low), high), epochs[-1], name)
        for name, (epochs, values) in curves.items()
        if values
    )
    gap = 1.15 * FONT / (HEIGHT - AXIS) * (high - low)
    places = []
    for end, _, _ in ends:
        places.append(max(end, places[-1] + gap) if places else end)
    ceiling = high
    for i in reversed(range(len(places))):  # pushed out at the top: down again, in order
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return [(name, epoch, place) for (_, epoch, name), place in zip(ends, places, strict=True)]
