"""Plain training: a network that never sees noise."""

from rsviz.lazy import lazy
from rsviz.training.objectives import base

gradients = lazy("rsviz.smoothing.gradients")


def plain(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """Cross-entropy of the images as they are: L(f(x), y) = -log softmax(f(x))_y, mean over the batch."""
    logits = gradients.logits_of(f, x)
    return base.cross_entropy(logits, y)


PLAIN = base.Objective(
    title="Plain cross-entropy",
    source="no noise in training",
    loss=plain,
    needs_noise=False,
)
