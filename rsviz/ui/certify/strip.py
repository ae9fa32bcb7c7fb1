"""One certificate explained in steps, with its own numbers: noise, votes, p_A, formula, radius, attack."""

import math

import streamlit as st

from rsviz.bounds import BOUNDS, Bound, round_down
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.attack import shipped_example as shipped_attack
from rsviz.tasks.certify import CertifyProgress, limits_in_words
from rsviz.ui.glossary import explain

STYLE = """<style>
.st-key-strip [data-testid="stColumn"] {position: relative; min-width: 0}
.st-key-strip [data-testid="stColumn"]:not(:last-child)::after {
  content: "→"; position: absolute; right: -0.85rem; top: 1.6rem; opacity: 0.6; font-size: 1.1rem;
}
.st-key-strip [data-testid="stColumn"] [data-testid="stVerticalBlock"] {gap: 0.15rem}
.st-key-strip p {margin-bottom: 0.1rem; overflow-wrap: anywhere}
@media (max-width: 640px) {
  .st-key-strip [data-testid="stColumn"]:not(:last-child)::after {
    content: "↓"; right: auto; left: 0; top: auto; bottom: -1.25rem;
  }
}
.rsviz-axis {position: relative; height: 2.6rem; font-size: 0.72rem}
.rsviz-axis > * {position: absolute}
.rsviz-axis .line {left: 0; right: 0; top: 0.9rem; height: 1px; background: currentColor; opacity: 0.5}
.rsviz-axis .sure {top: 0.6rem; height: 0.6rem; background: #2E86C1}
.rsviz-axis .rival {top: 0.6rem; height: 0.6rem; background: #7A8794}
.rsviz-axis .seen {top: 0.35rem; width: 2px; height: 1.1rem; background: currentColor}
.rsviz-axis .end {top: 1.45rem; opacity: 0.8}
</style>"""
"""Of the strip: arrows between the steps, and the axis of p_A."""
WIDTHS = (1.0, 1.0, 1.35, 1.75, 0.95, 1.6)


def show(progress: CertifyProgress, card: Card, query: dict) -> None:
    """The steps of a finished certificate. query: of the link that carries its settings to an attack."""
    certificate = progress.result
    st.html(STYLE)
    bound = BOUNDS[next(iter(certificate.radii))]
    if len(certificate.radii) > 1 and not certificate.abstained:
        bound = BOUNDS[
            st.segmented_control(
                "Bound",
                list(certificate.radii),
                default=bound.key,
                required=True,
                format_func=lambda key: BOUNDS[key].title,
                key="certify_bound",
                help=explain("bound", "tight"),
            )
        ]
    with st.container(key="strip"):
        noise, votes, p_a, formula, radius, attack = st.columns(WIDTHS, gap="medium")
    with noise:
        _noise(certificate, card)
    with votes:
        _votes(certificate, card, progress.top)
    with p_a:
        _limits(certificate, progress.top)
    with formula:
        _formula(certificate, bound, math.prod(card.input_shape))
    with radius:
        _radius(certificate, bound)
    with attack:
        _attack(progress, bound, query)


def _head(words, *terms, more=""):
    st.markdown(f":small[**{words}**]", help="  \n".join(filter(None, [explain(*terms), more])))


def _noise(certificate, card):
    noise = NOISES[certificate.noise]
    _head("Noise", "noise", "scale")
    st.markdown(f"**{noise.symbol} = {certificate.scale:.4g}**")
    st.caption(f"{noise.title}, on each of {math.prod(card.input_shape):,} values")


def _votes(certificate, card, top):
    _head("Votes", "votes", "selecting votes")
    st.markdown(f"**{certificate.counts[top]:,}** of {certificate.n:,}")
    st.caption(f"say {card.classes[top]}")


def _limits(certificate, top):
    procedure = PROCEDURES[certificate.procedure]
    at_least, at_most = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
    _head("Limits", "p_A", "p_B", "alpha", more=f"**{procedure.title}**: {procedure.statement}")
    st.markdown(f"**p_A ≥ {at_least}**" if not certificate.abstained else f"p_A ≥ {at_least}")
    share = certificate.counts[top] / max(certificate.n, 1)
    st.html(axis(certificate.p_a_lower, certificate.p_b_upper, share))
    st.caption(f"p_B ≤ {at_most}, sure to {100 * (1 - certificate.alpha):.10g} %")


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

    rival = "" if proves else f'<div class="rival" style="left:0;width:{at(p_b_upper)};opacity:0.7"></div>'
    return (
        f'<div class="rsviz-axis" role="img" aria-label="p_A lies between {p_a_lower:.4f} and 1">'
        f'<div class="line"></div>{rival}'
        f'<div class="sure" style="left:{at(p_a_lower)};right:0;opacity:0.7"></div>'
        f'<div class="seen" style="left:{at(share)}"></div>'
        f'<div class="end" style="left:0">{begin:.{digits}f}</div><div class="end" style="right:0">1</div>'
        "</div>"
    )


def _digits(width: float) -> int:
    """Decimals that tell apart the ends of an axis of this width."""
    return 1 if width >= 0.5 else 1 - math.floor(math.log10(max(width, 1e-9)))


def _formula(certificate, bound: Bound, dim):
    quantiles = {"Φ": "Phi", "G⁻": "G"}
    terms = [word for sign, word in quantiles.items() if sign in bound.text]
    more = f"**{bound.title}**: {bound.statement} Source: {bound.paper}, {bound.theorem}."
    _head("Bound", "bound", *terms, more=more)
    if certificate.abstained:
        at_least, at_most = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
        st.markdown("**The chain ends here**")
        st.caption(f"A bound needs p_A > p_B, and {at_least} is not above {at_most}.")
        return
    point = (certificate.p_a_lower, certificate.p_b_upper, certificate.scale, dim)
    if not bound.text:
        st.latex(bound.filled(*point))
        return
    filled = bound.filled_text(*point)
    st.markdown(f":small[{filled}]".replace("*", "\\*"))
    solved = "Solved numerically: the numbers of the largest radius" if bound.optimum else "Filled in"
    st.caption(f"{bound.title}. {solved}.")


def _radius(certificate, bound):
    _head("Radius", "radius", "norm", "pixel units")
    if certificate.abstained:
        st.markdown("**none**")
        st.caption("no class is certified")
        return
    radius = certificate.radii[bound.key]
    st.markdown(f"**= {round_down(radius):.4g}**" if math.isfinite(radius) else "**no limit**")
    st.caption(f"in {NORMS[bound.norm].symbol}; {round_down(255 * radius):.4g} grey levels")


def _attack(progress, bound, query):
    certificate = progress.result
    _head("Attack", "attack", "certificate", "smoothed classifier")
    if certificate.abstained:
        st.markdown(":small[Nothing is promised: any change, however small, may change the answer.]")
    else:
        radius = round_down(certificate.radii[bound.key])
        st.markdown(
            f":small[**Shorter than {radius:.4g}:** no attack, known or unknown, changes "
            f"{certificate.predicted_name}.  \n**Longer:** nothing is promised.{_found(progress)}]"
        )
    st.page_link("pages/attack.py", label="Attack this image", icon=":material/bolt:", query_params=query)


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
