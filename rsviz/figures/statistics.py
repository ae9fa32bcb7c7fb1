"""Pictures of the confidence procedures, as plain Vega-Lite: limits, failure rates, peeking, radii.

What a procedure does not prove is drawn hollow and named so.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from rsviz.bounds import round_down
from rsviz.confidence import PROCEDURES

FONT = 14
QUIET = "#8A8F98"
FALSE = "#C0392B"
TRUTH = "truth"

COLOURS: Mapping[str, str] = {
    "cohen": "#0072B2",
    "split": "#009E73",
    "tcertify": "#E69F00",
    "li": "#CC79A7",
    "sison-glaz": "#D55E00",
    "anytime": "#56B4E9",
    TRUTH: QUIET,
}
NAMES: Mapping[str, str] = {
    "cohen": "CERTIFY",
    "split": "split",
    "tcertify": "T-CERTIFY",
    "li": "Li",
    "sison-glaz": "Sison-Glaz",
    "anytime": "anytime",
    TRUTH: "the truth",
}
NOT_PROVED = "not proved"

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_SHARES = ("0.0001", "0.001", "0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99", "0.999", "0.9999")
_FARTHEST = 4.5
"""Probit of 1 - 3e-6: limits beyond are drawn there."""


def name(key: str) -> str:
    """Name of a procedure, with the warning that it must carry everywhere."""
    proved = key == TRUTH or PROCEDURES[key].valid
    return NAMES[key] if proved else f"{NAMES[key]} ({NOT_PROVED})"


def limits_chart(truth: tuple[float, float], limits: Mapping[str, tuple[float, float, float]]) -> dict:
    """The limits of each procedure on the same votes, as a bar from the limit of p_B to that of p_A.

    The axis is stretched by Phi^-1, so that a bar is twice as long as the radius in units of sigma. A bar
    that reaches beyond the upright lines claims more than is true, and has a red end.
    truth: (p_A, p_B) of the class that was certified. limits: key -> (p_a_lower, p_b_upper, radius).
    """
    right, left = (_probit(value) for value in truth)
    rows, ends = [], []
    for key, (p_a_lower, p_b_upper, radius) in {TRUTH: (*truth, None), **limits}.items():
        row = {"name": name(key), "key": key, "low": _probit(p_b_upper), "high": _probit(p_a_lower)}
        row |= {"p_a": p_a_lower, "p_b": p_b_upper, "proved": key == TRUTH or PROCEDURES[key].valid}
        row["drawn"] = row["high"] > row["low"]
        if radius is None:
            radius = max(right - left, 0.0) / 2
            row["text"] = f"{radius:.4g} σ" if radius > 1e-9 else "0 σ, it does not lead"
        else:
            row["text"] = f"{round_down(radius):.4g} σ" if row["drawn"] else "abstains"
        row["place"] = max(row["high"], row["low"], right)
        rows.append(row)
        if key != TRUTH and row["drawn"]:
            ends += [
                {"name": row["name"], "low": max(a, row["low"]), "high": min(b, row["high"])}
                for a, b in ((row["low"], left), (right, row["high"]))
                if b > a
            ]
    places = [row[side] for row in rows for side in ("low", "high")]
    reach = max(places) - min(places)
    domain = [min(places) - 0.06 * reach, max(places) + 0.3 * reach]
    x, y = _probit_axis(domain), _names_axis([row["name"] for row in rows])
    bars = {"type": "bar", "height": {"band": 0.6}, "cornerRadius": 2}
    shown = [row for row in rows if row["drawn"]]
    layers = [
        {
            "data": {"values": [{"x": left}, {"x": right}]},
            "mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 3], "strokeWidth": 1.5},
            "encoding": {"x": x | {"field": "x"}},
        },
        {
            "data": {"values": [row for row in rows if not row["drawn"]]},
            "mark": {"type": "rule", "color": QUIET, "strokeWidth": 2, "opacity": 0.6},
            "encoding": {"x": x | {"field": "high"}, "x2": {"field": "low"}, "y": y} | _limits_tooltip(),
        },
        {
            "data": {"values": [row for row in shown if row["proved"]]},
            "mark": bars,
            "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y, "color": _colour()}
            | _limits_tooltip(),
        },
        {
            "data": {"values": [row for row in shown if not row["proved"]]},
            "mark": bars | {"filled": False, "strokeWidth": 2.5, "strokeDash": [5, 3]},
            "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y, "color": _colour()}
            | _limits_tooltip(),
        },
        {
            "data": {"values": ends},
            "mark": bars | {"color": FALSE},
            "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": FONT, "color": QUIET},
            "encoding": {"x": x | {"field": "place"}, "y": y, "text": {"field": "text"}},
        },
    ]
    return _chart(layers, height={"step": 40})


def failures_chart(alpha: float, rates: Mapping[str, Mapping[str, float]]) -> dict:
    """How often the limits of each procedure were false, with the interval of the count, against alpha.

    rates: key -> {"limits", "low", "high", "certificates"}: shares of the runs.
    """
    rows = [
        {"name": name(key), "key": key, "proved": PROCEDURES[key].valid, **values}
        for key, values in rates.items()
    ]
    far = max([2.2 * alpha, *(row["high"] for row in rows)]) * 1.05
    x = {
        "type": "quantitative",
        "title": "share of the runs",
        "scale": {"domain": [0, far], "nice": False},
        "axis": {"tickCount": 5, "format": ".2~%", "grid": False},
    }
    y = _names_axis([row["name"] for row in rows])
    tooltip = {
        "tooltip": [
            {"field": "name", "title": "procedure"},
            {"field": "limits", "title": "limits false", "format": ".3%"},
            {"field": "low", "title": "at least", "format": ".3%"},
            {"field": "high", "title": "at most", "format": ".3%"},
            {"field": "certificates", "title": "certificates false", "format": ".3%"},
        ]
    }
    dot = {"type": "point", "size": 130, "strokeWidth": 2.5, "opacity": 1}
    at_rate = {"x": x | {"field": "limits"}, "y": y, "color": _colour()} | tooltip
    return _chart(
        [
            *_level_line("x", alpha, f"α = {alpha:g}"),
            {
                "data": {"values": rows},
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y, "color": _colour()},
            },
            {
                "data": {"values": [row for row in rows if row["proved"]]},
                "mark": dot | {"filled": True},
                "encoding": at_rate,
            },
            {
                "data": {"values": [row for row in rows if not row["proved"]]},
                "mark": dot | {"filled": False},
                "encoding": at_rate,
            },
            {
                "data": {"values": [row for row in rows if row["certificates"] > 0]},
                "mark": {"type": "point", "shape": "cross", "angle": 45, "size": 80, "color": FALSE}
                | {"filled": True},
                "encoding": {"x": x | {"field": "certificates"}, "y": y} | tooltip,
            },
        ],
        height={"step": 40},
    )


def path_chart(p: float, path: Mapping[str, np.ndarray]) -> dict:
    """Lower limits as one watcher sees them, and the true probability. path: "drawn", then a line a key."""
    lines = {key: (path["drawn"], path[key]) for key in ("cohen", "anytime")}
    low = float(path["anytime"][len(path["drawn"]) // 3 :].min())  # what comes before is far below
    high = max(p, float(path["cohen"].max()))
    high += 0.12 * (high - low)
    y = {"title": "lower limit of p_A", "scale": {"domain": [low, high], "nice": False}}
    x = _votes_axis("votes drawn", path["drawn"][-1])
    level = _level_line("y", p, "true p_A", FALSE, (10, path["drawn"][-1]))
    return _chart([*level, *_lines(lines, x, y, ".5f")], height=330)


def peeking_chart(alpha: float, deceived: Mapping[str, np.ndarray]) -> dict:
    """Probability of having been shown a false limit by then. deceived: key -> float (n,)."""
    n = len(deceived["cohen"])
    points = np.unique(np.geomspace(10, n, 160).astype(int))
    lines = {key: (points, values[points - 1]) for key, values in deceived.items()}
    high = max(float(values[-1]) for values in deceived.values())
    y = {
        "title": "probability of a false limit by then",
        "scale": {"domain": [0, 1.1 * max(high, alpha)], "nice": False},
        "axis": {"format": ".2~%", "tickCount": 5},
    }
    x = _votes_axis("votes drawn, looked at after each", n)
    level = _level_line("y", alpha, f"α = {alpha:g}", span=(10, n))
    return _chart([*level, *_lines(lines, x, y, ".4%")], height=330)


def bought_chart(n, radii: Mapping[str, np.ndarray], true_radius: float, ceiling, chosen: int) -> dict:
    """Radius against the number of votes. radii: key -> float (n,), in sigma. ceiling: of CERTIFY, (n,)."""
    lines = {TRUTH: (n, np.full(len(n), true_radius))} | {key: (n, values) for key, values in radii.items()}
    top = 1.08 * max(true_radius, *(float(values.max()) for values in radii.values()))
    y = {"title": "radius proved (σ)", "scale": {"domain": [0, top or 1.0], "nice": False}}
    x = _votes_axis("votes n", n[-1])
    inside = ceiling <= top
    rows = [{"x": int(a), "y": float(b)} for a, b in zip(n[inside], ceiling[inside], strict=True)]
    at = {"x": x | {"field": "x", "type": "quantitative"}, "y": y | {"field": "y", "type": "quantitative"}}
    quiet = {"type": "line", "color": QUIET, "strokeDash": [6, 4], "strokeWidth": 2}
    words = {"type": "text", "align": "left", "dx": 8, "color": QUIET, "fontSize": FONT - 1}
    layers = [
        {"data": {"values": rows}, "mark": quiet, "encoding": at},
        {
            "data": {"values": rows[-1:]},
            "mark": words,
            "encoding": at | {"text": {"value": "ceiling of CERTIFY"}},
        },
        *_level_line("x", chosen, ""),
        *_lines(lines, x, y, ".4f"),
    ]
    return _chart(layers, height=380)


def gains_chart(p_a, radii: Mapping[str, np.ndarray], chosen: float) -> dict:
    """Radius against p_A. radii: key -> float (p_a,), "truth" among them, in sigma."""
    order = [TRUTH, *(key for key in radii if key != TRUTH)]
    lines = {key: (p_a, radii[key]) for key in order}
    left, right = float(p_a[0]), float(p_a[-1])
    y = {"title": "radius proved (σ)", "scale": {"zero": True}}
    x = {
        "title": "p_A, probability of the top class",
        "scale": {"domain": [left, right + 0.4 * (right - left)], "nice": False},
        "axis": {"values": [tick / 10 for tick in range(1, 11) if left <= tick / 10 <= 1], "grid": False},
    }
    return _chart([*_level_line("x", chosen, ""), *_lines(lines, x, y, ".4f")], height=380)


def same_votes_chart(p_a, failures: Mapping[str, np.ndarray], alpha: float) -> dict:
    """Probability of a false certificate against p_A, for two ways to choose the class.

    failures: "other" and "same" -> float (p_a,).
    """
    titles = {"other": "chosen on other votes", "same": "chosen on the same votes"}
    colours = {"other": COLOURS["cohen"], "same": FALSE}
    x = {
        "title": "p_A, probability of the better of two classes",
        "scale": {"nice": False, "zero": False},
        "axis": {"tickCount": 6, "grid": False},
    }
    y = {
        "title": "probability of a false certificate",
        "scale": {"domain": [0, 2.2 * alpha], "nice": False},
        "axis": {"format": ".2~%", "tickCount": 5},
    }
    rows = [
        {"x": float(a), "y": float(b), "key": titles[key]}
        for key, values in failures.items()
        for a, b in zip(p_a, values, strict=True)
    ]
    scale = {"domain": list(titles.values()), "range": [colours[key] for key in titles]}
    legend = {"orient": "top", "title": None, "labelFontSize": FONT, "labelLimit": 300, "symbolSize": 300}
    legend |= {"symbolType": "stroke", "symbolStrokeWidth": 4, "columns": 1}
    line = {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 3},
        "encoding": {
            "x": _field("x", x),
            "y": _field("y", y),
            "color": {"field": "key", "type": "nominal", "scale": scale, "legend": legend},
            "tooltip": [
                {"field": "key", "title": "class"},
                {"field": "x", "title": "p_A", "format": ".5f"},
                {"field": "y", "title": "false", "format": ".4%"},
            ],
        },
    }
    levels = [*_level_line("y", alpha, f"α = {alpha:g}"), *_level_line("y", 2 * alpha, "2 α")]
    return _chart([line, *levels], height=380)


def _lines(lines, x, y, form):
    """A line a key, with its name at the end; moved apart where ends lie close."""
    rows = [
        {"key": key, "name": name(key), "x": float(a), "y": float(f"{b:.7g}")}
        for key, (xs, ys) in lines.items()
        for a, b in zip(xs, ys, strict=True)
    ]
    encoding = {"x": _field("x", x), "y": _field("y", y), "color": _colour()}
    tooltip = [
        {"field": "name", "title": "procedure"},
        {"field": "x", "title": x["title"], "format": ",.5~g"},
        {"field": "y", "title": y["title"], "format": form},
    ]
    dashed = [key for key in lines if key != TRUTH and not PROCEDURES[key].valid]
    dash = {
        "condition": {"test": {"field": "key", "oneOf": dashed}, "value": [7, 4]},
        "value": [1, 0],
    }
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "line", "strokeWidth": 3, "clip": True},
            "encoding": encoding | {"strokeDash": dash, "tooltip": tooltip},
        },
        {
            "data": {"values": _end_names(lines, y)},
            "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": FONT - 1, "lineBreak": "\n"},
            "encoding": encoding | {"text": {"field": "text"}},
        },
    ]


def _end_names(lines, y):
    ends = {key: (float(xs[-1]), float(ys[-1])) for key, (xs, ys) in lines.items()}
    low, high = y["scale"].get("domain", (0.0, max(height for _, height in ends.values())))
    gap, place, rows = 0.065 * (high - low), np.inf, []
    for key in sorted(ends, key=lambda key: -ends[key][1]):
        place = min(ends[key][1], place)
        text = name(key).replace(" (", "\n(")  # beside a line a phone has little room
        rows.append({"key": key, "text": text, "x": ends[key][0], "y": place})
        place -= gap * (1 + text.count("\n"))
    below = max(0.0, low - gap / 2 - place)
    return [row | {"y": row["y"] + below} for row in rows]


def _level_line(axis: str, value: float, words: str, colour=QUIET, span=None):
    """A line at one value of the x or y axis, with its name. span: from where to where along x, if level."""
    data = {"values": [{"at": value} | ({"from": int(span[0]), "to": int(span[1])} if span else {})]}
    at = {axis: {"field": "at", "type": "quantitative"} | ({"scale": {"zero": False}} if axis == "y" else {})}
    along = {"x": {"field": "from", "type": "quantitative"}, "x2": {"field": "to"}} if span else {}
    rule = {"type": "rule", "color": colour, "strokeWidth": 2, "strokeDash": [6, 4]}
    layers = [{"data": data, "mark": rule, "encoding": at | along}]
    if words:
        text = {"type": "text", "color": colour, "fontSize": FONT, "align": "left"}
        across = (
            {"y": {"value": 0}} | {"text": {"value": words}}
            if axis == "x"
            else {"x": {"value": 0}, "text": {"value": words}}
        )
        shift = {"dx": 5, "dy": 2, "baseline": "bottom"} if axis == "x" else {"dx": 6, "dy": -9}
        layers.append({"data": data, "mark": text | shift, "encoding": at | across})
    return layers


def _probit(value):
    return float(np.clip(ndtri(value), -_FARTHEST, _FARTHEST))


def _probit_axis(domain):
    places = {f"{_probit(float(share)):.4f}": share for share in _SHARES}
    entries = ", ".join(f"'{place}': '{share}'" for place, share in places.items())
    values = [float(place) for place in places if domain[0] <= float(place) <= domain[1]]
    return {
        "type": "quantitative",
        "title": "probability (Φ⁻¹ scale)",
        "scale": {"domain": domain, "nice": False, "zero": False},
        "axis": {"values": values, "labelExpr": f"({{{entries}}})[format(datum.value, '.4f')]"}
        | {"grid": True, "gridOpacity": 0.25},
    }


def _names_axis(names: Sequence[str]):
    return {
        "field": "name",
        "type": "nominal",
        "sort": list(names),
        "title": None,
        "scale": {"type": "band"},
        # the warning goes under the name: a phone has no room beside it
        "axis": {"labelExpr": "split(datum.label, ' (')[1] ? [split(datum.label, ' (')[0], '(' + "
                 "split(datum.label, ' (')[1]] : datum.label"}
        | {"labelLimit": 130, "labelOverlap": False, "labelFlush": False, "domain": False, "ticks": False},
    }  # fmt: skip


def _limits_tooltip():
    return {
        "tooltip": [
            {"field": "name", "title": "procedure"},
            {"field": "p_a", "title": "p_A at least", "format": ".5f"},
            {"field": "p_b", "title": "p_B at most", "format": ".5f"},
            {"field": "text", "title": "radius"},
        ]
    }


def _votes_axis(title, last):
    """Votes, logarithmic, from 10 to `last`, and room for names."""
    return {
        "title": title,
        "scale": {"type": "log", "nice": False, "domain": [10, 10 * (float(last) / 10) ** 1.3]},
        "axis": {"values": [10**power for power in range(1, 8) if 10**power <= last], "format": "~s"}
        | {"grid": False},
    }


def _field(name, axis):
    return axis | {"field": name, "type": "quantitative"}


def _colour():
    scale = {"domain": list(COLOURS), "range": list(COLOURS.values())}
    return {"field": "key", "type": "nominal", "scale": scale, "legend": None}


def _chart(layers, height) -> dict:
    return {
        "$schema": _SCHEMA,
        "height": height,
        "layer": layers,
        "config": {
            "axis": {"labelFontSize": FONT, "titleFontSize": FONT, "titleFontWeight": "normal"},
            "view": {"stroke": None},
        },
    }
