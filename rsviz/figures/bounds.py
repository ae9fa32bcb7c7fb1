"""Pictures of bounds: arrays -> Altair charts, and one Plotly figure for surfaces. No widget, no torch."""

import math
from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from rsviz.bounds import BOUNDS, Bound

NOT_A_CERTIFICATE = "not a certificate"

_NOTHING = "#B8B8B8"
_FONT = 14
_BELOW = ["#8C2D04", "#D55E00", "#F1A96B", "#F7D9BC"]
_ABOVE = ["#D2E3F1", "#8EBBDD", "#3F8FC4", "#08519C", "#08306B"]
_LEVELS = (1, 1.5, 2, 3, 4, 5, 7.5)
_BELOW_STEPS = (0.01, 0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
_ABOVE_STEPS = (1.02, 1.05, 1.1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 10, 30, 100)


def label(bound: Bound) -> str:
    """Title of a bound, with the warning that it must carry everywhere."""
    return bound.title if bound.rigorous else f"{bound.title} ({NOT_A_CERTIFICATE})"


def levels_to(largest: float, most: int = 9) -> list[float]:
    """Round values up to `largest`, closer together where they are small: radii differ by factors."""
    if not (math.isfinite(largest) and largest > 0):
        return [1.0]
    decade = math.floor(math.log10(largest))
    found = [round(digit * 10.0**power, 12 - power) for power in (decade - 1, decade) for digit in _LEVELS]
    return [level for level in found if level < largest][-most:]


def picture(charts: Mapping[str, alt.Chart], form: str, columns: int = 3) -> bytes:
    """Altair charts by title as one file. form: "png" or "svg"."""
    import vl_convert  # a whole JavaScript engine, for those who save a picture

    with alt.data_transformers.disable_max_rows():
        specs = {title: chart.to_dict() for title, chart in charts.items()}
    if len(specs) == 1:
        ((title, spec),) = specs.items()
        sheet = spec | {"title": title, "width": 640, "background": "white", "padding": 16}
    else:
        sheet = _side_by_side(specs, columns)
    if form == "png":
        return vl_convert.vegalite_to_png(sheet, scale=2)
    return vl_convert.vegalite_to_svg(sheet).encode()


def _side_by_side(specs, columns) -> dict:
    return {
        "$schema": alt.SCHEMA_URL,
        "background": "white",
        "padding": 16,
        "columns": columns,
        "datasets": {name: rows for spec in specs.values() for name, rows in spec["datasets"].items()},
        "concat": [_still(spec) | {"title": title, "width": 360} for title, spec in specs.items()],
        "resolve": {"scale": {"color": "independent"}},
    }


def _still(spec) -> dict:
    """A chart as a part of a sheet: without what stands on the sheet, and without selections to click."""
    spec = {
        key: value for key, value in spec.items() if key not in ("$schema", "config", "datasets", "params")
    }
    if "layer" in spec:
        spec["layer"] = [_still(layer) for layer in spec["layer"]]
    return spec


def radius_map(p_a, p_b, side, radius, *, levels, units, point=None, refuted=None, extent=1.0, height=330):
    """Heat map of one bound over the triangle.

    p_a, p_b: centres of squares of this side. radius: float64 at each. levels: values at which the colour
    changes. units: of the radius. point: (p_a, p_b) to mark. refuted: where the number is larger than the
    tight radius, which is hatched. extent: largest p_a of the picture; p_b goes to half of it.
    The chart has a point selection named "point".
    """
    frame = _squares(p_a, p_b, side, radius=radius)
    colour = alt.Color(
        "radius:Q",
        scale=alt.Scale(type="threshold", domain=list(levels), scheme="viridis"),
        legend=_legend(f"radius ({units})", gradient=True),
    )
    tooltip = [*_TOOLTIP, alt.Tooltip("radius:Q", title=f"radius ({units})", format=".4~g")]
    layers = [_rectangles(frame[frame["radius"] > 0], colour, tooltip, extent)]
    if (frame["radius"] <= 0).any():
        nothing = alt.value(_NOTHING)
        layers.append(_rectangles(frame[frame["radius"] <= 0], nothing, tooltip, extent, name="nothing"))
    if refuted is not None and np.any(refuted):
        layers.append(_crosses(frame[np.asarray(refuted)], side))
    return alt.layer(*layers, *_mark_point(point, extent)).properties(height=height)


def ratio_map(p_a, p_b, side, ratio, *, words, extremes=(), point=None, extent=1.0, height=400):
    """Heat map of one radius over another; 1 is the border between two colours.

    words: what is over what, for legend and tooltip. extremes: (p_a, p_b, text) to write into the map.
    """
    frame = _squares(p_a, p_b, side, ratio=ratio)
    finite = frame["ratio"][np.isfinite(frame["ratio"])]
    smallest, largest = (finite.min(), finite.max()) if len(finite) else (1.0, 1.0)
    below = _thin([step for step in _BELOW_STEPS if step > smallest], len(_BELOW) - 1)
    above = _thin([step for step in _ABOVE_STEPS if step < largest], len(_ABOVE) - 1)
    colour = alt.Color(
        "ratio:Q",
        scale=alt.Scale(
            type="threshold",
            domain=[*below, 1 - 1e-9, 1 + 1e-9, *above],
            range=[*_BELOW[-len(below) - 1 :], "#EFEFEF", *_ABOVE[: len(above) + 1]],
        ),
        legend=_legend(words, gradient=True, format=".2~f"),
    )
    tooltip = [*_TOOLTIP, alt.Tooltip("ratio:Q", title=words, format=".4~g")]
    chart = _rectangles(frame[np.isfinite(frame["ratio"])], colour, tooltip, extent)
    return alt.layer(chart, *_write(extremes, extent), *_mark_point(point, extent)).properties(height=height)


def winner_map(p_a, p_b, side, winner, keys, *, point=None, extent=1.0, height=400):
    """Regions in which each of `keys` gives the largest radius. winner: index into keys, -1 for none."""
    winner = np.asarray(winner)
    names = [label(BOUNDS[key]) for key in keys]
    present = [i for i in range(len(keys)) if (winner == i).any()]
    frame = _squares(p_a, p_b, side, winner=np.array([*names, "nothing certified"])[winner])
    domain, colours = [names[i] for i in present], [BOUNDS[keys[i]].colour for i in present]
    if (winner < 0).any():
        domain, colours = [*domain, "nothing certified"], [*colours, _NOTHING]
    colour = alt.Color(
        "winner:N",
        scale=alt.Scale(domain=domain, range=colours),
        legend=_legend("largest radius", columns=3),
    )
    chart = _rectangles(frame, colour, [*_TOOLTIP, alt.Tooltip("winner:N", title="largest")], extent)
    p_a, p_b = np.asarray(p_a), np.asarray(p_b)
    names_in_map = []
    for i in present:
        region = winner == i
        if region.mean() > 0.04:
            # the cell of the region next to the region's middle, so that the name stands inside it
            middle = np.argmin(
                np.where(region, np.hypot(p_a - p_a[region].mean(), p_b - p_b[region].mean()), np.inf)
            )
            names_in_map.append((float(p_a[middle]), float(p_b[middle]), names[i]))
    return alt.layer(chart, *_write(names_in_map, extent), *_mark_point(point, extent)).properties(
        height=height
    )


def slice_chart(p_a, radii, *, units, height=440):
    """Radius against p_a, one line a bound, dashed where it is not a certificate.

    radii: key -> float64 array along p_a.
    """
    lines = []
    for key, values in radii.items():
        values = np.asarray(values, dtype=float)
        frame = pd.DataFrame({"p_a": p_a, "radius": values, "bound": label(BOUNDS[key])})
        lines.append(frame[np.isfinite(values)])
    frame = pd.concat(lines) if lines else pd.DataFrame({"p_a": [], "radius": [], "bound": []})
    top = float(frame["radius"].max()) * 1.04 if len(frame) else 1.0
    bounds = [BOUNDS[key] for key in radii]
    names = [label(bound) for bound in bounds]
    left = float(np.min(p_a))
    x = alt.X(
        "p_a:Q",
        title="p_A, probability of the top class",
        scale=alt.Scale(domain=[left, 1 + (1 - left) * 0.24], nice=False),
        axis=_axis(values=[tick / 20 for tick in range(21) if tick / 20 >= left]),
    )
    y = alt.Y(
        "radius:Q", title=f"radius ({units})", scale=alt.Scale(domain=[0, top or 1], nice=False), axis=_axis()
    )
    colour = alt.Color(
        "bound:N",
        scale=alt.Scale(domain=names, range=[bound.colour for bound in bounds]),
        legend=_legend(None, columns=2, symbolType="stroke", symbolDash=[1, 0]),
    )
    dash = alt.StrokeDash(
        "bound:N",
        scale=alt.Scale(domain=names, range=[[1, 0] if bound.rigorous else [7, 5] for bound in bounds]),
        legend=None,
    )
    width = alt.StrokeWidth(
        "bound:N",
        scale=alt.Scale(domain=names, range=[4 if bound.tight else 2.5 for bound in bounds]),
        legend=None,
    )
    chart = alt.Chart(frame).mark_line().encode(x, y, color=colour, strokeDash=dash, strokeWidth=width)
    nearest = alt.selection_point(name="hover", fields=["p_a"], nearest=True, on="pointermove", empty=False)
    dots = (
        alt.Chart(frame)
        .mark_point(filled=True, size=90)
        .encode(
            x,
            y,
            color=colour,
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                "bound:N",
                alt.Tooltip("p_a:Q", title="p_A", format=".4f"),
                alt.Tooltip("radius:Q", title=f"radius ({units})", format=".4~g"),
            ],
        )
        .add_params(nearest)
    )
    names_at_end = (
        alt.Chart(_labels_at_end(radii, float(p_a[-1]), top))
        .mark_text(align="left", dx=8, fontSize=_FONT + 1, fontWeight="bold", clip=True)
        .encode(x, alt.Y("height:Q"), text="text:N", color=colour)
    )
    return alt.layer(chart, dots, names_at_end).properties(height=height)


def surfaces(p_a, p_b, radii, *, units, height=560):
    """The bounds as surfaces over (p_a, p_b), as Li et al. draw them.

    p_a, p_b: axes of the grid, 1-D. radii: key -> array (len(p_b), len(p_a)), NaN outside the triangle.
    What is not a certificate is drawn as a net, not as a surface.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for key, values in radii.items():
        bound = BOUNDS[key]
        common = {"x": p_a, "y": p_b, "z": values, "name": label(bound), "showlegend": True}
        lines = {"x": {"highlight": True}, "y": {"highlight": True}, "z": {"highlight": False}}
        if not bound.rigorous:
            step = 0.05
            for axis in ("x", "y"):
                lines[axis] |= {
                    "show": True,
                    "color": bound.colour,
                    "width": 3,
                    "start": 0,
                    "end": 1,
                    "size": step,
                }
        figure.add_surface(
            **common,
            colorscale=[[0, bound.colour], [1, bound.colour]],
            showscale=False,
            opacity=0.92 if bound.rigorous else 0.9,
            hidesurface=not bound.rigorous,
            contours=lines,
            hovertemplate=(
                f"{label(bound)}<br>p_A %{{x:.3f}}, p_B %{{y:.3f}}<br>%{{z:.4g}} {units}<extra></extra>"
            ),
        )
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        legend={"orientation": "h", "y": 1.05, "font": {"size": _FONT}},
        scene={
            "xaxis": {"title": "p_A"},
            "yaxis": {"title": "p_B"},
            "zaxis": {"title": f"radius ({units})"},
            "aspectmode": "manual",
            "aspectratio": {"x": 1.4, "y": 0.9, "z": 0.8},
            "camera": {"eye": {"x": -0.8, "y": -1.7, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.12}},
        },
    )
    return figure


def counter_example_chart(example, *, height=340):
    """p_A and p_B of a half-space classifier against the length of the perturbation.

    The lines cross at the tight radius; the claimed one stands beyond. example: comparison.CounterExample.
    """
    distance = np.linspace(0, example.claimed * 1.15, 200)
    after_a, after_b = example.probabilities(distance)
    names = ["class A", "class B"]
    colours = ["#0072B2", "#D55E00"]
    frame = pd.concat(
        pd.DataFrame({"distance": distance, "probability": values, "class": name})
        for name, values in zip(names, (after_a, after_b), strict=True)
    )
    x = alt.X(
        "distance:Q",
        title="length of the perturbation (pixel units)",
        scale=alt.Scale(nice=False),
        axis=_axis(),
    )
    y = alt.Y("probability:Q", title="share of the votes", axis=_axis())
    colour = alt.Color("class:N", scale=alt.Scale(domain=names, range=colours), legend=None)
    lines = alt.Chart(frame).mark_line(strokeWidth=3.5).encode(x, y, color=colour)
    starts = pd.DataFrame({"distance": 0.0, "probability": [example.p_a, example.p_b], "class": names})
    tags = (
        alt.Chart(starts)
        .mark_text(align="left", dx=6, dy=-12, fontSize=_FONT + 1, fontWeight="bold")
        .encode(x, y, color=colour, text="class:N")
    )
    marks = pd.DataFrame(
        {
            "distance": [example.tight, example.claimed, example.step],
            "what": ["tight radius", "claimed radius", "this step changes the class"],
        }
    )
    scale = alt.Scale(domain=list(marks["what"]), range=["#0072B2", "#CC4C9C", "#E69F00"])
    rules = (
        alt.Chart(marks)
        .mark_rule(strokeWidth=3)
        .encode(
            x="distance:Q",
            color=alt.Color("what:N", scale=scale, legend=_legend(None, columns=1)),
            strokeDash=alt.StrokeDash(
                "what:N",
                scale=alt.Scale(domain=list(marks["what"]), range=[[1, 0], [7, 5], [2, 2]]),
                legend=None,
            ),
            tooltip=["what:N", alt.Tooltip("distance:Q", format=".4f")],
        )
    )
    return alt.layer(lines, tags, rules).resolve_scale(color="independent").properties(height=height)


def _labels_at_end(radii, x, top):
    """Where the name of each line stands: at its last value, moved up where another name is in the way."""
    ends = {key: float(np.asarray(values)[-1]) for key, values in radii.items()}
    ends = {key: min(value, top) for key, value in ends.items() if not math.isnan(value)}
    rows, lowest = [], -math.inf
    for key, value in sorted(ends.items(), key=lambda end: end[1]):
        height = max(value, lowest)
        lowest = height + 0.07 * top
        rows.append({"p_a": x, "height": height, "bound": label(BOUNDS[key]), "text": BOUNDS[key].title})
    over = max((row["height"] for row in rows), default=0.0) - top
    for row in rows:
        row["height"] -= max(over, 0.0)
    return pd.DataFrame(rows, columns=["p_a", "height", "bound", "text"])


_TOOLTIP = [
    alt.Tooltip("p_a:Q", title="p_A", format=".4~g"),
    alt.Tooltip("p_b:Q", title="p_B", format=".4~g"),
]


def _squares(p_a, p_b, side, **values):
    # Squares overlap the next ones, which are drawn over them: a canvas would show seams between them
    return pd.DataFrame(
        {
            "p_a": p_a,
            "p_b": p_b,
            "left": p_a - side / 2,
            "right": p_a + side * 0.8,
            "low": p_b - side / 2,
            "high": p_b + side * 0.8,
            **values,
        }
    )


def _rectangles(frame, colour, tooltip, extent, name="point"):
    pick = alt.selection_point(name=name, fields=["p_a", "p_b"], toggle=False)
    return (
        alt.Chart(frame)
        .mark_rect(cursor="pointer", opacity=1)
        .encode(
            x=alt.X("left:Q", title="p_A", scale=alt.Scale(domain=[0, extent], nice=False), axis=_axis(5)),
            x2="right:Q",
            y=alt.Y("low:Q", title="p_B", scale=alt.Scale(domain=[0, extent / 2], nice=False), axis=_axis(5)),
            y2="high:Q",
            color=colour,
            tooltip=tooltip,
        )
        .add_params(pick)
    )


def _crosses(frame, side):
    return (
        alt.Chart(frame[::3])
        .mark_point(shape="cross", angle=45, size=22, color="#FFFFFF", opacity=0.9, filled=True)
        .encode(x="p_a:Q", y="p_b:Q")
    )


def _mark_point(point, extent):
    if point is None or point[0] > extent or point[1] > extent / 2:
        return []
    frame = pd.DataFrame({"p_a": [point[0]], "p_b": [point[1]]})
    base = alt.Chart(frame).encode(x="p_a:Q", y="p_b:Q")
    ring = {"filled": False, "opacity": 1, "tooltip": None}
    return [
        base.mark_point(size=230, stroke="#FFFFFF", strokeWidth=6, **ring),
        base.mark_point(size=230, stroke="#000000", strokeWidth=2.5, **ring),
    ]


def _write(texts, extent):
    """Words in a map, readable on every colour; towards the middle, so that none is cut off."""
    marks = []
    for p_a, p_b, text in texts:
        align = "left" if p_a < 0.35 * extent else "right" if p_a > 0.65 * extent else "center"
        shift = 14 if p_b > 0.4 * extent else -14 if p_b < 0.1 * extent else 0
        frame = pd.DataFrame({"p_a": [p_a], "p_b": [p_b], "text": [text]})
        base = alt.Chart(frame).encode(x="p_a:Q", y="p_b:Q", text="text:N")
        common = {"align": align, "dy": shift, "fontSize": _FONT + 3, "fontWeight": 700, "tooltip": None}
        marks.append(base.mark_text(stroke="#FFFFFF", strokeWidth=4, strokeJoin="round", **common))
        marks.append(base.mark_text(color="#111111", **common))
    return marks


def _thin(values, most):
    if len(values) <= most:
        return values
    return [values[i] for i in np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))]


def _axis(ticks=6, **more):
    sizes = {"labelFontSize": _FONT, "titleFontSize": _FONT + 1}
    return alt.Axis(tickCount=ticks, grid=False, labelOverlap="greedy", **sizes, **more)


def _legend(title, gradient=False, columns=None, format=".3~g", **more):
    sizes = {"labelFontSize": _FONT, "titleFontSize": _FONT, "labelLimit": 400, "titleLimit": 600}
    if gradient:
        return alt.Legend(title=title, orient="bottom", format=format, gradientThickness=14, **sizes)
    return alt.Legend(
        title=title, orient="bottom", columns=columns, symbolStrokeWidth=4, symbolSize=180, **sizes, **more
    )
