"""Attack a surrogate, replay on the victim: what an attacker can do who does not know the victim.

Source: Papernot, McDaniel and Goodfellow 2016; Li et al. 2019, section 6.2, whose strongest black-box
attacks came from an adversarially trained network.
"""

from dataclasses import replace

from rsviz.attacks.parameters import Transfer
from rsviz.attacks.problem import Problem, State
from rsviz.attacks.registry import ATTACKS
from rsviz.noise.streams import GRADIENT

LOOKS = 32
"""Draws on which the victim's share is shown where the attack itself takes none."""


def run(problem: Problem, parameters: Transfer, resume: State | None = None):
    """The states of the attack on the surrogate, with the share of votes that the victim gives.

    The victim is only looked at, for the person who watches: what is kept, and `found`, the attack decides
    by the surrogate alone.
    """
    inner = replace(problem, victim=problem.surrogate, surrogate=None)
    draws = problem.victim.draws(problem.shape, problem.seed, GRADIENT)
    labels, n0 = problem.goal.labels[:, None], getattr(parameters.inner, "draws", LOOKS)
    for seen in ATTACKS[parameters.attack].run(inner, parameters.inner, resume):
        votes = problem.victim.measure(seen.current, draws.take(seen.step * n0, n0)).votes
        yield replace(seen, share=votes.gather(1, labels)[:, 0] / votes.sum(1))
