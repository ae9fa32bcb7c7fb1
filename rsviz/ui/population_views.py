"""The result of the Population page: what is certified of the population beside what is of its images."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz.distributional import PopulationRequest, at_budget, command_line, epsilon, shipped_example
from rsviz.figures import population as figures
from rsviz.figures.theme import series_colours
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.population import look

POINTS = 241
"""Of one curve on the screen."""


def progress(job) -> tuple[float, str]:
    """How far an unfinished job is: its share of the curves, and words."""
    reached = job.progress or {}
    return reached.get("finished", 0) / max(reached.get("parts", 1), 1), reached.get("what") or "waiting"


def show(request: PopulationRequest, curves: list[dict]) -> None:
    """Headline, certificates, radii, and what the printed theorem says."""
    if not curves:
        st.info("The first curve is on its way.", icon=":material/hourglass_top:")
        return
    named = {figures.name(curve, curves): curve for curve in curves}
    chosen, rho, largest = (st.session_state[key] for key in ("p_curve", "p_rho", "p_largest"))
    if chosen not in named:
        chosen = next((name for name, curve in named.items() if curve["scale"]), next(iter(named)))
        st.session_state["p_curve"] = chosen
    curve = named[chosen]
    _headline(chosen, curve, rho)
    _certificates(named, chosen, largest, rho)
    with st.container(key="details"):
        look(list(named))
        st.caption(_about(curve, request))
        _two_promises(named, chosen, curve, rho)
        _printed(chosen, curve)
        _efforts(curves)
        _take_home(request, named)


def _headline(name, curve, rho):
    (entry,) = at_budget(curve, [rho])
    value = f"{np.ceil(1000 * entry['certificate']) / 1000:g}"
    if entry["concave"] == "proved":
        st.header(f"Mean loss at most {value}, wherever the population moves by ρ = {rho:g}", anchor=False)
        end = "The ascents were proved to end at their maximum, up to what is estimated they missed."
    else:
        st.header(
            f"Mean loss {value} at worst if the population moves by ρ = {rho:g}: found, not proved",
            anchor=False,
        )
        end = (
            "No proof says that the ascents found the maximum: it is a certificate if they did, and else "
            "lies below one."
        )
    st.markdown(
        f"**{name}**, {curve['images']} images; {curve['clean_loss']:.3g} where nothing moves. ρ is the mean "
        f"squared ℓ₂ distance between a population and the test images, before the noise; as strong as "
        f"attacks of size ε = √ρ = {epsilon(rho):.3g} on each image. {end}"
    )


def _certificates(named, chosen, largest, rho):
    """Under noise all of them, without noise only the same weights as the chosen one."""
    mine = named[chosen]["checkpoint"]
    shown = {
        name: curve
        for name, curve in named.items()
        if curve["scale"] or curve["checkpoint"] == mine or not any(one["scale"] for one in named.values())
    }
    grid = np.linspace(0, largest, POINTS)
    columns = figures.certificate_columns({name: at_budget(curve, grid) for name, curve in shown.items()})
    words = f"Certificate of the mean loss against the budget rho, {len(shown)} curves"
    spec = figures.certificate_spec(shown, chosen, largest, rho)
    st.vega_lite_chart(pa.table(columns), spec, alt=words)


def _about(curve, request) -> str:
    how = "empirical Bernstein" if curve["bound"] else "Student's t, approximate for an unbounded loss"
    return (
        f"Dots: worst cases that were reached, one for each γ; no certificate may lie below one. Shaded: "
        f"{100 * (1 - request.alpha):g} % for the population if the images are independent draws from it, "
        f"for all γ together ({how}); it does not cover what an ascent missed. K = {curve['K']} steps, r = "
        f"{curve['r']} draws, {request.measured} draws for each loss shown."
    )


def _two_promises(named, chosen, curve, rho):
    radii, size = curve["radii"], epsilon(rho)
    st.subheader("Two promises", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Of the population:** however the images move, if the mean of their squared distances is at "
            "most ρ, their mean loss under the noise is at most the certificate. It does not say which image "
            "fails: a few may move far, and all the rest stay."
        )
        st.markdown(
            "**Of one image:** no move shorter than its radius changes the answer of the smoothed "
            "classifier. It says nothing of an image that moves further, and nothing of a loss."
        )
    with right:
        if radii is None:
            st.info(
                "Without noise no radius is certified; choose a curve with noise, and votes n above 0.",
                icon=":material/info:",
            )
            return
        colours = series_colours([name for name, one in named.items() if one["scale"]])
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
    if not curve["scale"]:
        return
    st.subheader("Theorem 1 as it is printed, and as it can be proved", anchor=False)
    reached = max(curve["attained"][0])
    largest = 1.1 * max(reached, 1.25 * curve["noise_budget"])
    grid = np.linspace(0, largest, POINTS)
    read = at_budget(curve, grid)
    top = 1.05 * max(entry["certificate"] for entry in read)
    words = f"The printed certificate beside the repaired one, {chosen}"
    spec = figures.printed_spec(curve, largest, top)
    st.vega_lite_chart(pa.table(figures.printed_columns(read)), spec, alt=words)
    stretches = " and ".join(f"{low:.3g} to {high:.3g}" for low, high in curve["printed_false"])
    false = (
        f"Here that is so for ρ from {stretches} (shaded)." if stretches else "Here no such loss was reached."
    )
    (zero,) = at_budget(curve, [0.0])
    st.markdown(
        f"The paper lets its budget pay for the noise too: dσ² = {curve['noise_budget']:.4g} of it, for "
        f"{curve['dim']} pixels at σ = {curve['scale']:g}. So its line is the repaired one, moved to the "
        f"right by that much; at ρ = 0 it claims a mean loss of at most {_signed(zero['printed'])}, "
        "and no loss is below 0. What goes wrong in the proof: a coupling of the smoothed inputs with the "
        "images need not split into a move and independent noise. A population that moves without adding "
        "noise (diamonds) fits into the budget, and where one is above the line, the theorem is false. "
        f"{false} With the budget on the move alone, before the noise, the duality holds."
    )


def _signed(value) -> str:
    return f"{value:.4g}".replace("-", "−")


def _efforts(curves):
    several = len({(curve["K"], curve["r"]) for curve in curves}) > 1
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
            climbed = shipped_example("distribution-effort")[1]
        gammas = [point["gamma"] for point in climbed[0]["points"]]
        gamma = st.segmented_control(
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
            f"{one['checkpoint']}, σ = {one['scale']:g}, {one['images']} images: the mean of E ℓ(x + Z) − "
            "γ‖x − x₀‖² where the ascents ended. More steps and more draws come nearer to the supremum, from "
            "below, up to the noise of the measurement; a certificate of too few lies too low."
        )


def _victim(curve) -> tuple[str, float]:
    return curve["checkpoint"], curve["scale"]


def _take_home(request, named):
    def points():
        frames = (pd.DataFrame(curve["points"]).assign(curve=name) for name, curve in named.items())
        return pd.concat(frames)

    described = {"request": request.model_dump(mode="json"), "curves": list(named.values())}
    export = Export(
        [
            File("Curves, CSV", "population.csv", lambda: _rows(named)),
            File("Points, CSV", "population-points.csv", lambda: points().to_csv(index=False)),
            File("JSON", "population.json", lambda: json.dumps(described, indent=1)),
        ],
        commands=[command_line(request)],
        gives="certifies the same population",
    )
    take_home(
        "table, command",
        lambda: export,
        above=lambda: st.dataframe(points().set_index("curve"), width="stretch"),
    )


def _rows(named) -> str:
    columns = ("rho", "certificate", "low", "high", "printed", "concave")
    frames = [
        pd.DataFrame({column: curve[column] for column in columns}).assign(
            curve=name, checkpoint=curve["checkpoint"], scale=curve["scale"], K=curve["K"], r=curve["r"]
        )
        for name, curve in named.items()
    ]
    rows = pd.concat(frames)
    return rows.assign(epsilon=np.sqrt(rows["rho"])).to_csv(index=False)
