"""Running a job in the test's own process, as the worker would."""

from rsviz import jobs


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
