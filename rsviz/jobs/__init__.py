"""request -> durable job -> result: what pages, the command line and notebooks call. No torch, no streamlit.

    job_id = submit("certify", request, session="...")   # at once: the job is on disk, a worker on its way
    job = get(job_id)                                    # state, progress, result, place in the queue
    cancel(job_id)
    resume(job_id, session="...")                        # a cancelled or failed one, from where it was

rsviz.jobs.registry lists what can be submitted, and says what a runner is.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from rsviz import files
from rsviz.errors import RsvizError
from rsviz.jobs import process
from rsviz.jobs.database import StoreError
from rsviz.jobs.record import Job
from rsviz.jobs.store import JobLimitError, NotResumable, Store, UnknownJob, folder
from rsviz.programs import IDLE_THREADS

__all__ = [
    "Job",
    "JobLimitError",
    "NotResumable",
    "StoreError",
    "UnknownJob",
    "cancel",
    "change_session",
    "ensure_worker",
    "folder",
    "forget",
    "get",
    "list_jobs",
    "refusal",
    "resume",
    "submit",
    "wait",
    "worker_alive",
]

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER_COMMAND = [sys.executable, "-m", "rsviz.jobs.worker"]
SECONDS_BETWEEN_STARTS = 2.0
LONGEST_START = 60.0
"""Seconds after which a worker that lives and does not hold the lock is taken for one that hangs."""

_starting = threading.Lock()
_last: subprocess.Popen | None = None
_last_start = float("-inf")


def submit(kind: str, request, *, session: str) -> str:
    """Queue a job, see that a worker runs, and return the job's id at once.

    kind: a key of rsviz.jobs.registry.KINDS. request: a mapping or pydantic model that its validator accepts.
    session: who submits it, in the app an owner (rsviz.jobs.owners); one may have RSVIZ_JOBS_PER_SESSION (4)
    unfinished jobs, the machine RSVIZ_JOBS_TOTAL (400).
    Raises JobLimitError beyond that, RsvizError for a bad request.
    """
    from rsviz.jobs import registry  # pydantic loads slowly, and reading jobs does not need it

    job_id = Store().insert(
        kind,
        registry.validated(kind, request),
        str(session)[:200],
        **_limits(),
    )
    ensure_worker()
    return job_id


def _limits() -> dict[str, int]:
    return {
        "per_session": number_from("RSVIZ_JOBS_PER_SESSION", 4),
        "total": number_from("RSVIZ_JOBS_TOTAL", 400),
    }


def refusal(session: str) -> str | None:
    """Why a job of this session would be refused now, in a sentence; None where there is room."""
    try:
        Store().check_room(session, **_limits())
    except JobLimitError as error:
        return str(error)
    return None


def get(job_id: str) -> Job:
    """The job as it is now; raises UnknownJob if there is none.

    Reading an unfinished job starts a worker where none is alive: a page that polls heals a kill -9.
    """
    job = Store().get(job_id)
    if job.unfinished:
        ensure_worker()
    return job


def list_jobs(
    limit: int = 50, session: str | None = None, kind: str | None = None, unfinished: bool = False
) -> list[Job]:
    """The newest jobs first, of one session or of all, of one kind or of all; unfinished: only those."""
    return Store().newest(limit, session, kind, unfinished)


def forget(job_id: str) -> bool:
    """Remove a job that is finished, failed or cancelled, with the files of its folder; whether it was one.

    What it made elsewhere stays: a checkpoint, a dataset, an upload.
    """
    return Store().forget(job_id)


def change_session(old: str, new: str) -> None:
    """Jobs of one session, or owner, are another's from now on."""
    Store().change_session(old, new)


def cancel(job_id: str) -> Job:
    """Cancel the job unless it is finished, and return it. That counts at once, whatever the worker does."""
    Store().cancel(job_id)
    return Store().get(job_id)


def resume(job_id: str, *, session: str) -> Job:
    """Queue a cancelled or failed job again, to go on from where it was, and return it.

    It counts as one of this session's from now on. Raises UnknownJob, NotResumable for a job in another
    state, and JobLimitError as `submit` does.
    """
    Store().resume(job_id, str(session)[:200], **_limits())
    ensure_worker()
    return Store().get(job_id)


def wait(job_id: str, timeout: float) -> Job:
    """The job when it is finished, or as it is after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (job := get(job_id)).unfinished and time.monotonic() < deadline:
        time.sleep(0.05)
    return job


def worker_alive() -> bool:
    """Whether a worker holds the lock of this RSVIZ_HOME."""
    return process.held(files.home())


def ensure_worker() -> None:
    """Start a worker unless one is alive (about 20 microseconds) or on its way.

    On a loaded machine a worker takes long to start; more of them would only make it longer.
    """
    global _last, _last_start
    if worker_alive():
        return
    with _starting:
        since = time.monotonic() - _last_start
        starting = _last is not None and _last.poll() is None
        if since < (LONGEST_START if starting else SECONDS_BETWEEN_STARTS):
            return
        _last, _last_start = _start_worker(), time.monotonic()


def _start_worker() -> subprocess.Popen:
    """A process of its own session: it outlives this one, and Ctrl+C in this terminal does not reach it."""
    home = files.home().absolute()
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = IDLE_THREADS | os.environ | {"RSVIZ_HOME": str(home), "PYTHONPATH": path}
    if "RSVIZ_DATA" in environment:
        environment["RSVIZ_DATA"] = str(files.data_root().absolute())
    try:
        home.mkdir(parents=True, exist_ok=True)
        with process.open_log(home) as log:
            return subprocess.Popen(
                WORKER_COMMAND,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )
    except OSError as error:
        raise StoreError(
            f"rsviz cannot start its worker process with {home} as RSVIZ_HOME ({error.strerror or error}); "
            "that must be a folder that you may write to."
        ) from error


def number_from(variable: str, default: int) -> int:
    """A whole number of at least 1 from the environment."""
    text = os.environ.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise RsvizError(f"{variable} is {text[:40]!r}; it must be a whole number of at least 1.")
    return int(text)
