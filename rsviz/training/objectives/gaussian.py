"""Training under the noise of the smoothed classifier: the base classifier sees what it will be asked."""

from rsviz.lazy import lazy
from rsviz.training.objectives import base

gradients = lazy("rsviz.smoothing.gradients")


def gaussian(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """Cross-entropy of one noisy copy of each image: L(f(x + epsilon), y), epsilon ~ N(0, sigma^2 I).

    An unbiased estimate of E_epsilon[L(f(x + epsilon), y)], an upper bound of the smoothed classifier's own
    loss (Jensen). The noisy images are not clipped, as in the smoothed classifier.
    Source: Cohen, Rosenfeld and Kolter 2019, section 3.3, after Lecuyer et al. 2019.
    """
    epsilon = noise.sample(x.shape, generator)
    logits = gradients.logits_of(f, x + epsilon)
    return base.cross_entropy(logits, y)


GAUSSIAN = base.Objective(
    title="Gaussian data augmentation",
    source="Cohen, Rosenfeld and Kolter 2019; Lecuyer et al. 2019",
    loss=gaussian,
)
