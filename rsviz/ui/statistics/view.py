"""The views of the Statistics page. Each draws itself and returns the rows of its table."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from rsviz import simulation
from rsviz.bounds import round_down
from rsviz.confidence import PROCEDURES
from rsviz.figures import statistics as figures
from rsviz.simulation import Experiment, Summary
from rsviz.ui.glossary import explain
from rsviz.ui.statistics.controls import draw_again
from rsviz.ui.table import markdown_table

MOST_PEEKS = 10_000
PATIENCE, MOST_PATIENCE = 0.08, 5.0
"""Seconds that a slow procedure may take by default, and where somebody chose to wait."""
FAST = tuple(key for key, procedure in PROCEDURES.items() if procedure.seconds_needed is None)

Rows = list[dict]


def show(view: str, asked: Experiment) -> Rows:
    """Draw a view. view: key of controls.VIEWS."""
    return _VIEWS[view](asked)


@st.cache_data(max_entries=64, show_spinner=False)
def summaries(asked: Experiment, wait: bool) -> dict[str, Summary]:
    """Every procedure on the same votes.

    wait: whether a slow procedure may take MOST_PATIENCE seconds. It is computed on all votes, on the first
    or on none, as its time allows.
    """
    found = {}
    tops, counts = asked.votes()
    for key, procedure in PROCEDURES.items():
        runs, needed = asked.runs, procedure.seconds_needed
        if needed is not None:
            patience = MOST_PATIENCE if wait else PATIENCE
            fitting = (few for few in (runs, 1) if needed(counts[:few], asked.alpha) < patience)
            runs = next(fitting, 0)
        if runs:
            found[key] = asked.summary(asked.outcome(key, tops[:runs], counts[:runs]))
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def peeks(p: float, n: int, alpha: float) -> dict[str, np.ndarray]:
    """The exact probabilities of `simulation.peeking`."""
    return simulation.peeking(p, n, alpha)


def _certificates(asked: Experiment) -> Rows:
    """One certificate of each procedure, and how often they fail in all the runs."""
    found = summaries(asked, bool(st.session_state["s_sison"]))
    counted = {key: one for key, one in found.items() if one.runs}
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**One set of {asked.n:,} votes, read by every procedure**")
        certified = found["cohen"].certified
        p_a, p_b = (float(value[0]) for value in asked.truth(np.array([certified])))
        chart = figures.limits_chart((p_a, p_b), {key: one.first for key, one in found.items()})
        radii = ", ".join(f"{figures.name(key)} {round_down(one.first[2]):.4g}" for key, one in found.items())
        alt = f"Limits of p_A and p_B by procedure. Radii in σ: true {asked.true_radius:.4g}, {radii}"
        st.vega_lite_chart(chart, key="statistics-limits", alt=alt)
    with right:
        st.markdown(f"**{asked.runs:,} such certificates: how often the limits are false**")
        rates = {
            key: {
                "limits": one.limits_false,
                "low": one.low,
                "high": one.high,
                "certificates": one.certificates_false,
            }
            for key, one in counted.items()
        }
        chart = figures.failures_chart(asked.alpha, rates)
        shares = ", ".join(f"{figures.name(key)} {one.limits_false:.2%}" for key, one in counted.items())
        alt = f"Share of false limits by procedure, where {asked.alpha:g} is allowed: {shares}"
        st.vega_lite_chart(chart, key="statistics-failures", alt=alt)
    left_out = [procedure.short for key, procedure in PROCEDURES.items() if key not in counted]
    slow = " searches anew for each set of votes, and is counted where few of them differ."
    waits = f" {', '.join(left_out)}{slow}" if left_out else ""
    st.caption(
        "Left: a bar reaches from the limit of p_B to that of p_A; dotted lines are the truth, and what "
        "reaches beyond them (red) is false. Right: dots with 95 % intervals are false limits, red crosses "
        "false certificates: a radius larger than the true one. Hollow: not proved to keep to α. Radii are "
        f"ℓ₂, Gaussian noise, in units of σ.{waits}",
        help=explain("p_B", "radius", "norm", "noise", "scale"),
    )
    st.button("Draw again", icon=":material/casino:", on_click=draw_again)
    st.markdown(_says_gain(asked, counted), help=explain("true radius", "confidence sequence"))
    details = st.expander(
        "In numbers, and what each procedure assumes", key="statistics-numbers", on_change="rerun"
    )
    if details.open:
        with details:
            st.markdown(_numbers(asked, found))
            st.markdown("\n\n".join(_statement(procedure) for procedure in PROCEDURES.values()))
    return [
        {
            "procedure": key,
            "proved": PROCEDURES[key].valid,
            "p_a_lower": one.first[0],
            "p_b_upper": one.first[1],
            "radius": one.first[2],
            "true_radius": asked.true_radius,
            "runs": one.runs,
            "limits_false": one.limits_false,
            "limits_false_low": one.low,
            "limits_false_high": one.high,
            "certificates_false": one.certificates_false,
            "abstains": one.abstains,
            "mean_radius": one.mean_radius,
        }
        for key, one in found.items()
    ]


def _says_gain(asked, counted) -> str:
    """The mean radius of the other procedures, compared with CERTIFY, as a sentence."""
    if asked.true_radius == 0:
        return "No class leads, so the true radius is 0: whatever is certified is false."
    base = counted["cohen"].mean_radius
    words = [f"The true radius is **{asked.true_radius:.4g} σ**."]
    for key in ("split", "tcertify", "anytime"):
        mean = counted[key].mean_radius
        if base > 0.001:
            words.append(f"{figures.name(key)} **{mean / base - 1:+.1%}**,")
        else:
            words.append(f"{figures.name(key)} **{mean:.3f} σ**,")
    beside = f"{base:.3f} σ of CERTIFY" if base > 0.001 else "nothing of CERTIFY"
    return f"{words[0]} On average, beside {beside}: {' '.join(words[1:])[:-1]}."


def _numbers(asked: Experiment, found: Mapping[str, Summary]) -> str:
    """The table of all procedures."""
    head = ["procedure", "p_A ≥", "p_B ≤", "radius (σ)", "of the true one", "mean radius", "abstains"]
    rows = []
    for key, one in found.items():
        low, high, radius = one.first
        part = f"{radius / asked.true_radius:.1%}" if asked.true_radius else "–"
        rates = ["–"] * 4
        if one.runs:
            rates = [
                f"{one.mean_radius:.4f}",
                f"{one.abstains:.1%}",
                f"{one.limits_false:.2%} ({one.low:.2%} to {one.high:.2%})",
                f"{one.certificates_false:.2%}",
            ]
        limits = [f"{round_down(low, 6):.6g}", f"{_rounded_up(high):.6f}", f"{round_down(radius):.4g}"]
        rows.append([figures.name(key), *limits, part, *rates])
    return markdown_table([*head, "limits false", "certificates false"], rows)


def _rounded_up(limit: float) -> float:
    return math.ceil(limit * 1e6) / 1e6


def _statement(procedure) -> str:
    badge = ":green-badge[proved]" if procedure.valid else ":red-badge[:material/warning: not proved]"
    return (
        f"**{procedure.title}** (`{procedure.key}`) {badge}  \n{procedure.statement}  \n"
        f":small[Assumes: {procedure.assumes} *{procedure.source}.*]"
    )


def _peeking(asked: Experiment) -> Rows:
    """One watcher's limits, and the exact probability of having been misled."""
    p, n = max(asked.probabilities), min(asked.n, MOST_PEEKS)
    path = simulation.path(p, n, asked.alpha, asked.seed)
    misled = peeks(p, n, asked.alpha)
    ends = {key: float(values[-1]) for key, values in misled.items()}
    st.markdown(
        f"**Whoever looks after each of {n:,} votes, and stops at a limit they like,** is shown a "
        f"false Clopper-Pearson limit with probability **{ends['cohen']:.3g}**, "
        f"{ends['cohen'] / asked.alpha:.1f} α. "
        f"The confidence sequence (`anytime`) misleads with probability **{ends['anytime']:.3g}**, "
        f"{ends['anytime'] / asked.alpha:.2f} α: never more than α, for any number of votes.",
        help=explain("confidence sequence"),
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**What one watcher sees**")
        chart = figures.path_chart(p, path)
        lows = ", ".join(f"{figures.name(key)} {path[key][-1]:.4g}" for key in ("cohen", "anytime"))
        alt = f"Two lower limits of p_A while {n:,} votes arrive: at last {lows}; true {p:.4g}"
        st.vega_lite_chart(chart, key="statistics-path", alt=alt)
    with right:
        st.markdown("**How many watchers have been misled by then**")
        chart = figures.peeking_chart(asked.alpha, misled)
        named = ", ".join(f"{figures.name(key)} {end:.3g}" for key, end in ends.items())
        alt = f"Probability of a false limit by then: after {n:,} votes {named}; α = {asked.alpha:g}"
        st.vega_lite_chart(chart, key="statistics-peeking", alt=alt)
    capped = f" Votes beyond {n:,} are left out." if asked.n > n else ""
    st.caption(
        f"Left: one path, drawn. Right: exact, not drawn: the distribution of the votes, vote by vote, from "
        f"the tenth on; p_A = {p:.6g}, limits for p_A alone.{capped}"
    )
    st.button("Draw again", icon=":material/casino:", on_click=draw_again)
    return [
        {"votes": i + 1, "p_a": p, "alpha": asked.alpha, **{key: misled[key][i] for key in misled}}
        for i in range(9, n)
    ]


def _votes(asked: Experiment) -> Rows:
    """Radius against n."""
    n = np.unique(np.geomspace(10, 1e7, 90).round().astype(np.int64))
    radii = simulation.radius_by_votes(asked.probabilities, n, asked.alpha, FAST)
    ceiling = simulation.ceiling(n, asked.alpha)
    chart = figures.radius_by_votes_chart(n, radii, asked.true_radius, ceiling, asked.n)
    proved = ", ".join(f"{figures.name(key)} {values[-1]:.4g}" for key, values in radii.items())
    alt = f"Radius proved against the number of votes: with {n[-1]:,} in σ {proved}"
    st.vega_lite_chart(chart, key="statistics-votes", alt=f"{alt}; true {asked.true_radius:.4g}")
    at_n = float(simulation.ceiling(asked.n, asked.alpha))
    st.markdown(
        f"With n = {asked.n:,} votes and α = {asked.alpha:g}, CERTIFY proves at most "
        f"**{round_down(at_n):.4g} σ**, for any classifier: Φ⁻¹(α^(1/n)), when all votes agree."
    )
    st.caption(
        "The votes fall exactly as the true probabilities say. The ceiling is that of CERTIFY. A procedure "
        "that measures the runner-up has another ceiling, because it does not assume p_B = 1 − p_A."
    )
    return [
        {"n": int(count), "ceiling_cohen": ceiling[i], "true_radius": asked.true_radius}
        | {key: radii[key][i] for key in radii}
        for i, count in enumerate(n)
    ]


def _split(asked: Experiment) -> Rows:
    """Radius against p_A for the procedures that measure the runner-up and the one that does not."""
    classes, share, chosen = len(asked.probabilities), asked.runner_up_share, max(asked.probabilities)
    p_a = np.unique(np.append(np.linspace(min(0.5, 1 / classes) + 0.005, 0.995, 120), chosen))
    keys = ("cohen", "split", "tcertify", "anytime")
    radii = simulation.radius_by_p_a(p_a, classes, max(share, 1e-9), asked.n, asked.alpha, keys)
    chart = figures.radius_by_p_a_chart(p_a, radii, chosen)
    says = _says_split(p_a, radii, chosen)
    alt = f"Radius proved against p_A. {says.replace('**', '')}"
    st.vega_lite_chart(chart, key="statistics-split", alt=alt)
    st.markdown(says)
    st.caption(
        f"{asked.n:,} votes that fall exactly as the probabilities say; {classes} classes, the runner-up "
        f"with {share:.1%} of what the top class leaves, the others evenly. T-CERTIFY and CERTIFY ask for "
        "p_A > 1/2; split and anytime certify below it too."
    )
    return [{"p_a": float(p_a[i]), **{key: radii[key][i] for key in radii}} for i in range(len(p_a))]


def _says_split(p_a, radii, chosen) -> str:
    i = int(np.abs(p_a - chosen).argmin())
    base, best = radii["cohen"][i], radii["split"][i]
    if base <= 0 and best <= 0:
        return f"At p_A = {p_a[i]:.3g} no procedure certifies."
    if base <= 0:
        return f"At p_A = {p_a[i]:.3g} CERTIFY abstains, and split proves **{round_down(best):.4g} σ**."
    return (
        f"At p_A = {p_a[i]:.3g} CERTIFY proves {round_down(base):.4g} σ, split **{round_down(best):.4g} σ**: "
        f"**{best / base - 1:+.1%}**, and T-CERTIFY {radii['tcertify'][i] / base - 1:+.1%}. The true radius "
        f"is {radii['truth'][i] / best - 1:.1%} larger than that of split."
    )


def _same(asked: Experiment) -> Rows:
    """CERTIFY with the class chosen on the votes that certify it."""
    n = min(asked.n, 100_000)
    p_a = np.linspace(0.5, 0.5 + min(3 / np.sqrt(n), 0.45), 200)
    failures = simulation.same_votes(p_a, n, asked.alpha, asked.n0)
    chart = figures.same_votes_chart(p_a, failures, asked.alpha)
    tops = [f"{failures[key].max() / asked.alpha:.2f} α" for key in ("other", "same")]
    alt = (
        f"Probability of a false certificate against p_A: up to {tops[0]} where other votes choose the class"
    )
    st.vega_lite_chart(chart, key="statistics-same", alt=f"{alt}, up to {tops[1]} where the same votes do")
    st.markdown(
        f"At p_A = 1/2 CERTIFY fails with probability {failures['other'][0] / asked.alpha:.2f} α where "
        f"n₀ = {asked.n0:,} other votes choose the class, and **{failures['same'][0] / asked.alpha:.2f} α** "
        "where the n votes that certify the class also choose it: either of the two classes may be lucky."
    )
    capped = " Votes beyond 100,000 are left out." if asked.n > n else ""
    st.caption(
        f"Exact, for two classes; n = {n:,}.{capped} A certificate is false "
        "when it names the worse class, or a radius larger than the true one. Li et al. choose the class on "
        "the same votes, and so do the experiments of the ADRE paper."
    )
    return [{"p_a": p_a[i], **{key: failures[key][i] for key in failures}} for i in range(len(p_a))]


_VIEWS: Mapping[str, Callable[[Experiment], Rows]] = {
    "certificates": _certificates,
    "peeking": _peeking,
    "votes": _votes,
    "split": _split,
    "same": _same,
}
