"""Bounds for Gaussian noise in l2 from the Renyi divergence between votes; sigma is the scale."""

from collections.abc import Callable

import numpy as np

from rsviz.bounds.papers import LI
from rsviz.bounds.record import Bound, Floats
from rsviz.bounds.search import Solve, maximise, solve_apart
from rsviz.bounds.stable import log_ratio

CLOSE, FAR = 0.01, 8.0
"""`li_l2` finds its order by Newton's method where log(p_A/p_B) lies between these two numbers.

Below, rounding destroys the derivative, and the order is known. Above, the method needs more steps than a
search.
"""


def li_l2(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Radius from the Renyi divergence of order alpha > 1.

    R = sup_{alpha > 1} sigma sqrt(-2/alpha log(1 - p_A - p_B + 2 M_{1-alpha}(p_A, p_B))),
    M_s the power mean of order s.
    Source: Li et al. 2019, Theorem 2.
    """
    return scale * np.sqrt(_li(p_a, p_b)[1])


def renyi_l2(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Li's radius with the supremum over every order alpha > 0; never below `li_l2`.

    For 0 < alpha < 1 data processing holds and the Gaussian divergence has the same form, and the same
    minimisation over q gives the same formula.
    Source: Li et al. 2019, Theorem 2, extended (proof P1 of the errata).
    """
    return scale * np.sqrt(_renyi(p_a, p_b)[1])


def _minus_log(deficit: Floats, rest: Floats) -> Floats:
    """-log(1 - deficit), given deficit and rest = 1 - deficit each to full precision."""
    return -np.where(deficit < 0.5, np.log1p(-deficit), np.log(rest))


class _RenyiDivergence:
    """2 D_alpha / alpha at the nearest distribution with another top class, for alpha = 1 + a.

    With l = log(p_A/p_B), g = sqrt(p_A p_B) and D0 = (sqrt p_A - sqrt p_B)^2 the sum in the logarithm is
    1 - D, D = D0 - 2g expm1(-v), v = log cosh(a l / 2) / a.
    """

    def __init__(self, p_a: Floats, p_b: Floats) -> None:
        self.p_a, self.p_b = p_a, p_b
        self.ratio = log_ratio(p_a, p_b)
        self.mean = np.sqrt(p_a) * np.sqrt(p_b)
        self.squared = ((p_a - p_b) / (np.sqrt(p_a) + np.sqrt(p_b))) ** 2
        self.rest = np.maximum((1 - p_a) - p_b, 0.0)

    def at_one(self) -> Floats:
        """The limit alpha -> 1."""
        return 2 * _minus_log(self.squared, self.rest + 2 * self.mean)

    def above_one(self, a: Floats) -> Floats:
        """Order 1 + a."""
        # log1p(2 sinh^2(x/2)) is log cosh x, accurate next to 0; x < 200 for doubles and a <= 1/2
        v = np.log1p(2 * np.sinh(a * self.ratio / 4) ** 2) / a
        deficit = self.squared - 2 * self.mean * np.expm1(-v)
        return 2 * _minus_log(deficit, self.rest + 2 * self.mean * np.exp(-v)) / (1 + a)

    def best_above_one(self, steps: int = 8) -> Floats:
        """The a in [0, 1/2] with the largest value, by Newton's method inside a shrinking bracket.

        The derivative has the sign of k(a) = log S - (1 + a) S'/S, S = 1 - D, and -log S is concave in a,
        so k falls. The value is flat at its top: an error e of a costs about e^2 of the value.
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
            inside = (step > low - 1e-9) & (step < high + 1e-9)  # a step of 0 from the root stays there
            a = np.where(inside, np.clip(step, low, high), (low + high) / 2)
        return np.where(self.ratio < CLOSE, np.clip(limit, 1e-6, 0.5), a)

    def below_one(self, b: Floats) -> Floats:
        """Order 1 - b. The power mean is relative to p_A, so that p_B = 0 needs no special case."""
        mean = self.p_a * np.exp(np.log1p(np.expm1(-b * self.ratio) / 2) / b)
        return 2 * _minus_log(self.p_a + self.p_b - 2 * mean, self.rest + 2 * mean) / (1 - b)

    def below_one_near(self, b: Floats) -> Floats:
        """The same for p_A next to p_B, where the other form would lose digits."""
        v = np.log1p(2 * np.sinh(b * self.ratio / 4) ** 2) / b
        deficit = self.squared - 2 * self.mean * np.expm1(v)
        return 2 * _minus_log(deficit, self.rest + 2 * self.mean * np.exp(v)) / (1 - b)


def _li(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
    """(alpha, squared unit radius). The best order lies in [1, 3/2], and the function has one maximum."""

    def solve(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
        divergence = _RenyiDivergence(p_a, p_b)
        a = divergence.best_above_one()
        far = (divergence.ratio > FAR) & (p_b > 0)  # with p_B = 0 the limit at 1 is the best
        if far.any():
            ends = np.zeros(far.sum()), np.full(far.sum(), 0.5)
            a[far], _ = maximise(_RenyiDivergence(p_a[far], p_b[far]).above_one, *ends, steps=36)
        at_one, value = divergence.at_one(), divergence.above_one(a)
        return np.where(value > at_one, 1 + a, 1.0), np.fmax(at_one, value)

    return solve_apart(p_a, p_b, solve)


def _renyi(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
    """(alpha, squared unit radius): the best of Li's orders and of those in [1/4, 1)."""

    def solve(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
        alpha, best = _li(p_a, p_b)
        near = p_a < np.e * p_b
        for part in (near, ~near):
            if part.any():
                divergence = _RenyiDivergence(p_a[part], p_b[part])
                ends = np.zeros(part.sum()), np.full(part.sum(), 0.75)
                form = divergence.below_one_near if part is near else divergence.below_one
                b, value = maximise(form, *ends, steps=36)
                alpha[part] = np.where(value > best[part], 1 - b, alpha[part])
                best[part] = np.maximum(best[part], value)
        return alpha, best

    return solve_apart(p_a, p_b, solve)


def _best_order(search: Solve) -> Callable[..., dict[str, float]]:
    return lambda p_a, p_b, scale: {r"\alpha": float(search(p_a, p_b)[0])}


_RENYI_LATEX = r"\sigma \Bigl(-\tfrac{2}{\alpha} \log(1 - p_A - p_B + 2 M_{1-\alpha}(p_A, p_B))\Bigr)^{1/2}"

RENYI_L2 = Bound(
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
    text="{scale} × √(−2/{alpha} × log(1 − {p_a} − {p_b} + 2 M({p_a}, {p_b}))), M of order 1 − {alpha}",
    latex_optimum=_RENYI_LATEX,
    optimum=_best_order(_renyi),
)

LI_L2 = Bound(
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
    text="{scale} × √(−2/{alpha} × log(1 − {p_a} − {p_b} + 2 M({p_a}, {p_b}))), M of order 1 − {alpha}",
    latex_optimum=_RENYI_LATEX,
    optimum=_best_order(_li),
)
