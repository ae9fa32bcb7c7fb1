"""What attacks on one image and curves of robust accuracy load: victims, with plans that stay."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from rsviz.checkpoints import Card, load_card
from rsviz.noise import NOISES
from rsviz.tasks.attack.request import AttackRequest
from rsviz.tasks.image import load_input
from rsviz.tasks.networks import NETWORKS

if TYPE_CHECKING:
    from rsviz.attacks import Victim


@dataclass(frozen=True)
class AttackMaterials:
    """What a request names, loaded.

    x: the original float32 (C, H, W) in [0, 1]. label: class index in the dataset, None if unknown.
    surrogate: the network that a transfer attacks, or None.
    """

    request: AttackRequest
    card: Card
    x: np.ndarray
    label: int | None
    victim: "Victim"
    surrogate: "Victim | None"

    @property
    def victims(self) -> "dict[str, Victim]":
        """By the name of their plan."""
        found = {"victim": self.victim, "surrogate": self.surrogate}
        return {name: victim for name, victim in found.items() if victim is not None}


def load(request: AttackRequest, plans: dict) -> AttackMaterials:
    """Load networks and image. plans: of an earlier run; its devices and precisions stay.

    Raises RsvizError where checkpoint, image, label, target and surrogate do not belong together.
    """
    request.check_fit()
    card = load_card(request.checkpoint)
    x, label = load_input(request.image, card.input_shape, card.classes)
    noise = NOISES[request.noise](request.scale) if request.scale else None
    victim = load_victim(request.checkpoint, noise, request, plans.get("victim"))
    surrogate = None
    if request.surrogate is not None:
        surrogate = load_surrogate(request.surrogate, request, plans.get("surrogate"))
    return AttackMaterials(request, card, x, label, victim, surrogate)


def load_victim(checkpoint: str, noise, request, plan: dict | None) -> "Victim":
    """The smoothed classifier of a checkpoint under a noise; f for None.

    request: with device, precision and batch. plan: of an earlier run, in their place.
    """
    from rsviz.attacks import Victim
    from rsviz.execution import pick_device

    card = load_card(checkpoint)
    asked = {"device": request.device, "precision": request.precision, "batch": request.batch}
    chosen = plan or asked
    return Victim(
        NETWORKS.module(checkpoint, card),
        noise,
        card.num_classes,
        pick_device(chosen["device"]),
        input_shape=card.input_shape,
        precision=chosen["precision"],
        batch=chosen["batch"],
        plans=NETWORKS.plans(card),
    )


def load_surrogate(checkpoint: str, request, plan: dict | None) -> "Victim":
    """A surrogate under the noise of its own training: its owner would use it so."""
    card = load_card(checkpoint)
    noise = NOISES[card.noise](card.scale) if card.noise else None
    return load_victim(checkpoint, noise, request, plan)


def plans_of(victims: "dict[str, Victim]", shape) -> dict[str, dict]:
    """Device, precision and batch of each victim, as plain values. shape: (C, H, W)."""
    return {name: asdict(victim.plan(shape)) for name, victim in victims.items()}
