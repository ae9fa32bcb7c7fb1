"""The task that attacks one image, and judges the result beside the certificate of the original.

    from rsviz.tasks.attack import AttackRequest, run

    *_, last = run(AttackRequest.make(checkpoint="digits-gaussian-0.25", image=..., attack="eot-pgd"))
    last.result.verdict

Importing this task does not import torch; running it does.
"""

from rsviz.tasks.attack.listing import LISTING
from rsviz.tasks.attack.request import AttackRequest
from rsviz.tasks.attack.result import (
    AttackPath,
    AttackPictures,
    AttackProgress,
    AttackResult,
    shipped_example,
)
from rsviz.tasks.attack.run import run
from rsviz.tasks.base import Task

__all__ = [
    "TASK",
    "AttackPath",
    "AttackPictures",
    "AttackProgress",
    "AttackRequest",
    "AttackResult",
    "run",
    "shipped_example",
]

TASK = Task(key="attack", title="Attack an image", request=AttackRequest, listing=LISTING)
