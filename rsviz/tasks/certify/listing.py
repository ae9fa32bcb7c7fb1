"""A certificate in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.bounds import round_down
from rsviz.norms import NORMS
from rsviz.tasks.base import Listing
from rsviz.tasks.certify.request import CertifyRequest
from rsviz.tasks.certify.result import CertifyProgress, CertifyResult


def _reached(request: CertifyRequest, stored: Mapping[str, Any]) -> tuple[float, str]:
    drawn = CertifyProgress.gathered(request, None, dict(stored)).drawn
    if not drawn:
        measuring = stored.get("phase") == "measuring"
        return 0.0, "measuring what this machine does fastest" if measuring else "loading the network"
    return drawn / request.n, f"{drawn:,} of {request.n:,} votes"


def key_result(result: CertifyResult) -> str:
    """The class and its radius, and the label where it is another class: 7, ℓ₂ radius ≥ 0.62."""
    if result.abstained:
        return "abstained"
    words = f"{result.predicted_name}, {NORMS[result.norm].symbol} radius ≥ {round_down(result.radius, 3):g}"
    wrong = result.label_name is not None and result.label_name != result.predicted_name
    return f"{words}; the label is {result.label_name}" if wrong else words


LISTING = Listing(
    network=lambda request: request.checkpoint,
    images=lambda request: request.image.words,
    reached=_reached,
    result=lambda stored: key_result(CertifyResult.from_json(stored["certificate"])),
)
