"""Plain training: what a network does that has never seen noise."""

from pydantic import BaseModel, ConfigDict

from rsviz.training.outcome import outcome


class Parameters(BaseModel):
    """Plain training has no parameters of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def plain(f, x, y, *, noise, parameters, generator):
    """Cross-entropy of the images as they are: L(f(x), y) = -log softmax(f(x))_y, mean over the batch."""
    from torch.nn.functional import cross_entropy

    logits = f(x).float()
    return outcome(logits, cross_entropy=cross_entropy(logits, y))
