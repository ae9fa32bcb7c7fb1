"""The task that certifies one image."""

from rsviz.tasks.base import Task
from rsviz.tasks.certify.request import CertifyRequest

__all__ = ["TASK", "CertifyRequest"]

TASK = Task(key="certify", title="Certify an image", request=CertifyRequest)
