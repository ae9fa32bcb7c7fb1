"""The file of an evaluation: JSON lines, a header and then the votes of each image; lines are only appended.

    {"format": "rsviz evaluation", "version": 1, "request": {...}, "plan": {...}, ...}
    {"index": 7, "label": 3, "draws": [0, 1000], "counts0": {"3": 100}, "counts": {"3": 998, "5": 2}, ...}

The votes of an image with many draws are split into several lines. A kill leaves whole lines and perhaps one
cut line, which the next run removes; a repeated line counts once.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import filelock
import numpy as np
from pydantic import Field, ValidationError

from rsviz.errors import RsvizError, first_fault, short
from rsviz.evaluation.units import Unit, UnitVotes
from rsviz.files import write_atomically
from rsviz.tasks.base import Frozen
from rsviz.tasks.evaluate.request import EvaluateRequest

SYNC_EVERY = 1.0
"""Seconds between two syncs to the disk; a power failure may lose the lines since then, a kill none."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class EvaluationError(RsvizError):
    """A file that is not an evaluation, or belongs to another one."""


class StoredPlan(Frozen):
    """Device, precision and batch of all votes in the file."""

    device: Name
    precision: Name
    batch: int = Field(ge=1)


class Header(Frozen):
    """The first line of the file: all that its votes depend on.

    name: of the checkpoint. classes: their names. shape: (C, H, W) of an image.
    size: images of the test part.
    block: draws that share one seeding, see rsviz.noise.block_size.
    """

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
        """Numbers of the images of the evaluation."""
        return self.request.indices(self.size)


@dataclass(frozen=True)
class EvaluationVotes:
    """The votes in a file, one row for each image, in the order of the dataset; incomplete images too.

    idx: numbers of the images, int64 (N,). label: int64 (N,).
    counts0, counts: votes of the selecting and of the estimating draws, int32 (N, classes).
    drawn: estimating votes so far, int64 (N,). seconds: float64 (N,), time spent on drawing.
    cut: whether an incomplete last line was left out.
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
        """bool (N,): the image has all its draws."""
        return self.drawn == self.header.request.n


def read_votes(path: str | os.PathLike) -> EvaluationVotes:
    """Read the file of an evaluation, which may still be growing.

    Raises EvaluationError, with the number of the line, if the file is not an evaluation.
    """
    header, parts, cut = _read(Path(path))
    known = sorted({part["index"] for part in parts})
    place = {index: row for row, index in enumerate(known)}
    shape = (len(known), len(header.classes))
    counts0, counts = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    label, drawn = np.zeros(len(known), np.int64), np.zeros(len(known), np.int64)
    seconds = np.zeros(len(known))
    for part in parts:
        row, (start, stop) = place[part["index"]], part["draws"]
        label[row], seconds[row] = part["label"], seconds[row] + part["seconds"]
        drawn[row] += stop - start
        for target, name in ((counts0, "counts0"), (counts, "counts")):
            for key, votes in part.get(name, {}).items():
                target[row, int(key)] += votes
    return EvaluationVotes(header, np.array(known, np.int64), label, counts0, counts, drawn, seconds, cut)


class VoteFile:
    """The open file of one evaluation, ready to append to; see `create` and `resume`."""

    def __init__(self, path: Path, header: Header, done: set[tuple[int, int]]):
        self.header, self._done = header, done
        self._file = path.open("ab")
        self._synced = time.monotonic()

    def has(self, unit: Unit) -> bool:
        """Whether the file has the votes of a unit."""
        return all((index, unit.start) in self._done for index in unit.images)

    def add(self, votes: UnitVotes, labels: Sequence[int]) -> None:
        """Append the votes of a unit. labels: of its images."""
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
        """Sync the file to the disk and close it."""
        self._sync()
        self._file.close()

    def _sync(self):
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing the same evaluation.

    Raises EvaluationError if another process is writing it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=0):
            yield
    except filelock.Timeout:
        raise EvaluationError(f"another process is writing {short(path.name)} now.") from None


def create(path: Path, header: Header) -> VoteFile:
    """Start a new file with its header."""
    write_atomically(path, header.model_dump_json().encode() + b"\n")
    return VoteFile(path, header, set())


def resume(path: Path) -> VoteFile:
    """Open the file of an unfinished evaluation, and remove a cut last line."""
    header, parts, cut = _read(path)
    if cut:
        content = path.read_bytes()
        os.truncate(path, content.rindex(b"\n") + 1)
    return VoteFile(path, header, {(part["index"], part["draws"][0]) for part in parts})


def _sparse(counts) -> dict[str, int]:
    return {str(index): int(counts[index]) for index in np.flatnonzero(counts)}


def _read(path: Path):
    """(header, lines without repetitions, whether the last line is cut)."""
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
    """One line as `VoteFile.add` writes it, checked."""
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
