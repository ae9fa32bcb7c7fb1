"""An import of weights in a list of runs."""

from rsviz.checkpoints import Card
from rsviz.tasks.base import Listing

LISTING = Listing(
    network=lambda request: request.shown_as or "weights",
    images=lambda request: "",
    reached=lambda request, stored: (0.0, stored.get("what") or "reading the weights"),
    result=lambda stored: f"checkpoint {Card.model_validate(stored).name}",
)
