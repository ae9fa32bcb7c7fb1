"""The job that trains: its folder is the run's (rsviz.training.runs), from which a page draws."""

from pathlib import Path

from pydantic import model_validator

from rsviz.data import available
from rsviz.jobs import store
from rsviz.jobs.kinds import RequestError, Step
from rsviz.jobs.store import Store, UnknownJob
from rsviz.training import TrainRequest
from rsviz.training.recorder import check_name, copy_stopped, keep_best
from rsviz.training.runs import RUN, read_run


class TrainJob(TrainRequest):
    """A training run as a job. continues: id of a job of the same request that was cancelled, or that the
    worker died of; this one goes on from where that one stood, with its lines and looks."""

    continues: str | None = None

    @property
    def training(self) -> TrainRequest:
        """The request without what belongs to jobs."""
        return TrainRequest(**self.model_dump(exclude={"continues"}))

    @model_validator(mode="after")
    def _can_begin(self):
        if not available(self.dataset):
            raise RequestError(
                f"The images of {self.dataset} are not on this machine; "
                + (
                    "give a folder with one folder of images a class."
                    if self.dataset.startswith("folder:")
                    else f"`python -m rsviz data download {self.dataset}` downloads them."
                )
            )
        if self.continues is None:
            check_name(self.training)
        else:
            _check_continued(self.continues, self.training)
        return self


def _check_continued(job_id, request):
    stood = read_run(store.folder(job_id))
    if Store().get(job_id).unfinished:
        raise RequestError(f"The run of job {job_id} is not over; cancel it first.")
    if stood.end is not None and stood.end.state != "stopped":
        raise RequestError(f"The run of job {job_id} is over ({stood.end.state}); it cannot go on.")
    if TrainRequest(**stood.request) != request:
        raise RequestError(f"The run of job {job_id} was of another request; it goes on as it began.")


def run_train(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the reports of rsviz.training.loop.train; the result is the last of them.

    A run that is cancelled leaves the best of its epochs as a checkpoint, where one was done.
    """
    from rsviz.training.loop import train

    job = TrainJob.model_construct(**request)
    yield Step({"phase": "prepare", "what": "reading the images", "done": 0, "total": 1})
    if job.continues and not (folder / RUN).exists():
        copy_stopped(store.folder(job.continues), folder)
    run = train(job.training, run=folder)
    try:
        for report in run:
            if report["phase"] == "done":
                return report
            yield Step(report, {"step": report["saved"]} if "saved" in report else None)
    except GeneratorExit:
        run.close()  # saves what it has reached
        if _cancelled(folder.name) and (folder / RUN).exists():
            keep_best(folder)
        raise
    raise AssertionError("a training run ends with a report of what was saved")


def _cancelled(job_id) -> bool:
    try:
        return Store().get(job_id).state == "cancelled"
    except UnknownJob:
        return False
