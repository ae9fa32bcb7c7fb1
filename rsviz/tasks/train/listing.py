"""A training run in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.checkpoints import Card
from rsviz.tasks.base import Listing
from rsviz.tasks.train.request import TrainRequest
from rsviz.tasks.train.result import TrainResult
from rsviz.tasks.words import duration

STAGES = {"prepare": "before the first step", "measure": "trained; measuring for its card"}


def reached(request: TrainRequest, stored: Mapping[str, Any]) -> tuple[float, str]:
    """Share of the present stage, and how far it is: epoch 3 of 20, about 2 min left."""
    phase = stored.get("phase", "")
    if phase in ("train", "validate"):
        words = f"epoch {stored['epoch']} of {stored['epochs']}"
        if stored.get("remaining") is not None:
            words += f", about {duration(stored['remaining'])} left"
        return stored["step"] / stored["steps"], words
    if phase in STAGES:
        share = (stored.get("done") or 0) / (stored.get("total") or 1)
        return share, f"{STAGES[phase]}: {stored.get('what', '')}"
    return 0.0, "loading the data set and the network"


def key_result(card: Card) -> str:
    """The checkpoint and what it can do: mine: 0.98 right without noise, 0.94 under noise."""
    told = [
        f"{metric.value:.2f} {words}"
        for name, words in (("clean_accuracy", "right without noise"), ("noisy_accuracy", "under noise"))
        if (metric := card.metrics.get(name)) is not None and isinstance(metric.value, float)
    ]
    return f"{card.name}: {', '.join(told) or 'not measured'}"


LISTING = Listing(
    network=lambda request: request.name or request.chosen_name,
    images=lambda request: request.dataset,
    reached=reached,
    result=lambda stored: key_result(TrainResult.from_json(stored).card),
    again=lambda request: request.model_copy(update={"name": None}),  # its name is taken by then
)
