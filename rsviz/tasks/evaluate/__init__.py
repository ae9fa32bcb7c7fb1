"""The task that certifies a whole test set.

request = EvaluateRequest.make(checkpoint="digits-gaussian-0.25", dataset="digits", n=1000)
for progress in run(request, path):
    ...                                             # can be killed; resume=True continues
votes = read_votes(path)
proved = certificates(votes, alpha=0.01)            # at any alpha and procedure, without new votes
certified_accuracy(proved.radius, proved.correct, at=[0, 0.25, 0.5])
"""

from rsviz.tasks.base import Task
from rsviz.tasks.evaluate.listing import LISTING
from rsviz.tasks.evaluate.request import EvaluateRequest
from rsviz.tasks.evaluate.result import EvaluateResult, EvaluationCertificates, certificates, summary
from rsviz.tasks.evaluate.run import EvaluateProgress, default_path, run
from rsviz.tasks.evaluate.series import (
    EvaluationSeries,
    log_name,
    series_of_log,
    series_of_votes,
    shipped_votes,
)
from rsviz.tasks.evaluate.votes import EvaluationError, EvaluationVotes, read_votes

__all__ = [
    "TASK",
    "EvaluateProgress",
    "EvaluateRequest",
    "EvaluateResult",
    "EvaluationCertificates",
    "EvaluationError",
    "EvaluationSeries",
    "EvaluationVotes",
    "certificates",
    "default_path",
    "log_name",
    "read_votes",
    "run",
    "series_of_log",
    "series_of_votes",
    "shipped_votes",
    "summary",
]

TASK = Task(key="evaluate", title="Certify a whole test set", request=EvaluateRequest, listing=LISTING)
