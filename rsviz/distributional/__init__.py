"""The worst mean loss over a population that moves: the distributional certificate of NAL, repaired.

The per-image certificate asks whether one image keeps its class. This one asks how bad the mean loss can get
while the whole distribution of inputs moves by at most rho. The task that computes it is
rsviz.tasks.population. Importing this room does not import torch.
Source: A Distributional Robustness Certificate by Randomized Smoothing, whose Theorem 1 is false as printed
(errata, B1).
"""

from rsviz.distributional.certificate import (
    NOT_PROVED,
    PROVED,
    AscentResults,
    BudgetReading,
    PopulationCertificate,
    PopulationPoint,
    at_budget,
    certificate,
    epsilon,
)
from rsviz.distributional.losses import LOSSES, PopulationError, concave_from

__all__ = [
    "LOSSES",
    "NOT_PROVED",
    "PROVED",
    "AscentResults",
    "BudgetReading",
    "PopulationCertificate",
    "PopulationError",
    "PopulationPoint",
    "at_budget",
    "certificate",
    "concave_from",
    "epsilon",
]
