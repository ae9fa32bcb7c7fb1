"""The certificate of one image as a record of plain values. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from rsviz.records import Record


@dataclass(frozen=True)
class Certificate(Record):
    """What CERTIFY proves about one image.

    With probability at least 1 - alpha over the draws, g(x + delta) = predicted for every delta of the
    stated norm smaller than the radius.

    predicted: class index, or ABSTAIN.
    counts0, counts: votes per class of the selecting and of the estimating draws.
    radius: of the tight bound for the noise, in pixel units and its own norm, 0 where it abstains.
    radii: of every rigorous bound that fits the noise, the tight one first.
    radius_cohen: what `cohen` proves from the same votes at the same alpha, where procedure is `split`.
    n: estimating draws made. n_planned: estimating draws requested.
    ended: why the run ended, one of rsviz.smoothing.stopping.ENDINGS.
    procedure: the one that gave the limits. alpha_spent: the part of alpha that these limits use.
    block: draws that share one seeding. batch: images in a pass.
    """

    predicted: int
    abstained: bool
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    p_a_lower: float
    p_b_upper: float
    radius: float
    radii: dict[str, float]
    radius_cohen: float | None
    noise: str
    scale: float
    n0: int
    n: int
    n_planned: int
    ended: str
    alpha: float
    alpha_spent: float
    procedure: str
    seed: int
    device: str
    precision: str
    block: int
    batch: int

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `to_json` gave, also in the first version, where every run went to n."""
        planned = {"n_planned": values["n"], "alpha_spent": values["alpha"]}
        return super().from_json({"ended": "complete", "radius_cohen": None} | planned | dict(values))


@dataclass(frozen=True)
class TimedCertificate(Certificate):
    """A certificate with the speed of its run, which differs from run to run.

    seconds: time spent on drawing.
    """

    seconds: float
    votes_per_second: float

    def untimed(self) -> Certificate:
        """The certificate alone, which is the same in every run of one request."""
        return Certificate(**{one.name: getattr(self, one.name) for one in fields(Certificate)})
