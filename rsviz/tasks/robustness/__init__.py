"""The task that draws robust accuracy against attack size, over many test images.

    from rsviz.tasks.robustness import RobustnessRequest, run

    *_, last = run(RobustnessRequest.make(checkpoints=["digits-gaussian-0.25"], scales=[0, 0.25], sizes=[1]))
    last.result.curves

Importing this task does not import torch; running it does.
"""

from rsviz.tasks.base import Task
from rsviz.tasks.robustness.listing import LISTING
from rsviz.tasks.robustness.request import RobustnessRequest, RobustnessSeries
from rsviz.tasks.robustness.result import RobustnessCurve, RobustnessProgress, RobustnessResult
from rsviz.tasks.robustness.run import run

__all__ = [
    "TASK",
    "RobustnessCurve",
    "RobustnessProgress",
    "RobustnessRequest",
    "RobustnessResult",
    "RobustnessSeries",
    "run",
]

TASK = Task(
    key="robustness",
    title="Robust accuracy against attack size",
    request=RobustnessRequest,
    listing=LISTING,
)
