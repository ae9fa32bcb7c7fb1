"""Every bound at one point of the Bounds page, and the counter-example to D_MR as a certificate."""

import numpy as np
import streamlit as st

from rsviz.bounds import round_down
from rsviz.comparison import AtPoint, Setting, at_point
from rsviz.figures import bounds as figures
from rsviz.norms import NORMS
from rsviz.reference.counter_example import counter_example
from rsviz.ui.bounds.controls import EXAMPLES
from rsviz.ui.bounds.view import badges
from rsviz.ui.glossary import marks
from rsviz.ui.widgets import segmented_control

OF_PRIVACY = ("alpha", "epsilon", "rho")
"""Words of the glossary whose signs the theorems use for orders and budgets of privacy."""


def show_point(p_a: float, p_b: float, setting: Setting) -> None:
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
        lines += [_entry(row, setting) for row in members]
        with columns[noise != rows[0].bound.noise]:
            text = "\n\n".join(lines)
            st.container(border=True).markdown(text, help=marks(text, *OF_PRIVACY))


def _entry(row: AtPoint, setting: Setting) -> str:
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


def show_counter_example() -> None:
    """A classifier that changes its class inside the radius that D_MR claims."""
    st.subheader("Why D_MR is not a certificate", anchor="counter-example")
    key = segmented_control(
        "Example",
        list(EXAMPLES),
        required=True,
        format_func=lambda key: EXAMPLES[key].title,
        key="b_example",
        label_visibility="collapsed",
    )
    point = EXAMPLES[key]
    example = counter_example(point.p_a, point.p_b, scale=1.0, c=point.c)
    left, right = st.columns([2, 3])
    with left:
        st.markdown(
            f"**The classifier** looks at one coordinate $u$ of the input: class A for "
            f"$u \\le {example.edge_a:.3f}$, class B for $u \\ge {example.edge_b:.3f}$, and between them "
            f"stripes of many other classes, none with more votes than B.\n\n"
            f"**The point** is $u = 0$, with Gaussian noise of σ = 1: A gets {point.p_a:g} of the votes, "
            f"B {point.p_b:g}.\n\n"
            f"**The claim** of D_MR at $c = {point.c:g}$: no perturbation shorter than "
            f"**{example.claimed:.4f}** changes the class.\n\n"
            f"**The perturbation** $u = {example.step:.4f}$ is shorter. A now gets {example.moved_p_a:.5f}, "
            f"B {example.moved_p_b:.5f}: **the class has changed.** The tight radius, {example.tight:.4f}, "
            f"is where the two lines cross."
        )
    with right:
        st.vega_lite_chart(
            _counter_example_chart(key),
            key="bounds-counter-example",
            alt=f"Votes of classes A and B cross at {example.tight:.4f}, inside the claimed radius "
            f"{example.claimed:.4f}",
        )


@st.cache_data(max_entries=len(EXAMPLES), show_spinner=False)
def _counter_example_chart(key: str) -> dict:
    """The chart of a counter-example, which no other control changes."""
    point = EXAMPLES[key]
    return figures.counter_example_chart(counter_example(point.p_a, point.p_b, scale=1.0, c=point.c))
