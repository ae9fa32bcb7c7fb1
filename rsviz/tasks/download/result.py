"""What a download leaves behind."""

from rsviz.tasks.base import Frozen


class DownloadResult(Frozen):
    """dataset: its key. sizes: images by split. folder: of the prepared arrays, None if embedded."""

    dataset: str
    sizes: dict[str, int]
    folder: str | None = None
