"""Whole test sets: certified accuracy, average certified radius, the published log format.

    for progress in evaluate(make_request(checkpoint="digits-gaussian-0.25", dataset="digits", n=1000), path):
        ...                                             # may be killed; resume=True goes on
    votes = read_votes(path)
    proved = certificates(votes, alpha=0.01)            # again at any alpha and procedure, without a vote
    certified_accuracy(proved.radius(), proved.correct, at=[0, 0.25, 0.5])

Importing this room does not import torch; `evaluate` does.
"""

from rsviz.evaluation.curves import (
    OUTCOMES,
    average_certified_radius,
    certified,
    certified_accuracy,
    envelope,
    false_certificates,
    outcomes,
    pointwise_band,
    simultaneous_band,
    steps,
)
from rsviz.evaluation.logs import LogError, read_log, write_log
from rsviz.evaluation.request import EvaluateRequest, check_job, make_request
from rsviz.evaluation.results import Certificates, certificates, summary
from rsviz.evaluation.series import EvaluationSeries, series_of_log, series_of_votes, shipped_votes
from rsviz.evaluation.store import EvaluationError, EvaluationVotes, read_votes
from rsviz.evaluation.tables import Table

__all__ = [
    "OUTCOMES",
    "Certificates",
    "EvaluateRequest",
    "EvaluationError",
    "EvaluationSeries",
    "EvaluationVotes",
    "LogError",
    "Table",
    "average_certified_radius",
    "certificates",
    "certified",
    "certified_accuracy",
    "check_job",
    "envelope",
    "evaluate",
    "false_certificates",
    "make_request",
    "outcomes",
    "pointwise_band",
    "read_log",
    "read_votes",
    "series_of_log",
    "series_of_votes",
    "shipped_votes",
    "simultaneous_band",
    "steps",
    "summary",
    "write_log",
]


def evaluate(request: EvaluateRequest, path, *, resume=False, engine=None, workers=None):
    """Count the votes of a test set into the file `path`: see `rsviz.evaluation.run.evaluate`."""
    from rsviz.evaluation.run import evaluate

    return evaluate(request, path, resume=resume, engine=engine, workers=workers)
