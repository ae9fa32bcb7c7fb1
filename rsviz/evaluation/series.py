"""The curves of a picture: one EvaluationSeries for each test set, from stored votes or from a log."""

import functools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from rsviz.bounds import BOUNDS
from rsviz.evaluation import curves
from rsviz.evaluation.request import EvaluateRequest
from rsviz.evaluation.results import Certificates
from rsviz.evaluation.store import EvaluationVotes, Header, read_votes
from rsviz.evaluation.tables import Table
from rsviz.files import SHIPPED_CHECKPOINTS

EXAMPLES = SHIPPED_CHECKPOINTS / "examples" / "evaluations"
"""Votes of the 500 test digits; each file was made by

    python -m rsviz evaluate --checkpoint NAME --dataset digits --n 10000 --device cpu --precision float32 \
        --batch 256 --out checkpoints/examples/evaluations/NAME.jsonl
"""


@dataclass(frozen=True)
class EvaluationSeries:
    """The certificates of one test set, an image a row.

    name: of the curve. norm: of the radii. scale, dataset, alpha: of the noise, of the images and of each
    certificate, None where a log does not tell. idx, label, predict: int64 (N,), predict -1 where it
    abstains. radius: float64 (N,) in pixel units. proved: all that stored votes prove, None of a log.
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
    proved: Certificates | None = None

    def __len__(self) -> int:
        return len(self.idx)

    @property
    def correct(self) -> np.ndarray:
        return self.predict == self.label

    @property
    def acr(self) -> float:
        """Average certified radius, 0 where the class is wrong."""
        return curves.average_certified_radius(self.radius, self.correct)

    def accuracy(self, at) -> np.ndarray:
        """Certified accuracy at the radii `at`, float64 of their shape."""
        return curves.certified_accuracy(self.radius, self.correct, at)

    def band(self, at, kind: str, level: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
        """Limits on the accuracy in the population. kind: a key of BANDS."""
        return BANDS[kind](curves.certified(self.radius, self.correct, at), len(self), level)

    def rows(self) -> pd.DataFrame:
        """One row an image, with the limits and every bound's radius where votes are there."""
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


def series_of_votes(header: Header, proved: Certificates, bound: str | None = None) -> EvaluationSeries:
    """The series of stored votes, read as `proved`. bound: where it is None or does not fit, the tight."""
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
    """The series of a log of the field, as `read_log` gives it. norm: a log does not tell; Cohen's is l2."""
    columns = (log[key].to_numpy() for key in ("idx", "label", "predict", "radius"))
    return EvaluationSeries(name, norm, None, None, *columns)


def distinct_names(series: Sequence[EvaluationSeries], headers: Sequence[Header | None]) -> list[str]:
    """A name for each that no other has: the same ones tell noise, n, images and seed as far as these differ.

    headers: of the votes, None of a log.
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
    """Certified accuracy at the radii and ACR, a row a series. All of one norm."""
    return Table(
        list(radii),
        {name: one.accuracy(radii).tolist() for name, one in series.items()},
        {name: one.acr for name, one in series.items()},
        next(iter(series.values())).norm,
    )


def radii_for(series: Sequence[EvaluationSeries], most: int = 8) -> list[float]:
    """Round radii from 0 up to the last at which anything is certified, at equal steps."""
    largest = max((float(one.radius[one.correct].max(initial=0.0)) for one in series), default=0.0)
    if not np.isfinite(largest):
        largest = max(float(one.radius[np.isfinite(one.radius)].max(initial=1.0)) for one in series)
    for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 100.0):
        if largest <= step * (most - 1):
            break
    return [round(step * place, 6) for place in range(min(most, int(largest / step) + 2))]


def command_line(request: EvaluateRequest, proved: Certificates, bound: str | None = None) -> str:
    """The shell command that draws the same votes and reads them in the same way."""
    settings = request.model_dump(exclude_none=True)
    settings |= {"alpha": proved.alpha, "procedure": proved.procedure}
    if bound in proved.radii:
        settings["bound"] = bound
    words = ["python", "-m", "rsviz", "evaluate"]
    for name, value in settings.items():
        words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return shlex.join(words)


@functools.cache
def shipped_votes() -> Mapping[str, EvaluationVotes]:
    """The votes that come with rsviz, by the name of the checkpoint."""
    return MappingProxyType({path.stem: read_votes(path) for path in sorted(EXAMPLES.glob("*.jsonl"))})
