"""The job that certifies a test set: votes stored beside it as they arrive, a summary at the end."""

import dataclasses
from pathlib import Path

from rsviz.evaluation import EvaluationVotes, certificates, check_job, evaluate, read_votes, summary
from rsviz.jobs.kinds import Step
from rsviz.jobs.store import Job, folder

VOTES = "votes.jsonl"
"""In the job's folder: the file of the evaluation."""


def run_evaluate(request: dict, resume: dict | None, folder: Path):
    """The runner: a Step for each EvaluateProgress; the result is the summary of the certificates.

    The votes stand in a file of their own, so a Step carries nothing to resume from.
    """
    yield Step({"phase": "loading"})
    path = folder / VOTES
    for progress in evaluate(check_job(request), path, resume=True):
        yield Step(dataclasses.asdict(progress), waiting=progress.elsewhere)
    votes = read_votes(path)
    return summary(votes, certificates(votes))


def votes_of(job: Job) -> EvaluationVotes | None:
    """What the job has gathered so far; None before the first vote."""
    path = folder(job.id) / VOTES
    return read_votes(path) if path.exists() else None
