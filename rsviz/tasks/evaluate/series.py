"""The curves of a picture: one EvaluationSeries for each test set, from stored votes or from a log."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from rsviz.bounds import BOUNDS
from rsviz.evaluation import curves
from rsviz.evaluation.tables import Origin, Table
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.lazy import lazy
from rsviz.reference.published import PrintedCurve
from rsviz.tasks.evaluate.result import EvaluationCertificates
from rsviz.tasks.evaluate.votes import EvaluationVotes, Header, read_votes

pd = lazy("pandas")

EXAMPLES = SHIPPED_CHECKPOINTS / "examples" / "evaluations"
"""Votes of the 500 test digits; each file was made by

    python -m rsviz evaluate --checkpoint NAME --dataset digits --n 10000 --device cpu --precision float32 \
        --batch 256 --out checkpoints/examples/evaluations/NAME.jsonl
"""


@dataclass(frozen=True)
class EvaluationSeries:
    """The certificates of one test set, one row for each image.

    name: of the curve. norm: of the radii.
    scale, dataset, alpha: of the noise, the images and each certificate; None where a log does not tell.
    idx, label: int64 (N,). predict: class, ABSTAIN where nothing is proved, int64 (N,).
    radius: float64 (N,) in pixel units. proved: all that stored votes prove; None for a log.
    note: what a reader of a log must know, as a sentence; empty where there is nothing.
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
    note: str = ""

    def has_the_images_of(self, other: "EvaluationSeries") -> bool:
        """Whether both are of the same images, by their numbers and labels: only then are they compared."""
        if len(self) != len(other):
            return False
        mine, theirs = np.argsort(self.idx), np.argsort(other.idx)
        return np.array_equal(self.idx[mine], other.idx[theirs]) and np.array_equal(
            self.label[mine], other.label[theirs]
        )

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

    def rows(self) -> "pd.DataFrame":
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


LOG_ENDS = (".tsv", ".txt", ".log", ".csv")


def log_name(file_name: str) -> str:
    """The name of a log's curve: that of its file; sigma_0.25 has no ending and stays whole."""
    end = next((end for end in LOG_ENDS if file_name.lower().endswith(end)), "")
    return file_name[: len(file_name) - len(end)] or file_name


def series_of_log(
    name: str, log: "pd.DataFrame", norm: str | None = None, dataset: str | None = None
) -> EvaluationSeries:
    """The series of a log, as `read_log` gives it.

    norm: of its radii; by default the one that the log tells, else l2. dataset: of its images, if known.
    """
    columns = (log[key].to_numpy() for key in ("idx", "label", "predict", "radius"))
    low, high = log.attrs.get("sigma", (None, None))
    note = ""
    if low != high:
        note = (
            f"In {name} σ differs from image to image, {low:g} to {high:g}: these are certificates of "
            "several smoothed classifiers, and they hold only if σ was chosen without the label."
        )
    scale = low if low == high else None
    return EvaluationSeries(name, norm or log.attrs.get("norm", "l2"), scale, dataset, *columns, note=note)


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


MOST_PRINTED = 14
"""Columns of a table beside printed curves; the longest one has 13."""


def comparable(series: Mapping[str, EvaluationSeries]) -> list[str]:
    """Names of the series that are of the same images as the first one."""
    if not series:
        return []
    first = next(iter(series.values()))
    return [name for name, one in series.items() if one.has_the_images_of(first)]


def table(
    series: Mapping[str, EvaluationSeries],
    radii: Sequence[float],
    printed: Sequence[PrintedCurve] = (),
) -> Table:
    """Certified accuracy at the radii, and ACR: one row for each series and each printed curve, of one norm.

    The best numbers are those of the series that are of the same images as the first one.
    """
    rows = {name: one.accuracy(radii).tolist() for name, one in series.items()}
    norms = [*(one.norm for one in series.values()), *(one.table.norm for one in printed)]
    return Table(
        list(radii),
        rows | {one.title: one.values_at(radii) for one in printed},
        {name: one.acr for name, one in series.items()},
        norms[0],
        {one.title: Origin(one.table.place, one.table.citation) for one in printed},
        logs=[name for name, one in series.items() if one.proved is None],
        ranked=comparable(series),
    )


def radii_for(
    series: Sequence[EvaluationSeries], max_count: int = 8, printed: Sequence[PrintedCurve] = ()
) -> list[float]:
    """Round radii at equal steps, from 0 up to the last one at which anything is certified.

    Where curves are printed, their radii and 0, as papers print no others: see MOST_PRINTED.
    """
    if printed:
        known = sorted({0.0, *(result.radius for one in printed for result in one.results)})
        return [round(radius, 6) for radius in known[:MOST_PRINTED]]
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
