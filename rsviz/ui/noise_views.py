"""The views of the Noise page below the images: each draws itself and says what can be taken away.

A view takes the rule, the image, the mechanisms at its dimension, their draws by key, and the seed; it gives
back its charts by title and the rows of its table.
"""

import math

import numpy as np
import pandas as pd
import streamlit as st

from rsviz.bounds import BOUNDS, round_down
from rsviz.figures import noise as figures
from rsviz.noise import NOISES
from rsviz.noise_size import (
    DIMENSIONS,
    SLOPES,
    EqualDeviation,
    EqualRadius,
    EqualScale,
    certified,
    expected_norms,
    largest_dimension_won,
    radius_against_dimension,
    scales,
)
from rsviz.norms import NORMS, norm_symbol
from rsviz.ui import noise as ui

GAUSSIAN, EXPONENTIAL, PUBLISHED = BOUNDS["cohen-l2"], BOUNDS["exponential-linf"], BOUNDS["dinf-linf"]


def number(value, digits=3) -> str:
    """So many significant digits; thousands are written out."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}g}"


def radius_number(radius) -> str:
    """A radius in l_inf, in grey levels, rounded down."""
    return f"{round_down(radius * 255, 3):.3g}/255"


def show_density(rule, x, noises, draws, seed):
    plane = {key: rule.noise(key, 2) for key in NOISES}
    points = {key: noise.scale * ui.unit_plane(key, seed) for key, noise in plane.items()}
    reach = 3.2 * max(noise.deviation(2) for noise in plane.values())
    charts = {noise.title: figures.density_chart(noise, points[key], reach) for key, noise in plane.items()}
    with st.container(horizontal=True, key="noise-density"):
        for title, chart in charts.items():
            with st.container(width=262):
                st.markdown(f"**{title}**")
                words = f"Density of {title} noise in 2-D"
                st.vega_lite_chart(chart, key=f"noise-density-{title}", width="content", alt=words)
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


def show_pixel(rule, x, noises, draws, seed):
    dim = x.size
    t = np.linspace(-1, 1, 401) * 3.2 * max(noise.deviation(dim) for noise in noises.values())
    densities = {key: noise.marginal_density(t, dim) for key, noise in noises.items()}
    chart = figures.marginal_chart(t, densities)
    st.vega_lite_chart(chart, key="noise-pixel", alt="Density of the noise on one pixel, four mechanisms")
    st.caption(
        f"One of d = {dim:,} pixels. Alone, a pixel of ℓ∞-exponential noise is Laplace for d = 1 and nearly "
        f"uniform for large d: its draw fills a cube of half-width R, which varies by only "
        f"1/√(d + 1) = {100 / math.sqrt(dim + 1):.2g}% from draw to draw."
    )
    rows = [{"z": z, **{key: densities[key][i] for key in densities}} for i, z in enumerate(t)]
    return {"The noise on one pixel": chart}, rows


def show_growth(rule, x, noises, draws, seed):
    charts, rows = {}, []
    sampled_scales = {key: scales(rule, key, ui.SAMPLED_DIMS) for key in NOISES}
    for column, norm in zip(st.columns(2), ("l2", "linf"), strict=True):
        expected = {key: expected_norms(rule, key, norm, ui.DIMS) for key in NOISES}
        sampled = {key: sampled_scales[key] * ui.unit_means(key, seed)[norm] for key in NOISES}
        title = f"Mean ‖z‖ in {NORMS[norm].symbol}"
        charts[title] = figures.growth_chart(ui.DIMS, expected, ui.SAMPLED_DIMS, sampled, norm, DIMENSIONS)
        with column:
            st.markdown(f"**{title}**")
            st.vega_lite_chart(charts[title], key=f"noise-growth-{norm}", alt=f"{title} against dimension")
        for kind, dims, values in (
            ("exact", ui.DIMS, expected),
            ("sampled", ui.SAMPLED_DIMS, sampled),
        ):
            rows += [
                {"norm": norm, "kind": kind, "noise": key, "d": int(dim), "mean": values[key][i]}
                for key in NOISES
                for i, dim in enumerate(dims)
            ]
    st.caption(
        "Lines: exact expectations, in closed form or as a one-dimensional integral. Dots: means over NumPy "
        f"draws of about 100,000 numbers each, at least four draws. {growth_says(rule)}"
    )
    return charts, rows


def growth_says(rule) -> str:
    if isinstance(rule, EqualDeviation):
        return "‖z‖₂ comes close to the deviation times √d for all four; ‖z‖∞ tells them apart."
    if isinstance(rule, EqualScale):
        return "At one σ each coordinate of ℓ∞-exponential noise grows as d, those of the others not at all."
    if rule.norm == "linf":
        return (
            "To certify the same ℓ∞ radius, ‖z‖∞ of ℓ∞-exponential noise grows as d (its mean is σ d), that "
            "of Gaussian noise as √(d log d). A better bound shifts a line; it does not turn it."
        )
    return (
        f"For a radius in {NORMS[rule.norm].symbol}, σ of Gaussian noise does not depend on d; ‖z‖∞ grows as "
        "√(log d)."
    )


def show_radius(rule, x, noises, draws, seed):
    left, right = st.columns(2)
    with left:
        norm = st.segmented_control(
            "Radius in", ["linf", "l2"], required=True, format_func=norm_symbol, key="n_read"
        )
    with right:
        hold = st.segmented_control(
            "Noise is held at",
            list(ui.HOLD_TITLES),
            required=True,
            format_func=ui.HOLD_TITLES.get,
            key="n_hold",
        )
    size = st.slider("its size (pixel units)", 0.05, 2.0, step=0.05, key="n_size")
    p_a, p_b = (rule.p_a, rule.p_b) if isinstance(rule, EqualRadius) else ui.probability_controls()
    bounds = {
        NOISES["gaussian"].title: (GAUSSIAN, 4),
        NOISES["linf-exponential"].title: (EXPONENTIAL, 4),
        "D_∞ bound": (PUBLISHED, 2),
    }
    radii = {
        name: radius_against_dimension(bound, norm, p_a, p_b, ui.DIMS, size, hold)
        for name, (bound, _) in bounds.items()
    }
    slopes = [
        (f"{slope.theorem}: slope {slope_text(slope.power)}", slope.power)
        for slope in SLOPES
        if slope.norm == norm and hold == "linf"  # which is what the theorems hold
    ]
    chart = figures.radius_chart(
        ui.DIMS,
        [(name, bound.colour, width, radii[name]) for name, (bound, width) in bounds.items()],
        slopes,
        norm,
        DIMENSIONS,
    )
    st.vega_lite_chart(chart, key="noise-radius", alt="Certified radius against dimension, log-log")
    st.markdown(radius_says(norm, p_a, p_b, hold, size))
    st.caption(radius_notes(norm, hold))
    rows = [
        {"d": int(dim), "norm": norm, "hold": hold, "size": size, "p_a": p_a, "p_b": p_b}
        | {bound.key: radii[name][i] for name, (bound, _) in bounds.items()}
        for i, dim in enumerate(ui.DIMS)
    ]
    return {f"Certified radius in {NORMS[norm].symbol}": chart}, rows


def radius_notes(norm, hold) -> str:
    notes = [
        "Thick: tight for its noise in its own norm (cohen-l2, exponential-linf). D_∞: the published bound "
        "for ℓ∞-exponential noise (dinf-linf). p_A and p_B are taken as known."
    ]
    if norm == "l2":
        notes.append("In ℓ₂ the radius of that noise is that of the ℓ∞ ball; a better bound may exist.")
    if hold == "linf":
        notes.append(
            "Dashed: slopes only. The theorems of the Unified paper say how fast a radius must fall at fixed "
            "E‖z‖∞, for its own notions of robustness (D_∞: Theorem 16; D_MR: 12 and 17) and up to unknown "
            "constants: the height of these lines says nothing. They are read for noise that does not look "
            "at the image."
        )
    return " ".join(notes)


def slope_text(power) -> str:
    return {0.0: "0", 0.5: "−1/2", 1.0: "−1"}[power]


def radius_says(norm, p_a, p_b, hold, size) -> str:
    """The radii at the dimensions of the datasets, and where the lines cross."""
    dims = list(DIMENSIONS.values())
    one, other = (
        radius_against_dimension(bound, norm, p_a, p_b, dims, size, hold) for bound in (GAUSSIAN, EXPONENTIAL)
    )
    unit, factor = ("/255", 255) if norm == "linf" else ("", 1)
    places = " · ".join(
        f"{name} **{round_down(a * factor, 3):.3g}{unit}** and **{round_down(b * factor, 3):.3g}{unit}**"
        for name, a, b in zip(DIMENSIONS, one, other, strict=True)
    )
    won = largest_dimension_won(EXPONENTIAL, GAUSSIAN, norm, p_a, p_b, hold)
    if won is None:
        where = "In every dimension from 2 the bounds give Gaussian noise at least as much."
    else:
        where = (
            f"Up to d = {won} the bounds give ℓ∞-exponential noise more, from d = {won + 1} on Gaussian "
            "noise."
        )
    return f"{where}  \nGaussian and ℓ∞-exponential: {places}"


def show_numbers(rule, x, noises, draws, seed):
    dim = x.size
    p_a, p_b = (rule.p_a, rule.p_b) if isinstance(rule, EqualRadius) else ui.probability_controls()
    rows = []
    for key, noise in noises.items():
        row = {"noise": key, "d": dim, "scale": noise.scale, "deviation": noise.deviation(dim)}
        for name, norm in NORMS.items():
            row[f"expected_{name}"] = float(noise.expected_norm(name, dim))
            row[f"drawn_{name}"] = float(np.linalg.norm(draws[key].ravel().astype(float), norm.order))
        row["median_linf"] = float(noise.linf_quantile(0.5, dim))
        row |= {f"radius_{norm}": certified(noise, norm, p_a, p_b, dim).radius for norm in NORMS}
        rows.append(row | {"p_a": p_a, "p_b": p_b})
    st.table(numbers_table(rows, noises, p_a, p_b, dim))
    st.caption(
        f"d = {dim:,}, p_A = {p_a:.4g}, p_B = {p_b:.4g}. Bold: tight, no larger radius holds. The others are "
        "read through a norm equivalence: proved, but perhaps not the best."
    )
    return {}, rows


def numbers_table(rows, noises, p_a, p_b, dim) -> pd.DataFrame:
    """A column a mechanism, in words for people; tight radii in bold."""
    lines = {}

    def line(words, key):
        lines[words] = [number(row[key], 4) for row in rows]

    line("scale, σ or λ", "scale")
    line("deviation of a pixel", "deviation")
    for key, norm in NORMS.items():
        line(f"E‖z‖ in {norm.symbol}", f"expected_{key}")
        line(f"‖z‖ in {norm.symbol} of this draw", f"drawn_{key}")
    line("median of ‖z‖∞", "median_linf")
    for key, norm in NORMS.items():
        found = [certified(noise, key, p_a, p_b, dim) for noise in noises.values()]
        texts = [(number(round_down(item.radius), 4), item.tight) for item in found]
        lines[f"radius in {norm.symbol}"] = [f"**{text}**" if tight else text for text, tight in texts]
    return pd.DataFrame.from_dict(lines, orient="index", columns=[noise.title for noise in noises.values()])


VIEWS = {
    "density": show_density,
    "pixel": show_pixel,
    "growth": show_growth,
    "radius": show_radius,
    "numbers": show_numbers,
}
