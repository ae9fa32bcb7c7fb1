"""Plain training: what a network does that has never seen noise."""

from rsviz.training.hyperparameters import Hyperparameters
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """Plain training has no parameters of its own."""


def plain(f, x, y, *, noise, parameters, generator):
    """Cross-entropy of the images as they are: L(f(x), y) = -log softmax(f(x))_y, mean over the batch."""
    from torch.nn.functional import cross_entropy

    from rsviz.training.inner import logits_of

    logits = logits_of(f, x)
    return outcome(logits, cross_entropy=cross_entropy(logits, y))
