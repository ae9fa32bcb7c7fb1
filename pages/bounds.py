"""Every bound, side by side: the closed-form certificates over the (p_A, p_B) triangle."""

import numpy as np
import pandas as pd
import streamlit as st

from rsviz.bounds import BOUNDS, round_down
from rsviz.comparison import at_point, cells, counter_example, line, radius, ratio, winners
from rsviz.errors import RsvizError
from rsviz.figures import bounds as figures
from rsviz.figures import triangle
from rsviz.figures.sheet import side_by_side
from rsviz.norms import NORMS, conversion
from rsviz.ui import bounds as ui
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.shell import show_page

CORNER = 0.2
CHART_KEY = "bounds-map-{}"


def page():
    ui.ADDRESS.restore()
    st.title("Every bound, side by side")
    st.markdown(
        "Under noise, class A gets a share $p_A$ of the votes and the runner-up $p_B$. "
        "A bound turns the two into a radius within which the class stays."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        view = ui.view_control()
        ui.PRESETS.menu("Pictures of the papers")
        settings = st.popover("Norm, dimension, votes", icon=":material/tune:")
    keys, pair, region, share = [], None, "whole", 1.0
    first, second, third = st.columns([2, 1, 1])
    with first:
        if view == "Ratio":
            pair = ui.pair_control()
        else:
            keys = ui.bounds_control()
    with second:
        scale = ui.scale_control()
    with third:
        if view in ("Ratio", "Who wins"):
            region = ui.region_control()
        if view == "Slice":
            share = ui.share_control()
    with settings:
        setting = ui.setting_controls(scale)
    picture = st.container()
    st.subheader("At one point", anchor="point")
    st.caption("Click a square of a map, or type.")
    p_a, p_b = ui.point_controls()
    with picture:
        chosen = list(pair) if pair else keys
        if not chosen:
            st.info("Choose at least one bound.")
        else:
            charts = draw(view, keys, pair, region, share, setting, point=(p_a, p_b))
            ui.PRESETS.say()
            take_away(view, chosen, region, share, setting, charts)
    try:
        points(p_a, p_b, setting)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
    refutation()
    ui.ADDRESS.write()


def draw(view, keys, pair, region, share, setting, point) -> dict:
    """Draw the view; the Altair charts in it by title, to be saved."""
    units = f"pixel units, {NORMS[setting.norm].symbol}" if setting.norm else "pixel units"
    if view == "Map":
        return maps(keys[: ui.MOST_MAPS], setting, units, point)
    if view == "Ratio":
        return ratios(*pair, region, setting, point)
    if view == "Who wins":
        return who_wins(keys, region, setting, point)
    if view == "Surfaces":
        p_a, p_b, radii = on_square(keys, setting)
        st.plotly_chart(
            figures.surfaces(p_a, p_b, radii, units=units),
            key="bounds-surfaces",
            config={"toImageButtonOptions": {"format": "svg", "filename": "rsviz-surfaces"}},
            alt="Radius of the chosen bounds as surfaces over p_A and p_B",
        )
        st.caption(
            "Drag to turn; the toolbar saves it as SVG. A net instead of a surface: not a certificate."
        )
        return {}
    p_a, p_b = line(share)
    radii = {key: radius(key, p_a, p_b, setting) for key in keys}
    chart = figures.slice_chart(p_a, radii, units=units)
    st.vega_lite_chart(chart, key="bounds-slice", alt="Radius of the chosen bounds against p_A")
    where = "p_B = 1 − p_A" if share == 1 else f"p_B = {share:g} (1 − p_A)"
    st.caption(f"Along {where}. Thick: tight. Dashed: not a certificate.{_estimated(setting)}")
    return {f"Radius along {where}": chart}


def maps(keys, setting, units, point):
    p_a, p_b, side = cells(80)
    values = {key: radius(key, p_a, p_b, setting) for key in keys}
    rigorous = [values[key].max() for key in keys if BOUNDS[key].rigorous]
    levels = triangle.levels_to(float(max(rigorous or [values[key].max() for key in keys])))
    columns = st.columns(min(3, len(keys)))
    charts = {}
    for i, key in enumerate(keys):
        bound = BOUNDS[key]
        refuted = None
        if not bound.rigorous:
            tight = radius("cohen-l2" if bound.norm == "l2" else "gaussian-linf", p_a, p_b, setting)
            refuted = values[key] > tight * (1 + 1e-9)
        chart = charts[figures.label(bound)] = triangle.radius_map(
            p_a,
            p_b,
            side,
            values[key],
            levels=levels,
            units=units,
            point=point,
            refuted=refuted,
            height=330 if len(keys) > 1 else 460,
        )
        with columns[i % 3]:
            st.markdown(f"**{bound.title}** {badges(bound, setting)}")
            st.vega_lite_chart(
                chart,
                key=CHART_KEY.format(key),
                on_select=lambda key=key: ui.picked(CHART_KEY.format(key)),
                selection_mode="point",
                alt=f"Radius of {figures.label(bound)} over p_A and p_B",
            )
    notes = ["One colour scale for all maps."] if len(keys) > 1 else []
    if any(not BOUNDS[key].rigorous for key in keys):
        notes.append("Crosses: the number exceeds the tight radius, so it is false there.")
    st.caption(" ".join(notes) + _estimated(setting))
    return charts


def ratios(over, under, region, setting, point):
    p_a, p_b, side, extent = region_cells(region)
    values = ratio(over, under, p_a, p_b, setting)
    names = figures.label(BOUNDS[over]), figures.label(BOUNDS[under])
    finite = np.isfinite(values)
    if not finite.any():
        st.info("Neither bound certifies anything here.")
        return {}
    low, high = (
        int(i)
        for i in (
            np.nanargmin(np.where(finite, values, np.nan)),
            np.nanargmax(np.where(finite, values, np.nan)),
        )
    )
    places = " · ".join(
        f"{word} **{values[i]:.4g}** at ({p_a[i]:.4g}, {p_b[i]:.4g})"
        for word, i in (("largest ratio", high), ("smallest", low))
    )
    st.markdown(f"{names[0]} / {names[1]}: {places}")
    marks = [(p_a[i], p_b[i], f"{sign} {values[i]:.3g}") for i, sign in ((high, "▲"), (low, "▼"))]
    words = f"{names[0]} / {names[1]}"
    chart = triangle.ratio_map(
        p_a, p_b, side, values, names=words, extremes=marks, point=point, extent=extent
    )
    st.vega_lite_chart(
        chart,
        key=CHART_KEY.format("ratio"),
        on_select=lambda: ui.picked(CHART_KEY.format("ratio")),
        selection_mode="point",
        alt=f"Radius of {names[0]} over radius of {names[1]}",
    )
    less = float(np.mean(values[finite] < 1 - 1e-9))
    st.caption(
        f"Blue: {names[0]} is larger. Orange: {names[1]} is larger, {less:.1%} of the area shown."
        f"{_estimated(setting)}"
    )
    return {words: chart}


def region_cells(region):
    """(p_a, p_b, side, extent) of the squares of a region."""
    extent = CORNER if region == "corner" else 1.0
    p_a, p_b, side = (values * extent for values in cells(120))
    inside = p_a + p_b >= CORNER if region == "plotted" else p_a > 0
    return p_a[inside], p_b[inside], side, extent


def who_wins(keys, region, setting, point):
    contestants = [key for key in keys if BOUNDS[key].rigorous]
    left_out = [BOUNDS[key].title for key in keys if not BOUNDS[key].rigorous]
    if not contestants:
        st.info("Only certificates compete; none is chosen.")
        return {}
    if len({setting.norm_of(BOUNDS[key]) for key in contestants}) > 1:
        st.warning(
            "These radii are in different norms. Choose one norm above, under “Norm, dimension, votes”."
        )
        return {}
    p_a, p_b, side, extent = region_cells(region)
    winner = winners(contestants, p_a, p_b, setting)
    chart = triangle.winner_map(p_a, p_b, side, winner, contestants, point=point, extent=extent)
    st.vega_lite_chart(
        chart,
        key=CHART_KEY.format("winner"),
        on_select=lambda: ui.picked(CHART_KEY.format("winner")),
        selection_mode="point",
        alt="Which certificate gives the largest radius",
    )
    shares = [(np.mean(winner == i), figures.label(BOUNDS[key])) for i, key in enumerate(contestants)]
    text = " · ".join(f"{name} {share:.1%}" for share, name in sorted(shares, reverse=True))
    out = f" Left out, for it is not a certificate: {', '.join(left_out)}." if left_out else ""
    st.caption(
        f"Share of the triangle: {text}. Of equal radii the first in the list wins.{out}{_estimated(setting)}"
    )
    return {"Which certificate gives the largest radius": chart}


def on_square(keys, setting, steps=60):
    """(axis of p_a, axis of p_b, radii with NaN outside the triangle) for surfaces."""
    p_a, p_b, side = cells(2 * steps)
    columns, rows = np.rint(p_a / side - 0.5).astype(int), np.rint(p_b / side - 0.5).astype(int)
    radii = {}
    for key in keys:
        square = np.full((steps, 2 * steps), np.nan)
        square[rows, columns] = radius(key, p_a, p_b, setting)
        radii[key] = square
    return (np.arange(2 * steps) + 0.5) * side, (np.arange(steps) + 0.5) * side, radii


def take_away(view, keys, region, share, setting, charts):
    """Table, picture and lines that give what is seen to somebody else."""
    files = [File("CSV", "rsviz-bounds.csv", lambda: table(view, keys, region, share, setting))]
    if charts:
        files += [File("PNG", "rsviz-bounds.png", lambda: side_by_side(charts, "png"))]
        files += [File("SVG", "rsviz-bounds.svg", lambda: side_by_side(charts, "svg"))]
    take_home("CSV, picture, Python", lambda: Export(files, python=ui.python_lines(keys, setting)))


def table(view, keys, region, share, setting) -> bytes:
    if view == "Slice":
        p_a, p_b = line(share)
    else:
        p_a, p_b, _, _ = region_cells(region)
    columns = {key: radius(key, p_a, p_b, setting) for key in keys}
    return pd.DataFrame({"p_a": p_a, "p_b": p_b, **columns}).to_csv(index=False).encode()


def badges(bound, setting) -> str:
    kind = ":green-badge[tight]" if bound.tight else ":blue-badge[certificate]"
    kind = kind if bound.rigorous else f":red-badge[:material/warning: {figures.NOT_A_CERTIFICATE}]"
    if setting.norm_of(bound) != bound.norm:
        factor = conversion(bound.norm, setting.norm, setting.dim)
        kind += f" :gray-badge[converted, × {factor:.3g}]"
    return kind


def points(p_a, p_b, setting):
    """Every bound at one point, the formula filled in."""
    rows = at_point(p_a, p_b, setting)
    if setting.votes is not None:
        n, alpha = setting.votes.n, setting.votes.alpha
        low, high = (float(limit[0]) for limit in setting.votes.limits(np.array([p_a]), np.array([p_b])))
        if low <= high:
            st.info(f"{n:,} votes that fall like this prove nothing at α = {alpha:g}: abstain.")
        else:
            st.markdown(f"{n:,} votes prove $p_A \\ge {low:.6g}$ and $p_B \\le {high:.6g}$ at α = {alpha:g}.")
    families = {}
    for row in rows:
        families.setdefault((row.bound.noise, row.bound.norm), []).append(row)
    columns = st.columns(2)
    for (noise, norm), members in families.items():
        lines = [f"**{noise} noise, {NORMS[norm].symbol}** :small[scale {members[0].scale:.4g}]"]
        lines += [point_entry(row, setting) for row in members]
        with columns[noise != "gaussian"]:
            st.container(border=True).markdown("\n\n".join(lines))


def point_entry(row, setting) -> str:
    bound = row.bound
    shown = round_down(row.radius) if bound.rigorous else row.radius
    value = "∞" if np.isinf(shown) else f"{shown:.4g}"
    of_tight = "" if row.of_tight is None or bound.tight else f" · {row.of_tight:.1%} of the tight radius"
    alarm = " :red[**larger than any true radius here**]" if row.refuted else ""
    return (
        f"{bound.title} **{value}** {NORMS[row.norm].symbol} {badges(bound, setting)}{of_tight}{alarm}  \n"
        f"${row.formula}$  \n"
        f":small[{bound.statement} *{bound.theorem}.*]"
    )


def refutation():
    """The counter-example to D_MR as a certificate."""
    st.subheader("Why D_MR is not a certificate", anchor="counter-example")
    name = st.segmented_control(
        "Example", list(ui.EXAMPLES), required=True, key="b_example", label_visibility="collapsed"
    )
    p_a, p_b, c = ui.EXAMPLES[name]
    example = counter_example(p_a, p_b, scale=1.0, c=c)
    left, right = st.columns([2, 3])
    with left:
        st.markdown(
            f"**The classifier** looks at one coordinate $u$ of the input: class A for "
            f"$u \\le {example.edge_a:.3f}$, class B for $u \\ge {example.edge_b:.3f}$, and between them "
            f"stripes of many other classes, none with more votes than B.\n\n"
            f"**The point** is $u = 0$, with Gaussian noise of σ = 1: A gets {p_a:g} of the votes, "
            f"B {p_b:g}.\n\n"
            f"**The claim** of D_MR at $c = {c:g}$: no perturbation shorter than **{example.claimed:.4f}** "
            f"changes the class.\n\n"
            f"**The perturbation** $u = {example.step:.4f}$ is shorter. A now gets {example.moved_p_a:.5f}, "
            f"B {example.moved_p_b:.5f}: **the class has changed.** The tight radius, {example.tight:.4f}, "
            f"is where the two lines cross."
        )
    with right:
        st.vega_lite_chart(
            counter_example_spec(p_a, p_b, c),
            key="bounds-counter-example",
            alt="Votes of classes A and B cross inside the claimed radius",
        )


@st.cache_data(max_entries=len(ui.EXAMPLES), show_spinner=False)
def counter_example_spec(p_a, p_b, c) -> dict:
    """The chart of a counter-example, which no other control changes."""
    return figures.counter_example_chart(counter_example(p_a, p_b, scale=1.0, c=c))


def _estimated(setting) -> str:
    if setting.votes is None:
        return ""
    votes = setting.votes
    return f" Radii that {votes.n:,} votes prove at α = {votes.alpha:g}; grey: abstain."


show_page(page)
