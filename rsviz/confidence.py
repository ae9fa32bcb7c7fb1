"""From votes to limits on p_A and p_B that hold with a stated confidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import betaincinv

from rsviz.errors import RsvizError


def clopper_pearson_lower(k, n, alpha):
    """One-sided lower limit: p >= it with probability at least 1 - alpha, for k successes in n draws.

    k, n: counts that broadcast, 0 <= k <= n. alpha: in (0, 1). Returns float64; 0 where k = 0.
    Source: Clopper and Pearson 1934.
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    return np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, alpha), 0.0)


def clopper_pearson_upper(k, n, alpha):
    """One-sided upper limit: p <= it with probability at least 1 - alpha, for k successes in n draws."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    return 1.0 - clopper_pearson_lower(n - k, n, alpha)


@dataclass(frozen=True)
class Procedure:
    """How votes become limits. `valid`: P(p_A < p_a_lower or p_B > p_b_upper) <= alpha is proved."""

    key: str
    title: str
    valid: bool
    statement: str
    source: str
    _limits: Callable

    def limits(self, counts, top, alpha=0.001):
        """Limits on the probabilities of the class `top` and of every other class.

        counts: votes (..., classes), integers >= 0. top: class index (...), chosen without looking at
        these votes. alpha: probability of error, in (0, 1).
        Returns (p_a_lower, p_b_upper), float64 arrays (...); a certificate needs p_a_lower > p_b_upper.
        """
        counts, top = np.asarray(counts), np.asarray(top)
        if counts.ndim < 1 or counts.shape[-1] < 2:
            raise RsvizError(
                f"counts has shape {counts.shape}; its last axis must hold at least two classes."
            )
        if not np.issubdtype(counts.dtype, np.integer) or (counts < 0).any():
            raise RsvizError("counts holds something else; votes must be integers >= 0.")
        if not np.issubdtype(top.dtype, np.integer) or (top < 0).any() or (top >= counts.shape[-1]).any():
            raise RsvizError(f"top is {top}; it must be a class index from 0 to {counts.shape[-1] - 1}.")
        if not 0 < alpha < 1:
            raise RsvizError(f"alpha is {alpha}; it must lie between 0 and 1.")
        return self._limits(counts, top, alpha)


def _cohen(counts, top, alpha):
    n = counts.sum(-1)
    votes = np.take_along_axis(counts, np.broadcast_to(top, n.shape)[..., None], axis=-1)[..., 0]
    p_a_lower = np.where(n > 0, clopper_pearson_lower(votes, n, alpha), 0.0)
    return p_a_lower, 1.0 - p_a_lower


PROCEDURES: Mapping[str, Procedure] = MappingProxyType(
    {
        procedure.key: procedure
        for procedure in (
            Procedure(
                key="cohen",
                title="Clopper-Pearson, one-sided",
                valid=True,
                statement=(
                    "n0 votes choose the class; the lower Clopper-Pearson limit at alpha on n fresh votes "
                    "bounds p_A, and p_B is at most 1 - p_A."
                ),
                source="Cohen, Rosenfeld and Kolter 2019, CERTIFY",
                _limits=_cohen,
            ),
        )
    }
)
