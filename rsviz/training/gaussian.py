"""Training under the noise of the smoothed classifier: the base classifier learns what it will be asked."""

from rsviz.training.hyperparameters import Hyperparameters
from rsviz.training.outcome import outcome


class Parameters(Hyperparameters):
    """Noise augmentation has no parameters beside sigma."""


def gaussian(f, x, y, *, noise, parameters, generator):
    """Cross-entropy of one noisy copy of each image: L(f(x + epsilon), y), epsilon ~ N(0, sigma^2 I).

    An unbiased estimate of E_epsilon[L(f(x + epsilon), y)], which bounds the smoothed classifier's own
    loss from above (Jensen). The noisy images are not clipped: the smoothed classifier's are not either.
    Source: Cohen, Rosenfeld and Kolter 2019, section 3.3, after Lecuyer et al. 2019.
    """
    from torch.nn.functional import cross_entropy

    from rsviz.training.inner import logits_of

    epsilon = noise.sample(x.shape, generator)
    logits = logits_of(f, x + epsilon)
    return outcome(logits, cross_entropy=cross_entropy(logits, y))
