"""The job that measures how long a training run would take, by some of its steps."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rsviz.jobs.registry import Step
from rsviz.tasks.estimate import EstimateRequest, run


def run_estimate(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """The runner: a Step for each EstimateProgress; returns the JSON of the EstimateResult."""

    yield Step({"phase": "prepare", "what": "reading the images", "done": 0, "total": 1})
    for progress in run(EstimateRequest.make(**request)):
        yield Step(asdict(progress.now))
    return progress.result.to_json()
