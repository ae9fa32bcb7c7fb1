"""The picture of the playground as a chart: f, the boundary of g, noise, balls, worst case and attack."""

from collections.abc import Iterable, Mapping

import numpy as np

from rsviz.bounds import round_down
from rsviz.figures.sheet import png_uri
from rsviz.figures.theme import (
    BLUE,
    FOUND,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    chart,
    layer,
    words,
    x_axis,
    y_axis,
)
from rsviz.norms import NORMS
from rsviz.plane import (
    HALF,
    PointCertificate,
    Settings,
    SmoothedPlane,
    attack_point,
    certify_point,
    nearest_change,
    plane_draws,
    true_radius,
    worst_case,
)
from rsviz.plane.boundary import boundary

CLASS_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY)
WORST = "#8C6BB1"
INK = "#17212B"
LETTERS = "ABCDE"
MOST_DOTS = 400
PALE = 0.42
"""Share of its colour that a class has as an area; the rest is white."""
SIZE = 560
"""Pixels along a side."""


def plane_chart(g: SmoothedPlane, settings: Settings) -> dict:
    """What the playground shows of `settings`, on a white ground."""
    at = (settings.x, settings.y)
    certificate = certify_point(g, at, settings.runner_up)
    show = settings.show
    layers = [_classes(g)]
    if "worst" in show:
        layers += _worst(g, certificate, at)
    if "g" in show:
        layers.append(_segments(boundary(g)))
    if "dots" in show:
        layers.append(_dots(g, settings))
    if "true" in show:
        layers += _true(g, certificate, at)
    if "ball" in show:
        layers += _ball(certificate, at)
    if "attack" in show:
        layers.append(_line(attack_point(g, at).path, FOUND, width=4))
    layers.append(_mark([at], INK, size=220))
    return chart(layers, SIZE) | {"width": SIZE}


def plane_title(g: SmoothedPlane, settings: Settings, name: str) -> str:
    """The title of the picture: the name of the scene and what holds at the point."""
    found = certify_point(g, (settings.x, settings.y), settings.runner_up)
    radius = f"{round_down(found.radius, 3):g}" if np.isfinite(found.radius) else "without end"
    return (
        f"{name}: f(x) = {LETTERS[found.base]}, g(x) = {LETTERS[found.top]}, p_A = {found.p_a:.3f}, "
        f"proved radius {radius} in {NORMS[found.norm].symbol}"
    )


def _classes(g) -> dict:
    colours = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in CLASS_COLOURS]) / 255
    image = 1 - PALE + PALE * colours[g.f.cells[::-1]].transpose(2, 0, 1)
    mark = {"type": "image", "width": SIZE, "height": SIZE, "smooth": False}
    middle = {"value": SIZE / 2}
    return layer(
        mark, [{"url": png_uri(image, 4 * image.shape[-1])}], url={"field": "url"}, x=middle, y=middle
    )


def _place() -> dict:
    """The channels of all layers: the plane without an axis."""
    ends = (-HALF, HALF)
    return {"x": x_axis("x", None, ends) | {"axis": None}, "y": y_axis("y", None, ends) | {"axis": None}}


def _rows(points: Iterable, **more) -> list[dict]:
    return [{"x": float(x), "y": float(y), "at": at, **more} for at, (x, y) in enumerate(points)]


def _line(points, colour, *, width=3.0, dash=(1, 0), closed=False, fill=None) -> dict:
    mark = {"type": "line", "stroke": colour, "strokeWidth": width, "strokeDash": list(dash), "clip": True}
    mark |= {"interpolate": "linear-closed"} if closed else {}
    mark |= {"fill": fill, "fillOpacity": 0.22} if fill else {}
    return layer(mark, _rows(points), order={"field": "at"}, **_place())


def _segments(ends) -> dict:
    rows = [
        {"x": float(a[0]), "y": float(a[1]), "at": i, "to_x": float(b[0]), "to_y": float(b[1])}
        for i, (a, b) in enumerate(ends)
    ]
    mark = {"type": "rule", "stroke": INK, "strokeWidth": 3, "strokeCap": "round"}
    return layer(mark, rows, x2={"field": "to_x"}, y2={"field": "to_y"}, **_place())


def _mark(points, colour, *, size, shape="circle") -> dict:
    mark = {"type": "point", "filled": True, "opacity": 1, "fill": colour, "stroke": "white", "shape": shape}
    return layer(mark | {"size": size, "clip": True}, _rows(points), **_place())


def _words(text: str, at: Mapping[str, float]) -> dict:
    return layer(words("center", dy=-10, size=17, fontWeight="bold"), [at], text={"value": text}, **_place())


def _dots(g, settings) -> dict:
    draws = plane_draws(g.noise, settings.seed, 0, min(settings.n, MOST_DOTS))
    draws += np.array((settings.x, settings.y))
    rows = [
        {"x": float(x), "y": float(y), "colour": CLASS_COLOURS[k]}
        for (x, y), k in zip(draws, g.f.at(draws), strict=True)
    ]
    mark = {"type": "point", "filled": True, "opacity": 1, "stroke": "white", "strokeWidth": 1, "size": 40}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return layer(mark | {"clip": True}, rows, fill=colour, **_place())


def _ball(certificate: PointCertificate, at) -> list[dict]:
    if not 0 < certificate.radius < np.inf:
        return []
    outline = _sphere(certificate.norm, at, certificate.radius)
    name = f"proved {round_down(certificate.radius, 3):g}"
    top = {"x": at[0], "y": at[1] + certificate.radius}
    return [
        _line(outline, INK, closed=True, fill=CLASS_COLOURS[certificate.top], width=3.5),
        _words(name, top),
    ]


def _true(g, certificate, at) -> list[dict]:
    _, high = true_radius(g, at, certificate.norm)
    change = nearest_change(g.f, at, certificate.norm)
    found = [_line(_sphere(certificate.norm, at, high), INK, dash=(9, 6), width=2, closed=True)]
    marks = [_mark([change[1]], INK, size=160, shape="cross")] if change else []
    return (found if np.isfinite(high) else []) + marks


def _worst(g, certificate, at) -> list[dict]:
    slopes = g.gradient(at)
    direction = slopes[certificate.runner_up] - slopes[certificate.top]
    if np.hypot(*direction) < 1e-12:
        direction = (1.0, 0.0)
    planes = worst_case(g.noise, certificate.p_a, certificate.p_b, direction, certificate.rest)
    normal = np.array(planes.normal)
    along = np.array([-normal[1], normal[0]]) * 8 * HALF
    lines = []
    for end in dict.fromkeys((planes.end_a, planes.start_b)):
        foot = np.array(at) + normal * end / (normal @ normal)
        lines.append(_line([foot - along, foot + along], WORST, dash=(12, 4, 2, 4)))
    return lines


def _sphere(norm: str, at, radius: float) -> np.ndarray:
    return np.array(at) + radius * NORMS[norm].circle
