"""Training base classifiers for smoothing: one objective a file (objectives/), one loop for all of them.

Importing this package does not import torch. The loop is rsviz.training.loop.train.
"""

from rsviz.training.objectives import METHODS, Objective
from rsviz.training.records import TrainingError

__all__ = ["METHODS", "Objective", "TrainingError"]
