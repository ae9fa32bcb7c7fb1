"""The job that certifies a population; its finished parts stand in its folder."""

from functools import partial
from pathlib import Path

from rsviz import distributional
from rsviz.jobs.partial_results import finished, keep
from rsviz.jobs.registry import Step
from rsviz.jobs.store import Job, folder

PARTS = "distribution.json"


def run_distribution(request: dict, resume: dict | None, folder: Path):
    """The runner; the result is `rsviz.distributional.curves` of all series."""
    asked, path = distributional.make_request(**request), folder / PARTS
    yield Step({"what": "loading"})
    yield from keep(path, partial(distributional.distribution, asked), "what")
    return {"curves": distributional.curves(asked, finished(path))}


def certificates_of(job: Job) -> list[dict]:
    """What the job has finished so far; see `rsviz.distributional.curves`."""
    if job.result:
        return job.result["curves"]
    asked = distributional.make_request(**job.request)
    return distributional.curves(asked, finished(folder(job.id) / PARTS))
