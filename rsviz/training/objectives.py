"""The table of objectives: what the loop, the request and the command line know of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel

from rsviz.errors import RsvizError
from rsviz.training import adre, adre_adv, gaussian, nal, pgd_at, plain, smoothadv, stn, trades, wrm


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
    passes(parameters): how often an image of the batch, noisy or moved, goes through the network in one step.
    """

    key: str
    title: str
    source: str
    parameters: type[BaseModel]
    loss: Callable
    needs_noise: bool
    passes: Callable[[BaseModel], int]


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
                passes=lambda p: 1,
            ),
            Objective(
                key="gaussian",
                title="Gaussian data augmentation",
                source="Cohen, Rosenfeld and Kolter 2019; Lecuyer et al. 2019",
                parameters=gaussian.Parameters,
                loss=gaussian.gaussian,
                needs_noise=True,
                passes=lambda p: 1,
            ),
            Objective(
                key="stn",
                title="Stability training with noise (STN)",
                source="Li, Chen, Wang and Carin 2019, section 5.1",
                parameters=stn.Parameters,
                loss=stn.stn,
                needs_noise=True,
                passes=lambda p: 2,
            ),
            Objective(
                key="adre",
                title="Adaptive radius enhancing regularization (ADRE_REG)",
                source="Feng et al., Algorithm 1",
                parameters=adre.Parameters,
                loss=adre.adre,
                needs_noise=True,
                passes=lambda p: p.k,
            ),
            Objective(
                key="smoothadv",
                title="Adversarial training of the smoothed classifier (SmoothAdv)",
                source="Salman et al. 2019",
                parameters=smoothadv.Parameters,
                loss=smoothadv.smoothadv,
                needs_noise=True,
                passes=lambda p: p.m * (p.steps + 1),
            ),
            Objective(
                key="adre-adv",
                title="Adversarial training with ADRE (ADRE_ADV)",
                source="Feng et al., equations 12 and 13, Algorithm 1",
                parameters=adre_adv.Parameters,
                loss=adre_adv.adre_adv,
                needs_noise=True,
                passes=lambda p: p.k * (p.steps + 1),
            ),
            Objective(
                key="nal",
                title="Noisy adversarial learning (NAL)",
                source="A Distributional Robustness Certificate by Randomized Smoothing, Algorithm 1",
                parameters=nal.Parameters,
                loss=nal.nal,
                needs_noise=True,
                passes=lambda p: p.r * (p.K + 1),
            ),
            Objective(
                key="wrm",
                title="Distributionally robust training (WRM)",
                source="Sinha, Namkoong and Duchi 2018, Algorithm 1",
                parameters=wrm.Parameters,
                loss=wrm.wrm,
                needs_noise=False,
                passes=lambda p: p.K + 1,
            ),
            Objective(
                key="trades",
                title="TRADES, with the Kullback-Leibler divergence",
                source="Zhang et al. 2019, Algorithm 1",
                parameters=trades.Parameters,
                loss=trades.trades,
                needs_noise=False,
                passes=lambda p: p.steps + 3,
            ),
            Objective(
                key="pgd-at",
                title="Adversarial training (PGD)",
                source="Madry et al. 2018",
                parameters=pgd_at.Parameters,
                loss=pgd_at.pgd_at,
                needs_noise=False,
                passes=lambda p: p.steps + 1,
            ),
        )
    }
)
