"""Jobs that draw no votes: fetching a dataset, importing weights that somebody uploaded."""

import threading
from concurrent.futures import Future
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rsviz import files
from rsviz.jobs.kinds import RequestError, Step


class DownloadRequest(BaseModel):
    """name: key of a dataset in rsviz.data.DATASETS that rsviz does not carry itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str

    @field_validator("name")
    @classmethod
    def _can_be_downloaded(cls, name):
        from rsviz.data import DATASETS

        names = [key for key, dataset in DATASETS.items() if not dataset.embedded]
        if name not in names:
            raise RequestError(f"{name[:40]!r} cannot be downloaded; {', '.join(names)} can.")
        return name


class _Closed(Exception):
    """Raised inside a download whose job has ended, to end it too."""


def run_download(request, resume, folder):
    """Download in a thread, so that other jobs go on meanwhile. Result: the dataset's name."""
    from rsviz.data import download

    ended, closed = Future(), threading.Event()
    latest = {"done": 0, "total": None, "what": "connecting"}

    def progress(done, total, what):
        nonlocal latest
        if closed.is_set():
            raise _Closed
        latest = {"done": done, "total": total, "what": what}

    def fetch():
        try:
            ended.set_result(download(request["name"], progress=progress))
        except BaseException as error:
            ended.set_exception(error)

    # A daemon, so that a connection that hangs does not keep the worker from ending.
    threading.Thread(target=fetch, name=f"download {request['name']}", daemon=True).start()
    try:
        while not ended.done():
            yield Step(latest, waiting=True)
    finally:
        closed.set()
    ended.result()
    return {"name": request["name"]}


class ImportRequest(BaseModel):
    """upload: name of a file in RSVIZ_HOME/uploads; the rest, as for rsviz.checkpoints.import_weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    upload: str = Field(max_length=255)
    shown_as: str | None = Field(default=None, max_length=255)
    architecture: str | None = None
    dataset: str | None = None
    name: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    noise: str | None = None
    scale: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    @field_validator("upload")
    @classmethod
    def _lies_among_the_uploads(cls, upload):
        if upload != Path(upload).name or "\0" in upload or not files.upload(upload).is_file():
            raise RequestError(f"There is no uploaded file {upload[:80]!r}; upload it first.")
        return upload


def run_import(request, resume, folder):
    """Check and save uploaded weights, in one step. Result: the card."""
    from rsviz.checkpoints import import_weights

    yield Step({"what": "reading the weights"})
    options = {key: value for key, value in request.items() if key != "upload"}
    return import_weights(files.upload(request["upload"]), **options).model_dump(mode="json")
