"""The job that certifies a test set: its folder holds the votes, its result is the summary."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rsviz.jobs.record import Job
from rsviz.jobs.registry import Step
from rsviz.jobs.store import folder
from rsviz.tasks.evaluate import EvaluateRequest, EvaluationVotes, read_votes, run

VOTES = "votes.jsonl"
"""File of the votes in the folder of the job."""


def run_evaluate(request: dict, resume: dict | None, folder: Path) -> Iterator[Step]:
    """The runner: a Step for each EvaluateProgress; returns the JSON of the EvaluateResult.

    The votes are in a file of their own, so a Step has nothing to resume from.
    """
    yield Step({"phase": "loading"})
    for progress in run(EvaluateRequest.for_job(request), folder / VOTES, resume=True):
        shown = {name: value for name, value in asdict(progress).items() if name != "result"}
        yield Step(shown, waiting=progress.elsewhere)
    return progress.result.to_json()


def votes_of(job: Job) -> EvaluationVotes | None:
    """The votes of a job so far; None before the first one."""
    path = folder(job.id) / VOTES
    return read_votes(path) if path.exists() else None
