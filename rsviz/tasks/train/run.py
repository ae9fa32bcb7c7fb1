"""A training run as a task, and the request that repeats a recorded run. No torch until the run begins."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from rsviz.checkpoints.storage import own_folder
from rsviz.generators import mapped
from rsviz.tasks.train.request import TrainRequest
from rsviz.tasks.train.result import TrainResult
from rsviz.training.distributed import ALONE, Processes
from rsviz.training.records import RunInfo, StageProgress, StepProgress


@dataclass(frozen=True)
class TrainProgress:
    """How far a training run is. now: the current stage or step. result: of the last progress, else None."""

    now: StageProgress | StepProgress
    result: TrainResult | None = None


def run(
    request: TrainRequest,
    folder: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replace: bool = False,
    processes: Processes = ALONE,
) -> Generator[TrainProgress, None, None]:
    """Train, measure and save a checkpoint, with progress about every 0.1 s; the last one has the result.

    folder: of the checkpoint; the user's own if None.
    record: folder of the run's record, from which an unfinished run resumes; None for a temporary one.
    replace: whether a checkpoint with the request's name in `folder` may be replaced.
    processes: those that torchrun has started; only the main one gets a result.
    Closing the generator stops the run and saves its state in `record`; no checkpoint is written.
    Raises TrainingError if the name is taken or the loss is not finite, DataError if the dataset is not on
    this machine, RunError if the record is in use or holds another request's run.
    """
    from rsviz.training.loop import train

    training = train(request, folder, run=record, replace=replace, processes=processes)
    card = yield from mapped(TrainProgress, training)
    if card is not None:
        result = TrainResult(card.name, str(folder or own_folder()), card)
        yield TrainProgress(StageProgress("done", "saved", 1, 1), result)


def repeating_request(request: TrainRequest, info: RunInfo) -> TrainRequest:
    """The request that trains the same network as a recorded run, with what was chosen for this run.

    The precision is the one that was measured, since another day's measurement may choose another one.
    """
    chosen = {"architecture": request.chosen_architecture, "name": info.name}
    if info.layout == "channels-last":  # the layout of a run with a given precision
        chosen["precision"] = info.precision
    return request.model_copy(update=chosen)
