"""Plain training: a network that never sees noise."""

from rsviz.lazy import lazy
from rsviz.training.objectives.base import Hyperparameters, Objective, Outcome, outcome

functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")


class Parameters(Hyperparameters):
    """Plain training has no parameters of its own."""


def plain(f, x, y, *, noise, parameters, generator) -> Outcome:
    """Cross-entropy of the images as they are: L(f(x), y) = -log softmax(f(x))_y, mean over the batch."""
    logits = gradients.logits_of(f, x)
    return outcome(logits, cross_entropy=functional.cross_entropy(logits, y))


PLAIN = Objective(
    key="plain",
    title="Plain cross-entropy",
    source="no noise in training",
    parameters=Parameters,
    loss=plain,
    needs_noise=False,
    passes=lambda p: 1,
)
