"""The job that trains: its folder has the run's record (rsviz.training.records), which a page reads."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rsviz.jobs.registry import Step
from rsviz.jobs.store import Store, UnknownJob
from rsviz.tasks.train import TrainRequest, run
from rsviz.training.records import RUN, StepProgress
from rsviz.training.run_folder import keep_best


def run_train(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """The runner: a Step for each TrainProgress; returns the JSON of the TrainResult.

    `resume` only tells how far the run was: the folder has the state from which it resumes. A cancelled run
    keeps its best epoch as a checkpoint, if one was finished, and can be resumed.
    """

    training = run(TrainRequest.make(**request), record=folder)
    try:
        yield Step({"phase": "prepare", "what": "reading the images", "done": 0, "total": 1})
        for progress in training:
            now = progress.now
            yield Step(asdict(now), {"saved": now.saved} if isinstance(now, StepProgress) else None)
    except GeneratorExit:
        training.close()  # saves its state
        if _cancelled(folder.name) and (folder / RUN).exists():
            keep_best(folder)
        raise
    return progress.result.to_json()


def _cancelled(job_id) -> bool:
    """Whether the job was cancelled; otherwise only its worker ends."""
    try:
        return Store().get(job_id).state == "cancelled"
    except UnknownJob:
        return False
