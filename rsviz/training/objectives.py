"""The table of objectives: what the loop, the request and the command line know of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel

from rsviz.errors import RsvizError
from rsviz.training import gaussian, plain


class TrainingError(RsvizError):
    """A training run that cannot begin or go on, in one sentence."""


@dataclass(frozen=True)
class Objective:
    """What is minimised.

    loss(f, x, y, *, noise, parameters, generator) -> Outcome: the mean objective over a batch, its terms, and
    the logits by which the loop tells the accuracy. f: the network, a torch.nn.Module from (N, C, H, W) to
    logits (N, classes), which attacks set to evaluation mode while they last; x: (B, C, H, W) in [0, 1]; y:
    (B,) classes; noise: a mechanism of rsviz.noise, or None; parameters: an instance of `parameters`;
    generator: the source of all noise. needs_noise: whether sigma must be positive; otherwise it must be 0.
    """

    key: str
    title: str
    source: str
    parameters: type[BaseModel]
    loss: Callable
    needs_noise: bool


METHODS: Mapping[str, Objective] = MappingProxyType(
    {
        objective.key: objective
        for objective in (
            Objective(
                key="plain",
                title="Plain cross-entropy",
                source="no noise in training",
                parameters=plain.Parameters,
                loss=plain.plain,
                needs_noise=False,
            ),
            Objective(
                key="gaussian",
                title="Gaussian data augmentation",
                source="Cohen, Rosenfeld and Kolter 2019; Lecuyer et al. 2019",
                parameters=gaussian.Parameters,
                loss=gaussian.gaussian,
                needs_noise=True,
            ),
        )
    }
)
