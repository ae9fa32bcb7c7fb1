"""The request of an estimate: that of the training run."""

from typing import ClassVar, Self

from rsviz.tasks.base import Request
from rsviz.tasks.train.request import TrainRequest


class EstimateRequest(TrainRequest):
    """How long the same TrainRequest would take on this machine."""

    TASK: ClassVar[str] = "estimate"
    COMMAND: ClassVar[str] = "train --estimate"

    def check_job(self) -> Self:
        """The request, if a job may run it; the name of the checkpoint need not be free."""
        return Request.check_job(self)
