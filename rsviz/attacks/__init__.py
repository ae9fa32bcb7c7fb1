"""Attacks on a base classifier f, or on its smoothed classifier g: what lies beyond the certificate.

    from rsviz.attacks import Victim, attack, make_parameters, verdicts
    from rsviz.checkpoints import load_checkpoint
    from rsviz.data import load
    from rsviz.noise import Gaussian

    network, card = load_checkpoint("digits-gaussian-0.25")
    victim = Victim(network, Gaussian(0.25), card.num_classes, input_shape=card.input_shape)
    dataset = load("digits")
    x, labels = dataset.pixels(slice(8)), dataset.labels[:8]

    for state in attack(victim, x, labels, make_parameters("eot-pgd", norm="l2", epsilon=1.0), seed=1):
        print(state.step, state.steps, state.loss, state.share, state.l2)    # a batch of 8 at once
    for verdict in verdicts(victim, x, state.best, labels, votes=1000, seed=1):
        print(verdict.verdict, verdict.before, verdict.after, verdict.l2)

- **Victim**: `Victim(network, noise, ...)` is g; with noise None it is f, and every attack then asks f once
  where it would take many draws. Nothing else differs.
- **Parameters**: `make_parameters(KEY, ...)` checks the settings of an attack. `targets=` asks for a class.
- **Success** is never taken from the attack: `verdicts` asks PREDICT on fresh noise, before and after.
- **A curve** of accuracy against attack size comes from one run of an attack that finds the least distortion,
  because its distances tell at which size each image falls; other attacks take a run for every size.
- **Stopping**: close the generator. `state.to_bytes()` and `attack(..., resume=State.from_bytes(...))` go on
  with exactly what would have followed.
- **The seed** fixes every draw of an attack and of a verdict, for one kind of device. The images of a batch
  share their draws, so results for an image do not depend on the other images, up to the rounding of batches.
- **Speed**: `Victim(precision="auto")` measures float32 against bfloat16 and the best size of a pass.
- **A new attack** is one file with a class (see rsviz.attacks.base) and one line in rsviz.attacks.table.

Importing this room does not import torch.
"""

import importlib

from rsviz.attacks.base import Attack
from rsviz.attacks.parameters import Parameters
from rsviz.attacks.table import ATTACKS, AttackError, all_settings, attack, make_parameters

__all__ = [
    "ATTACKS",
    "Attack",
    "AttackError",
    "Parameters",
    "State",
    "Verdict",
    "Victim",
    "all_settings",
    "attack",
    "make_parameters",
    "tally",
    "verdicts",
]

_WITH_TORCH = {
    "State": "problem",
    "Verdict": "verdict",
    "verdicts": "verdict",
    "tally": "verdict",
    "Victim": "victim",
}


def __getattr__(name):
    """The names that need torch are fetched when they are first asked for."""
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
