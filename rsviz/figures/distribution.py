"""Certificates of a population against its budget, what the printed theorem says, and radii. -> Vega-Lite."""

from collections.abc import Mapping, Sequence

import numpy as np

from rsviz.figures.evaluation import colours_of
from rsviz.figures.robustness import FONT, config

REPAIRED, PRINTED, FALSE = "#0072B2", "#D55E00", "#D55E00"
GREY = "#7A8794"
SOLID, BROKEN = [1, 0], [7, 5]
"""Proved; not proved."""
BINS = 24
LEGEND = {"titleFontSize": FONT - 2, "titleFontWeight": "normal", "symbolOpacity": 1}


def name(curve: Mapping, others: Sequence[Mapping]) -> str:
    """A curve in a few words: what tells it from the others."""
    words = [curve["checkpoint"]]
    words += [f"σ = {curve['scale']:g}" if curve["scale"] else "no noise (WRM)"]
    for key in ("K", "r"):
        if len({other[key] for other in others}) > 1:
            words.append(f"{key} = {curve[key]}")
    return ", ".join(words)


def certificate_columns(read: Mapping[str, Sequence[Mapping]]) -> dict[str, list]:
    """Columns of the lines: series, piece, proved, rho, epsilon, certificate, low, high.

    read: by name, what `rsviz.distributional.at` gives on rising budgets. A piece is what is all proved, or
    all not; it ends where the next begins.
    """
    columns = {
        key: [] for key in ("series", "piece", "proved", "rho", "epsilon", "certificate", "low", "high")
    }

    def add(series, piece, proved, entry):
        columns["series"].append(series)
        columns["piece"].append(f"{series} {piece}")
        columns["proved"].append(proved)
        for key in ("rho", "epsilon", "certificate", "low", "high"):
            columns[key].append(float(entry[key]))

    for series, entries in read.items():
        piece = 0
        for place, entry in enumerate(entries):
            if place and entry["concave"] != entries[place - 1]["concave"]:
                add(series, piece, entries[place - 1]["concave"], entry)
                piece += 1
            add(series, piece, entry["concave"], entry)
    return columns


def point_rows(curves: Mapping[str, Mapping], largest: float, loss: str = "loss") -> list[dict]:
    """Worst cases that were reached, of budgets up to `largest`: series, rho, loss, gamma."""
    return [
        {"series": series, "rho": point["rho"], "loss": point[loss], "gamma": point["gamma"]}
        for series, curve in curves.items()
        for point in curve["points"]
        if point["rho"] <= largest
    ]


def certificate_spec(curves: Mapping[str, Mapping], chosen: str, largest: float, at: float) -> dict:
    """Vega-Lite chart of `certificate_columns`: solid where proved, broken where not, points reached.

    curves: by name, as rsviz.distributional.curves gives them. chosen: the one with a band and a broad line.
    largest: end of the axis. at: the budget that a rule marks.
    """
    colours = colours_of([series for series, curve in curves.items() if curve["scale"]])
    shown = [colours.get(series, GREY) for series in curves]
    legend = {"orient": "bottom", "columns": 1, "labelLimit": 600, "title": None, "symbolType": "stroke"}
    colour = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(curves), "range": shown},
        "legend": legend,
    }
    tooltip = [
        {"field": "series", "type": "nominal"},
        _number("rho", "ρ"),
        _number("epsilon", "ε = √ρ"),
        _number("certificate", "certificate"),
        _number("low", "band from"),
        _number("high", "to"),
        {"field": "proved", "type": "nominal", "title": "concave"},
    ]
    mine = {"filter": {"field": "series", "equal": chosen}}
    domain = {"domain": [0, largest], "nice": False}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 520 + 24 * len(curves),  # a line of the legend for each
        "resolve": {"axis": {"x": "independent"}},
        "layer": [
            {
                "transform": [mine],
                "mark": {"type": "area", "opacity": 0.16, "clip": True},
                "encoding": {
                    "x": _x(domain),
                    "y": _loss("low"),
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            _lines(domain, colour, tooltip, {"not": mine["filter"]}, 2, _epsilon_axis(largest)),
            _lines(domain, colour, tooltip, mine["filter"], 4.5, None),
            {
                "data": {"values": point_rows(curves, largest)},
                "mark": {"type": "point", "filled": True, "size": 90, "clip": True, "opacity": 1},
                "encoding": {
                    "x": _x(domain) | {"axis": None},
                    "y": _loss("loss"),
                    "color": colour,
                    "tooltip": [
                        {"field": "series", "type": "nominal"},
                        _number("rho", "reached with ρ"),
                        _number("loss", "mean loss"),
                        _number("gamma", "γ"),
                    ],
                },
            },
            _rule(at, domain),
        ],
        "config": config(**LEGEND),
    }


def printed_columns(read: Sequence[Mapping]) -> dict[str, list]:
    """Columns of the two lines: what, rho, value. read: as `rsviz.distributional.at` gives it."""
    columns = {"what": [], "rho": [], "value": []}
    for what, key in (("repaired", "certificate"), ("as printed", "printed")):
        columns["what"] += [what] * len(read)
        columns["rho"] += [float(entry["rho"]) for entry in read]
        columns["value"] += [float(entry[key]) for entry in read]
    return columns


def printed_spec(curve: Mapping, largest: float, top: float) -> dict:
    """Vega-Lite chart of `printed_columns`, up to a budget `largest` and a loss `top`.

    Shaded: where the printed line is below a loss that was reached. What it falls to below 0 is cut off.
    """
    what = {
        "field": "what",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["repaired", "as printed"], "range": [REPAIRED, PRINTED]},
        "legend": {"orient": "bottom", "symbolType": "stroke", "labelLimit": 400},
    }
    domain = {"domain": [0, largest], "nice": False}
    height = {"domain": [0, top], "nice": False}
    reached = point_rows({"as printed": curve}, largest, "bare_loss")
    stretches = [{"from": low, "to": min(high, largest)} for low, high in curve["printed_false"]]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 380,
        "layer": [
            {
                "data": {"values": stretches},
                "mark": {"type": "rect", "opacity": 0.13, "color": FALSE},
                "encoding": {
                    "x": {"field": "from", "type": "quantitative", "scale": domain},
                    "x2": {"field": "to"},
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 3.5, "clip": True},
                "encoding": {
                    "x": _x(domain),
                    "y": _loss("value", height),
                    "color": what,
                    "tooltip": [{"field": "what", "type": "nominal"}, _number("rho", "ρ"), _number("value")],
                },
            },
            {
                "data": {"values": point_rows({"repaired": curve}, largest)},
                "mark": {"type": "point", "filled": True, "size": 90, "color": REPAIRED, "opacity": 1},
                "encoding": _reached(domain, height, "smoothed loss reached"),
            },
            {
                "data": {"values": reached},
                "mark": {
                    "type": "point",
                    "shape": "diamond",
                    "size": 130,
                    "strokeWidth": 2.5,
                    "color": PRINTED,
                },
                "encoding": _reached(domain, height, "loss without noise reached"),
            },
        ],
        "config": config(**LEGEND),
    }


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
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 260,
        "layer": [
            {
                "mark": {"type": "bar", "color": colour, "binSpacing": 1},
                "encoding": {
                    "x": {
                        "field": "from",
                        "type": "quantitative",
                        "title": "certified ℓ₂ radius of an image (pixel units)",
                        "bin": {"binned": True},
                        "axis": {"tickCount": 5, "grid": False},
                    },
                    "x2": {"field": "to"},
                    "y": {
                        "field": "share",
                        "type": "quantitative",
                        "title": "images (%)",
                        "axis": {"tickCount": 4},
                    },
                    "tooltip": [
                        _number("from", "radius from"),
                        _number("to"),
                        _number("share", "images (%)"),
                    ],
                },
            },
            {
                "data": {"values": [{"at": at}]},
                "mark": {"type": "rule", "strokeDash": [2, 4], "color": GREY, "strokeWidth": 2},
                "encoding": {"x": {"field": "at", "type": "quantitative"}},
            },
        ],
        "config": config(**LEGEND),
    }


def effort_columns(curves: Sequence[Mapping], gamma: float) -> dict[str, list]:
    """Columns of the effort chart: K, r (as words), and the surrogate without the cost of noise."""
    columns = {"K": [], "r": [], "surrogate": []}
    for curve in curves:
        point = next(point for point in curve["points"] if point["gamma"] == gamma)
        columns["K"].append(curve["K"])
        columns["r"].append(f"r = {curve['r']}")
        columns["surrogate"].append(point["intercept"])
    return columns


def effort_spec(curves: Sequence[Mapping]) -> dict:
    """Vega-Lite chart of `effort_columns`: how high ascents of K steps with r draws each came."""
    names = [f"r = {r}" for r in sorted({curve["r"] for curve in curves})]
    colours = colours_of(names)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 280,
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 90}},
        "encoding": {
            "x": {
                "field": "K",
                "type": "quantitative",
                "scale": {"type": "log"},
                "title": "steps K of the ascent",
                "axis": {"values": sorted({curve["K"] for curve in curves}), "grid": False},
            },
            "y": {
                "field": "surrogate",
                "type": "quantitative",
                "title": "surrogate reached",
                "scale": {"zero": False},
                "axis": {"tickCount": 5},
            },
            "color": {
                "field": "r",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": [colours[one] for one in names]},
                "legend": {"orient": "bottom", "symbolType": "stroke"},
            },
            "tooltip": [_number("K"), {"field": "r", "type": "nominal"}, _number("surrogate")],
        },
        "config": config(**LEGEND),
    }


def _lines(domain, colour, tooltip, kept, width, axis) -> dict:
    """The pieces of those curves that pass the filter `kept`."""
    legend = {
        "orient": "top",
        "title": "the ascent's end is the maximum:",
        "symbolType": "stroke",
        "titleLimit": 400,
    }
    dash = {"domain": ["proved", "not proved"], "range": [SOLID, BROKEN]}
    return {
        "transform": [{"filter": kept}],
        "mark": {"type": "line", "clip": True, "strokeWidth": width},
        "encoding": {
            "x": _x(domain) | {"axis": axis},
            "y": _loss("certificate"),
            "color": colour,
            "detail": {"field": "piece"},
            "strokeDash": {"field": "proved", "type": "nominal", "scale": dash, "legend": legend},
            "tooltip": tooltip,
        },
    }


def _number(field, title=None) -> dict:
    return {"field": field, "type": "quantitative", "title": title or field, "format": ".4~g"}


def _x(domain) -> dict:
    return {
        "field": "rho",
        "type": "quantitative",
        "title": "budget ρ: mean squared ℓ₂ move",
        "scale": domain,
        "axis": {"tickCount": 6, "grid": False},
    }


def _epsilon_axis(largest) -> dict:
    """Ticks at round sizes epsilon, where rho = epsilon^2 stands."""
    top = largest**0.5
    step = next(step for step in _round_steps(top / 8) if top / step <= 8)
    return {
        "orient": "top",
        "grid": False,
        "values": [(k * step) ** 2 for k in range(int(top / step + 1e-9) + 1)],
        "title": "attacks as strong: ε = √ρ",
        "labelExpr": "format(sqrt(datum.value), '.2~f')",
    }


def _round_steps(least):
    """1, 2, 5, 10, ... times a power of ten, from about `least` on."""
    power = 10.0 ** np.floor(np.log10(least))
    return [power * factor for factor in (1, 2, 5, 10, 20)]


def _loss(field, scale=None) -> dict:
    return {
        "field": field,
        "type": "quantitative",
        "title": "mean loss",
        "scale": scale or {"zero": True},
        "axis": {"tickCount": 5},
        "stack": None,
    }


def _reached(domain, height, title) -> dict:
    return {
        "x": _x(domain),
        "y": _loss("loss", height),
        "tooltip": [_number("rho", "ρ"), _number("loss", title), _number("gamma", "γ")],
    }


def _rule(at, domain) -> dict:
    return {
        "data": {"values": [{"rho": at}]},
        "mark": {"type": "rule", "strokeDash": [2, 4], "color": GREY, "strokeWidth": 1.5},
        "encoding": {"x": _x(domain) | {"axis": None}},
    }
