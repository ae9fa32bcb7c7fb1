"""How long a training run will take, judged by the finished runs on this machine. No torch."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rsviz.data import DATASETS
from rsviz.errors import RsvizError
from rsviz.tasks.train.request import TrainRequest
from rsviz.training.history import file_stamps, run_folders
from rsviz.training.objectives import METHODS
from rsviz.training.records import read_run

MOST_JUDGED = 30
"""Runs that are read completely to judge by: the newest."""


@dataclass(frozen=True)
class Pace:
    """What a finished run took: seconds of a step, of a validation, and of the measurements at its end.

    The last two are differences of the times at which its files were written, so they include whatever else
    the machine did meanwhile.
    """

    request: TrainRequest
    step: float
    validation: float
    after: float

    @classmethod
    def of(cls, folder: Path) -> "Pace | None":
        """The pace of the run in the folder; None unless it is done."""
        stamps = file_stamps(folder)
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
        request = TrainRequest.make(**run.request)
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
    """seconds: until the checkpoint is saved. like: the method of the run that it is judged by, None if that
    run had the same steps."""

    seconds: float
    like: str | None


def estimate_from_past(request: TrainRequest, folders: Iterable[Path] | None = None) -> Estimate | None:
    """How long a run of the request would take, judged by the finished runs on this machine.

    folders: of the runs to judge by; by default the newest ones. None if no run can be compared.
    Runs with the same dataset, network, method, parameters and batch size are preferred; else runs of another
    method with the same network, by the number of images that each sends through it. The fastest of them
    counts: a run that was interrupted, or shared the machine, only took longer.
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
    return request.batch_size * _parameters(request).passes
