"""The pictures of the Noise page: the images, and the views below them.

A view draws itself from a Comparison, and returns its charts by title and the rows of its table.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import streamlit as st

from rsviz.figures import noise as figures
from rsviz.noise import NOISES
from rsviz.noise_size import (
    DIMENSIONS,
    SLOPES,
    Comparison,
    EqualRadius,
    expected_norms,
    radius_against_dimension,
    scales,
    unit_means,
    unit_plane,
)
from rsviz.norms import norm_symbol
from rsviz.ui.glossary import explain
from rsviz.ui.noise import words
from rsviz.ui.noise.controls import probability_controls
from rsviz.ui.noise.words import EXPONENTIAL, GAUSSIAN, PUBLISHED, number
from rsviz.ui.pictures import picture
from rsviz.ui.widgets import segmented_control, slider

HOLD_TITLES = MappingProxyType({"linf": "E‖z‖∞, as in the paper", "deviation": "deviation of a pixel"})
DIMS = np.unique(np.rint(np.geomspace(2, 150_528, 60)).astype(int))
SAMPLED_DIMS = (2, 8, 64, 784, 3_072, 12_288, 150_528)
REACH = 3.2
"""Half of the width of a density's axis, in standard deviations."""

WIDTH = 208
"""Of a picture of the row, in pixels of a screen 1280 pixels wide."""
GRID = """<style>
.st-key-noise-images {display: grid; grid-template-columns: repeat(auto-fit, minmax(125px, 1fr)); gap: 1rem}
</style>"""

Shown = tuple[dict[str, dict], list[dict]]


@dataclass(frozen=True)
class View:
    """title: on its button. show: draws it."""

    title: str
    show: Callable[[Comparison], Shown]


def images(compared: Comparison) -> None:
    """The image, and the image under each mechanism."""
    x = compared.x
    size = "×".join(map(str, x.shape[1:])) + (" in colour" if len(x) == 3 else "")
    st.html(GRID)
    with st.container(key="noise-images"):
        with st.container(gap="small"):
            picture(x, alt=f"The image without noise, {size} pixels", size=WIDTH, width="stretch")
            st.markdown(f"**No noise**  \n:small[{size}: d = {x.size:,}]", help=explain("dimension"))
        for key, noise in compared.noises.items():
            with st.container(gap="small"):
                deviation = number(noise.deviation(x.size))
                alt = f"The image under {noise.title} noise, by which a pixel varies by {deviation}"
                picture(x + compared.draws[key], alt=alt, size=WIDTH, width="stretch")
                st.markdown(
                    f"**{noise.title}**  \n:small[{noise.symbol} = {number(noise.scale)}]  \n"
                    f":small[a pixel varies by {deviation}]"
                )


def show_density(compared: Comparison) -> Shown:
    plane = compared.plane
    points = {key: noise.scale * unit_plane(key, compared.seed) for key, noise in plane.items()}
    reach = REACH * max(noise.deviation(2) for noise in plane.values())
    charts = {noise.title: figures.density_chart(noise, points[key], reach) for key, noise in plane.items()}
    with st.container(horizontal=True, key="noise-density"):
        for title, chart in charts.items():
            with st.container(width=262):
                st.markdown(f"**{title}**")
                alt = f"Density of {title} noise in 2-D, with 300 draws"
                st.vega_lite_chart(chart, key=f"noise-density-{title}", width="content", alt=alt)
    st.caption(
        "Two pixels, the rule above applied to d = 2. Shades: twelve equal steps from 0 to the peak of each "
        "density. Dots: 300 draws. The balls are those of the norm in which each density falls; uniform "
        "noise fills its cube evenly."
    )
    rows = [
        {"noise": key, "scale": plane[key].scale, "z1": a, "z2": b}
        for key, pairs in points.items()
        for a, b in pairs
    ]
    return charts, rows


def show_pixel(compared: Comparison) -> Shown:
    dim, noises = compared.dim, compared.noises
    t = np.linspace(-1, 1, 401) * REACH * max(noise.deviation(dim) for noise in noises.values())
    densities = {key: noise.marginal_density(t, dim) for key, noise in noises.items()}
    chart = figures.marginal_chart(t, densities)
    peaks = ", ".join(f"{noises[key].title} {values.max():.3g}" for key, values in densities.items())
    st.vega_lite_chart(chart, key="noise-pixel", alt=f"Density of the noise on one pixel. Peaks: {peaks}")
    st.caption(
        f"One of d = {dim:,} pixels. Alone, a pixel of ℓ∞-exponential noise is Laplace for d = 1 and nearly "
        f"uniform for large d: its draw fills a cube of half-width R, which varies by only "
        f"1/√(d + 1) = {100 / math.sqrt(dim + 1):.2g}% from draw to draw."
    )
    rows = [{"z": z, **{key: densities[key][i] for key in densities}} for i, z in enumerate(t)]
    return {"The noise on one pixel": chart}, rows


def show_growth(compared: Comparison) -> Shown:
    rule, charts, rows = compared.rule, {}, []
    sampled_scales = {key: scales(rule, key, SAMPLED_DIMS) for key in NOISES}
    means = {key: unit_means(key, SAMPLED_DIMS, compared.seed) for key in NOISES}
    for column, norm in zip(st.columns(2), ("l2", "linf"), strict=True):
        expected = {key: expected_norms(rule, key, norm, DIMS) for key in NOISES}
        sampled = {key: sampled_scales[key] * means[key][norm] for key in NOISES}
        title = f"Mean ‖z‖ in {norm_symbol(norm)}"
        charts[title] = figures.growth_chart(DIMS, expected, SAMPLED_DIMS, sampled, norm, DIMENSIONS)
        with column:
            st.markdown(f"**{title}**")
            ends = ", ".join(f"{NOISES[key].title} {number(expected[key][-1])}" for key in NOISES)
            alt = f"{title} against dimension: at d = {DIMS[-1]:,} {ends}"
            st.vega_lite_chart(charts[title], key=f"noise-growth-{norm}", alt=alt)
        for kind, dims, values in (("exact", DIMS, expected), ("sampled", SAMPLED_DIMS, sampled)):
            rows += [
                {"norm": norm, "kind": kind, "noise": key, "d": int(dim), "mean": values[key][i]}
                for key in NOISES
                for i, dim in enumerate(dims)
            ]
    st.caption(
        "Lines: exact expectations, in closed form or as a one-dimensional integral. Dots: means over NumPy "
        f"draws of about 100,000 numbers each, at least four draws. {words.growth_says(rule)}"
    )
    return charts, rows


def show_radius(compared: Comparison) -> Shown:
    left, right = st.columns(2)
    norm = segmented_control(
        "Radius in", ["linf", "l2"], required=True, format_func=norm_symbol, key="n_read", place=left
    )
    hold = segmented_control(
        "Noise is held at",
        list(HOLD_TITLES),
        required=True,
        format_func=HOLD_TITLES.get,
        key="n_hold",
        help="The size of the noise that stays the same while the dimension grows; E‖z‖∞ is the mean of its "
        "largest value.",
        place=right,
    )
    size = slider("its size (pixel units)", 0.05, 2.0, step=0.05, key="n_size")
    _probabilities(compared)
    p_a, p_b = compared.p_a, compared.p_b
    drawn = {
        NOISES[GAUSSIAN.noise].title: (GAUSSIAN, 4),
        NOISES[EXPONENTIAL.noise].title: (EXPONENTIAL, 4),
        "D_∞ bound": (PUBLISHED, 2),
    }
    radii = {
        name: radius_against_dimension(bound, norm, p_a, p_b, DIMS, size, hold)
        for name, (bound, _) in drawn.items()
    }
    slopes = [
        (f"{slope.theorem}: slope {words.SLOPES_AS_WORDS[slope.power]}", slope.power)
        for slope in SLOPES
        if slope.norm == norm and hold == "linf"  # which is what the theorems hold
    ]
    lines = [(name, bound.colour, width, radii[name]) for name, (bound, width) in drawn.items()]
    chart = figures.radius_chart(DIMS, lines, slopes, norm, DIMENSIONS)
    ends = ", ".join(f"{name} {values[-1]:.3g}" for name, values in radii.items())
    alt = f"Certified radius against dimension, log-log: at d = {DIMS[-1]:,} {ends}"
    st.vega_lite_chart(chart, key="noise-radius", alt=alt)
    st.markdown(words.radius_says(norm, p_a, p_b, hold, size))
    st.caption(words.radius_notes(norm, hold))
    rows = [
        {"d": int(dim), "norm": norm, "hold": hold, "size": size, "p_a": p_a, "p_b": p_b}
        | {bound.key: radii[name][i] for name, (bound, _) in drawn.items()}
        for i, dim in enumerate(DIMS)
    ]
    return {f"Certified radius in {norm_symbol(norm)}": chart}, rows


def show_numbers(compared: Comparison) -> Shown:
    _probabilities(compared)
    titles = [noise.title for noise in compared.noises.values()]
    st.table(pd.DataFrame.from_dict(words.numbers_table(compared), orient="index", columns=titles))
    st.caption(
        f"d = {compared.dim:,}, p_A = {compared.p_a:.4g}, p_B = {compared.p_b:.4g}. Bold: tight, no larger "
        "radius holds. The others are read through a norm equivalence: proved, but perhaps not the best."
    )
    return {}, compared.numbers()


def _probabilities(compared: Comparison) -> None:
    """Controls of p_A and p_B, where the rule has not shown them above."""
    if not isinstance(compared.rule, EqualRadius):
        probability_controls()


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "density": View("Density in 2-D", show_density),
        "pixel": View("One pixel", show_pixel),
        "growth": View("Growth with d", show_growth),
        "radius": View("Certified radius", show_radius),
        "numbers": View("Numbers", show_numbers),
    }
)
