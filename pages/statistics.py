"""How sure after n votes: every procedure on the same votes, failure rates, peeking, and what n buys."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from rsviz import simulation
from rsviz.bounds import round_down
from rsviz.confidence import PROCEDURES
from rsviz.figures import statistics as figures
from rsviz.ui import statistics as ui
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.settings import pick_view
from rsviz.ui.shell import show_page


def page():
    ui.ADDRESS.restore()
    st.title("How sure, after n votes?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = pick_view(ui.VIEWS, "s_view")
        ui.PRESETS.menu("Examples")
        with st.popover("Truth, runs, seed", icon=":material/tune:"):
            ui.source_control()
            ui.more_controls()
    truth = ui.truth_controls() if view != "same" else (0.5, 0.5)
    ui.votes_controls()
    asked = ui.experiment(truth)
    picture = st.container()
    ui.PRESETS.say()
    with picture:
        rows = SHOW[view](asked)
    take_away(view, asked, rows)
    ui.ADDRESS.write()


def certificates(asked):
    """One certificate of each procedure, and how often they fail in all the runs."""
    found = ui.shown(asked, bool(st.session_state["s_sison"]))
    counted = {key: one for key, one in found.items() if one.runs}
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**One set of {asked.n:,} votes, read by every procedure**")
        certified = found["cohen"].certified
        p_a, p_b = (float(value[0]) for value in asked.truth(np.array([certified])))
        chart = figures.limits_chart((p_a, p_b), {key: one.first for key, one in found.items()})
        st.vega_lite_chart(chart, key="statistics-limits", alt="Limits of p_A and p_B by procedure")
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
        st.vega_lite_chart(chart, key="statistics-failures", alt="Share of false limits by procedure")
    slow = "Sison-Glaz searches anew for each set of votes, and is counted where few of them differ."
    waits = "" if "sison-glaz" in counted else f" {slow}"
    st.caption(
        "Left: a bar reaches from the limit of p_B to that of p_A; dotted lines are the truth, and what "
        "reaches beyond them (red) is false. Right: dots with 95 % intervals are false limits, red crosses "
        "false certificates: a radius larger than the true one. Hollow: not proved to keep to α. Radii are "
        f"ℓ₂, Gaussian noise, in units of σ.{waits}"
    )
    st.button("Draw again", icon=":material/casino:", on_click=ui.draw_again)
    st.markdown(says_gain(asked, counted))
    details = st.expander(
        "In numbers, and what each procedure assumes", key="statistics-numbers", on_change="rerun"
    )
    if details.open:
        with details:
            st.markdown(numbers(asked, found))
            st.markdown("\n\n".join(statement(procedure) for procedure in PROCEDURES.values()))
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


def says_gain(asked, counted) -> str:
    """What the other procedures prove on average, beside CERTIFY."""
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


def numbers(asked, found) -> str:
    lines = [
        "| procedure | p_A ≥ | p_B ≤ | radius (σ) | of the true one | mean radius | abstains "
        "| limits false | certificates false |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
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
        lines.append(
            f"| {figures.name(key)} | {round_down(low, 6):.6g} | {rounded_up(high):.6f} | "
            + " | ".join([f"{round_down(radius):.4g}", part, *rates])
            + " |"
        )
    return "\n".join(lines)


def rounded_up(limit: float) -> float:
    return math.ceil(limit * 1e6) / 1e6


def statement(procedure) -> str:
    badge = ":green-badge[proved]" if procedure.valid else ":red-badge[:material/warning: not proved]"
    return (
        f"**{procedure.title}** (`{procedure.key}`) {badge}  \n{procedure.statement}  \n"
        f":small[Assumes: {procedure.assumes} *{procedure.source}.*]"
    )


def peeking(asked):
    """One watcher's limits, and the exact probability of having been misled."""
    p, n = max(asked.probabilities), min(asked.n, ui.MOST_PEEKS)
    path = simulation.path(p, n, asked.alpha, asked.seed)
    misled = ui.peeks(p, n, asked.alpha)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**What one watcher sees**")
        chart = figures.path_chart(p, path)
        st.vega_lite_chart(chart, key="statistics-path", alt="Two lower limits of p_A while votes arrive")
    with right:
        st.markdown("**How many watchers have been misled by then**")
        chart = figures.peeking_chart(asked.alpha, misled)
        st.vega_lite_chart(chart, key="statistics-peeking", alt="Probability of a false limit by then")
    ends = {key: float(values[-1]) for key, values in misled.items()}
    st.markdown(
        f"Whoever looks after each of {n:,} votes, and stops when they like what they see, is shown a "
        f"false Clopper-Pearson limit with probability **{ends['cohen']:.3g}**, "
        f"{ends['cohen'] / asked.alpha:.1f} α. "
        f"The confidence sequence (`anytime`) misleads with probability **{ends['anytime']:.3g}**, "
        f"{ends['anytime'] / asked.alpha:.2f} α: never more than α, however long one watches."
    )
    capped = f" Votes beyond {n:,} are left out." if asked.n > n else ""
    st.caption(
        f"Left: one path, drawn. Right: exact, not drawn: the distribution of the votes, vote by vote, from "
        f"the tenth on; p_A = {p:.6g}, limits for p_A alone.{capped}"
    )
    st.button("Draw again", icon=":material/casino:", on_click=ui.draw_again)
    return [
        {"votes": i + 1, "p_a": p, "alpha": asked.alpha, **{key: misled[key][i] for key in misled}}
        for i in range(9, n)
    ]


def votes(asked):
    """Radius against n."""
    n = np.unique(np.geomspace(10, 1e7, 90).round().astype(np.int64))
    radii = simulation.radius_by_votes(asked.probabilities, n, asked.alpha, ui.FAST)
    ceiling = simulation.ceiling(n, asked.alpha)
    chart = figures.bought_chart(n, radii, asked.true_radius, ceiling, asked.n)
    st.vega_lite_chart(chart, key="statistics-votes", alt="Radius proved against the number of votes")
    at_n = float(simulation.ceiling(asked.n, asked.alpha))
    st.markdown(
        f"With n = {asked.n:,} votes and α = {asked.alpha:g}, CERTIFY proves at most "
        f"**{round_down(at_n):.4g} σ**, for any classifier: Φ⁻¹(α^(1/n)), when all votes agree."
    )
    st.caption(
        "Votes that fall exactly as the true probabilities say. The ceiling is that of CERTIFY; a procedure "
        "that measures the runner-up has its own, for it is not bound to p_B = 1 − p_A."
    )
    return [
        {"n": int(count), "ceiling_cohen": ceiling[i], "true_radius": asked.true_radius}
        | {key: radii[key][i] for key in radii}
        for i, count in enumerate(n)
    ]


def split(asked):
    """Radius against p_A for the procedures that measure the runner-up and the one that does not."""
    truth = np.sort(asked.probabilities)[::-1]
    classes = len(truth)
    share = float(truth[1] / truth[1:].sum()) if truth[0] < 1 else 1.0
    chosen = float(truth[0])
    p_a = np.unique(np.append(np.linspace(min(0.5, 1 / classes) + 0.005, 0.995, 120), chosen))
    keys = ("cohen", "split", "tcertify", "anytime")
    radii = simulation.radius_by_p_a(p_a, classes, max(share, 1e-9), asked.n, asked.alpha, keys)
    chart = figures.gains_chart(p_a, radii, chosen)
    st.vega_lite_chart(chart, key="statistics-split", alt="Radius proved against p_A")
    st.markdown(says_split(p_a, radii, chosen))
    st.caption(
        f"{asked.n:,} votes that fall exactly as the probabilities say; {classes} classes, the runner-up "
        f"with {share:.1%} of what the top class leaves, the others evenly. T-CERTIFY and CERTIFY ask for "
        "p_A > 1/2; split and anytime certify below it too."
    )
    return [{"p_a": float(p_a[i]), **{key: radii[key][i] for key in radii}} for i in range(len(p_a))]


def says_split(p_a, radii, chosen) -> str:
    i = int(np.abs(p_a - chosen).argmin())
    base, best = radii["cohen"][i], radii["split"][i]
    if base <= 0 and best <= 0:
        return f"At p_A = {p_a[i]:.3g} nobody certifies."
    if base <= 0:
        return f"At p_A = {p_a[i]:.3g} CERTIFY abstains, and split proves **{round_down(best):.4g} σ**."
    return (
        f"At p_A = {p_a[i]:.3g} CERTIFY proves {round_down(base):.4g} σ, split **{round_down(best):.4g} σ**: "
        f"**{best / base - 1:+.1%}**, and T-CERTIFY {radii['tcertify'][i] / base - 1:+.1%}. The true radius "
        f"is {radii['truth'][i] / best - 1:.1%} larger than that of split."
    )


def same(asked):
    """CERTIFY with the class chosen on the votes that certify it."""
    n = min(asked.n, 100_000)
    p_a = np.linspace(0.5, 0.5 + min(3 / np.sqrt(n), 0.45), 200)
    failures = simulation.same_votes(p_a, n, asked.alpha, asked.n0)
    chart = figures.same_votes_chart(p_a, failures, asked.alpha)
    st.vega_lite_chart(chart, key="statistics-same", alt="Probability of a false certificate against p_A")
    st.markdown(
        f"At p_A = 1/2 CERTIFY fails with probability {failures['other'][0] / asked.alpha:.2f} α where "
        f"n₀ = {asked.n0:,} other votes choose the class, and **{failures['same'][0] / asked.alpha:.2f} α** "
        "where the n votes choose it that also certify it: either of the two classes may be the lucky one."
    )
    capped = " Votes beyond 100,000 are left out." if asked.n > n else ""
    st.caption(
        f"Exact, for two classes; n = {n:,}.{capped} A certificate is false "
        "when it names the worse class, or a radius larger than the true one. Li et al. choose the class on "
        "the same votes, and so do the experiments of the ADRE paper."
    )
    return [{"p_a": p_a[i], **{key: failures[key][i] for key in failures}} for i in range(len(p_a))]


SHOW = {"certificates": certificates, "peeking": peeking, "votes": votes, "split": split, "same": same}


def take_away(view, asked, rows):
    """The table, and lines that compute the same."""
    csv = File("CSV", f"rsviz-statistics-{view}.csv", lambda: pd.DataFrame(rows).to_csv(index=False).encode())
    take_home("CSV, Python", lambda: Export([csv], python=ui.python_lines(asked)))


show_page(page)
