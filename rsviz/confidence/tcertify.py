"""T-CERTIFY of Feng et al.: alpha divided between p_A and the sum over the other classes, best division."""

import numpy as np
from scipy.special import betaincc, gammaln, ndtri, xlog1py, xlogy

from rsviz.confidence.clopper_pearson import clopper_pearson_lower, clopper_pearson_upper
from rsviz.confidence.record import CheckedCounts, Floats, Integers, Procedure

SHARES = np.arange(1, 11) / 10
"""alpha'/alpha on the grid of T-CERTIFY."""


def _tcertify(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    """Limits at the alpha' of largest Gaussian radius; those of CERTIFY where it abstains."""
    shape, n, votes = checked.n.shape, checked.n.ravel(), checked.votes.ravel()
    lower = clopper_pearson_lower(votes, n, alpha)
    upper = 1.0 - lower  # alpha' = alpha leaves nothing for p_B: its published limit would be 1
    open_rows = np.flatnonzero((lower > 0.5) & (checked.others.shape[-1] > 1))
    if len(open_rows):
        others = checked.others.reshape(len(n), -1)[open_rows]
        found = _best_split(votes[open_rows], others, n[open_rows], alpha)
        better = _unit_radius(*found) > _unit_radius(lower[open_rows], upper[open_rows])
        lower[open_rows[better]], upper[open_rows[better]] = found[0][better], found[1][better]
    return lower.reshape(shape), upper.reshape(shape)


def _best_split(votes: Integers, others: Integers, n: Integers, alpha: float) -> tuple[Floats, Floats]:
    """(p_a_lower, p_b_upper) of each row at its best alpha' < alpha; p_a_lower <= 1/2 proves nothing."""
    shares = SHARES[:-1, None]
    pairs, place = np.unique(votes + 1j * n, return_inverse=True)
    lower = clopper_pearson_lower(pairs.real, pairs.imag, shares * alpha)[:, place]
    upper = _sum_upper_levels(others, n, (1 - shares[:, 0]) * alpha)
    radius = np.where(lower > 0.5, _unit_radius(lower, np.minimum(upper, 1.0 - lower)), -np.inf)
    best = radius.argmax(0)
    rows = np.arange(len(n))
    level = (1 - SHARES[best]) * alpha
    p_a_lower = lower[best, rows]
    p_b_upper = _newton(upper[best, rows], others, n, level)
    return p_a_lower, np.minimum(p_b_upper, 1.0 - p_a_lower)


def _unit_radius(p_a: Floats, p_b: Floats) -> Floats:
    return (ndtri(p_a) - ndtri(p_b)) / 2


def _sum_upper_levels(others: Integers, n: Integers, levels: Floats) -> Floats:
    """Equation 14 of the paper: the p at which P(Bin(n, p) <= count), summed over the others, is each level.

    Accurate to about 1e-6 of the distance from the largest count; `_newton` removes that error.

    others: (rows, classes - 1). n: (rows,). levels: (levels,). Returns (levels, rows).
    """
    largest, classes = others.max(-1), others.shape[-1]
    low = clopper_pearson_upper(largest, n, levels.max())
    high = clopper_pearson_upper(largest, n, levels.min() / classes)
    # the logarithm of the sum is nearly quadratic in p: interpolate its inverse through five points
    nodes = (1 - np.cos((2 * np.arange(5) + 1) * np.pi / 10)) / 2
    p = low + (high - low) * nodes[:, None]
    height = np.log(_tails(p, others, n))
    wanted = np.log(levels)
    found = np.zeros((len(levels), len(n)))
    for i in range(len(nodes)):
        weight = np.ones_like(found)
        for j in range(len(nodes)):
            if j != i:
                weight *= (wanted[:, None] - height[j]) / (height[i] - height[j])
        found += weight * p[i]
    return np.clip(found, low, high)


def _newton(p: Floats, others: Integers, n: Integers, level: Floats) -> Floats:
    """One Newton step on the logarithm of the sum, which is concave: the step lands on the safe side."""
    counts = others.astype(float)
    tails = _tails(p, others, n)
    log_density = (
        gammaln(n + 1.0)[:, None]
        - gammaln(counts + 1)
        - gammaln(np.maximum(n[:, None] - counts, 1.0))
        + xlogy(counts, p[:, None])
        + xlog1py(n[:, None] - counts - 1, -p[:, None])
    )
    slope = -np.exp(log_density).sum(-1)  # derivative of P(Bin(n, p) <= count) in p, summed
    return np.minimum(p - np.log(tails / level) * tails / slope, 1.0)


def _tails(p: Floats, others: Integers, n: Integers) -> Floats:
    """Sum over classes of P(Bin(n, p) <= count); p: (..., rows), others: (rows, classes - 1)."""
    counts = others.astype(float)
    return betaincc(counts + 1, n[:, None] - counts, p[..., None]).sum(-1)


TCERTIFY = Procedure(
    key="tcertify",
    title="T-CERTIFY",
    short="T-CERTIFY",
    statement=(
        "As published: alpha' = 0.1 to 1.0 alpha for p_A, the rest for the sum over the other classes, and "
        "the alpha' of largest Gaussian radius, all on the same votes; at alpha' = alpha, where the "
        "published limit of p_B degenerates to 1, it is 1 - p_a_lower. The paper's proof covers one alpha', "
        "not the best of ten; a union bound proves only 1.9 alpha. Computed exactly in small cases, the "
        "limits fail with up to 1.11 alpha, the radius never with more than alpha."
    ),
    source="Feng et al., Regularized Training and Tight Certification, Algorithm 2; errata D1 to D6",
    assumes=(
        "The class was chosen on other votes; n was fixed before the first vote; and that choosing the best "
        "alpha' after seeing the votes costs nothing, which is not proved."
    ),
    colour="#E69F00",
    valid=False,
    formula=_tcertify,
)
