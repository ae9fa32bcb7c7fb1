"""Procedures for a number of votes that was fixed beforehand, built on Clopper-Pearson limits."""

import numpy as np
from scipy.special import betaincc, gammaln, ndtri, xlog1py, xlogy

from rsviz.confidence.clopper_pearson import clopper_pearson_lower, clopper_pearson_upper
from rsviz.confidence.record import Procedure


def _cohen(tally, alpha):
    p_a_lower = clopper_pearson_lower(tally.votes, tally.n, alpha)
    return p_a_lower, 1.0 - p_a_lower


def _split(tally, alpha):
    p_a_lower = clopper_pearson_lower(tally.votes, tally.n, alpha / 2)
    p_b_upper = clopper_pearson_upper(tally.runner_up, tally.n, alpha / 2)
    return p_a_lower, np.minimum(p_b_upper, 1.0 - p_a_lower)


def _li(tally, alpha):
    # The paper certifies the class that leads these votes; for another it says nothing
    leads = tally.votes >= tally.runner_up
    p_a_lower, p_b_upper = _split(tally, alpha)
    return np.where(leads, p_a_lower, 0.0), np.where(leads, p_b_upper, 1.0)


SHARES = np.arange(1, 11) / 10
"""alpha'/alpha on the grid of T-CERTIFY."""


def _tcertify(tally, alpha):
    """Limits at the alpha' of largest Gaussian radius; those of CERTIFY where it abstains."""
    shape, n, votes = tally.n.shape, tally.n.ravel(), tally.votes.ravel()
    lower = clopper_pearson_lower(votes, n, alpha)
    upper = 1.0 - lower  # alpha' = alpha leaves nothing for p_B, whose published limit would be 1
    open_rows = np.flatnonzero((lower > 0.5) & (tally.others.shape[-1] > 1))
    if len(open_rows):
        others = tally.others.reshape(len(n), -1)[open_rows]
        found = _best_split(votes[open_rows], others, n[open_rows], alpha)
        better = _unit_radius(*found) > _unit_radius(lower[open_rows], upper[open_rows])
        lower[open_rows[better]], upper[open_rows[better]] = found[0][better], found[1][better]
    return lower.reshape(shape), upper.reshape(shape)


def _best_split(votes, others, n, alpha):
    """(p_a_lower, p_b_upper) of each row at its best alpha' < alpha; p_a_lower <= 1/2 counts for nothing."""
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


def _unit_radius(p_a, p_b):
    return (ndtri(p_a) - ndtri(p_b)) / 2


def _sum_upper_levels(others, n, levels):
    """Equation 14 of the paper: the p at which P(Bin(n, p) <= count), summed over the others, is each level.

    Accurate to about 1e-6 of the distance from the largest count; `_newton` does the rest.

    others: (rows, classes - 1). n: (rows,). levels: (levels,). Returns (levels, rows).
    """
    largest, classes = others.max(-1), others.shape[-1]
    low = clopper_pearson_upper(largest, n, levels.max())
    high = clopper_pearson_upper(largest, n, levels.min() / classes)
    # log of the sum is close to quadratic in p: its inverse is interpolated through five points
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


def _newton(p, others, n, level):
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


def _tails(p, others, n):
    """Sum over classes of P(Bin(n, p) <= count); p: (..., rows), others: (rows, classes - 1)."""
    counts = others.astype(float)
    return betaincc(counts + 1, n[:, None] - counts, p[..., None]).sum(-1)


COHEN = Procedure(
    key="cohen",
    title="Clopper-Pearson, one-sided",
    short="CERTIFY",
    colour="#0072B2",
    valid=True,
    statement=(
        "n0 votes choose the class; the lower Clopper-Pearson limit at alpha on n fresh votes "
        "bounds p_A, and p_B is at most 1 - p_A."
    ),
    source="Cohen, Rosenfeld and Kolter 2019, CERTIFY",
    assumes="The class was chosen on other votes; n was fixed before the first vote.",
    _limits=_cohen,
)

SPLIT = Procedure(
    key="split",
    title="Clopper-Pearson, alpha split",
    short="split",
    colour="#009E73",
    valid=True,
    statement=(
        "Half of alpha for the lower limit of p_A, half for the upper limit of the largest other count, "
        "which bounds every other class. Certifies below p_A = 1/2 too, and proves much more where many "
        "classes share the rest; with two classes it loses a little."
    ),
    source="Errata, proof P3; the proved form of T-CERTIFY (Feng et al.)",
    assumes="The class was chosen on other votes; n was fixed before the first vote.",
    _limits=_split,
)

TCERTIFY = Procedure(
    key="tcertify",
    title="T-CERTIFY",
    short="T-CERTIFY",
    colour="#E69F00",
    valid=False,
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
    _limits=_tcertify,
)

LI = Procedure(
    key="li",
    title="Li et al., as written",
    short="Li",
    colour="#CC79A7",
    valid=False,
    statement=(
        "One-sided Clopper-Pearson limits at alpha/2 for the class with the most votes and for the runner-up "
        "of the same votes. Choosing them on these votes is not paid for: at alpha = 0.05 and n = 100 the "
        "limits fail with 0.071 for three classes (exact) and with 0.19 for ten equal ones. "
        "No limits for a class that does not lead."
    ),
    source="Li, Chen, Wang and Carin 2019, Section 4, Confidence Interval and Sample Size; errata A11",
    assumes="That the classes of the two largest counts were known before the votes, which they were not.",
    _limits=_li,
    same_votes=True,
)
