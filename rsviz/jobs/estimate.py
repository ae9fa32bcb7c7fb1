"""The job that measures how long a training run would take, by some steps of it."""

from dataclasses import asdict
from pathlib import Path

from rsviz.jobs.registry import Step
from rsviz.training import TrainRequest


def run_estimate(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the reports of rsviz.training.estimate.estimate; the result is {"seconds"}."""
    from rsviz.execution import keep_memory
    from rsviz.training.estimate import estimate

    keep_memory()
    yield Step({"phase": "prepare", "what": "reading the images", "done": 0, "total": 1})
    measuring = estimate(TrainRequest.checked(**request))
    while True:
        try:
            report = next(measuring)
        except StopIteration as end:
            return {"seconds": end.value}
        yield Step(asdict(report))
