"""The losses of a population's certificate, and their bounds. F = softmax f. Does not import torch.

| key | l(x, y) | bound M |
|---|---|---|
| cross-entropy | -log F(x)_y | none |
| error | 1 - F(x)_y | 1 |
| generalised-cross-entropy | M (1 - F(x)_y^(1/M)) | M |

The last one lies between the others: it is the error at M = 1 and the cross-entropy as M grows (Zhang and
Sabuncu 2018, with q = 1/M). It has a slope everywhere, unlike a cross-entropy that is cut off at M.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rsviz.errors import RsvizError
from rsviz.records import by_key

CONCAVE_FROM = 0.24197072451914337
"""phi(1), the standard normal density at 1. See `concave_from`."""


class PopulationError(RsvizError):
    """A certificate of a population that cannot be requested, or cannot be given."""


@dataclass(frozen=True)
class Loss:
    """A loss l in [0, M].

    of: (log F(x)_y as a tensor, M or None) -> l. bound: M; None where there is none, or the request gives it.
    takes_bound: whether the request gives M.
    """

    key: str
    title: str
    of: Callable
    bound: float | None = None
    takes_bound: bool = False


LOSSES: Mapping[str, Loss] = by_key(
    Loss("cross-entropy", "cross-entropy", lambda log_share, bound: -log_share),
    Loss("error", "1 - softmax share of the label", lambda log_share, bound: -log_share.expm1(), 1.0),
    Loss(
        "generalised-cross-entropy",
        "generalised cross-entropy",
        lambda log_share, bound: -bound * (log_share / bound).expm1(),
        takes_bound=True,
    ),
)


def concave_from(bound: float | None, scale: float) -> float:
    """The gamma above which x -> E_Z[l(x + Z)] - gamma ||x - x0||_2^2 is proved strongly concave.

    bound: M, with 0 <= l <= M; None where there is none. scale: sigma of the Gaussian noise. The second
    derivative of the smoothed loss along a unit vector is E[l(x + Z)(g^2 - 1)] / sigma^2 with g standard
    normal, at most 2 phi(1) M / sigma^2, and that of the cost is 2: gamma > phi(1) M / sigma^2 = 0.242 M /
    sigma^2 is enough. inf where nothing is proved: no bound, or no noise.
    Source: Corollary 1 of the NAL paper with the constant that its Theorem 2 allows (errata B3, B4).
    """
    if bound is None or scale == 0:
        return float("inf")
    return CONCAVE_FROM * bound / scale**2
