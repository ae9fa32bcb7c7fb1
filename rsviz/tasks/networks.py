"""Networks that a process keeps, and what it measured for them: a worker certifies many images with few."""

from collections import OrderedDict

from rsviz.checkpoints import Card, load_checkpoint
from rsviz.errors import RsvizError


class NetworkCache:
    """The networks used last, and the plans (device, precision, batch) that were measured for their weights.

    size: networks that are kept.
    """

    def __init__(self, size: int = 4):
        self._size = size
        self._modules: OrderedDict[tuple[str, str], object] = OrderedDict()
        self._plans: dict[str, dict] = {}

    def module(self, checkpoint: str, card: Card):
        """The network of a checkpoint, a torch Module. card: its card.

        Raises RsvizError where the file was replaced since the card was read.
        """
        key = (checkpoint, card.weights_sha256)
        if key not in self._modules:
            module, loaded = load_checkpoint(checkpoint)
            if loaded.weights_sha256 != card.weights_sha256:
                raise RsvizError(
                    f"the checkpoint {checkpoint} was replaced while it was being read; please try again."
                )
            self._modules[key] = module
            while len(self._modules) > self._size:
                self._modules.popitem(last=False)
        self._modules.move_to_end(key)
        return self._modules[key]

    def plans(self, card: Card) -> dict:
        """What was measured for these weights; whoever measures adds to it."""
        return self._plans.setdefault(card.weights_sha256, {})


NETWORKS = NetworkCache()
"""Of this process: the worker, a shell command or a notebook."""
