"""An estimate as a task: some steps and one validation of the training run, timed."""

from collections.abc import Iterator
from dataclasses import dataclass

from rsviz.generators import mapped
from rsviz.records import Record
from rsviz.tasks.train.request import TrainRequest
from rsviz.training.records import StageProgress


@dataclass(frozen=True)
class EstimateResult(Record):
    """seconds: until the checkpoint of the run would be saved."""

    seconds: float


@dataclass(frozen=True)
class EstimateProgress:
    """How far an estimate is. now: the current stage. result: of the last progress, else None."""

    now: StageProgress
    result: EstimateResult | None = None


def run(request: TrainRequest) -> Iterator[EstimateProgress]:
    """Time some steps of the request's run, with progress about every 0.1 s; the last one has the result.

    Raises DataError if the dataset is not on this machine.
    """
    from rsviz.training.estimate import estimate

    seconds = yield from mapped(EstimateProgress, estimate(request))
    yield EstimateProgress(StageProgress("done", "measured", 1, 1), EstimateResult(seconds))
