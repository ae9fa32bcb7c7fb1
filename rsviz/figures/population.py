"""Certificates of a population against its budget, what the printed theorem says, radii, and effort."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures.theme import (
    BAND,
    BLUE,
    NOT_PROVED,
    QUIET,
    SOLID,
    VERMILION,
    chart,
    colour,
    layer,
    legend,
    log_scale,
    round_steps,
    rule,
    series_colours,
    stroke,
    tip,
    x_axis,
    y_axis,
)

REPAIRED, PRINTED = BLUE, VERMILION
BINS = 24
HEIGHT, BROAD = 410, 500
"""Pixels of the first picture and its legend; of its width from which the legend has two columns."""


def name(curve: Mapping, others: Sequence[Mapping]) -> str:
    """A curve in a few words: what tells it from the others."""
    words = [curve.checkpoint]
    words += [f"σ = {curve.scale:g}" if curve.scale else "no noise (WRM)"]
    for key in ("K", "r"):
        if len({getattr(other, key) for other in others}) > 1:
            words.append(f"{key} = {getattr(curve, key)}")
    return ", ".join(words)


def certificate_columns(read: Mapping[str, Sequence[Mapping]]) -> dict[str, list]:
    """Columns of the lines: series, piece, proved, rho, epsilon, certificate, low, high.

    read: by name, what `rsviz.distributional` gives at rising budgets. A piece of a line is either all proved
    or not at all; it ends where the next one begins.
    """
    numbers = ("rho", "epsilon", "certificate", "low", "high")
    columns = {key: [] for key in ("series", "piece", "proved", *numbers)}

    def add(series, piece, proved, entry):
        columns["series"].append(series)
        columns["piece"].append(f"{series} {piece}")
        columns["proved"].append(proved)
        for key in numbers:
            columns[key].append(float(getattr(entry, key)))

    for series, entries in read.items():
        piece = 0
        for place, entry in enumerate(entries):
            if place and entry.concave != entries[place - 1].concave:
                add(series, piece, entries[place - 1].concave, entry)
                piece += 1
            add(series, piece, entry.concave, entry)
    return columns


def point_rows(curves: Mapping[str, Mapping], largest: float, loss: str = "loss") -> list[dict]:
    """Worst cases that were reached, of budgets up to `largest`: series, rho, loss, gamma."""
    return [
        {"series": series, "rho": point.rho, "loss": getattr(point, loss), "gamma": point.gamma}
        for series, curve in curves.items()
        for point in curve.points
        if point.rho <= largest
    ]


def certificate_spec(curves: Mapping[str, Mapping], chosen: str, largest: float, at: float) -> dict:
    """Vega-Lite chart of `certificate_columns`: solid where proved, broken where not, points reached.

    curves: by name, as rsviz.distributional gives them. chosen: the one with a band and a broad line.
    largest: end of the axis. at: the budget that a rule marks.
    """
    noisy = [series for series, curve in curves.items() if curve.scale]
    quiet, *further = [series for series in curves if series not in noisy] or [None]
    colours = {quiet: QUIET} | series_colours([*noisy, *further])
    colours = {series: colours[series] for series in curves}
    columns = {"expr": f"width < {BROAD} ? 1 : 2"}  # a phone has room for one
    ink = colour("series", colours, legend(columns=columns, rowPadding=0))
    x = _budget(largest)
    tooltip = [
        tip("series", form=None),
        tip("rho", "ρ"),
        tip("epsilon", "ε = √ρ"),
        tip("certificate"),
        tip("low", "band from"),
        tip("high", "to"),
        tip("proved", "concave", None),
    ]
    proof = legend(orient="top", columns=0)
    lines = {
        "y": _loss("certificate"),
        "color": ink,
        "detail": {"field": "piece"},
        "strokeDash": stroke("proved", {"proved": SOLID, "not proved": NOT_PROVED}, proof),
        "tooltip": tooltip,
    }
    mine = {"field": "series", "equal": chosen}
    area = {"type": "area", "opacity": BAND, "clip": True}
    line = {"type": "line", "clip": True}
    reached = _reached("mean loss", rho="reached with ρ")
    return chart(
        [
            layer(area, where=mine, x=x, y=_loss("low"), y2={"field": "high"}, color=ink),
            layer(
                line | {"strokeWidth": 2},
                where={"not": mine},
                x=x | {"axis": _epsilon_axis(largest)},
                **lines,
            ),
            layer(line | {"strokeWidth": 4.5}, where=mine, x=x | {"axis": None}, **lines),
            layer(
                DOTS | {"clip": True},
                point_rows(curves, largest),
                x=x | {"axis": None},
                y=_loss("loss"),
                color=ink,
                tooltip=[tip("series", form=None), *reached],
            ),
            *rule("x", at, scale=x["scale"], axis=None),
        ],
        HEIGHT,
        resolve={"axis": {"x": "independent"}},
    )


def printed_columns(read: Sequence[Mapping]) -> dict[str, list]:
    """Columns of the two lines: what, rho, value. read: as `rsviz.distributional` gives it."""
    columns = {"what": [], "rho": [], "value": []}
    for what, key in (("repaired", "certificate"), ("as printed", "printed")):
        columns["what"] += [what] * len(read)
        columns["rho"] += [float(entry.rho) for entry in read]
        columns["value"] += [float(getattr(entry, key)) for entry in read]
    return columns


def printed_spec(curve: Mapping, largest: float, top: float) -> dict:
    """Vega-Lite chart of `printed_columns`, up to a budget `largest` and a loss `top`.

    Shaded: where the printed line is below a loss that was reached. Its part below 0 is cut off.
    """
    x, height = _budget(largest), (0, top)
    reached = {"x": x, "y": _loss("loss", height)}
    false = [{"from": low, "to": min(high, largest)} for low, high in curve.printed_false]
    start = {"field": "from", "type": "quantitative", "scale": x["scale"]}
    diamonds = {"type": "point", "shape": "diamond", "size": 130, "strokeWidth": 2.5, "color": PRINTED}
    return chart(
        [
            layer({"type": "rect", "opacity": BAND, "color": PRINTED}, false, x=start, x2={"field": "to"}),
            layer(
                {"type": "line", "strokeWidth": 3.5, "clip": True},
                x=x,
                y=_loss("value", height),
                color=colour("what", {"repaired": REPAIRED, "as printed": PRINTED}, legend(columns=2)),
                tooltip=[tip("what", form=None), tip("rho", "ρ"), tip("value")],
            ),
            layer(
                DOTS | {"color": REPAIRED},
                point_rows({"repaired": curve}, largest),
                tooltip=_reached("smoothed loss reached"),
                **reached,
            ),
            layer(
                diamonds,
                point_rows({"as printed": curve}, largest, "noiseless_loss"),
                tooltip=_reached("loss without noise reached"),
                **reached,
            ),
        ],
        380,
    )


def radii_columns(radii: Sequence[float], largest: float) -> dict[str, list]:
    """Columns of the bars: from, to (a bin of radii), share in percent; BINS of equal width up to `largest`.

    radii: one for each image, -1 where nothing right is certified; those are in no bin.
    """
    radii = np.asarray(radii, float)
    edges = np.linspace(0, largest, BINS + 1)
    counts, _ = np.histogram(radii[radii >= 0].clip(max=largest), edges)
    return {
        "from": edges[:-1].tolist(),
        "to": edges[1:].tolist(),
        "share": (100 * counts / max(len(radii), 1)).tolist(),
    }


def radii_spec(colour: str, at: float) -> dict:
    """Vega-Lite chart of `radii_columns`; at: the radius that a rule marks."""
    x = x_axis("from", "certified ℓ₂ radius of an image (pixel units)", ticks=5)
    bars = layer(
        {"type": "bar", "color": colour, "binSpacing": 1},
        x=x | {"bin": {"binned": True}},
        x2={"field": "to"},
        y=y_axis("share", "images (%)", ticks=4),
        tooltip=[tip("from", "radius from"), tip("to"), tip("share", "images (%)")],
    )
    return chart([bars, *rule("x", at)], 260)


def effort_columns(curves: Sequence[Mapping], gamma: float) -> dict[str, list]:
    """Columns of the effort chart: K, r (as words), and the surrogate without the cost of noise."""
    columns = {"K": [], "r": [], "surrogate": []}
    for curve in curves:
        point = next(point for point in curve.points if point.gamma == gamma)
        columns["K"].append(curve.K)
        columns["r"].append(f"r = {curve.r}")
        columns["surrogate"].append(point.intercept)
    return columns


def effort_spec(curves: Sequence[Mapping]) -> dict:
    """Vega-Lite chart of `effort_columns`: the surrogate that ascents of K steps with r draws reach."""
    names = [f"r = {r}" for r in sorted({curve.r for curve in curves})]
    steps = sorted({curve.K for curve in curves})
    line = layer({"type": "line", "strokeWidth": 2.5, "point": {"size": 90}})
    return chart(
        [line],
        280,
        x=x_axis("K", "steps K of the ascent", scale=log_scale(), values=steps),
        y=y_axis("surrogate", "surrogate reached", scale={"zero": False}),
        color=colour("r", series_colours(names), legend(columns=len(names))),
        tooltip=[tip("K"), tip("r", form=None), tip("surrogate")],
    )


DOTS = {"type": "point", "filled": True, "size": 90, "opacity": 1}


def _reached(loss: str, rho: str = "ρ") -> list[dict]:
    """Tooltip of a point. loss, rho: titles of the two numbers."""
    return [tip("rho", rho), tip("loss", loss), tip("gamma", "γ")]


def _budget(largest) -> dict:
    return x_axis("rho", "budget ρ: mean squared ℓ₂ move", (0, largest))


def _epsilon_axis(largest) -> dict:
    """Ticks at round sizes epsilon, at the places of rho = epsilon^2."""
    top = largest**0.5
    step = next(step for step in round_steps(top / 8) if top / step <= 8)
    return {
        "orient": "top",
        "grid": False,
        "values": [(k * step) ** 2 for k in range(int(top / step + 1e-9) + 1)],
        "title": None,  # as strong as attacks of size ε on each image
        "labelExpr": "'ε = ' + format(sqrt(datum.value), '.2~f')",
    }


def _loss(field, domain=None) -> dict:
    return y_axis(field, "mean loss", domain, scale=None if domain else {"zero": True})
