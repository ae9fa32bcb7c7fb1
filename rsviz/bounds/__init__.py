"""Closed-form certificates: probabilities of the two top classes -> radius. NumPy and SciPy only."""

from collections.abc import Mapping

import numpy as np

from rsviz.bounds.cohen import COHEN_L2, GAUSSIAN_LINF
from rsviz.bounds.laplace import LAPLACE_L1, LI_L1, PIXELDP_L1, TENG_L1
from rsviz.bounds.linf_exponential import DINF_LINF, EXPONENTIAL_LINF
from rsviz.bounds.pixeldp import PIXELDP_L2
from rsviz.bounds.record import Bound, Floats, Parameter, round_down
from rsviz.bounds.renyi import LI_L2, RENYI_L2
from rsviz.bounds.unified import DMR_L2, DMR_LINF, ZCDP_L2
from rsviz.bounds.uniform import UNIFORM_L1
from rsviz.errors import RsvizError
from rsviz.records import by_key

__all__ = [
    "BOUNDS",
    "Bound",
    "Parameter",
    "certifying",
    "radii",
    "round_down",
    "tight_bound",
    "triangle",
]

BOUNDS: Mapping[str, Bound] = by_key(
    COHEN_L2,
    RENYI_L2,
    LI_L2,
    PIXELDP_L2,
    DMR_L2,
    ZCDP_L2,
    LAPLACE_L1,
    TENG_L1,
    LI_L1,
    PIXELDP_L1,
    EXPONENTIAL_LINF,
    DINF_LINF,
    GAUSSIAN_LINF,
    DMR_LINF,
    UNIFORM_L1,
)
"""Every bound by its key, in display order."""


def certifying(noise: str) -> list[Bound]:
    """The rigorous bounds for a noise (a key of NOISES): those of its own norm first, tight ones first."""
    fitting = [bound for bound in BOUNDS.values() if bound.noise == noise and bound.rigorous]
    if not fitting:
        known = ", ".join(dict.fromkeys(bound.noise for bound in BOUNDS.values()))
        raise RsvizError(f"noise is {noise!r}; it must be one of: {known}.")
    return sorted(fitting, key=lambda bound: (bound.norm != fitting[0].norm, not bound.tight))


def radii(noise: str, p_a: float, p_b: float, scale: float, dim: int | None = None) -> dict[str, float]:
    """Radius of every rigorous bound that fits the noise, by key, the tight one first.

    Each radius is in the norm of its bound.
    p_a, p_b, scale: scalars, as for Bound.radius.
    dim: number of input values; bounds that need it are left out where it is None.
    """
    return {
        bound.key: float(bound.radius(p_a, p_b, scale=scale, dim=dim))
        for bound in certifying(noise)
        if dim is not None or not bound.needs_dim
    }


def tight_bound(bound: Bound) -> Bound | None:
    """The tight bound for the noise and norm of `bound`; None where none is known."""
    same = (other for other in BOUNDS.values() if (other.noise, other.norm) == (bound.noise, bound.norm))
    return next((other for other in same if other.tight), None)


def triangle(steps: int) -> tuple[Floats, Floats]:
    """All points (p_a, p_b) of a square grid with `steps` values from 0 to 1 that lie in the domain.

    steps: integer from 2 to 2001. Returns two float64 arrays, sorted by p_b and then p_a.
    """
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 2 <= steps <= 2001:
        raise RsvizError(f"steps is {steps}; it must be an integer from 2 to 2001.")
    b, a = np.indices((steps, steps)).reshape(2, -1)
    inside = (b <= a) & (a + b <= steps - 1)
    return a[inside] / (steps - 1), b[inside] / (steps - 1)
