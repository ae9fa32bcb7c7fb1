"""Checks weights and saves them as a checkpoint, in one step."""

from collections.abc import Iterator
from dataclasses import dataclass

from rsviz.checkpoints import import_weights
from rsviz.tasks.import_weights.request import ImportRequest
from rsviz.tasks.import_weights.result import ImportResult

NOT_OPTIONS = {"file", "upload"}


@dataclass(frozen=True)
class ImportProgress:
    """what: what is done now, in words. result: when finished."""

    what: str
    result: ImportResult | None = None


def run(request: ImportRequest) -> Iterator[ImportProgress]:
    """Check and save the weights; one progress before, one with the result. Raises CheckpointError."""
    yield ImportProgress("reading the weights")
    card = import_weights(request.path, **request.model_dump(exclude=NOT_OPTIONS))
    yield ImportProgress("saved", ImportResult(card=card))
