"""The task that measures how long a training run would take, and estimates from the runs of the past."""

from rsviz.tasks.base import Task
from rsviz.tasks.estimate.listing import LISTING
from rsviz.tasks.estimate.past import Estimate, estimate_from_past
from rsviz.tasks.estimate.request import EstimateRequest
from rsviz.tasks.estimate.run import EstimateProgress, EstimateResult, run

__all__ = [
    "TASK",
    "Estimate",
    "EstimateProgress",
    "EstimateRequest",
    "EstimateResult",
    "estimate_from_past",
    "run",
]

TASK = Task(key="estimate", title="Measure how long training takes", request=EstimateRequest, listing=LISTING)
