"""Jobs that draw no votes: downloading a dataset, importing uploaded weights."""

from collections.abc import Iterator
from pathlib import Path

from rsviz.jobs.registry import Step
from rsviz.tasks import download, import_weights


def run_download(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """Download in a thread, so that other jobs can run meanwhile."""
    for progress in download.run(download.DownloadRequest.make(**request), seconds_between_reports=0):
        what, done, total = progress.current
        yield Step({"what": what, "done": done, "total": total}, waiting=progress.result is None)
    return progress.result.model_dump(mode="json")


def run_import(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """Check and save uploaded weights, in one step. Result: the card."""
    for progress in import_weights.run(import_weights.ImportRequest.make(**request)):
        yield Step({"what": progress.what})
    return progress.result.card.model_dump(mode="json")
