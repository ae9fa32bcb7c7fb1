"""CERTIFY of Cohen et al.: one Clopper-Pearson limit for p_A, the rest for p_B."""

from rsviz.confidence.clopper_pearson import clopper_pearson_lower
from rsviz.confidence.record import CheckedCounts, Floats, Procedure


def _cohen(checked: CheckedCounts, alpha: float) -> tuple[Floats, Floats]:
    p_a_lower = clopper_pearson_lower(checked.votes, checked.n, alpha)
    return p_a_lower, 1.0 - p_a_lower


COHEN = Procedure(
    key="cohen",
    title="Clopper-Pearson, one-sided",
    short="CERTIFY",
    statement=(
        "n0 votes choose the class; the lower Clopper-Pearson limit at alpha on n fresh votes "
        "bounds p_A, and p_B is at most 1 - p_A."
    ),
    source="Cohen, Rosenfeld and Kolter 2019, CERTIFY",
    assumes="The class was chosen on other votes; n was fixed before the first vote.",
    colour="#0072B2",
    valid=True,
    formula=_cohen,
)
