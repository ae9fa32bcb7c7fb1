"""Gaussian noise in the Unified framework: its D_MR claims, and the bound that D_MR robustness does prove.

sigma is the scale.
"""

from types import MappingProxyType

import numpy as np

from rsviz.bounds.papers import UNIFIED
from rsviz.bounds.pixeldp import allowed_delta
from rsviz.bounds.record import Bound, Floats, Parameter
from rsviz.bounds.search import maximise, solve_apart
from rsviz.bounds.stable import log_ratio


def dmr_l2(p_a: Floats, p_b: Floats, scale: Floats, c: float) -> Floats:
    """Radius claimed from D_MR robustness: sigma log(p_A/p_B) / (sqrt(2) (1 + c)). Not a certificate.

    It exceeds the tight radius on part of the triangle for every c.
    Source: Unified framework, Corollary 11.
    """
    return scale * log_ratio(p_a, p_b) / (np.sqrt(2) * (1 + c))


def zcdp_l2(p_a: Floats, p_b: Floats, scale: Floats, c_max: float) -> Floats:
    """Radius that D_MR robustness does prove: rho-zCDP gives (rho + c sqrt(rho), e^{-c^2/4})-privacy.

    R = sup sigma sqrt(2 rho), with epsilon = rho + c sqrt(rho) and
    e^{-c^2/4} = delta = (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon), over epsilon > 0 with c <= c_max.
    c_max matters only where p_B = 0: without it the supremum would be infinite there.
    Source: Bun and Steinke 2016, Proposition 1.3, in place of the Unified framework's Theorem 10.
    """
    return scale * _zcdp(p_a, p_b, c_max)[1]


def dmr_linf(p_a: Floats, p_b: Floats, scale: Floats, dim: int, c: float) -> Floats:
    """Radius in l_inf claimed from D_MR robustness: `dmr_l2` / sqrt(d). Not a certificate.

    Source: Unified framework, Theorem 18 (noise variance d r^2 / (2 epsilon)) with Corollary 11.
    """
    return dmr_l2(p_a, p_b, scale, c) / np.sqrt(dim)


def _zcdp(p_a: Floats, p_b: Floats, c_max: float) -> tuple[Floats, Floats]:
    """(epsilon, unit radius)."""

    def solve(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
        ratio = log_ratio(p_a, p_b)
        # delta >= e^{-c_max^2/4} forces e^epsilon <= p_A e^{c_max^2/4} - 1
        top = np.log(np.maximum(p_a * np.exp(c_max**2 / 4) - 1, 1.0))
        high = np.minimum(ratio / 2, top)

        def unit_radius(epsilon: Floats) -> Floats:
            half_c = np.sqrt(np.maximum(-np.log(allowed_delta(p_a, ratio, epsilon)), 0.0))
            rho_root = epsilon / (np.sqrt(half_c**2 + epsilon) + half_c)
            return np.where(half_c <= c_max / 2 * (1 + 1e-12), np.sqrt(2) * rho_root, 0.0)

        epsilon, value = maximise(unit_radius, np.zeros(p_a.shape), high, steps=40)
        at_high = unit_radius(high)
        return np.where(at_high > value, high, epsilon), np.maximum(at_high, value)

    return solve_apart(p_a, p_b, solve)


def _best_zcdp(p_a: Floats, p_b: Floats, scale: Floats, c_max: float) -> dict[str, float]:
    return {r"\rho": float(_zcdp(p_a, p_b, c_max)[1]) ** 2 / 2}


_C = Parameter(
    name="c",
    symbol="c",
    title="c: the claim is made with probability 1 - exp(-c²/4)",
    default=1.0,
    low=0.0,
    high=10.0,
)

_C_MAX = Parameter(
    name="c_max",
    symbol=r"c_{\max}",
    title="largest c that is tried: δ = exp(-c²/4) stays above 1e-173",
    default=39.9,
    low=1.0,
    high=50.0,
)

DMR_L2 = Bound(
    key="dmr-l2",
    title="D_MR (Unified)",
    colour="#CC4C9C",
    noise="gaussian",
    norm="l2",
    paper=UNIFIED,
    theorem="Corollary 11",
    statement=(
        "Not a certificate: the privacy-loss tail is read as if it held for every event, and the "
        "number exceeds the tight radius on part of the triangle for every c."
    ),
    latex=r"\frac{\sigma \log(p_A / p_B)}{\sqrt{2}\,(1 + c)}",
    scale_symbol=r"\sigma",
    formula=dmr_l2,
    text="{scale} × log({p_a}/{p_b}) / (√2 (1 + {c}))",
    rigorous=False,
    parameters=MappingProxyType({"c": _C}),
)

ZCDP_L2 = Bound(
    key="zcdp-l2",
    title="zCDP",
    colour="#E69F00",
    noise="gaussian",
    norm="l2",
    paper=UNIFIED,
    theorem="what its Theorem 10 does prove, through Bun and Steinke 2016, Proposition 1.3",
    statement=(
        "D_MR robustness is ρ-zCDP, which gives (ρ + c √(ρ), exp(-c²/4))-differential "
        "privacy; that keeps the order of the votes while p_A ≥ e^(2ε) p_B + (1 + e^ε) "
        "δ."
    ),
    latex=r"\sup_{\varepsilon > 0}\; \sigma \sqrt{2 \rho},"
    r"\quad \rho + 2\sqrt{\rho \log(1/\delta)} = \varepsilon,"
    r"\quad \delta = \frac{p_A - e^{2\varepsilon} p_B}{1 + e^{\varepsilon}}",
    scale_symbol=r"\sigma",
    formula=zcdp_l2,
    text="{scale} × √(2 × {rho})",
    latex_optimum=r"\sigma \sqrt{2 \cdot \rho}",
    optimum=_best_zcdp,
    parameters=MappingProxyType({"c_max": _C_MAX}),
)

DMR_LINF = Bound(
    key="dmr-linf",
    title="D_MR in ℓ∞ (Unified)",
    colour="#E377C2",
    noise="gaussian",
    norm="linf",
    paper=UNIFIED,
    theorem="Theorem 18 with Corollary 11",
    statement=(
        "Not a certificate, for the reason of D_MR in ℓ₂: it exceeds the tight radius on part of the "
        "triangle."
    ),
    latex=r"\frac{\sigma \log(p_A / p_B)}{\sqrt{2 \cdot d}\,(1 + c)}",
    scale_symbol=r"\sigma",
    formula=dmr_linf,
    text="{scale} × log({p_a}/{p_b}) / (√(2 × {d}) (1 + {c}))",
    rigorous=False,
    needs_dim=True,
    parameters=MappingProxyType({"c": _C}),
)
