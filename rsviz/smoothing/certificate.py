"""The certificate of one image as a record of plain values. No torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Certificate:
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
    block: draws that share one seeding. batch: images in a pass. seconds: time spent on drawing.
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
    seconds: float
    votes_per_second: float
