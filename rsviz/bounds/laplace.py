"""Bounds for Laplace noise, density ~ exp(-|z|_1 / lambda); lambda is the scale."""

import numpy as np

from rsviz.bounds.papers import LECUYER, LI
from rsviz.bounds.record import Bound, Floats
from rsviz.bounds.stable import laplace_quantile_difference, log_ratio, minus_log_of_rest

TENG = "Teng, Lee and Yuan 2020, l1 Adversarial Robustness Certificates: a Randomized Smoothing Approach"


def laplace_l1(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Radius of the l1 ball in which a Laplace-smoothed classifier keeps its class.

    R = lambda/2 (G^-1(p_A) - G^-1(p_B)), G the unit Laplace distribution function: lambda/2 log(p_A/p_B)
    for p_A <= 1/2, else -lambda/2 log(4 p_B (1 - p_A)). Tight: two half-lines of one coordinate attain it.

    p_a, p_b: probabilities of the top and the runner-up class, float64 arrays of one shape, in [0, 1].
    scale: lambda, in pixel units.
    Source: proof P2 of the errata.
    """
    return scale / 2 * laplace_quantile_difference(p_a, p_b)


def teng_l1(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Larger of `pixeldp_l1` and `li_l1`; tight except for p_A > 1/2 and p_B < 1 - p_A.

    Source: Teng, Lee and Yuan 2020.
    """
    return np.maximum(pixeldp_l1(p_a, p_b, scale), li_l1(p_a, p_b, scale))


def li_l1(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """R = -lambda log(1 - p_A + p_B), from the Renyi divergence of order infinity; tight for p_B = 1 - p_A.

    Source: Li et al. 2019, Theorem 3.
    """
    return scale * minus_log_of_rest(p_a, p_b)


def pixeldp_l1(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """R = lambda/2 log(p_A/p_B), from pure differential privacy of the Laplace mechanism.

    Source: Lecuyer et al. 2019, Proposition 1 with delta = 0.
    """
    return scale / 2 * log_ratio(p_a, p_b)


LAPLACE_L1 = Bound(
    key="laplace-l1",
    title="Laplace, tight",
    colour="#9A5FC0",
    noise="laplace",
    norm="l1",
    paper="rsviz errata",
    theorem="Proof P2",
    statement=(
        "In every unit ℓ₁ direction the score of the noise is bounded by 1/λ with mean zero, so "
        "the Laplace quantile of a vote's probability moves at speed at most 1/λ; half-lines of "
        "one coordinate attain it."
    ),
    latex=r"\frac{\lambda}{2} \bigl(G^{-1}(p_A) - G^{-1}(p_B)\bigr)",
    scale_symbol=r"\lambda",
    formula=laplace_l1,
    text="{scale}/2 × (G⁻¹({p_a}) − G⁻¹({p_b}))",
    tight=True,
)

TENG_L1 = Bound(
    key="teng-l1",
    title="Teng et al.",
    colour="#8F8F2F",
    noise="laplace",
    norm="l1",
    paper=TENG,
    theorem="main theorem",
    statement=(
        "The better of two privacy arguments. It misses the tight radius where p_A > 1/2 and p_B < 1 - p_A."
    ),
    latex=r"\max\bigl\{\tfrac{\lambda}{2} \log\tfrac{p_A}{p_B},\; -\lambda \log(1 - p_A + p_B)\bigr\}",
    scale_symbol=r"\lambda",
    formula=teng_l1,
    text="max({scale}/2 × log({p_a}/{p_b}), −{scale} × log(1 − {p_a} + {p_b}))",
)

LI_L1 = Bound(
    key="li-l1",
    title="Li et al. (Laplace)",
    colour="#E0785A",
    noise="laplace",
    norm="l1",
    paper=LI,
    theorem="Theorem 3",
    statement=(
        "The Rényi argument with Laplace noise and order infinity. Tight in the binary case p_B = 1 -"
        " p_A, far from it with many classes."
    ),
    latex=r"-\lambda \log(1 - p_A + p_B)",
    scale_symbol=r"\lambda",
    formula=li_l1,
    text="−{scale} × log(1 − {p_a} + {p_b})",
)

PIXELDP_L1 = Bound(
    key="pixeldp-l1",
    title="PixelDP (Laplace)",
    colour="#3FB1A3",
    noise="laplace",
    norm="l1",
    paper=LECUYER,
    theorem="Proposition 1 with the Laplace mechanism, δ = 0",
    statement=(
        "Adding the noise is (‖δ‖₁ / λ)-differentially private, so no vote's probability "
        "changes by more than that factor, up or down."
    ),
    latex=r"\frac{\lambda}{2} \log\frac{p_A}{p_B}",
    scale_symbol=r"\lambda",
    formula=pixeldp_l1,
    text="{scale}/2 × log({p_a}/{p_b})",
)
