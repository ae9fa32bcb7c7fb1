"""Running a task or a job in the test's own process, as the worker would."""

from rsviz import jobs
from rsviz.jobs.store import Store

ON_CPU = {"device": "cpu", "precision": "float32", "batch": 64}
"""How small runs pass images through the network: the same on every machine."""


def last(run):
    """The last progress of a run."""
    *_, reached = run
    return reached


def submitted(kind, request):
    """The job that waits with this request."""
    return jobs.get(jobs.submit(kind, request, session="a"))


def finish_here(runner, kind, request, session="another") -> str:
    """The id of a job that the runner has brought to its end."""
    return bring_to_end(runner, jobs.get(jobs.submit(kind, request, session=session)))


def bring_to_end(runner, job) -> str:
    """Run a waiting job, and store its result as the worker would; its id."""
    _, result = run_here(runner, job)
    store = Store()
    store.claim()
    store.finish(job.id, result)
    return job.id


def run_here(runner, job, resume=None, until=None):
    """(steps, result), or (steps, None) where `until` of a step was true and the runner was closed."""
    place = jobs.folder(job.id)
    place.mkdir(parents=True, exist_ok=True)
    running, steps = runner(job.request, resume, place), []
    while True:
        try:
            steps.append(next(running))
        except StopIteration as end:
            return steps, end.value
        if until is not None and until(steps[-1]):
            running.close()
            return steps, None
