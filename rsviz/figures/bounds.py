"""Bounds along a slice, as surfaces, and the counter-example to D_MR."""

from collections.abc import Mapping

import numpy as np

from rsviz.bounds import BOUNDS, Bound
from rsviz.figures.theme import (
    BLUE,
    FONT,
    NOT_PROVED,
    ORANGE,
    SOLID,
    VERMILION,
    chart,
    colour,
    end_names,
    layer,
    legend,
    place_names,
    stroke,
    tip,
    words,
    x_axis,
    y_axis,
)

NOT_A_CERTIFICATE = "not a certificate"


def label(bound: Bound) -> str:
    """Title of a bound, with the warning that it must carry everywhere."""
    return bound.title if bound.rigorous else f"{bound.title} ({NOT_A_CERTIFICATE})"


def slice_chart(p_a, radii: Mapping[str, np.ndarray], *, units: str, height: int = 370) -> dict:
    """Radius against p_A, a line a bound: thick where it is tight, dashed where it is no certificate.

    p_a: float64 (points,), rising. radii: key -> float64 (points,). units: of the radii.
    """
    rows = [
        {"p_a": float(at), "radius": float(value), "bound": label(BOUNDS[key])}
        for key, values in radii.items()
        for at, value in zip(p_a, np.asarray(values, float), strict=True)
        if np.isfinite(value)
    ]
    top = max((row["radius"] for row in rows), default=0.0) * 1.04 or 1.0
    by_name = {label(BOUNDS[key]): BOUNDS[key] for key in radii}
    left = float(np.min(p_a))
    ticks = [tick / 10 for tick in range(11) if tick / 10 >= left]
    x = x_axis("p_a", "p_A, probability of the top class", (left, 1 + (1 - left) * 0.24), values=ticks)
    y = y_axis("radius", f"radius ({units})", (0, top), grid=False)
    lines = legend(columns=2, symbolDash=SOLID, symbolStrokeWidth=4)
    ink = colour("bound", {name: bound.colour for name, bound in by_name.items()}, lines)
    dash = stroke("bound", {name: SOLID if bound.rigorous else NOT_PROVED for name, bound in by_name.items()})
    width = stroke("bound", {name: 4 if bound.tight else 2.5 for name, bound in by_name.items()})
    tooltip = [tip("bound", form=None), tip("p_a", "p_A", ".4f"), tip("radius", f"radius ({units})")]
    nearest = {"type": "point", "fields": ["p_a"], "nearest": True, "on": "pointermove"}
    hover = {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0}
    dots = layer(
        {"type": "point", "filled": True, "size": 90}, x=x, y=y, color=ink, opacity=hover, tooltip=tooltip
    )
    layers = [
        layer("line", x=x, y=y, color=ink, strokeDash=dash, strokeWidth=width),
        dots | {"params": [{"name": "hover", "select": nearest}]},
        end_names(_end_rows(radii, float(p_a[-1]), top), x, y, ink, clip=True),
    ]
    return chart(layers, height) | {"data": {"values": rows}}


def surfaces(p_a, p_b, radii: Mapping[str, np.ndarray], *, units: str, height: int = 380):
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
        font={"size": FONT},
        legend={"orientation": "h", "y": 1.05, "font": {"size": FONT}},
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


def counter_example_chart(example, *, height: int = 340) -> dict:
    """p_A and p_B of a half-space classifier against the length of the perturbation.

    The lines cross at the tight radius; the claimed one is larger.

    example: a CounterExample of rsviz.reference.
    """
    distance = np.linspace(0, example.claimed * 1.15, 200)
    rows = [
        {"distance": float(at), "probability": float(value), "class": name}
        for name, values in zip(("class A", "class B"), example.probabilities(distance), strict=True)
        for at, value in zip(distance, values, strict=True)
    ]
    x = x_axis("distance", "length of the perturbation (pixel units)")
    y = y_axis("probability", "share of the votes", grid=False)
    ink = colour("class", {"class A": BLUE, "class B": VERMILION})
    starts = [row for row in rows if row["distance"] == 0]
    tag = words(dx=6, dy=-12, fontWeight="bold")
    marks = {
        "tight radius": (example.tight, BLUE, SOLID),
        "claimed radius": (example.claimed, BOUNDS["dmr-l2"].colour, NOT_PROVED),
        "this step changes the class": (example.step, ORANGE, [2, 2]),
    }
    rules = layer(
        {"type": "rule", "strokeWidth": 3},
        [{"distance": at, "what": what} for what, (at, *_) in marks.items()],
        x={"field": "distance", "type": "quantitative"},
        color=colour("what", {what: ink for what, (_, ink, _) in marks.items()}, legend()),
        strokeDash=stroke("what", {what: dash for what, (*_, dash) in marks.items()}),
        tooltip=[tip("what", form=None), tip("distance", form=".4f")],
    )
    layers = [
        layer({"type": "line", "strokeWidth": 3.5}, rows, x=x, y=y, color=ink),
        layer(tag, starts, x=x, y=y, color=ink, text={"field": "class"}),
        rules,
    ]
    return chart(layers, height, resolve={"scale": {"color": "independent"}})


def _end_rows(radii: Mapping[str, np.ndarray], x: float, top: float) -> list[dict]:
    ends = {key: float(np.asarray(values)[-1]) for key, values in radii.items()}
    ends = {key: value for key, value in ends.items() if not np.isnan(value)}
    return [
        {"p_a": x, "radius": height, "bound": label(BOUNDS[key]), "name": BOUNDS[key].title}
        for key, height in place_names(ends, 0.0, top, min(0.07, 1 / max(len(ends), 1)) * top).items()
    ]
