"""The job that trains: its folder is the run's (rsviz.training.records), from which a page draws."""

from dataclasses import asdict
from pathlib import Path

from pydantic import model_validator

from rsviz.checkpoints import storage
from rsviz.data import available
from rsviz.jobs.registry import RequestError, Step
from rsviz.jobs.store import Store, UnknownJob
from rsviz.training import TrainRequest
from rsviz.training.records import RUN
from rsviz.training.run_folder import check_name, keep_best


class TrainJob(TrainRequest):
    """A training run as a job: its images must be there, and its name free, before it is queued."""

    @model_validator(mode="after")
    def _can_begin(self):
        if not available(self.dataset):
            remedy = f"`python -m rsviz data download {self.dataset}` downloads them"
            if self.dataset.startswith("folder:"):
                remedy = "give a folder with one folder of images a class"
            raise RequestError(f"The images of {self.dataset} are not on this machine; {remedy}.")
        check_name(self.name)
        return self


def run_train(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the progress of rsviz.training.loop.train; the result is a card.

    A run that is cancelled leaves the best of its epochs as a checkpoint, where one was done, and may be
    resumed. `resume` only marks how far it was: the run folder holds what it goes on from.
    """
    from rsviz.execution import keep_memory
    from rsviz.training.loop import train

    keep_memory()
    run = train(TrainRequest(**request), run=folder)
    try:
        yield Step({"phase": "prepare", "what": "reading the images", "done": 0, "total": 1})
        while True:
            try:
                report = asdict(next(run))
            except StopIteration as end:
                card = end.value
                result = {"name": card.name, "folder": str(storage.own_folder())}
                return result | {"card": card.model_dump(mode="json")}
            yield Step(report, {"saved": report["saved"]} if "saved" in report else None)
    except GeneratorExit:
        run.close()  # saves its state
        if _cancelled(folder.name) and (folder / RUN).exists():
            keep_best(folder)
        raise


def _cancelled(job_id) -> bool:
    """Whether the runner is closed for good, and not only by a worker that ends."""
    try:
        return Store().get(job_id).state == "cancelled"
    except UnknownJob:
        return False
