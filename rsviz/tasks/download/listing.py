"""A download in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.tasks.base import Listing
from rsviz.tasks.download.request import DownloadRequest
from rsviz.tasks.download.result import DownloadResult


def reached(request: DownloadRequest, stored: Mapping[str, Any]) -> tuple[float, str]:
    """Share of the present file, and its name."""
    done, total = stored.get("done") or 0, stored.get("total")
    return (done / total if total else 0.0), stored.get("what") or "connecting"


def key_result(result: DownloadResult) -> str:
    """How many images there are: 60,000 train, 10,000 test images."""
    return ", ".join(f"{size:,} {split}" for split, size in result.sizes.items()) + " images"


LISTING = Listing(
    network=lambda request: "",
    images=lambda request: request.dataset,
    reached=reached,
    result=lambda stored: key_result(DownloadResult.model_validate(stored)),
)
