"""The result of the Population page: the certificate of the population beside those of its images."""

from collections import Counter

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz.distributional import PROVED, at_budget, epsilon
from rsviz.figures import population as figures
from rsviz.figures.theme import series_colours
from rsviz.tasks.population import PopulationCurve, PopulationRequest, PopulationResult, shipped_example
from rsviz.ui.glossary import explain
from rsviz.ui.population.controls import ADDRESS, look
from rsviz.ui.population.export import show_export
from rsviz.ui.widgets import segmented_control

POINTS = 241
"""Points of a curve on the screen."""
ANSWERS = "How bad can the mean loss get if every image of a population may move, by ρ on average?"


def show(request: PopulationRequest, result: PopulationResult) -> None:
    """Headline, certificates, radii, and the printed theorem."""
    curves = result.curves
    if not curves:
        st.info("The first curve is on its way.", icon=":material/hourglass_top:")
        return
    named = {figures.name(curve, curves): curve for curve in curves}
    rho, largest = st.session_state["p_rho"], st.session_state["p_largest"]
    first = next((name for name, curve in named.items() if curve.scale), next(iter(named)))
    chosen = ADDRESS.suggest("p_curve", first, named.__contains__)
    curve = named[chosen]
    st.markdown(ANSWERS, help=explain("population", "rho"))
    meaning = _headline(chosen, curve, rho)
    _certificates(named, chosen, largest, rho)
    with st.container(key="details"):
        st.markdown(meaning, help=explain("norm", "attack", "epsilon"))
        look(list(named))
        st.caption(_about(curve, request))
        _two_promises(named, chosen, curve, rho)
        _printed(chosen, curve)
        _efforts(curves)
        show_export(request, named)


def _headline(name, curve, rho) -> str:
    """Draw the headline; what it means, for below the picture."""
    (entry,) = at_budget(curve, [rho])
    value = f"{np.ceil(1000 * entry.certificate) / 1000:g}"
    if entry.concave == PROVED:
        st.header(f"Mean loss at most {value} at ρ = {rho:g}", anchor=False)
        end = "It is proved that the ascents end at the maximum, up to an estimated gap."
    else:
        st.header(f"Worst mean loss {value} at ρ = {rho:g}: found, not proved", anchor=False)
        end = (
            "It is not proved that the ascents found the maximum: if they did, this is a certificate; if "
            "not, it is below one."
        )
    return (
        f"**{name}**, {curve.images} images; {curve.clean_loss:.3g} where nothing moves. The budget ρ is the "
        "mean squared ℓ₂ distance between a population and the test images, before the noise. It is as "
        f"strong as attacks of size ε = √ρ = {epsilon(rho):.3g} on each image. {end}"
    )


def _certificates(named, chosen, largest, rho):
    """All curves under noise; of those without noise, only the one with the chosen checkpoint."""
    mine = named[chosen].checkpoint
    shown = {
        name: curve
        for name, curve in named.items()
        if curve.scale or curve.checkpoint == mine or not any(one.scale for one in named.values())
    }
    grid = np.linspace(0, largest, POINTS)
    columns = figures.certificate_columns({name: at_budget(curve, grid) for name, curve in shown.items()})
    ends = ", ".join(f"{name} {at_budget(curve, [rho])[0].certificate:.3g}" for name, curve in shown.items())
    words = f"Certificate of the mean loss against the budget ρ; at ρ = {rho:g}: {ends}"
    spec = figures.certificate_spec(shown, chosen, largest, rho)
    st.vega_lite_chart(pa.table(columns), spec, alt=words)


def _about(curve, request) -> str:
    how = "empirical Bernstein" if curve.bound else "Student's t, approximate for an unbounded loss"
    return (
        f"Dots: attained worst cases, one for each γ; no certificate may be below one. Shaded: "
        f"{100 * (1 - request.alpha):g} % limits for the population if the images are independent draws from "
        f"it, for all γ together ({how}); they do not cover what an ascent missed. K = {curve.K} steps, "
        f"r = {curve.r} draws, {request.measured} draws for each loss shown."
    )


def _two_promises(named, chosen, curve, rho):
    radii, size = curve.radii, epsilon(rho)
    st.subheader("Two promises", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Of the population:** however the images move, if the mean of their squared distances is at "
            "most ρ, their mean loss under the noise is at most the certificate. It does not say which image "
            "fails: a few may move far while all others stay."
        )
        st.markdown(
            "**Of one image:** no move shorter than its radius changes the answer of the smoothed "
            "classifier. It says nothing about an image that moves further, and nothing about a loss.",
            help=explain("radius", "smoothed classifier"),
        )
    with right:
        if radii is None:
            st.info(
                "Without noise no radius is certified; choose a curve with noise, and votes n above 0.",
                icon=":material/info:",
            )
            return
        colours = series_colours([name for name, one in named.items() if one.scale])
        largest = max(max(radii), size * 1.1, 1e-3)
        words = f"Certified radii of {len(radii)} images"
        st.vega_lite_chart(
            pa.table(figures.radii_columns(radii, largest)),
            figures.radii_spec(colours[chosen], size),
            alt=words,
        )
        held = np.mean([radius >= size for radius in radii])
        lost = np.mean([radius < 0 for radius in radii])
        st.caption(
            f"{100 * held:.1f} % of the images keep the right class within ε = {size:.3g}; "
            f"{100 * lost:.1f} % have no certificate of the right class at all."
        )


def _printed(chosen, curve):
    if not curve.scale:
        return
    st.subheader("Theorem 1 as it is printed, and as it can be proved", anchor=False)
    reached = max(curve.attained[0])
    largest = 1.1 * max(reached, 1.25 * curve.noise_budget)
    grid = np.linspace(0, largest, POINTS)
    read = at_budget(curve, grid)
    top = 1.05 * max(entry.certificate for entry in read)
    words = f"The printed certificate beside the repaired one, {chosen}"
    spec = figures.printed_spec(curve, largest, top)
    st.vega_lite_chart(pa.table(figures.printed_columns(read)), spec, alt=words)
    stretches = " and ".join(f"{low:.3g} to {high:.3g}" for low, high in curve.printed_false)
    false = (
        f"Here that happens for ρ from {stretches} (shaded)."
        if stretches
        else "Here no such loss was attained."
    )
    (zero,) = at_budget(curve, [0.0])
    st.markdown(
        f"In the paper the budget also pays for the noise: dσ² = {curve.noise_budget:.4g}, for "
        f"{curve.dim} pixels at σ = {curve.scale:g}. So the printed line is the repaired one, moved to the "
        f"right by this amount; at ρ = 0 it claims a mean loss of at most {_signed(zero.printed)}, "
        "and no loss is below 0. The gap in the proof: a coupling of the smoothed inputs with the images "
        "need not split into a move and independent noise. A population that moves without adding noise "
        "(diamonds) fits into the budget; where a diamond is above the line, the theorem is false. "
        f"{false} If the budget is on the move alone, before the noise, the duality holds."
    )


def _signed(value) -> str:
    return f"{value:.4g}".replace("-", "−")


def _efforts(curves):
    several = len({(curve.K, curve.r) for curve in curves}) > 1
    box = st.expander(
        "What K and r do", icon=":material/stairs:", key="p_effort", on_change="rerun", expanded=several
    )
    if not box.open:
        return
    with box:
        if several:
            efforts = Counter(map(_victim, curves))
            mine = max(efforts, key=lambda one: (efforts[one], one[1]))  # of equals, one under noise
            climbed = [one for one in curves if _victim(one) == mine]
        else:
            climbed = shipped_example("distribution-effort")[1].curves
        gammas = [point.gamma for point in climbed[0].points]
        gamma = segmented_control(
            "γ",
            gammas,
            default=gammas[min(1, len(gammas) - 1)],
            format_func="{:g}".format,
            required=True,
            key="p_gamma",
        )
        words = "Surrogate reached against steps K, a line for each r"
        st.vega_lite_chart(
            pa.table(figures.effort_columns(climbed, gamma)), figures.effort_spec(climbed), alt=words
        )
        one = climbed[0]
        st.caption(
            f"{one.checkpoint}, σ = {one.scale:g}, {one.images} images: the mean of E ℓ(x + Z) − "
            "γ‖x − x₀‖² at the ends of the ascents. More steps and draws come nearer to the supremum from "
            "below, up to the noise of the measurement; with too few, a certificate is too low."
        )


def _victim(curve: PopulationCurve) -> tuple[str, float]:
    return curve.checkpoint, curve.scale
