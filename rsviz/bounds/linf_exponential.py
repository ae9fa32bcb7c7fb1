"""Bounds for the exponential mechanism, density ~ exp(-|z|_inf / sigma); sigma is the scale."""

from rsviz.bounds.papers import UNIFIED
from rsviz.bounds.record import Bound, Floats
from rsviz.bounds.stable import laplace_quantile_difference, log_ratio


def exponential_linf(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Radius of the l_inf ball in which a classifier smoothed with this noise keeps its class.

    R = sigma/2 (G^-1(p_A) - G^-1(p_B)), G the unit Laplace distribution function; tight in every dimension:
    the sets {(max z + min z)/2 <= s} attain it.

    p_a, p_b: probabilities of the top and the runner-up class, float64 arrays of one shape, in [0, 1].
    scale: sigma, in pixel units.
    Source: proof P2 of the errata.
    """
    return scale / 2 * laplace_quantile_difference(p_a, p_b)


def dinf_linf(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """R = sigma/2 log(p_A/p_B), from D_inf robustness (pure differential privacy).

    Source: Unified framework, Theorem 13.
    """
    return scale / 2 * log_ratio(p_a, p_b)


EXPONENTIAL_LINF = Bound(
    key="exponential-linf",
    title="Exponential, tight",
    colour="#B5651D",
    noise="linf-exponential",
    norm="linf",
    paper="rsviz errata",
    theorem="Proof P2",
    statement=(
        "The score of this noise is bounded by 1/σ in every unit ℓ∞ direction with mean zero, "
        "as for Laplace noise in ℓ₁; (max z + min z)/2 is exactly Laplace and attains the bound, in "
        "every dimension."
    ),
    latex=r"\frac{\sigma}{2} \bigl(G^{-1}(p_A) - G^{-1}(p_B)\bigr)",
    scale_symbol=r"\sigma",
    formula=exponential_linf,
    text="{scale}/2 × (G⁻¹({p_a}) − G⁻¹({p_b}))",
    tight=True,
)

DINF_LINF = Bound(
    key="dinf-linf",
    title="D_∞ (Unified)",
    colour="#C9A227",
    noise="linf-exponential",
    norm="linf",
    paper=UNIFIED,
    theorem="Theorem 13",
    statement=(
        "Pure differential privacy of the exponential mechanism. The radius needs no dimension, but "
        "the noise itself grows with it."
    ),
    latex=r"\frac{\sigma}{2} \log\frac{p_A}{p_B}",
    scale_symbol=r"\sigma",
    formula=dinf_linf,
    text="{scale}/2 × log({p_a}/{p_b})",
)
