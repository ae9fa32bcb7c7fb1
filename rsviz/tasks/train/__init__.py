"""The task that trains a base classifier, measures it and saves it as a checkpoint."""

from rsviz.tasks.base import Task
from rsviz.tasks.train.listing import LISTING
from rsviz.tasks.train.request import TrainRequest
from rsviz.tasks.train.result import TrainResult
from rsviz.tasks.train.run import TrainProgress, repeating_request, run

__all__ = ["TASK", "TrainProgress", "TrainRequest", "TrainResult", "repeating_request", "run"]

TASK = Task(key="train", title="Train a network", request=TrainRequest, listing=LISTING)
