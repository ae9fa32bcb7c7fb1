"""The curves of a picture: one EvaluationSeries for each test set, from stored votes or from a log."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rsviz.bounds import BOUNDS
from rsviz.evaluation import curves
from rsviz.evaluation.tables import Table
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.tasks.evaluate.result import EvaluationCertificates
from rsviz.tasks.evaluate.votes import EvaluationVotes, Header, read_votes

EXAMPLES = SHIPPED_CHECKPOINTS / "examples" / "evaluations"
"""Votes of the 500 test digits; each file was made by

    python -m rsviz evaluate --checkpoint NAME --dataset digits --n 10000 --device cpu --precision float32 \
        --batch 256 --out checkpoints/examples/evaluations/NAME.jsonl
"""


@dataclass(frozen=True)
class EvaluationSeries:
    """The certificates of one test set, one row for each image.

    name: of the curve. norm: of the radii.
    scale, dataset, alpha: of the noise, the images and each certificate; None for a log, which has none.
    idx, label: int64 (N,). predict: class, ABSTAIN where nothing is proved, int64 (N,).
    radius: float64 (N,) in pixel units. proved: all that stored votes prove; None for a log.
    """

    name: str
    norm: str
    scale: float | None
    dataset: str | None
    idx: np.ndarray
    label: np.ndarray
    predict: np.ndarray
    radius: np.ndarray
    alpha: float | None = None
    proved: EvaluationCertificates | None = None

    def __len__(self) -> int:
        return len(self.idx)

    @property
    def correct(self) -> np.ndarray:
        """bool (N,): the predicted class is the label."""
        return self.predict == self.label

    @property
    def acr(self) -> float:
        """Average certified radius, counting 0 for a wrong class."""
        return curves.average_certified_radius(self.radius, self.correct)

    def accuracy(self, at: ArrayLike) -> np.ndarray:
        """Certified accuracy at the radii `at`, float64 of their shape."""
        return curves.certified_accuracy(self.radius, self.correct, at)

    def band(self, at: ArrayLike, kind: str, level: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
        """Limits on the accuracy in the population at the radii `at`. kind: key in BANDS. level: error."""
        return BANDS[kind](curves.certified_count(self.radius, self.correct, at), len(self), level)

    def rows(self) -> pd.DataFrame:
        """A table with one row for each image; of stored votes, with limits and the radius of every bound."""
        frame = pd.DataFrame(
            {
                "name": self.name,
                "idx": self.idx,
                "label": self.label,
                "predict": self.predict,
                "radius": self.radius,
                "norm": self.norm,
                "correct": self.correct,
            }
        )
        if self.proved is not None:
            frame["p_a_lower"], frame["p_b_upper"] = self.proved.p_a_lower, self.proved.p_b_upper
            for key, radius in self.proved.radii.items():
                frame[key] = radius
        return frame


BANDS = MappingProxyType({"pointwise": curves.pointwise_band, "simultaneous": curves.simultaneous_band})


def series_of_votes(
    header: Header, proved: EvaluationCertificates, bound: str | None = None
) -> EvaluationSeries:
    """The series of stored votes, read as `proved`. bound: the tight one if it is None or does not fit."""
    key = bound if bound in proved.radii else next(iter(proved.radii))
    request = header.request
    return EvaluationSeries(
        name=header.name,
        norm=BOUNDS[key].norm,
        scale=request.scale,
        dataset=request.dataset,
        idx=proved.idx,
        label=proved.label,
        predict=proved.predicted,
        radius=proved.radii[key],
        alpha=proved.alpha,
        proved=proved,
    )


def series_of_log(name: str, log: pd.DataFrame, norm: str = "l2") -> EvaluationSeries:
    """The series of a log, as `read_log` gives it. norm: of its radii, which a log does not say."""
    columns = (log[key].to_numpy() for key in ("idx", "label", "predict", "radius"))
    return EvaluationSeries(name, norm, None, None, *columns)


def distinct_names(series: Sequence[EvaluationSeries], headers: Sequence[Header | None]) -> list[str]:
    """A unique name for each series: equal names are told apart by noise, n, number of images and seed.

    headers: of the votes; None for a log.
    """
    names = [one.name for one in series]
    details = [_details(one, header) for one, header in zip(series, headers, strict=True)]
    alike: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        alike.setdefault(name, []).append(place)
    for name, places in alike.items():
        differing = list(zip(*(details[place] for place in places), strict=True))
        for number, place in enumerate(places):
            told = [words[number] for words in differing if len(set(words)) > 1]
            names[place] = ", ".join([name, *filter(None, told)])
    for place, name in enumerate(names):
        if again := names[:place].count(name):
            names[place] = f"{name} ({again + 1})"
    return names


def _details(one: EvaluationSeries, header: Header | None) -> tuple[str, ...]:
    if header is None:
        return ("a log", "", f"{len(one):,} images", "")
    r = header.request
    return (f"{r.noise} {r.scale:g}", f"n = {r.n:,}", f"{len(one):,} images", f"seed {r.seed}")


def table(series: Mapping[str, EvaluationSeries], radii: Sequence[float]) -> Table:
    """Certified accuracy at the radii, and ACR: one row for each series, all of one norm."""
    return Table(
        list(radii),
        {name: one.accuracy(radii).tolist() for name, one in series.items()},
        {name: one.acr for name, one in series.items()},
        next(iter(series.values())).norm,
    )


def radii_for(series: Sequence[EvaluationSeries], max_count: int = 8) -> list[float]:
    """Round radii at equal steps, from 0 up to the last one at which anything is certified."""
    largest = max((float(one.radius[one.correct].max(initial=0.0)) for one in series), default=0.0)
    if not np.isfinite(largest):
        largest = max(float(one.radius[np.isfinite(one.radius)].max(initial=1.0)) for one in series)
    for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 100.0):
        if largest <= step * (max_count - 1):
            break
    return [round(step * place, 6) for place in range(min(max_count, int(largest / step) + 2))]


@functools.cache
def shipped_votes() -> Mapping[str, EvaluationVotes]:
    """The votes that are shipped with rsviz, by name of the checkpoint."""
    return MappingProxyType({path.stem: read_votes(path) for path in sorted(EXAMPLES.glob("*.jsonl"))})
