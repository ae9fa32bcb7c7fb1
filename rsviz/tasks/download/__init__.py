"""The task that downloads a dataset."""

from rsviz.tasks.base import Task
from rsviz.tasks.download.listing import LISTING
from rsviz.tasks.download.request import DownloadRequest
from rsviz.tasks.download.result import DownloadResult
from rsviz.tasks.download.run import DownloadProgress, run

__all__ = ["TASK", "DownloadProgress", "DownloadRequest", "DownloadResult", "run"]

TASK = Task(key="download", title="Download a dataset", request=DownloadRequest, listing=LISTING)
