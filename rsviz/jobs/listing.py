"""Jobs as a list of runs shows them, in the app and in the shell."""

import functools
import json
import time
from dataclasses import dataclass

from rsviz.errors import RsvizError
from rsviz.jobs import owners
from rsviz.jobs.record import Job
from rsviz.tasks import TASKS, Request
from rsviz.tasks.words import ago, duration

STATES = {
    "queued": "waiting",
    "running": "running",
    "done": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""The state of a job in a list, by Job.state."""


@dataclass(frozen=True)
class Run:
    """A line of the list.

    request: of the job, None where this version cannot read it.
    title: of the task. network, images: what runs and on what, "" where there is nothing to say.
    state: a word of STATES. share: in [0, 1] of the present stage of a running job, else None.
    says: the key result, how far it is, or why it failed. owner: the mark of its owner.
    """

    job: Job
    request: Request | None
    title: str
    network: str
    images: str
    state: str
    share: float | None
    says: str
    owner: str

    @property
    def what(self) -> str:
        """Network and images in a line."""
        return " · ".join(filter(None, (self.network, self.images)))

    def age(self, now: float | None = None) -> str:
        """How long ago it ended, or for how long it has been running or waiting. now: seconds since 1970."""
        now, job = time.time() if now is None else now, self.job
        if job.unfinished:
            return f"for {duration(now - (job.started or job.created))}"
        return ago(now - (job.finished or job.updated))


def run_of(job: Job) -> Run:
    """The line of a job. Its checkpoint and its kind may be gone."""
    task, request = TASKS.get(job.kind), request_of(job)
    words, network, images, share = "", "", "", None
    if request is not None:
        network, images = task.listing.network(request), task.listing.images(request)
        share, words = _reached(job, task.listing, request)
    return Run(
        job=job,
        request=request,
        title=task.title if task else job.kind,
        network=network,
        images=images,
        state=STATES[job.state],
        share=share if job.state == "running" else None,
        says=_says(job, task and task.listing, words),
        owner=owners.mark(job.session),
    )


def request_of(job: Job) -> Request | None:
    """The request of a job; None where its checkpoint, or its kind, is not known here any more."""
    try:
        return _request(job.id, job.kind, json.dumps(job.request)) if job.kind in TASKS else None
    except RsvizError:
        return None


@functools.lru_cache(maxsize=1024)  # pages that watch a job ask several times a second
def _request(job_id, kind, request) -> Request:
    return TASKS[kind].request.make(**json.loads(request))


def reached(job: Job) -> tuple[float, str]:
    """Share in [0, 1] of the present stage of an unfinished job, and how far it is, in words."""
    request = request_of(job)
    return (0.0, "") if request is None else _reached(job, TASKS[job.kind].listing, request)


def again(job: Job) -> Request:
    """The request that repeats a job; RsvizError where this version cannot read it."""
    request = request_of(job)
    if request is None:
        raise RsvizError(f"The job {job.id} asks for what is no longer here, so it cannot be repeated.")
    return TASKS[job.kind].listing.again(request)


def _reached(job, listing, request) -> tuple[float, str]:
    progress = job.progress or {}
    if not job.unfinished:  # nothing remains
        progress = {name: value for name, value in progress.items() if name != "remaining"}
    share, words = listing.reached(request, progress)
    return min(max(share, 0.0), 1.0), words


def _says(job, listing, reached) -> str:
    if job.state == "done":
        try:
            return listing.result(job.result) if listing else ""
        except (KeyError, TypeError, ValueError):  # a result of a version that stored less
            return ""
    if job.state == "failed":
        return job.error or ""
    if job.state == "queued":
        return f"{job.position} before it" if job.position else "next"
    if job.state == "cancelled":
        return f"ended at: {reached}" if job.progress and reached else ""
    return reached
