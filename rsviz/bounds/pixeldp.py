"""The bound for Gaussian noise in l2 from (epsilon, delta) differential privacy; sigma is the scale."""

import numpy as np

from rsviz.bounds.papers import LECUYER
from rsviz.bounds.record import Bound, Floats
from rsviz.bounds.search import maximise, solve_apart
from rsviz.bounds.stable import log_ratio


def pixeldp_l2(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """Radius from (epsilon, delta) differential privacy of the Gaussian mechanism, best epsilon <= 1.

    R = sup sigma epsilon / sqrt(2 log(1.25/delta)), delta = (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon).
    The classical mechanism is proved only for epsilon <= 1.
    Source: Lecuyer et al. 2019, Proposition 1; Li et al. 2019, appendix A, with the missing delta restored.
    """
    return scale * _pixeldp(p_a, p_b)[1]


def allowed_delta(p_a: Floats, ratio: Floats, epsilon: Floats) -> Floats:
    """The largest delta at which (epsilon, delta)-privacy keeps the class.

    delta = (p_A - e^{2 epsilon} p_B) / (1 + e^epsilon), with ratio = log(p_A/p_B).
    """
    return -p_a * np.expm1(2 * epsilon - ratio) / (1 + np.exp(epsilon))


def _pixeldp(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
    """(epsilon, unit radius)."""

    def solve(p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
        ratio = log_ratio(p_a, p_b)

        def unit_radius(epsilon: Floats) -> Floats:
            return epsilon / np.sqrt(2 * np.log(1.25 / allowed_delta(p_a, ratio, epsilon)))

        high = np.minimum(1.0, ratio / 2)
        epsilon, value = maximise(unit_radius, np.zeros(p_a.shape), high, steps=36)
        at_high = np.nan_to_num(unit_radius(high))
        return np.where(at_high > value, high, epsilon), np.maximum(at_high, value)

    return solve_apart(p_a, p_b, solve)


def _best_pixeldp(p_a: Floats, p_b: Floats, scale: Floats) -> dict[str, float]:
    epsilon = _pixeldp(p_a, p_b)[0]
    return {
        r"\varepsilon": float(epsilon),
        r"\delta": float(allowed_delta(p_a, log_ratio(p_a, p_b), epsilon)),
    }


PIXELDP_L2 = Bound(
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
    text="{scale} × {varepsilon} / √(2 log(1.25/{delta}))",
    latex_optimum=r"\frac{\sigma \cdot \varepsilon}{\sqrt{2 \log(1.25/\delta)}}",
    optimum=_best_pixeldp,
)
