"""What an attack makes larger: functions of the logits of n0 noisy copies of each image.

Each takes logits (b, n0, K) and a Goal for the b images and gives (b,). To get away from a class y:

    mean-loss    1/n0 sum_d -log softmax(z_d)_y           the mean of the losses (Li et al. 2019, section 6.2)
    log-mean     -log 1/n0 sum_d softmax(z_d)_y           the loss of the mean (SmoothAdv, Salman et al. 2019)
    margin       1/n0 sum_d min(max_{i != y} z_di - z_dy, kappa)        (f6 of Carlini and Wagner 2017)
    log-margin   the margin of log 1/n0 sum_d softmax(z_d)

By Jensen's inequality log-mean <= mean-loss. The draws on which f is already wrong weigh little in the
gradient of log-mean and much in that of mean-loss. To get to a class t: the same with the sign turned, t in
the place of y.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch.nn.functional import log_softmax, one_hot, softplus


@dataclass(frozen=True)
class Goal:
    """What counts as success, for each image. labels: (B,) true classes. targets: (B,), or None for any
    class but the true one."""

    labels: torch.Tensor
    targets: torch.Tensor | None = None

    def __getitem__(self, rows) -> "Goal":
        return Goal(self.labels[rows], None if self.targets is None else self.targets[rows])

    @property
    def classes(self):
        """(B,): the class to get away from, or to."""
        return self.labels if self.targets is None else self.targets

    @property
    def sign(self) -> int:
        return 1 if self.targets is None else -1

    def reached(self, predicted):
        """(B,) bool. predicted: (B,) class indices, ABSTAIN where there is none, which reaches nothing."""
        if self.targets is None:
            return (predicted != self.labels) & (predicted >= 0)
        return predicted == self.targets


def mean_loss(logits, goal: Goal):
    return -goal.sign * _log_probability(logits, goal).mean(1)


def log_mean(logits, goal: Goal):
    return -goal.sign * _log_mean_exp(_log_probability(logits, goal))


def margin(logits, goal: Goal, kappa=math.inf):
    return _lead(logits, goal).clamp(max=kappa).mean(1)


def log_margin(logits, goal: Goal, kappa=math.inf):
    return _lead(_log_mean_exp(log_softmax(logits, -1))[:, None], goal)[:, 0].clamp(max=kappa)


LOSSES: Mapping[str, Callable] = MappingProxyType(
    {"log-mean": log_mean, "mean-loss": mean_loss, "margin": margin, "log-margin": log_margin}
)


def _log_mean_exp(values):
    return values.logsumexp(1) - math.log(values.shape[1])


def _log_probability(logits, goal):
    """(b, n0): log softmax(z)_y = -log(1 + sum_{i != y} exp(z_i - z_y)).

    In this form its slope in z_y is right also where the probability rounds to 1.
    """
    others = logits.masked_fill(_own(logits, goal), -math.inf).logsumexp(-1)
    return -softplus(others - _of_class(logits, goal))


def _own(values, goal):
    return one_hot(goal.classes, values.shape[-1]).bool()[:, None]


def _of_class(values, goal):
    return values.gather(2, goal.classes.reshape(-1, 1, 1).expand(-1, values.shape[1], 1))[..., 0]


def _lead(values, goal):
    """(b, n0): how far the best other class lies before the goal's; for a target the other way round."""
    other = values.masked_fill(_own(values, goal), -math.inf).amax(-1)
    return goal.sign * (other - _of_class(values, goal))
