"""The sources of the curves on the Evaluate page: shipped votes, jobs, and uploaded logs.

A source has a key that a link can hold: example:NAME, job:ID or log:UPLOAD.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsviz import files, jobs
from rsviz.errors import RsvizError, short
from rsviz.evaluation import Counted, read_log
from rsviz.jobs.evaluate import VOTES
from rsviz.tasks.evaluate import (
    EvaluateRequest,
    EvaluationCertificates,
    EvaluationSeries,
    EvaluationVotes,
    certificates,
    log_name,
    read_votes,
    series_of_log,
    series_of_votes,
    shipped_votes,
)
from rsviz.tasks.same import changed

KEY = r"(example|job|log):[\w.-]{1,100}"
LOG, OLDER_LOG = ".log.json", ".tsv"
"""Ends of uploaded logs: with what was said of them, and of older links without."""
KEPT = 16
"""Number of readings and files that are kept in memory for the next rerun."""


class UploadedLog(BaseModel):
    """A log with what a person said about it; a link names the file and these words.

    text: of the file. name: of its curve. norm: of the radii, None for what the log tells, else l2.
    dataset: of the images, None where nobody said. scale, n, alpha: of the votes of a log without radii.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    name: Annotated[str, Field(min_length=1, max_length=200)]
    norm: str | None = None
    dataset: str | None = None
    scale: float | None = None
    n: int | None = None
    alpha: float = 0.001

    @property
    def counted(self) -> Counted | None:
        """How the votes were drawn, if that was said."""
        return None if self.scale is None or self.n is None else Counted(self.scale, self.n, self.alpha)

    def series(self) -> EvaluationSeries:
        """Its curve; raises LogError for what is no log."""
        log = read_log(self.text.encode(), self.counted)
        return series_of_log(self.name, log, self.norm, self.dataset)


@dataclass(frozen=True)
class Source:
    """One curve. votes: None for a log. running: whether more votes will come."""

    key: str
    series: EvaluationSeries
    votes: EvaluationVotes | None
    running: bool = False


def load(key: str, alpha: float, procedure: str, bound: str | None) -> Source:
    """The source with this key, read at alpha by a procedure and a bound; RsvizError if it does not exist."""
    kind, _, name = key.partition(":")
    if kind == "log":
        return Source(key, _log_series(name), None)
    if kind == "example":
        votes, stamp, running = _example(name), 0, False
    else:
        votes, stamp, running = _of_job(name)
    proved = _reading(key, stamp, alpha, procedure, votes)
    if not len(proved.idx):
        raise RsvizError(f"The evaluation {name} has no image with all its votes yet.")
    return Source(key, series_of_votes(votes.header, proved, bound), votes, running)


def shipped_equal(request: EvaluateRequest, unseen: Collection[str] = ()) -> str | None:
    """The key of the shipped votes of this request; None where they are of other ones.

    unseen: names of fields that may differ.
    """
    for name, votes in shipped_votes().items():
        if not changed(votes.header.request, request, unseen):
            return f"example:{name}"
    return None


def title(key: str) -> str:
    """The source in a few words, for a list to choose from."""
    kind, _, name = key.partition(":")
    if kind == "log":
        try:
            return f"log {_log_series(name).name}"
        except RsvizError:
            return f"log {name[:8]}: gone"
    if kind == "example":
        return f"{name} (shipped)"
    try:
        job = jobs.get(name)
    except RsvizError:
        return f"{name}: gone"
    if job.kind != "evaluate":
        return f"{name}: no evaluation"
    request = job.request
    return f"{request['checkpoint']}, {request['noise']} {request['scale']:g}, n = {request['n']:,}"


def keep_log(content: bytes, file_name: str = "log", **said) -> str:
    """Store an uploaded log, once it has been read without a fault; its key. Raises LogError otherwise.

    file_name: gives the curve its name. said: further fields of `UploadedLog`.
    """
    counted = {key: said[key] for key in ("scale", "n", "alpha") if said.get(key) is not None}
    read_log(content, Counted(**counted) if "scale" in counted and "n" in counted else None)
    name = log_name(file_name.replace("\\", "/").rpartition("/")[2])[:200] or "log"
    log = UploadedLog(text=content.decode("utf-8-sig", errors="ignore"), name=name, **said)
    return f"log:{files.keep_upload(log.model_dump_json().encode(), LOG)}"


def _example(name) -> EvaluationVotes:
    votes = shipped_votes()
    if name not in votes:
        raise RsvizError(f"There are no shipped votes of {short(name)}.")
    return votes[name]


def _of_job(job_id):
    """(votes, what changes when more come, whether more will)."""
    job = jobs.get(job_id)
    if job.kind != "evaluate":
        raise RsvizError(f"The job {job_id} is no evaluation.")
    path = jobs.folder(job_id) / VOTES
    try:
        stamp = path.stat().st_size
    except FileNotFoundError:
        raise RsvizError(f"The evaluation {job_id} has no votes yet.") from None
    return _votes(job_id, stamp), stamp, job.unfinished


# By size: votes are only ever added.
@functools.lru_cache(maxsize=KEPT)
def _votes(job_id, size) -> EvaluationVotes:
    return read_votes(jobs.folder(job_id) / VOTES)


# Not by the votes themselves: arrays have no hash.
_readings: dict[tuple, EvaluationCertificates] = {}


def _reading(key, stamp, alpha, procedure, votes) -> EvaluationCertificates:
    name = (key, stamp, alpha, procedure)
    found = _readings.get(name)
    if found is None:
        found = certificates(votes, alpha, procedure)
        while len(_readings) >= 4 * KEPT:
            _readings.pop(next(iter(_readings)), None)
        _readings[name] = found
    return found


@functools.lru_cache(maxsize=KEPT)
def _log_series(name) -> EvaluationSeries:
    path = files.upload(name)
    if not name.endswith((LOG, OLDER_LOG)) or not path.is_file():
        raise RsvizError(f"The log {short(name[:8])} is no longer here; upload it again.")
    if name.endswith(OLDER_LOG):
        return series_of_log(name[:8], read_log(path))
    try:
        return UploadedLog.model_validate_json(path.read_bytes()).series()
    except ValidationError:
        raise RsvizError(f"The log {short(name[:8])} is damaged; upload it again.") from None
