"""The measurement of a training time in a list of runs."""

from rsviz.tasks.base import Listing
from rsviz.tasks.estimate.run import EstimateResult
from rsviz.tasks.train.listing import reached
from rsviz.tasks.words import duration

LISTING = Listing(
    network=lambda request: request.chosen_architecture,
    images=lambda request: request.dataset,
    reached=reached,
    result=lambda stored: f"about {duration(EstimateResult.from_json(stored).seconds)}",
)
