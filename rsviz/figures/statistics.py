"""Pictures of the confidence procedures: limits, failure rates, peeking, radii.

What a procedure does not prove is hollow or dashed, and its name says so.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from rsviz.bounds import round_down
from rsviz.confidence import PROCEDURES
from rsviz.figures.theme import (
    BLUE,
    FALSE,
    LEVEL,
    NOT_PROVED,
    QUIET,
    SOLID,
    chart,
    colour,
    end_names,
    layer,
    legend,
    log_scale,
    place_names,
    rule,
    tip,
    words,
    x_axis,
    y_axis,
)

TRUTH = "truth"
UNPROVED = "not proved"

_SHARES = ("0.0001", "0.001", "0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99", "0.999", "0.9999")
_FARTHEST = 4.5
"""Probit of 1 - 3e-6: limits beyond are drawn there."""


def name(key: str) -> str:
    """Name of a procedure, with the warning that it must carry everywhere."""
    if key == TRUTH:
        return "the truth"
    return PROCEDURES[key].short if _proved(key) else f"{PROCEDURES[key].short} ({UNPROVED})"


def _proved(key) -> bool:
    return key == TRUTH or PROCEDURES[key].valid


def limits_chart(truth: tuple[float, float], limits: Mapping[str, tuple[float, float, float]]) -> dict:
    """The limits of each procedure on the same votes, as a bar from the limit of p_B to that of p_A.

    The axis is stretched by Phi^-1, so that a bar is twice as long as the radius in units of sigma. A bar
    that reaches beyond the upright lines claims more than is true, and has a red end.
    truth: (p_A, p_B) of the class that was certified. limits: key -> (p_a_lower, p_b_upper, radius).
    """
    right, left = (_probit(value) for value in truth)
    true_radius = max(right - left, 0.0) / 2
    text = f"{true_radius:.4g} σ" if true_radius > 1e-9 else "0 σ, it does not lead"
    rows = [_limits_row(TRUTH, *truth, text, right)]
    for key, (p_a_lower, p_b_upper, radius) in limits.items():
        text = f"{round_down(radius):.4g} σ" if _probit(p_a_lower) > _probit(p_b_upper) else "abstains"
        rows.append(_limits_row(key, p_a_lower, p_b_upper, text, right))
    beyond = [
        {"name": row["name"], "low": max(a, row["low"]), "high": min(b, row["high"])}
        for row in rows[1:]
        for a, b in ((row["low"], left), (right, row["high"]))
        if row["drawn"] and b > a
    ]
    places = [row[side] for row in rows for side in ("low", "high")]
    reach = max(places) - min(places)
    x = _probit_axis([min(places) - 0.06 * reach, max(places) + 0.3 * reach])
    limits_of = {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": _names_axis(rows)}
    hint = {
        "tooltip": [
            tip("name", "procedure", None),
            tip("p_a", "p_A at least", ".5f"),
            tip("p_b", "p_B at most", ".5f"),
            tip("text", "radius", None),
        ]
    }
    bars = {"type": "bar", "height": {"band": 0.6}, "cornerRadius": 2}
    hollow = bars | {"filled": False, "strokeWidth": 2.5, "strokeDash": NOT_PROVED}
    abstained = {"type": "rule", "color": QUIET, "strokeWidth": 2, "opacity": 0.6}
    proved, not_proved = (
        [row for row in rows if row["drawn"] and row["proved"] == is_] for is_ in (True, False)
    )
    ink = {"color": _colour()}
    layers = [
        *rule("x", left),
        *rule("x", right),
        layer(abstained, [row for row in rows if not row["drawn"]], **limits_of, **hint),
        layer(bars, proved, **limits_of, **ink, **hint),
        layer(hollow, not_proved, **limits_of, **ink, **hint),
        layer(bars | {"color": FALSE}, beyond, **limits_of),
        layer(
            words(dx=8, color=QUIET), rows, x=x | {"field": "place"}, y=limits_of["y"], text={"field": "text"}
        ),
    ]
    return chart(layers, {"step": 40})


def _limits_row(key, p_a, p_b, text, right) -> dict:
    low, high = _probit(p_b), _probit(p_a)
    row = {"name": name(key), "key": key, "low": low, "high": high, "p_a": p_a, "p_b": p_b, "text": text}
    return row | {"proved": _proved(key), "drawn": high > low, "place": max(high, low, right)}


def failures_chart(alpha: float, rates: Mapping[str, Mapping[str, float]]) -> dict:
    """The share of runs with false limits by procedure, with the interval of the count, against alpha.

    rates: key -> {"limits", "low", "high", "certificates"}: shares of the runs.
    """
    rows = [
        {"name": name(key), "key": key, "proved": _proved(key), **values} for key, values in rates.items()
    ]
    far = max([2.2 * alpha, *(row["high"] for row in rows)]) * 1.05
    x = x_axis("limits", "share of the runs", (0, far), ticks=5, format=".2~%")
    y, ink = _names_axis(rows), _colour()
    tooltip = [
        tip("name", "procedure", None),
        tip("limits", "limits false", ".3%"),
        tip("low", "at least", ".3%"),
        tip("high", "at most", ".3%"),
        tip("certificates", "certificates false", ".3%"),
    ]
    interval = {"type": "rule", "strokeWidth": 3, "opacity": 0.55}
    dot = {"type": "point", "size": 130, "strokeWidth": 2.5, "opacity": 1}
    cross = {"type": "point", "shape": "cross", "angle": 45, "size": 80, "color": FALSE, "filled": True}
    at_rate = {"x": x, "y": y, "color": ink, "tooltip": tooltip}
    return chart(
        [
            *rule("x", alpha, f"α = {alpha:g}", dash=LEVEL),
            layer(interval, rows, x=x | {"field": "low"}, x2={"field": "high"}, y=y, color=ink),
            layer(dot | {"filled": True}, [row for row in rows if row["proved"]], **at_rate),
            layer(dot | {"filled": False}, [row for row in rows if not row["proved"]], **at_rate),
            layer(
                cross,
                [row for row in rows if row["certificates"] > 0],
                x=x | {"field": "certificates"},
                y=y,
                tooltip=tooltip,
            ),
        ],
        {"step": 40},
    )


def path_chart(p: float, path: Mapping[str, np.ndarray]) -> dict:
    """Lower limits as one watcher sees them, and the true probability. path: "drawn", then a line a key."""
    lines = {key: (path["drawn"], path[key]) for key in ("cohen", "anytime")}
    low = float(path["anytime"][len(path["drawn"]) // 3 :].min())  # earlier ones are far below
    high = max(p, float(path["cohen"].max()))
    high += 0.12 * (high - low)
    y = y_axis("y", "lower limit of p_A", (low, high))
    x = _votes_axis("votes drawn", path["drawn"][-1])
    span = (10, path["drawn"][-1])
    level = rule("y", p, "true p_A", colour=FALSE, dash=LEVEL, span=span, scale=y["scale"])
    return chart([*level, *_lines(lines, x, y, ".5f")], 285)


def peeking_chart(alpha: float, deceived: Mapping[str, np.ndarray]) -> dict:
    """Probability of having been shown a false limit by then. deceived: key -> float (n,)."""
    n = len(deceived["cohen"])
    points = np.unique(np.geomspace(10, n, 160).astype(int))
    lines = {key: (points, values[points - 1]) for key, values in deceived.items()}
    high = max(float(values[-1]) for values in deceived.values())
    y = y_axis("y", "probability of a false limit by then", (0, 1.1 * max(high, alpha)), format=".2~%")
    x = _votes_axis("votes drawn, looked at after each", n)
    level = rule("y", alpha, f"α = {alpha:g}", dash=LEVEL, span=(10, n), scale=y["scale"])
    return chart([*level, *_lines(lines, x, y, ".4%")], 285)


def radius_by_votes_chart(
    n, radii: Mapping[str, np.ndarray], true_radius: float, ceiling, chosen: int
) -> dict:
    """Radius against the number of votes. radii: key -> float (n,), in sigma. ceiling: of CERTIFY, (n,)."""
    lines = {TRUTH: (n, np.full(len(n), true_radius))} | {key: (n, values) for key, values in radii.items()}
    top = 1.08 * max(true_radius, *(float(values.max()) for values in radii.values()))
    y = y_axis("y", "radius proved (σ)", (0, top or 1.0))
    x = _votes_axis("votes n", n[-1])
    inside = ceiling <= top
    rows = [{"x": int(a), "y": float(b)} for a, b in zip(n[inside], ceiling[inside], strict=True)]
    label = words(dx=8, color=QUIET)
    layers = [
        layer({"type": "line", "color": QUIET, "strokeDash": LEVEL, "strokeWidth": 2}, rows, x=x, y=y),
        layer(label, rows[-1:], x=x, y=y, text={"value": "ceiling of CERTIFY"}),
        *rule("x", chosen, scale=x["scale"]),
        *_lines(lines, x, y, ".4f"),
    ]
    return chart(layers, 380)


def radius_by_p_a_chart(p_a, radii: Mapping[str, np.ndarray], chosen: float) -> dict:
    """Radius against p_A. radii: key -> float (p_a,), "truth" among them, in sigma."""
    lines = {key: (p_a, radii[key]) for key in (TRUTH, *(key for key in radii if key != TRUTH))}
    left, right = float(p_a[0]), float(p_a[-1])
    y = y_axis("y", "radius proved (σ)", scale={"zero": True})
    ticks = [tick / 10 for tick in range(1, 11) if left <= tick / 10 <= 1]
    title = "p_A, probability of the top class"
    x = x_axis("x", title, (left, right + 0.4 * (right - left)), values=ticks)
    return chart([*rule("x", chosen), *_lines(lines, x, y, ".4f")], 380)


def same_votes_chart(p_a, failures: Mapping[str, np.ndarray], alpha: float) -> dict:
    """Probability of a false certificate against p_A, for two ways to choose the class.

    failures: "other" and "same" -> float (p_a,).
    """
    titles = {"other": "chosen on other votes", "same": "chosen on the same votes"}
    colours = {titles["other"]: BLUE, titles["same"]: FALSE}
    rows = [
        {"x": float(a), "y": float(b), "key": titles[key]}
        for key, values in failures.items()
        for a, b in zip(p_a, values, strict=True)
    ]
    line = layer(
        {"type": "line", "strokeWidth": 3},
        rows,
        x=x_axis("x", "p_A, probability of the better of two classes", scale={"zero": False}),
        y=y_axis("y", "probability of a false certificate", (0, 2.2 * alpha), format=".2~%"),
        color=colour("key", colours, legend(orient="top")),
        tooltip=[tip("key", "class", None), tip("x", "p_A", ".5f"), tip("y", "false", ".4%")],
    )
    levels = (
        rule("y", value, text, dash=LEVEL) for value, text in ((alpha, f"α = {alpha:g}"), (2 * alpha, "2 α"))
    )
    return chart([line, *(part for level in levels for part in level)], 380)


def _lines(lines, x, y, form) -> list[dict]:
    """A line for each key, with its name at the end. lines: key -> (xs, ys). form: of y in the tooltip."""
    rows = [
        {"key": key, "name": name(key), "x": float(a), "y": float(f"{b:.7g}")}
        for key, (xs, ys) in lines.items()
        for a, b in zip(xs, ys, strict=True)
    ]
    dashed = {"field": "key", "oneOf": [key for key in lines if not _proved(key)]}
    dash = {"condition": {"test": dashed, "value": NOT_PROVED}, "value": SOLID}
    tooltip = [tip("name", "procedure", None), tip("x", x["title"], ",.5~g"), tip("y", y["title"], form)]
    line = {"type": "line", "strokeWidth": 3, "clip": True}
    return [
        layer(line, rows, x=x, y=y, color=_colour(), strokeDash=dash, tooltip=tooltip),
        end_names(_end_rows(lines, y), x, y, _colour(), lineBreak="\n", fontWeight="normal"),
    ]


def _end_rows(lines, y) -> list[dict]:
    ends = {key: float(ys[-1]) for key, (_, ys) in lines.items()}
    low, high = y["scale"].get("domain", (0.0, max(ends.values())))
    names = {key: name(key).replace(" (", "\n(") for key in ends}  # beside a line a phone has little room
    taken = {key: 1 + text.count("\n") for key, text in names.items()}
    places = place_names(ends, low, high, 0.065 * (high - low), taken)
    return [
        {"key": key, "name": names[key], "x": float(lines[key][0][-1]), "y": height}
        for key, height in places.items()
    ]


def _probit(value) -> float:
    return float(np.clip(ndtri(value), -_FARTHEST, _FARTHEST))


def _probit_axis(domain) -> dict:
    places = {f"{_probit(float(share)):.4f}": share for share in _SHARES}
    entries = ", ".join(f"'{place}': '{share}'" for place, share in places.items())
    values = [float(place) for place in places if domain[0] <= float(place) <= domain[1]]
    title = "probability (Φ⁻¹ scale)"
    labels = f"({{{entries}}})[format(datum.value, '.4f')]"
    return x_axis("x", title, domain, values=values, labelExpr=labels, grid=True, gridOpacity=0.25)


def _names_axis(rows: Sequence[Mapping]) -> dict:
    axis = {
        # the warning goes under the name: a phone has no room beside it
        "labelExpr": "split(datum.label, ' (')[1] ? [split(datum.label, ' (')[0], '(' + "
        "split(datum.label, ' (')[1]] : datum.label",
        "labelLimit": 130,
        "labelOverlap": False,
        "labelFlush": False,
        "domain": False,
        "ticks": False,
    }
    names = [row["name"] for row in rows]
    return {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "title": None,
        "scale": {"type": "band"},
        "axis": axis,
    }


def _votes_axis(title, last) -> dict:
    """Votes, logarithmic, from 10 to `last`, and room for names."""
    scale = log_scale((10, 10 * (float(last) / 10) ** 1.3))
    ticks = [10**power for power in range(1, 8) if 10**power <= last]
    return x_axis("x", title, scale=scale, values=ticks, format="~s")


def _colour() -> dict:
    return colour("key", {key: procedure.colour for key, procedure in PROCEDURES.items()} | {TRUTH: QUIET})
