"""Training base classifiers for smoothing: one objective a file, one loop for all of them.

Importing this room does not import torch: requests are checked where they enter, and run elsewhere.
"""

from rsviz.training.objectives import METHODS, Objective, TrainingError
from rsviz.training.request import TrainRequest

__all__ = ["METHODS", "Objective", "TrainRequest", "TrainingError", "train"]


def train(request: TrainRequest, folder=None, **options):
    """Train, measure and save a checkpoint, a generator of progress: see `rsviz.training.loop.train`."""
    from rsviz.training.loop import train

    return train(request, folder, **options)
