"""The runs that stand on this machine, and what they tell about how long the next one takes. No torch."""

import contextlib
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rsviz import files
from rsviz.checkpoints.card import parse_json
from rsviz.data import DATASETS
from rsviz.errors import RsvizError, short
from rsviz.training.objectives import METHODS
from rsviz.training.records import (
    END,
    RUN,
    STEPS,
    VALIDATIONS,
    RunError,
    RunRecord,
    read_end,
    read_run,
    renamed,
)
from rsviz.training.request import TrainRequest

MOST_RUNS = 100
MOST_JUDGED = 30
"""Runs that are listed, and that are read whole to judge by how long another takes: the newest."""


def run_folders(limit: int = MOST_RUNS) -> list[Path]:
    """The folders of runs under RSVIZ_HOME, of jobs and of the command line, those begun last first."""
    heads = []
    for place in ("jobs", "runs"):
        for head in (files.home() / place).glob(f"*/{RUN}"):
            with contextlib.suppress(FileNotFoundError):  # a folder may go between the look and the question
                heads.append((head.stat().st_mtime, head.parent))
    return [folder for _, folder in sorted(heads, reverse=True)[:limit]]


def read_again(folder: Path) -> RunRecord:
    """As `read_run`; files that have not changed since are not parsed again, for pages ask twice a second."""
    return _read(folder, _stamps(folder))


@functools.lru_cache(maxsize=32)
def _read(folder, stamps) -> RunRecord:
    return read_run(folder)


def _stamps(folder) -> tuple:
    """Changes with what stands in a run folder; the last one is None until the run has ended."""
    return tuple(_stamp(folder / name) for name in (RUN, STEPS, VALIDATIONS, END))


def _stamp(path) -> tuple | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def recorded_runs(limit: int = MOST_RUNS) -> dict[str, RunRecord]:
    """What the runs under RSVIZ_HOME asked for and how they ended, without steps and validations.

    By the names of their folders, which of a job is its id; those begun last first, unreadable ones left out.
    """
    runs = {}
    for folder in run_folders(limit):
        with contextlib.suppress(RunError):
            runs.setdefault(folder.name, _head(folder, (_stamp(folder / RUN), _stamp(folder / END))))
    return runs


@functools.lru_cache(maxsize=512)
def _head(folder, stamps) -> RunRecord:
    try:
        return RunRecord.of(renamed(parse_json((folder / RUN).read_bytes())) | {"end": read_end(folder)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise RunError(f"The training run in {folder} is damaged; delete that folder.") from None


def recorded_run(name: str) -> RunRecord:
    """All of one of `recorded_runs`; RunError where it is no longer there."""
    for folder in run_folders():
        if folder.name == name:
            return read_again(folder)
    raise RunError(f"There is no training run {short(name)} on this machine.")


@functools.cache
def shipped_run() -> RunRecord:
    """The finished run that comes with rsviz; `train --save-run` wrote it."""
    return RunRecord.from_json((files.SHIPPED_CHECKPOINTS / "examples" / "train.json").read_text("utf-8"))


@dataclass(frozen=True)
class Pace:
    """What a finished run took: seconds of a step, of a validation, and of the measurements at the end.

    The last two are differences of the times at which its files were written: whatever else the machine did
    meanwhile is in them.
    """

    request: TrainRequest
    step: float
    validation: float
    after: float

    @classmethod
    def of(cls, folder: Path) -> "Pace | None":
        """The pace of the run in the folder; None unless it is done."""
        stamps = _stamps(folder)
        return _pace(folder, stamps) if all(stamps) else None

    def seconds(self, request: TrainRequest) -> float:
        """How long a run of the request would take at this pace, where `comparable`."""
        images = DATASETS[request.dataset].sizes["train"] - request.held_out
        steps = -(-images // request.batch_size) * request.epochs
        validations = -(-request.epochs // request.chosen_validate_every)
        step = self.step * _work(request) / _work(self.request)
        return steps * step + validations * self.validation + self.after

    def comparable(self, request: TrainRequest) -> bool:
        """Whether only the method, its parameters, the batch and the epochs differ."""
        return _kind(self.request) == _kind(request)

    def alike(self, request: TrainRequest) -> bool:
        """Whether the steps are the same but for the sizes of numbers."""
        return self.comparable(request) and _steps(self.request) == _steps(request)


@functools.lru_cache(maxsize=512)
def _pace(folder, stamps) -> Pace | None:
    try:
        run = read_run(folder)
        request = TrainRequest.checked(**run.request)
    except RsvizError:
        return None
    if run.end is None or run.end.state != "done" or not (run.steps and run.validations):
        return None
    begun, _, validated, ended = (changed / 1e9 for changed, _ in stamps)
    trained = run.steps[-1].seconds
    return Pace(
        request,
        step=trained / run.steps[-1].step,
        validation=max(validated - begun - trained, 0.0) / len(run.validations),
        after=max(ended - validated, 0.0),
    )


@dataclass(frozen=True)
class Estimate:
    """seconds: until the checkpoint stands. like: the method of the run that it is judged by, or None where
    that trained with the same steps."""

    seconds: float
    like: str | None


def estimate(request: TrainRequest, folders: Iterable[Path] | None = None) -> Estimate | None:
    """How long a run of the request will take here, judged by those that stand here; None if none can tell.

    By runs of the same dataset, network, method, parameters and batch size, else by those of another method
    under the same network, by counting how many images each sends through it. The fastest of them counts:
    a run that was interrupted, or shared the machine, only took longer.
    """
    if request.dataset not in DATASETS:
        return None
    paces = [Pace.of(folder) for folder in (run_folders(MOST_JUDGED) if folders is None else folders)]
    paces = [pace for pace in paces if pace is not None and pace.comparable(request)]
    alike = [pace for pace in paces if pace.alike(request)]
    best = min(alike or paces, key=lambda pace: pace.seconds(request), default=None)
    if best is None:
        return None
    return Estimate(best.seconds(request), None if alike else best.request.method)


def _kind(request) -> tuple:
    return (
        request.dataset,
        request.chosen_architecture,
        METHODS[request.method].needs_noise,
        request.held_out,
        request.device,
    )


def _steps(request) -> tuple:
    return request.method, _parameters(request), request.batch_size


def _parameters(request):
    return METHODS[request.method].parameters(**request.parameters)


def _work(request) -> int:
    """Images through the network in one step."""
    return request.batch_size * METHODS[request.method].passes(_parameters(request))
