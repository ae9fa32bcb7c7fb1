"""Training base classifiers for smoothing: one objective a file (objectives/), one loop for all of them.

Importing this package does not import torch. The loop is rsviz.training.loop.train.
"""

from rsviz.training.objectives import METHODS, Objective
from rsviz.training.records import TrainingError
from rsviz.training.request import TrainRequest

__all__ = ["METHODS", "Objective", "TrainRequest", "TrainingError"]
