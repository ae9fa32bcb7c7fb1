"""What an import leaves behind."""

from rsviz.checkpoints import Card
from rsviz.tasks.base import Frozen


class ImportResult(Frozen):
    """card: of the new checkpoint."""

    card: Card
