"""What a person can ask for: each task is a request, a run and a result.

One definition of a request serves the job (JSON), the link, the shell and Python: rsviz.tasks.spellings.
Adding a task takes one folder, and its line here. Importing this room does not import torch.
"""

from collections.abc import Mapping

from rsviz.records import by_key
from rsviz.tasks import (
    attack,
    certify,
    download,
    estimate,
    evaluate,
    import_weights,
    population,
    robustness,
    train,
)
from rsviz.tasks.base import Request, Task

__all__ = ["TASKS", "Request", "Task"]

TASKS: Mapping[str, Task] = by_key(
    certify.TASK,
    attack.TASK,
    robustness.TASK,
    evaluate.TASK,
    population.TASK,
    download.TASK,
    import_weights.TASK,
    train.TASK,
    estimate.TASK,
)
"""Every task by its key, which is its kind of job."""
