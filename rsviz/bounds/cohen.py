"""The tight bound for Gaussian noise in l2, and what it gives in l_inf; sigma is the scale."""

import numpy as np

from rsviz.bounds.papers import COHEN
from rsviz.bounds.record import Bound, Floats
from rsviz.bounds.stable import normal_quantile_difference


def cohen_l2(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Radius of the l2 ball in which a Gaussian-smoothed classifier keeps its class.

    R = sigma/2 (Phi^-1(p_A) - Phi^-1(p_B)), tight: a half-space classifier attains it.

    p_a, p_b: probabilities of the top and the runner-up class, float64 arrays of one shape, in [0, 1].
    scale: standard deviation sigma, in pixel units.
    Source: Cohen, Rosenfeld and Kolter 2019, Theorem 1.
    """
    return scale / 2 * normal_quantile_difference(p_a, p_b)


def gaussian_linf(p_a: Floats, p_b: Floats, scale: Floats, dim: int) -> Floats:
    """Radius of the l_inf ball inside the l2 ball of `cohen_l2`: that radius / sqrt(d)."""
    return cohen_l2(p_a, p_b, scale) / np.sqrt(dim)


COHEN_L2 = Bound(
    key="cohen-l2",
    title="Cohen et al.",
    colour="#0072B2",
    noise="gaussian",
    norm="l2",
    paper=COHEN,
    theorem="Theorem 1; used by Unified, NAL and ADRE",
    statement=(
        "The smoothed classifier keeps its class for every perturbation shorter than R; a half-space "
        "classifier with the same p_A and p_B loses it at R, so no larger radius holds."
    ),
    latex=r"\frac{\sigma}{2} \bigl(\Phi^{-1}(p_A) - \Phi^{-1}(p_B)\bigr)",
    scale_symbol=r"\sigma",
    formula=cohen_l2,
    text="{scale}/2 × (Φ⁻¹({p_a}) − Φ⁻¹({p_b}))",
    tight=True,
)

GAUSSIAN_LINF = Bound(
    key="gaussian-linf",
    title="Gaussian, through l2",
    colour="#3F8FD2",
    noise="gaussian",
    norm="linf",
    paper=COHEN,
    theorem="Theorem 1 with ‖δ‖₂ ≤ √(d) ‖δ‖∞",
    statement="The ℓ∞ ball of this radius lies inside the certified ℓ₂ ball.",
    latex=r"\frac{\sigma}{2 \sqrt{d}} \bigl(\Phi^{-1}(p_A) - \Phi^{-1}(p_B)\bigr)",
    scale_symbol=r"\sigma",
    formula=gaussian_linf,
    text="{scale}/(2 √{d}) × (Φ⁻¹({p_a}) − Φ⁻¹({p_b}))",
    needs_dim=True,
    tight=True,
)
