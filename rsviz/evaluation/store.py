"""The file of an evaluation: JSON lines, a header and then the votes of each image, only ever added to.

    {"format": "rsviz evaluation", "version": 1, "request": {...}, "plan": {...}, ...}
    {"index": 7, "label": 3, "draws": [0, 1000], "counts0": {"3": 100}, "counts": {"3": 998, "5": 2}, ...}

The votes of an image with many draws stand in several lines, a part each. A kill leaves whole lines and
perhaps one that was cut, which the next run takes away; a line that comes twice counts once.
"""

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import filelock
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsviz.errors import RsvizError, first_fault, short
from rsviz.evaluation.request import EvaluateRequest
from rsviz.evaluation.units import Unit, UnitVotes
from rsviz.files import write_atomically

SYNC_EVERY = 1.0
"""Seconds after which votes are safe from a power failure too; from a kill they are at once."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class EvaluationError(RsvizError):
    """A file that is no evaluation, or that of another one."""


class StoredPlan(BaseModel):
    """Device, precision and batch with which all votes of the file are drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Name
    precision: Name
    batch: int = Field(ge=1)


class Header(BaseModel):
    """What identifies the votes of a file.

    size: images of the dataset's test part. shape: (C, H, W) of each. block: see rsviz.noise.block_size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["rsviz evaluation"] = "rsviz evaluation"
    version: Literal[1] = 1
    request: EvaluateRequest
    name: Name
    weights_sha256: str
    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100_000)]
    shape: tuple[int, int, int]
    size: int = Field(ge=1, le=2**31)
    block: int = Field(ge=1)
    plan: StoredPlan

    @property
    def indices(self) -> range:
        return self.request.indices(self.size)


@dataclass(frozen=True)
class EvaluationVotes:
    """The votes in a file, a row an image in the order of the dataset; images without all draws too.

    idx, label: int64 (N,). counts0, counts: int32 (N, classes). drawn: int64 (N,), estimating votes so far.
    seconds: float64 (N,), spent on drawing. cut: whether an unfinished last line was left out.
    """

    header: Header
    idx: np.ndarray
    label: np.ndarray
    counts0: np.ndarray
    counts: np.ndarray
    drawn: np.ndarray
    seconds: np.ndarray
    cut: bool = False

    @property
    def complete(self) -> np.ndarray:
        """Images with all their draws, bool (N,)."""
        return self.drawn == self.header.request.n


def read_votes(path) -> EvaluationVotes:
    """All that stands in the file of an evaluation, also of one that is being written.

    Raises EvaluationError, with the number of the line, for what is no such file.
    """
    header, parts, cut = _read(Path(path))
    known = sorted({part["index"] for part in parts})
    place = {index: row for row, index in enumerate(known)}
    shape = (len(known), len(header.classes))
    counts0, counts = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    label, drawn, seconds = np.zeros((2, len(known)), np.int64).tolist(), [], np.zeros(len(known))
    label, drawn = np.zeros(len(known), np.int64), np.zeros(len(known), np.int64)
    for part in parts:
        row, (start, stop) = place[part["index"]], part["draws"]
        label[row], seconds[row] = part["label"], seconds[row] + part["seconds"]
        drawn[row] += stop - start
        for target, name in ((counts0, "counts0"), (counts, "counts")):
            for key, votes in part.get(name, {}).items():
                target[row, int(key)] += votes
    return EvaluationVotes(header, np.array(known, np.int64), label, counts0, counts, drawn, seconds, cut)


class Store:
    """The file of one evaluation, open for adding to; see `create_or_resume`."""

    def __init__(self, path: Path, header: Header, done: set[tuple[int, int]]):
        self.header, self._done = header, done
        self._file = path.open("ab")
        self._synced = time.monotonic()

    def has(self, unit: Unit) -> bool:
        """Whether the votes of a unit are there."""
        return all((index, unit.start) in self._done for index in unit.images)

    def add(self, votes: UnitVotes, labels) -> None:
        """Add the votes of a unit. labels: of its images."""
        share = round(votes.seconds / len(votes.unit.images), 6)
        lines = []
        for row, index in enumerate(votes.unit.images):
            line = {
                "index": index,
                "label": int(labels[row]),
                "draws": [votes.unit.start, votes.unit.stop],
                "counts0": _sparse(votes.counts0[row]),
                "counts": _sparse(votes.counts[row]),
                "seconds": share,
            }
            lines.append(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.write("".join(lines).encode())
        self._file.flush()
        if time.monotonic() - self._synced > SYNC_EVERY:
            self._sync()

    def close(self) -> None:
        self._sync()
        self._file.close()

    def _sync(self):
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()


@contextmanager
def locked(path: Path):
    """Keep other processes from writing the same evaluation.

    Raises EvaluationError where one does already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=0):
            yield
    except filelock.Timeout:
        raise EvaluationError(f"another process is writing {short(path.name)} just now.") from None


def create(path: Path, header: Header) -> Store:
    """A new file with its header."""
    write_atomically(path, header.model_dump_json().encode() + b"\n")
    return Store(path, header, set())


def resume(path: Path) -> Store:
    """The file of an evaluation that was begun, ready for what is missing."""
    header, parts, cut = _read(path)
    if cut:
        content = path.read_bytes()
        os.truncate(path, content.rindex(b"\n") + 1)
    return Store(path, header, {(part["index"], part["draws"][0]) for part in parts})


def _sparse(counts) -> dict[str, int]:
    return {str(index): int(counts[index]) for index in np.flatnonzero(counts)}


def _read(path: Path):
    """(header, parts without repetitions, whether the last line is cut)."""
    what = short(path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"the evaluation {what} cannot be read ({error.strerror}).") from None
    lines = content.split(b"\n")
    cut = bool(lines.pop())
    if not lines:
        raise EvaluationError(f"{what} is no evaluation: it has no header.")
    header = _header(lines[0], what)
    parts = {}
    for number, line in enumerate(lines[1:], 2):
        part = _part(line, header, f"line {number} of {what}")
        parts.setdefault((part["index"], part["draws"][0]), part)
    return header, list(parts.values()), cut


def _header(line, what) -> Header:
    try:
        return Header.model_validate_json(line)
    except ValidationError as error:
        raise EvaluationError(f"{what} is no evaluation that can be read: {first_fault(error)}.") from None


def _part(line, header, where) -> dict:
    """One line, such as `Store.add` writes it."""
    try:
        part = json.loads(line)
        index, label, (start, stop) = part["index"], part["label"], part["draws"]
        classes, request = len(header.classes), header.request
        selecting, estimating = (
            [(int(key), votes) for key, votes in part[name].items()] for name in ("counts0", "counts")
        )
        sound = (
            0 <= index < header.size
            and 0 <= label < classes
            and 0 <= start < stop <= request.n
            and sum(votes for _, votes in selecting) == (0 if start else request.n0)
            and sum(votes for _, votes in estimating) == stop - start
            and all(0 <= key < classes and votes > 0 for key, votes in selecting + estimating)
            and part["seconds"] >= 0
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise EvaluationError(f"{where} is damaged: it does not hold the votes of an image.")
    return part
