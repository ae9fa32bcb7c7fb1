"""Downloads a dataset in a thread, and reports how far it is."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

from rsviz import data
from rsviz.tasks.download.request import DownloadRequest
from rsviz.tasks.download.result import DownloadResult

SECONDS_BETWEEN_REPORTS = 0.05


@dataclass(frozen=True)
class DownloadProgress:
    """files: (bytes so far, bytes in total or None) by name of the file, in order. result: when finished."""

    files: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    result: DownloadResult | None = None

    @property
    def current(self) -> tuple[str, int, int | None]:
        """(name, bytes so far, bytes in total or None) of the file that arrives now."""
        if not self.files:
            return "connecting", 0, None
        name = list(self.files)[-1]
        return name, *self.files[name]


class _Closed(Exception):
    """Raised inside a download when its generator was closed, to end the thread too."""


def run(
    request: DownloadRequest, seconds_between_reports: float = SECONDS_BETWEEN_REPORTS
) -> Iterator[DownloadProgress]:
    """Download the dataset; progress until it is prepared, then once more with the result.

    seconds_between_reports: time for which the generator waits for the download before each report; 0 for a
    caller that has other work. Closing the generator ends the download. Raises DataError.
    """
    ended, closed = Future(), threading.Event()
    files: dict[str, tuple[int, int | None]] = {}

    def report(done, total, name):
        if closed.is_set():
            raise _Closed
        files[name] = (done, total)

    def download():
        try:
            ended.set_result(data.download(request.dataset, progress=report))
        except BaseException as error:
            ended.set_exception(error)

    # A daemon thread, so that a connection that hangs does not keep the process from ending.
    threading.Thread(target=download, name=f"download {request.dataset}", daemon=True).start()
    try:
        while not ended.done():
            yield DownloadProgress(dict(files))
            wait([ended], seconds_between_reports)
    finally:
        closed.set()
    ended.result()
    info = data.DATASETS[request.dataset]
    folder = None if info.embedded else str(info.prepared_folder)
    yield DownloadProgress(
        dict(files), DownloadResult(dataset=request.dataset, sizes=dict(info.sizes), folder=folder)
    )
