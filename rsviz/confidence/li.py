"""The limits of Li et al., as their paper states them: on the votes that chose the class."""

import numpy as np

from rsviz.confidence.record import CheckedCounts, Floats, Procedure
from rsviz.confidence.split import split_limits


def _li(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    # The paper certifies the class that leads these votes; for another it says nothing
    leads = checked.votes >= checked.runner_up
    p_a_lower, p_b_upper = split_limits(checked, alpha)
    return np.where(leads, p_a_lower, 0.0), np.where(leads, p_b_upper, 1.0)


LI = Procedure(
    key="li",
    title="Li et al., as written",
    short="Li",
    statement=(
        "One-sided Clopper-Pearson limits at alpha/2 for the class with the most votes and for the runner-up "
        "of the same votes. Choosing them on these votes is not paid for: at alpha = 0.05 and n = 100 the "
        "limits fail with 0.071 for three classes (exact) and with 0.19 for ten equal ones. "
        "No limits for a class that does not lead."
    ),
    source="Li, Chen, Wang and Carin 2019, Section 4, Confidence Interval and Sample Size; errata A11",
    assumes="That the classes of the two largest counts were known before the votes, which they were not.",
    colour="#CC79A7",
    valid=False,
    formula=_li,
    same_votes=True,
)
