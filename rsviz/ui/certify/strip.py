"""One certificate explained in steps, with its own numbers: noise, votes, p_A, formula, radius, attack."""

import math
from collections.abc import Callable

import streamlit as st

from rsviz.bounds import BOUNDS, Bound, round_down
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.attack import shipped_example as shipped_attack
from rsviz.tasks.certify import CertifyProgress, limits_in_words
from rsviz.ui.glossary import explain
from rsviz.ui.widgets import selectbox

STYLE = """<style>
.st-key-strip [data-testid="stVerticalBlock"] {gap: 0.4rem}
.st-key-strip [data-testid="stMarkdownContainer"] p {line-height: 1.45; overflow-wrap: anywhere}
.st-key-strip [data-testid="stColumn"] {position: relative}
.st-key-strip [data-testid="stColumn"]:not(:last-child)::after {
  content: "→"; position: absolute; right: -0.95rem; top: 1.5rem; opacity: 0.6; font-size: 1.1rem;
}
@media (max-width: 640px) {
  .st-key-strip [data-testid="stColumn"]:not(:last-child)::after {
    content: "↓"; right: auto; left: 0.2rem; top: auto; bottom: -1.2rem;
  }
}
.rsviz-axis {position: relative; height: 2.4rem; font-size: 0.85rem; max-width: 22rem}
.rsviz-axis > * {position: absolute}
.rsviz-axis .line {left: 0; right: 0; top: 0.6rem; height: 1px; background: currentColor; opacity: 0.5}
.rsviz-axis .sure {top: 0.3rem; height: 0.6rem; background: #2E86C1; opacity: 0.75}
.rsviz-axis .rival {top: 0.3rem; height: 0.6rem; background: #7A8794; opacity: 0.75}
.rsviz-axis .seen {top: 0.1rem; width: 2px; height: 1rem; background: currentColor}
.rsviz-axis .end {top: 1.15rem}
</style>"""
"""Of the strip: arrows between the steps, and the axis of p_A."""
WIDTHS = (1.1, 1.1, 1.35, 1.95, 1.15)


def show(progress: CertifyProgress, card: Card, link: Callable[[], None]) -> None:
    """The steps of a finished certificate. link: draws the one that carries its settings to an attack."""
    certificate, dim = progress.result, math.prod(card.input_shape)
    st.html(STYLE)
    with st.container(key="strip", border=True):
        noise, votes, limits, formula, radius = st.columns(WIDTHS, gap="medium")
        with noise:
            _noise(certificate, dim)
        with votes:
            _votes(certificate, card, progress.top)
        with limits:
            _limits(certificate, progress.top)
        with formula:
            bound = _formula(certificate, dim)
        with radius:
            _radius(certificate, bound)
        _attack(progress, bound)
        link()


def _step(title, *lines, terms=(), more=""):
    """A step: its title with a help mark, and lines below it. more: what the help says besides."""
    says = "  \n".join(filter(None, [explain(*terms), more]))
    st.markdown("  \n".join([f":small[**{title}**]", *lines]), help=says)


def _noise(certificate, dim):
    noise = NOISES[certificate.noise]
    each = f":small[{noise.title}, on each of {dim:,} values]"
    _step("Noise", f"**{noise.symbol} = {certificate.scale:.4g}**", each, terms=("noise", "scale"))


def _votes(certificate, card, top):
    of = f":small[of {certificate.n:,} say {card.classes[top]}]"
    _step("Votes", f"**{certificate.counts[top]:,}**", of, terms=("votes", "selecting votes"))


def _limits(certificate, top):
    procedure = PROCEDURES[certificate.procedure]
    at_least, at_most = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
    more = f"**{procedure.title}**: {procedure.statement}"
    _step("Limits", f"**p_A ≥ {at_least}**", terms=("p_A", "p_B", "alpha"), more=more)
    share = certificate.counts[top] / max(certificate.n, 1)
    st.html(axis(certificate.p_a_lower, certificate.p_b_upper, share))
    sure = f"{100 * (1 - certificate.alpha):.10g}\N{NO-BREAK SPACE}%"
    st.markdown(f":small[p_B ≤ {at_most}  \nconfidence {sure}]")


def axis(p_a_lower: float, p_b_upper: float, share: float) -> str:
    """HTML of the axis of p_A, which begins where it matters: where p_A may be, and the share of the votes.

    Where the limits do not prove a class, the place of p_B is drawn too: the two overlap.
    """
    proves = p_a_lower > p_b_upper
    first = min(p_a_lower, share) if proves else 0.0
    begin = max(0.0, 1 - 1.6 * (1 - first)) if proves else 0.0
    begin = math.floor(begin * 10 ** (digits := _digits(1 - begin))) / 10**digits

    def at(value):
        return f"{100 * (value - begin) / (1 - begin):.2f}%"

    rival = "" if proves else f'<div class="rival" style="left:0;width:{at(p_b_upper)}"></div>'
    return (
        f'<div class="rsviz-axis" role="img" aria-label="p_A lies between {p_a_lower:.4f} and 1">'
        f'<div class="line"></div>{rival}'
        f'<div class="sure" style="left:{at(p_a_lower)};right:0"></div>'
        f'<div class="seen" style="left:{at(share)}"></div>'
        f'<div class="end" style="left:0">{begin:.{digits}f}</div><div class="end" style="right:0">1</div>'
        "</div>"
    )


def _digits(width: float) -> int:
    """Decimals that tell apart the ends of an axis of this width."""
    return 1 if width >= 0.5 else 1 - math.floor(math.log10(max(width, 1e-9)))


def _formula(certificate, dim) -> Bound:
    """The bound that a person chooses among those that fit the noise, with the numbers filled in."""
    keys = list(certificate.radii)
    if certificate.abstained:
        at_least, at_most = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
        why = f":small[A bound needs p_A > p_B, and {at_least} is not above {at_most}.]"
        _step("Bound", "**The chain ends here**", why, terms=("bound", "abstain"))
        return BOUNDS[keys[0]]
    bound = BOUNDS[st.session_state.get("certify_bound", keys[0])]
    bound = bound if bound.key in keys else BOUNDS[keys[0]]
    quantiles = [word for sign, word in {"Φ": "Phi", "G⁻": "G"}.items() if sign in bound.text]
    source = f"**{bound.title}**: {bound.statement} {bound.paper}, {bound.theorem}."
    says = "  \n".join([explain("bound", "tight", *quantiles), source])
    if len(keys) > 1:
        selectbox(
            "Bound",
            keys,
            index=keys.index(bound.key),
            format_func=lambda key: BOUNDS[key].title,
            key="certify_bound",
            help=says,
        )
    else:
        _step("Bound", f"**{bound.title}**", more=says)
    point = (certificate.p_a_lower, certificate.p_b_upper, certificate.scale, dim)
    if bound.text:
        solved = "  \n:small[Solved numerically: these numbers give the most.]" if bound.optimum else ""
        st.markdown(f"{bound.filled_text(*point)}{solved}")
    else:
        st.latex(bound.filled(*point))
    return bound


def _radius(certificate, bound):
    terms = ("radius", "norm", "pixel units")
    if certificate.abstained:
        _step("Radius", "**none**", ":small[no class is certified]", terms=terms)
        return
    radius = certificate.radii[bound.key]
    if not math.isfinite(radius):
        _step("Radius", "**no limit**", f":small[in {NORMS[bound.norm].symbol}]", terms=terms)
        return
    grey = f":small[in {NORMS[bound.norm].symbol}; {round_down(255 * radius):.4g} grey levels]"
    _step("Radius", f"**= {round_down(radius):.4g}**", grey, terms=terms)


def _attack(progress, bound):
    certificate, terms = progress.result, ("attack", "certificate", "smoothed classifier")
    if certificate.abstained:
        _step("Attack", "Nothing is promised: any change may change the answer.", terms=terms)
        return
    radius = f"{NORMS[bound.norm].symbol} {round_down(certificate.radii[bound.key]):.4g}"
    inside = f"**Inside, below {radius}:** no attack, known or unknown, changes {certificate.predicted_name}."
    _step("Attack", f"{inside} **Outside:** nothing is promised.{_found(progress)}", terms=terms)


def _found(progress) -> str:
    """What the shipped attack found, where it attacked the same image under the same noise."""
    attacked, asked = shipped_attack(), progress.request
    same = ("checkpoint", "image", "noise", "scale")
    if any(getattr(attacked.request, name) != getattr(asked, name) for name in same):
        return ""
    result = attacked.result
    if result.verdict != "changed":
        return ""
    length = f"{NORMS[result.norm].symbol} {result.distance:.4g}"
    return f" An attack found {result.after_name} at {length}."
