"""Networks kept in memory between the runs of one process."""

from collections import OrderedDict
from threading import Lock

from rsviz.checkpoints.card import Card, CheckpointError
from rsviz.checkpoints.storage import load_card
from rsviz.checkpoints.weights import load_checkpoint

NETWORKS, PLANS = 4, 64
"""How many networks, and plans of how many networks, are kept: a worker runs many jobs with few networks."""


class NetworkCache:
    """The networks that were used last, and the execution plans that were measured for them.

    A program (worker, command, notebook) owns one and passes it to the runs that share it.
    """

    def __init__(self, networks: int = NETWORKS, plans: int = PLANS):
        self._networks = _Latest(networks)
        self._plans = _Latest(plans)

    def load(self, checkpoint) -> tuple:
        """(module, card) as `load_checkpoint` gives them; the module is shared, so it must not be changed.

        checkpoint: a name, or the path of NAME.safetensors. Raises CheckpointError.
        """
        card = load_card(checkpoint)
        module = self._networks.get(
            (str(checkpoint), card.weights_sha256), lambda: _load_expected(checkpoint, card)
        )
        return module, card

    def plans(self, card: Card) -> dict:
        """The dictionary in which SmoothedClassifier stores the plans measured for these weights."""
        return self._plans.get(card.weights_sha256, dict)


class _Latest:
    """The values that were used last, at most `size` of them."""

    def __init__(self, size: int):
        self._size, self._values, self._lock = size, OrderedDict(), Lock()

    def get(self, key, make):
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]


def _load_expected(checkpoint, card: Card):
    module, loaded = load_checkpoint(checkpoint)
    if loaded.weights_sha256 != card.weights_sha256:
        raise CheckpointError(
            f"The checkpoint {checkpoint} was replaced while it was being read; please try again."
        )
    return module
