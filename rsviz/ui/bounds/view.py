"""The pictures of the Bounds page. Each view draws itself and returns its charts by title, to be saved."""

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from rsviz.bounds import BOUNDS, Bound
from rsviz.comparison import (
    REGIONS,
    Setting,
    cells,
    extremes,
    line,
    radius,
    ratio,
    refuted,
    surfaces,
    winners,
)
from rsviz.figures import bounds as figures
from rsviz.figures import triangle
from rsviz.norms import NORMS, conversion
from rsviz.ui.bounds.controls import MAP_STEPS, Choice, picked
from rsviz.ui.legible import legible_on_canvas

MOST_MAPS = 6

Charts = dict[str, dict]
Point = tuple[float, float]


def show(asked: Choice, point: Point) -> Charts:
    """Draw the picture. point: (p_a, p_b) to mark."""
    if not asked.keys:
        st.info("Choose at least one bound.")
        return {}
    return _VIEWS[asked.view](asked, point)


def _maps(asked: Choice, point: Point) -> Charts:
    keys, setting = asked.keys[:MOST_MAPS], asked.setting
    p_a, p_b, side = cells(MAP_STEPS)
    values = {key: radius(key, p_a, p_b, setting) for key in keys}
    rigorous = [values[key].max() for key in keys if BOUNDS[key].rigorous]
    levels = triangle.levels_to(float(max(rigorous or [found.max() for found in values.values()])))
    columns = st.columns(min(3, len(keys)))
    marked = int(np.hypot(p_a - point[0], p_b - point[1]).argmin())
    place_of_point = f"p_A = {p_a[marked]:.3g}, p_B = {p_b[marked]:.3g}"
    charts = {}
    for place, key in enumerate(keys):
        bound = BOUNDS[key]
        chart = charts[figures.label(bound)] = triangle.radius_map(
            p_a,
            p_b,
            side,
            values[key],
            levels=levels,
            units=_units(setting),
            point=point,
            refuted=refuted(key, p_a, p_b, setting),
            height=330 if len(keys) > 1 else 460,
        )
        with columns[place % 3]:
            st.markdown(f"**{bound.title}** {badges(bound, setting)}")
            alt = f"Radius of {figures.label(bound)} over p_A and p_B: {values[key][marked]:.4g} at "
            _clickable(chart, key, f"{alt}{place_of_point}, at most {values[key].max():.4g}")
    notes = ["One colour scale for all maps."] if len(keys) > 1 else []
    if any(not BOUNDS[key].rigorous for key in keys):
        notes.append("Crosses: the number exceeds the tight radius, so it is false there.")
    st.caption(" ".join(notes) + _estimated(setting))
    return charts


def _ratios(asked: Choice, point: Point) -> Charts:
    (over, under), region = asked.keys, REGIONS[asked.region]
    p_a, p_b, side = region.cells()
    values = ratio(over, under, p_a, p_b, asked.setting)
    ends = extremes(values)
    if ends is None:
        st.info("Neither bound certifies anything here.")
        return {}
    first, second = (figures.label(BOUNDS[key]) for key in (over, under))
    names = f"{first} / {second}"
    places = ((ends.largest, "largest ratio", "▲"), (ends.smallest, "smallest", "▼"))
    said = (f"{word} **{values[i]:.4g}** at ({p_a[i]:.4g}, {p_b[i]:.4g})" for i, word, _ in places)
    st.markdown(f"{names}: {' · '.join(said)}")
    marks = [(p_a[i], p_b[i], f"{sign} {values[i]:.3g}") for i, _, sign in places]
    chart = triangle.ratio_map(
        p_a, p_b, side, values, names=names, extremes=marks, point=point, extent=region.extent
    )
    alt = f"Radius of {first} over radius of {second}: from {values[ends.smallest]:.4g} to "
    _clickable(chart, "ratio", f"{alt}{values[ends.largest]:.4g}")
    st.caption(
        f"Blue: {first} is larger. Orange: {second} is larger, {ends.below_one:.1%} of the area shown."
        f"{_estimated(asked.setting)}"
    )
    return {names: chart}


def _winners(asked: Choice, point: Point) -> Charts:
    setting, region = asked.setting, REGIONS[asked.region]
    contestants = asked.contestants
    left_out = [BOUNDS[key].title for key in asked.keys if not BOUNDS[key].rigorous]
    if not contestants:
        st.info("Only certificates compete; none is chosen.")
        return {}
    p_a, p_b, side = region.cells()
    winner = winners(contestants, p_a, p_b, setting)
    chart = triangle.winner_map(p_a, p_b, side, winner, contestants, point=point, extent=region.extent)
    title = "Which certificate gives the largest radius"
    shares = [(np.mean(winner == i), figures.label(BOUNDS[key])) for i, key in enumerate(contestants)]
    text = " · ".join(f"{name} {share:.1%}" for share, name in sorted(shares, reverse=True))
    _clickable(chart, "winner", f"{title}: {text} of the triangle")
    read = ""
    if any(BOUNDS[key].norm != setting.norm_of(BOUNDS[key]) for key in contestants):
        read = f" Every radius is read in {NORMS[setting.norm].symbol}, so that they can be compared."
    out = f" Left out, for it is not a certificate: {', '.join(left_out)}." if left_out else ""
    st.caption(
        f"Share of the triangle: {text}. Of equal radii the first in the list wins.{read}{out}"
        f"{_estimated(setting)}"
    )
    return {title: chart}


def _surfaces(asked: Choice, point: Point) -> Charts:
    st.plotly_chart(
        figures.surfaces(*surfaces(asked.keys, asked.setting), units=_units(asked.setting)),
        key="bounds-surfaces",
        config={"toImageButtonOptions": {"format": "svg", "filename": "rsviz-surfaces"}},
        alt=f"Radius of {len(asked.keys)} bounds as surfaces over p_A and p_B",
    )
    st.caption("Drag to turn; the toolbar saves it as SVG. A net instead of a surface: not a certificate.")
    return {}


def _slice(asked: Choice, point: Point) -> Charts:
    p_a, p_b = line(asked.share)
    radii = {key: radius(key, p_a, p_b, asked.setting) for key in asked.keys}
    chart = figures.slice_chart(p_a, radii, units=_units(asked.setting))
    half = int(np.abs(p_a - 0.9).argmin())
    named = ", ".join(f"{figures.label(BOUNDS[key])} {radii[key][half]:.3g}" for key in asked.keys)
    alt = f"Radius of the chosen bounds against p_A; at p_A = {p_a[half]:.2g}: {named}"
    st.vega_lite_chart(chart, key="bounds-slice", alt=alt)
    where = "p_B = 1 − p_A" if asked.share == 1 else f"p_B = {asked.share:g} (1 − p_A)"
    st.caption(f"Along {where}. Thick: tight. Dashed: not a certificate.{_estimated(asked.setting)}")
    return {f"Radius along {where}": chart}


_VIEWS: Mapping[str, Callable[[Choice, Point], Charts]] = {
    "map": _maps,
    "ratio": _ratios,
    "winner": _winners,
    "surfaces": _surfaces,
    "slice": _slice,
}


def badges(bound: Bound, setting: Setting) -> str:
    """What kind of statement a bound is, as badges."""
    kind = ":green-badge[tight]" if bound.tight else ":blue-badge[certificate]"
    kind = kind if bound.rigorous else f":red-badge[:material/warning: {figures.NOT_A_CERTIFICATE}]"
    if setting.norm_of(bound) != bound.norm:
        factor = conversion(bound.norm, setting.norm, setting.dim)
        kind += f" :gray-badge[converted, × {factor:.3g}]"
    return kind


def _clickable(chart: dict, key: str, alt: str) -> None:
    """A map; the square that is clicked becomes the point."""
    key = f"bounds-map-{key}"
    chart = legible_on_canvas(chart)
    st.vega_lite_chart(chart, key=key, on_select=lambda: picked(key), selection_mode="point", alt=alt)


def _units(setting: Setting) -> str:
    return f"pixel units, {NORMS[setting.norm].symbol}" if setting.norm else "pixel units"


def _estimated(setting: Setting) -> str:
    if setting.votes is None:
        return ""
    return f" Radii that {setting.votes.n:,} votes prove at α = {setting.votes.alpha:g}; grey: abstain."
