"""PREDICT and CERTIFY, from votes to certificate. The only place where limits become certified radii.

Cohen, Rosenfeld and Kolter 2019, section 3.2, as generators: `sample_under_noise(stream, n, ...)` draws n
votes, yields while it does, and returns the votes per class. How it streams, stops early or resumes is its
own matter (rsviz.smoothing.classifier); nothing here depends on it. This module does not import torch.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.bounds import Bound, certifying
from rsviz.confidence import PROCEDURES
from rsviz.lazy import lazy
from rsviz.noise import Noise
from rsviz.noise.streams import ESTIMATION, PREDICTION, SELECTION

stats = lazy("scipy.stats")

ABSTAIN = -1
"""In place of a class where none is named."""

COUNTS_AT_ONCE = 2**22
"""Counts whose limits are computed in one piece: 1,000 classes and 50,000 images take a dozen pieces."""

Counts = tuple[int, ...]
"""Votes per class."""

Sampler = Callable[..., Generator[Any, None, Counts]]
"""SampleUnderNoise(stream, n, ...): yields while it draws n votes, and returns the votes per class."""


class Limits(Protocol):
    """What CERTIFY has to know of a run: see rsviz.smoothing.stopping.Terms."""

    @property
    def n0(self) -> int: ...

    @property
    def n(self) -> int: ...

    def limits_after(self, drawn: int) -> tuple[str, float]:
        """(procedure, alpha) of the limits that may be claimed after this many estimating votes."""
        ...


# --- PREDICT ---


def predict(sample_under_noise: Sampler, n: int, alpha: float) -> Generator[Any, None, int]:
    """PREDICT: the class of g at one image, or ABSTAIN. Wrong with probability at most alpha.

    n: draws. alpha: probability of error, in (0, 1).
    Source: Cohen et al. 2019, PREDICT, Proposition 1.
    """
    counts = yield from sample_under_noise(PREDICTION, n)
    return int(predict_from_counts(counts, alpha))


def predict_from_counts(counts: ArrayLike, alpha: float) -> NDArray[np.int64]:
    """The class with most votes where a two-sided binomial test of the two largest counts rejects a tie.

    counts: votes (..., classes). alpha: level of the test, in (0, 1).
    Returns int64 classes (...), ABSTAIN where the test does not reject.
    Source: Cohen et al. 2019, PREDICT, Proposition 1.
    """
    counts = np.asarray(counts)
    ordered = np.sort(counts, axis=-1)
    first, second = ordered[..., -1], ordered[..., -2]
    p_value = np.minimum(1, 2 * stats.binom.sf(first - 1, first + second, 0.5))
    return np.where(p_value <= alpha, counts.argmax(-1), ABSTAIN)


# --- CERTIFY ---


def certify(
    sample_under_noise: Sampler, terms: Limits, noise: Noise, dim: int
) -> "Generator[Any, None, Certificates]":
    """CERTIFY: n0 draws select a class, n fresh draws bound its probability, a bound gives the radius.

    terms: n0, n, and which limits hold after how many votes (rsviz.smoothing.stopping.Terms). noise: the
    mechanism. dim: values of one image.
    Returns the Certificates of one image; its arrays have no axes.
    Source: Cohen et al. 2019, CERTIFY, Proposition 2.
    """
    counts0 = yield from sample_under_noise(SELECTION, terms.n0)
    top = int(np.argmax(counts0))
    counts = yield from sample_under_noise(ESTIMATION, terms.n, top)
    procedure, alpha = terms.limits_after(sum(counts))
    return certificates(counts, top, procedure=procedure, alpha=alpha, noise=noise, dim=dim)


@dataclass(frozen=True)
class Certificates:
    """What votes prove, one certificate for each leading index (...).

    predicted: int64, the certified class, ABSTAIN where nothing is proved. p_a_lower, p_b_upper: float64
    limits. radii: float64 radii by key of the bound, in pixel units and the bound's own norm, 0 where
    nothing is proved; the tight bound comes first.
    """

    predicted: NDArray[np.int64]
    p_a_lower: NDArray[np.float64]
    p_b_upper: NDArray[np.float64]
    radii: Mapping[str, NDArray[np.float64]]

    @property
    def abstained(self) -> NDArray[np.bool_]:
        """bool (...): nothing is proved."""
        return self.predicted == ABSTAIN

    @property
    def radius(self) -> NDArray[np.float64]:
        """Radii (...) of the tight bound."""
        return next(iter(self.radii.values()))


def certificates(
    counts: ArrayLike,
    top: ArrayLike,
    *,
    procedure: str,
    alpha: float,
    noise: Noise,
    dim: int,
    bounds: list[Bound] | None = None,
) -> Certificates:
    """From votes to class, limits, radii and abstention: every certificate of rsviz is made here.

    counts: votes of the estimating draws, integers (..., classes). top: class index (...), selected without
    these votes. procedure: key of PROCEDURES. alpha: probability of error, in (0, 1). noise: the mechanism
    under which the votes were drawn. dim: values of one image. bounds: those to read; by default every
    rigorous bound for the noise, the tight one first.
    Raises RsvizError, a ValueError that names the argument.

    Guarantee. Let the procedure be valid, `top` independent of `counts`, and the bounds rigorous. Then with
    probability at least 1 - alpha, g(x + delta) = predicted for every delta shorter than the radius of any
    of the bounds, all bounds at once.
    Proof. The procedure is valid: with probability at least 1 - alpha both p_A >= p_a_lower and
    p_B <= p_b_upper hold, where p_A is the probability of `top` and p_B the largest probability of another
    class. Suppose that they hold. Where p_a_lower <= p_b_upper the answer is ABSTAIN with radius 0, and
    nothing is claimed. Elsewhere p_A >= p_a_lower > p_b_upper >= p_B, so g(x) = top. A rigorous bound never
    decreases in p_a and never increases in p_b, so the radius of (p_a_lower, p_b_upper) is at most that of
    (p_A, p_B), inside which the theorem of the bound keeps g(x + delta) = top. The event does not depend on
    the bound, so the claim holds for all of them with the same alpha.

    A procedure that is not valid gives numbers without this guarantee; they are no certificate.
    """
    top = np.asarray(top)
    p_a_lower, p_b_upper = _limits(np.asarray(counts), top, procedure, alpha)
    # Many images have the same votes: a bound is computed once for each pair of limits.
    pairs, place = np.unique(np.stack((p_a_lower.ravel(), p_b_upper.ravel())), axis=1, return_inverse=True)
    radii = {
        bound.key: bound.certified_radius(pairs[0], pairs[1], scale=noise.scale, dim=dim)[place].reshape(
            p_a_lower.shape
        )
        for bound in (certifying(noise.key) if bounds is None else bounds)
    }
    predicted = np.where(p_a_lower > p_b_upper, top, ABSTAIN)
    return Certificates(predicted, p_a_lower, p_b_upper, radii)


def _limits(
    counts: NDArray[Any], top: NDArray[Any], procedure: str, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The procedure's limits, computed in pieces to save memory."""
    limits = PROCEDURES[procedure].limits
    rows = max(1, COUNTS_AT_ONCE // counts.shape[-1])
    if counts.ndim != 2 or len(counts) <= rows:
        return limits(counts, top, alpha)
    pieces = [
        limits(counts[first : first + rows], top[first : first + rows], alpha)
        for first in range(0, len(counts), rows)
    ]
    lower, upper = zip(*pieces, strict=True)
    return np.concatenate(lower), np.concatenate(upper)
