"""The job that certifies a population; its folder holds the finished parts."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rsviz.jobs.partial_results import finished, keep
from rsviz.jobs.record import Job
from rsviz.jobs.registry import Step
from rsviz.jobs.store import folder
from rsviz.tasks.population import PopulationRequest, PopulationResult, run

PARTS = "distribution.json"


def run_population(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """The runner; returns the JSON of the PopulationResult."""
    asked, path = PopulationRequest.make(**request), folder / PARTS
    yield Step({"what": "loading"})
    yield from keep(path, partial(run, asked), "what")
    return PopulationResult.of_parts(asked, finished(path)).to_json()


def result_of(job: Job) -> PopulationResult:
    """The curves that a job has finished so far."""
    if job.result:
        return PopulationResult.from_json(job.result)
    return PopulationResult.of_parts(PopulationRequest.make(**job.request), finished(folder(job.id) / PARTS))
