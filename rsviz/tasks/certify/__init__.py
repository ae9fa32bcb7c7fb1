"""The task that certifies one image.

    from rsviz.tasks.certify import CertifyRequest, run

    *_, last = run(CertifyRequest.make(checkpoint="digits-gaussian-0.25", image=...))
    last.result.radius

Importing this task does not import torch; running it does.
"""

from rsviz.tasks.base import Task
from rsviz.tasks.certify.listing import LISTING
from rsviz.tasks.certify.request import CertifyRequest
from rsviz.tasks.certify.result import (
    NOT_CORRECT,
    CertifyPictures,
    CertifyProgress,
    CertifyResult,
    limits_in_words,
    shipped_example,
)
from rsviz.tasks.certify.run import run

__all__ = [
    "NOT_CORRECT",
    "TASK",
    "CertifyPictures",
    "CertifyProgress",
    "CertifyRequest",
    "CertifyResult",
    "limits_in_words",
    "run",
    "shipped_example",
]

TASK = Task(key="certify", title="Certify an image", request=CertifyRequest, listing=LISTING)
