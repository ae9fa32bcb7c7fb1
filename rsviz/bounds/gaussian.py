"""Bounds for Gaussian noise, density ~ exp(-|z|_2^2 / (2 sigma^2)); sigma is the scale."""

from types import MappingProxyType

import numpy as np

from rsviz.bounds.record import Bound, Parameter
from rsviz.bounds.search import maximise
from rsviz.bounds.stable import log_ratio, normal_quantile_difference

COHEN = "Cohen, Rosenfeld and Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing"
LI = "Li, Chen, Wang and Carin 2019, Certified Adversarial Robustness with Additive Noise"
LECUYER = (
    "Lecuyer et al. 2019, Certified Robustness to Adversarial Examples with Differential Privacy (PixelDP)"
)
UNIFIED = "A Unified Framework for Randomized Smoothing Based Certified Defenses (ICLR 2020 submission)"


CLOSE, FAR = 0.01, 8.0
"""log(p_A/p_B) between which `li_l2` finds its order by Newton's method: nearer, the derivative is lost in
rounding and the order is known; farther, the method needs more steps than a search."""


def cohen_l2(p_a, p_b, scale):
    """Radius of the l2 ball in which a Gaussian-smoothed classifier keeps its class.

    R = sigma/2 (Phi^-1(p_A) - Phi^-1(p_B)), tight: a half-space classifier attains it.

    p_a, p_b: probabilities of the top and the runner-up class, float64 arrays of one shape, in [0, 1].
    scale: standard deviation sigma, in pixel units.
    Source: Cohen, Rosenfeld and Kolter 2019, Theorem 1.
    """
    return scale / 2 * normal_quantile_difference(p_a, p_b)


def li_l2(p_a, p_b, scale):
    """Radius from the Renyi divergence of order alpha > 1.

    R = sup_{alpha > 1} sigma sqrt(-2/alpha log(1 - p_A - p_B + 2 M_{1-alpha}(p_A, p_B))),
    M_s the power mean of order s.
    Source: Li et al. 2019, Theorem 2.
    """
    return scale * np.sqrt(_li(p_a, p_b)[1])


def renyi_l2(p_a, p_b, scale):
    """Li's radius with the supremum over every order alpha > 0; never below `li_l2`.

    For 0 < alpha < 1 data processing holds and the Gaussian divergence has the same form, and the same
    minimisation over q gives the same formula.
    Source: Li et al. 2019, Theorem 2, extended (proof P1 of the errata).
    """
    return scale * np.sqrt(_renyi(p_a, p_b)[1])


def pixeldp_l2(p_a, p_b, scale):
    """Radius from (epsilon, delta) differential privacy of the Gaussian mechanism, best epsilon <= 1.

    R = sup sigma epsilon / sqrt(2 log(1.25/delta)), delta = (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon).
    The classical mechanism is proved only for epsilon <= 1.
    Source: Lecuyer et al. 2019, Proposition 1; Li et al. 2019, appendix A, with the missing delta restored.
    """
    return scale * _pixeldp(p_a, p_b)[1]


def dmr_l2(p_a, p_b, scale, c):
    """Radius claimed from D_MR robustness: sigma log(p_A/p_B) / (sqrt(2) (1 + c)). Not a certificate.

    Exceeds the tight radius on part of the triangle for every c.
    Source: Unified framework, Corollary 11.
    """
    return scale * log_ratio(p_a, p_b) / (np.sqrt(2) * (1 + c))


def zcdp_l2(p_a, p_b, scale, c_max):
    """Radius that D_MR robustness does prove: rho-zCDP gives (rho + c sqrt(rho), e^{-c^2/4})-privacy.

    R = sup sigma sqrt(2 rho), with epsilon = rho + c sqrt(rho) and
    e^{-c^2/4} = delta = (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon), over epsilon > 0 with c <= c_max.
    Only p_B = 0 can feel c_max; without it the supremum there would be infinite.
    Source: Bun and Steinke 2016, Proposition 1.3, in place of the Unified framework's Theorem 10.
    """
    return scale * _zcdp(p_a, p_b, c_max)[1]


def gaussian_linf(p_a, p_b, scale, dim):
    """Radius of the l_inf ball inside the l2 ball of `cohen_l2`: that radius / sqrt(d)."""
    return cohen_l2(p_a, p_b, scale) / np.sqrt(dim)


def dmr_linf(p_a, p_b, scale, dim, c):
    """Radius in l_inf claimed from D_MR robustness: `dmr_l2` / sqrt(d). Not a certificate.

    Source: Unified framework, Theorem 18 (noise variance d r^2 / (2 epsilon)) with Corollary 11.
    """
    return dmr_l2(p_a, p_b, scale, c) / np.sqrt(dim)


def _apart(p_a, p_b, solve):
    """Solve where p_a > p_b only; (argument, value) arrays with 0 elsewhere."""
    apart = p_a > p_b
    argument, value = np.zeros(p_a.shape), np.zeros(p_a.shape)
    if apart.any():
        argument[apart], value[apart] = solve(p_a[apart], p_b[apart])
    return argument, value


def _minus_log(deficit, rest):
    """-log(1 - deficit), given deficit and rest = 1 - deficit each to full precision."""
    return -np.where(deficit < 0.5, np.log1p(-deficit), np.log(rest))


class _RenyiDivergence:
    """2 D_alpha / alpha at the nearest distribution with another top class, for alpha = 1 + a.

    With l = log(p_A/p_B), g = sqrt(p_A p_B) and D0 = (sqrt p_A - sqrt p_B)^2 the sum in the logarithm is
    1 - D, D = D0 - 2g expm1(-v), v = log cosh(a l / 2) / a.
    """

    def __init__(self, p_a, p_b):
        self.p_a, self.p_b = p_a, p_b
        self.ratio = log_ratio(p_a, p_b)
        self.mean = np.sqrt(p_a) * np.sqrt(p_b)
        self.squared = ((p_a - p_b) / (np.sqrt(p_a) + np.sqrt(p_b))) ** 2
        self.rest = np.maximum((1 - p_a) - p_b, 0.0)

    def at_one(self):
        """The limit alpha -> 1."""
        return 2 * _minus_log(self.squared, self.rest + 2 * self.mean)

    def above_one(self, a):
        # log1p(2 sinh^2(x/2)) is log cosh x with all its digits next to 0; x < 200 for doubles and a <= 1/2
        v = np.log1p(2 * np.sinh(a * self.ratio / 4) ** 2) / a
        deficit = self.squared - 2 * self.mean * np.expm1(-v)
        return 2 * _minus_log(deficit, self.rest + 2 * self.mean * np.exp(-v)) / (1 + a)

    def best_above_one(self, steps=8):
        """The a in [0, 1/2] with the largest value, by Newton's method inside a shrinking bracket.

        The derivative has the sign of k(a) = log S - (1 + a) S'/S, S = 1 - D, and -log S is concave in a,
        so k falls. The value is flat at its top: what is lost is the square of what a misses.
        """
        half = self.ratio / 2
        low, high = np.zeros_like(half), np.full_like(half, 0.5)
        limit = 0.75 * (1 + self.p_a + self.p_b) - 1  # for p_B -> p_A
        a = np.clip(limit, 0.02, 0.48)
        for _ in range(steps):
            tail = np.expm1(-2 * a * half)
            tangent = -tail / (2 + tail)
            v = half + np.log1p(tail / 2) / a
            slope = (half * tangent - v) / a
            bend = (half**2 * (1 - tangent**2) - 2 * slope) / a
            mean = 2 * self.mean * np.exp(-v)
            rest = self.rest + mean
            change = -mean * slope / rest
            k = np.log(rest) - (1 + a) * change
            fall = (1 + a) * (mean * (slope**2 - bend) / rest - change**2)
            rising = k > 0
            low, high = np.where(rising, a, low), np.where(rising, high, a)
            step = a + k / fall
            inside = (step > low - 1e-9) & (step < high + 1e-9)  # a root that is met stays met
            a = np.where(inside, np.clip(step, low, high), (low + high) / 2)
        return np.where(self.ratio < CLOSE, np.clip(limit, 1e-6, 0.5), a)

    def below_one(self, b):
        """Order 1 - b. The power mean is taken relative to p_A, so that p_B = 0 needs no case of its own."""
        mean = self.p_a * np.exp(np.log1p(np.expm1(-b * self.ratio) / 2) / b)
        return 2 * _minus_log(self.p_a + self.p_b - 2 * mean, self.rest + 2 * mean) / (1 - b)

    def below_one_near(self, b):
        """The same for p_A next to p_B, where the other form would lose digits."""
        v = np.log1p(2 * np.sinh(b * self.ratio / 4) ** 2) / b
        deficit = self.squared - 2 * self.mean * np.expm1(v)
        return 2 * _minus_log(deficit, self.rest + 2 * self.mean * np.exp(v)) / (1 - b)


def _li(p_a, p_b):
    """(alpha, squared unit radius). The best order lies in [1, 3/2], and the function has one maximum."""

    def solve(p_a, p_b):
        divergence = _RenyiDivergence(p_a, p_b)
        a = divergence.best_above_one()
        far = (divergence.ratio > FAR) & (p_b > 0)  # with p_B = 0 the limit at 1 is the best
        if far.any():
            ends = np.zeros(far.sum()), np.full(far.sum(), 0.5)
            a[far], _ = maximise(_RenyiDivergence(p_a[far], p_b[far]).above_one, *ends, steps=36)
        at_one, value = divergence.at_one(), divergence.above_one(a)
        return np.where(value > at_one, 1 + a, 1.0), np.fmax(at_one, value)

    return _apart(p_a, p_b, solve)


def _renyi(p_a, p_b):
    """(alpha, squared unit radius): the best of Li's orders and of those in [1/4, 1)."""

    def solve(p_a, p_b):
        alpha, best = _li(p_a, p_b)
        near = p_a < np.e * p_b
        for part, form in ((near, "below_one_near"), (~near, "below_one")):
            if part.any():
                divergence = _RenyiDivergence(p_a[part], p_b[part])
                ends = np.zeros(part.sum()), np.full(part.sum(), 0.75)
                b, value = maximise(getattr(divergence, form), *ends, steps=36)
                alpha[part] = np.where(value > best[part], 1 - b, alpha[part])
                best[part] = np.maximum(best[part], value)
        return alpha, best

    return _apart(p_a, p_b, solve)


def _delta(p_a, ratio, epsilon):
    """The delta that (epsilon, delta)-privacy may have: (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon)."""
    return -p_a * np.expm1(2 * epsilon - ratio) / (1 + np.exp(epsilon))


def _pixeldp(p_a, p_b):
    """(epsilon, unit radius)."""

    def solve(p_a, p_b):
        ratio = log_ratio(p_a, p_b)

        def unit_radius(epsilon):
            return epsilon / np.sqrt(2 * np.log(1.25 / _delta(p_a, ratio, epsilon)))

        high = np.minimum(1.0, ratio / 2)
        epsilon, value = maximise(unit_radius, np.zeros(p_a.shape), high, steps=36)
        at_high = np.nan_to_num(unit_radius(high))
        return np.where(at_high > value, high, epsilon), np.maximum(at_high, value)

    return _apart(p_a, p_b, solve)


def _zcdp(p_a, p_b, c_max):
    """(epsilon, unit radius)."""

    def solve(p_a, p_b):
        ratio = log_ratio(p_a, p_b)
        # delta >= e^{-c_max^2/4} forces e^epsilon <= p_A e^{c_max^2/4} - 1
        top = np.log(np.maximum(p_a * np.exp(c_max**2 / 4) - 1, 1.0))
        high = np.minimum(ratio / 2, top)

        def unit_radius(epsilon):
            half_c = np.sqrt(np.maximum(-np.log(_delta(p_a, ratio, epsilon)), 0.0))
            rho_root = epsilon / (np.sqrt(half_c**2 + epsilon) + half_c)
            return np.where(half_c <= c_max / 2 * (1 + 1e-12), np.sqrt(2) * rho_root, 0.0)

        epsilon, value = maximise(unit_radius, np.zeros(p_a.shape), high, steps=40)
        at_high = unit_radius(high)
        return np.where(at_high > value, high, epsilon), np.maximum(at_high, value)

    return _apart(p_a, p_b, solve)


def _best_order(search):
    return lambda p_a, p_b, scale: {r"\alpha": float(search(p_a, p_b)[0])}


def _best_pixeldp(p_a, p_b, scale):
    epsilon = float(_pixeldp(p_a, p_b)[0])
    return {r"\varepsilon": epsilon, r"\delta": float(_delta(p_a, log_ratio(p_a, p_b), epsilon))}


def _best_zcdp(p_a, p_b, scale, c_max):
    return {r"\rho": float(_zcdp(p_a, p_b, c_max)[1]) ** 2 / 2}


_RENYI_LATEX = r"\sigma \Bigl(-\tfrac{2}{\alpha} \log(1 - p_A - p_B + 2 M_{1-\alpha}(p_A, p_B))\Bigr)^{1/2}"

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

BOUNDS = (
    Bound(
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
        tight=True,
    ),
    Bound(
        key="renyi-l2",
        title="Rényi, every order",
        colour="#56B4E9",
        noise="gaussian",
        norm="l2",
        paper=LI,
        theorem="Theorem 2 with the supremum over every α > 0 (errata, proof P1)",
        statement=(
            "A class can change only if the Rényi divergence between the two vote distributions reaches "
            "its smallest value over distributions with another top class; Gaussian noise bounds that "
            "divergence. Orders below 1 are as valid as those above and help where p_A + p_B is small."
        ),
        latex=r"\sup_{\alpha > 0}\; " + _RENYI_LATEX,
        scale_symbol=r"\sigma",
        formula=renyi_l2,
        latex_optimum=_RENYI_LATEX,
        optimum=_best_order(_renyi),
    ),
    Bound(
        key="li-l2",
        title="Li et al.",
        colour="#D55E00",
        noise="gaussian",
        norm="l2",
        paper=LI,
        theorem="Theorem 2",
        statement=(
            "As published: the Rényi divergence of order α > 1 between the votes at x and at x + "
            "δ is at most α ‖δ‖² / (2 σ²), and a change of class costs at least the "
            "stated logarithm."
        ),
        latex=r"\sup_{\alpha > 1}\; " + _RENYI_LATEX,
        scale_symbol=r"\sigma",
        formula=li_l2,
        latex_optimum=_RENYI_LATEX,
        optimum=_best_order(_li),
    ),
    Bound(
        key="pixeldp-l2",
        title="PixelDP (Gaussian)",
        colour="#009E73",
        noise="gaussian",
        norm="l2",
        paper=LECUYER,
        theorem="Proposition 1 with the Gaussian mechanism; Li et al. 2019, appendix A, corrected",
        statement=(
            "Adding the noise is (ε, δ)-differentially private for perturbations up to R, "
            "ε at most 1, and private votes cannot change their order while p_A ≥ e^(2ε) "
            "p_B + (1 + e^ε) δ."
        ),
        latex=r"\sup_{0 < \varepsilon \le 1} \frac{\sigma \cdot \varepsilon}{\sqrt{2 \log(1.25/\delta)}},"
        r"\quad \delta = \frac{p_A - e^{2\varepsilon} p_B}{1 + e^{\varepsilon}}",
        scale_symbol=r"\sigma",
        formula=pixeldp_l2,
        latex_optimum=r"\frac{\sigma \cdot \varepsilon}{\sqrt{2 \log(1.25/\delta)}}",
        optimum=_best_pixeldp,
    ),
    Bound(
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
        rigorous=False,
        parameters=MappingProxyType({"c": _C}),
    ),
    Bound(
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
        latex_optimum=r"\sigma \sqrt{2 \cdot \rho}",
        optimum=_best_zcdp,
        parameters=MappingProxyType({"c_max": _C_MAX}),
    ),
)

LINF_BOUNDS = (
    Bound(
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
        needs_dim=True,
        tight=True,
    ),
    Bound(
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
        rigorous=False,
        needs_dim=True,
        parameters=MappingProxyType({"c": _C}),
    ),
)
