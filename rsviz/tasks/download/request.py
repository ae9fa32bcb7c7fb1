"""A download as a request."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from rsviz import data
from rsviz.errors import RsvizError
from rsviz.tasks.base import Request
from rsviz.tasks.fields import Setting


def _known(dataset):
    data.find(str(dataset))
    return dataset


class DownloadRequest(Request):
    """Which dataset is downloaded. One that is embedded or available needs no download."""

    TASK: ClassVar[str] = "download"
    COMMAND: ClassVar[str] = "data download"
    RENAMED: ClassVar[dict[str, str]] = {"name": "dataset"}
    ERROR: ClassVar[type[RsvizError]] = data.DataError

    dataset: Annotated[
        str,
        BeforeValidator(_known),
        Setting(
            "Dataset to download.", label="Data set", positional=True, choices=lambda: list(data.DATASETS)
        ),
    ]

    def check_job(self) -> "DownloadRequest":
        """The request, if there is something to download; raises DataError for an embedded dataset."""
        super().check_job()
        if data.DATASETS[self.dataset].embedded:
            names = [key for key, info in data.DATASETS.items() if not info.embedded]
            raise data.DataError(f"{self.dataset!r} cannot be downloaded; {', '.join(names)} can.")
        return self
