"""Clopper-Pearson limits for p_A and for the largest other count, each at alpha / 2."""

import numpy as np

from rsviz.confidence.clopper_pearson import clopper_pearson_lower, clopper_pearson_upper
from rsviz.confidence.record import CheckedCounts, Floats, Procedure


def split_limits(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    """(p_a_lower, p_b_upper): Clopper-Pearson at alpha / 2 each, and p_b_upper at most 1 - p_a_lower."""
    p_a_lower = clopper_pearson_lower(checked.votes, checked.n, alpha / 2)
    p_b_upper = clopper_pearson_upper(checked.runner_up, checked.n, alpha / 2)
    return p_a_lower, np.minimum(p_b_upper, 1.0 - p_a_lower)


SPLIT = Procedure(
    key="split",
    title="Clopper-Pearson, alpha split",
    short="split",
    statement=(
        "Half of alpha for the lower limit of p_A, half for the upper limit of the largest other count, "
        "which bounds every other class. Certifies below p_A = 1/2 too, and proves much more where many "
        "classes share the rest; with two classes it loses a little."
    ),
    source="Errata, proof P3; the proved form of T-CERTIFY (Feng et al.)",
    assumes="The class was chosen on other votes; n was fixed before the first vote.",
    colour="#009E73",
    valid=True,
    formula=split_limits,
    compared_with="cohen",
)
