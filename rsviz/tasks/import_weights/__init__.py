"""The task that imports weights which were trained elsewhere."""

from rsviz.tasks.base import Task
from rsviz.tasks.import_weights.listing import LISTING
from rsviz.tasks.import_weights.request import ImportRequest
from rsviz.tasks.import_weights.result import ImportResult
from rsviz.tasks.import_weights.run import ImportProgress, run

__all__ = ["TASK", "ImportProgress", "ImportRequest", "ImportResult", "run"]

TASK = Task(key="import", title="Import weights", request=ImportRequest, listing=LISTING)
