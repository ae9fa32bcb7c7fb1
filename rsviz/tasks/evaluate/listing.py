"""An evaluation in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.tasks.base import Listing
from rsviz.tasks.evaluate.request import EvaluateRequest
from rsviz.tasks.evaluate.result import EvaluateResult

USUAL = 0.5
"""Radius that a list tells, if something is certified there; pixel units."""


def reached(request: EvaluateRequest, stored: Mapping[str, Any]) -> tuple[float, str]:
    """Share of the votes, and their number."""
    drawn, total = stored.get("votes", 0), stored.get("total", 0)
    return (drawn / total, f"{drawn:,} of {total:,} votes") if total else (0.0, "loading the network")


def key_result(result: EvaluateResult) -> str:
    """Certified accuracy at radius 0 and farther out: certified 0.97 at 0, 0.63 at 0.5."""
    first, *others = result.certified_accuracy
    farther = [one for one in others if one.images and one.radius <= USUAL]
    told = [first, *farther[-1:]]
    return "certified " + ", ".join(f"{one.accuracy:.2f} at {one.radius:g}" for one in told)


def _images(request: EvaluateRequest) -> str:
    if request.limit is None:
        return request.dataset
    return f"{request.dataset}, at most {request.limit:,} images"


LISTING = Listing(
    network=lambda request: request.checkpoint,
    images=_images,
    reached=reached,
    result=lambda stored: key_result(EvaluateResult.from_json(stored)),
)
