"""Attack a surrogate, replay on the victim: what an attacker can do who does not know the victim.

Source: Papernot, McDaniel and Goodfellow 2016; Li et al. 2019, section 6.2, whose strongest black-box
attacks came from an adversarially trained network.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from rsviz.attacks.base import Attack, on_surrogate
from rsviz.attacks.parameters import Parameters
from rsviz.noise import streams

LOOKS = 32
"""Draws on which the victim's share of votes is shown where the attack itself takes none."""


def _transferable() -> dict[str, type[Attack]]:
    from rsviz.attacks.table import ATTACKS  # which imports this file

    return {key: attack for key, attack in ATTACKS.items() if attack.can_be_transferred}


def _choices(schema: dict[str, Any]) -> None:
    schema["enum"] = list(_transferable())


class TransferParameters(Parameters):
    """attack: key of the attack that runs on the surrogate. parameters: that attack's own."""

    attack: Annotated[
        str,
        Field(
            title="Attack on the surrogate",
            description="It sees the surrogate alone; its result is replayed on the victim.",
            json_schema_extra=_choices,
        ),
    ] = "eot-pgd"
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("attack")
    @classmethod
    def _can_be_transferred(cls, value):
        allowed = _transferable()
        if value not in allowed:
            raise ValueError(f"input should be {', '.join(allowed)}")
        return value

    @model_validator(mode="after")
    def _inner_is_valid(self):
        _ = self.inner
        return self

    @property
    def inner(self) -> Parameters:
        """The checked parameters of the attack on the surrogate."""
        return _transferable()[self.attack].parameters(**self.parameters)

    @property
    def norm(self) -> str:
        return self.inner.norm

    @property
    def epsilon(self) -> float | None:
        return getattr(self.inner, "epsilon", None)


class Transfer(Attack):
    key = "transfer"
    title = "Transfer"
    source = "Papernot, McDaniel and Goodfellow 2016; Li et al. 2019, section 6.2"
    seeks = "what another attack finds on a surrogate"
    loss_words = "the loss of the attack on the surrogate"
    norms = ("l2", "linf")
    parameters = TransferParameters
    takes_surrogate = True
    can_be_transferred = False

    @classmethod
    def acting(cls, parameters: TransferParameters) -> tuple[type[Attack], Parameters]:
        return _transferable()[parameters.attack], parameters.inner

    def run(self, resume=None) -> Iterator:
        """The states of the attack on the surrogate, with the share of votes that the victim gives.

        The victim is only looked at, to show its votes: `best` and `found` are decided on the surrogate.
        """
        attack, parameters = self.acting(self.p)
        draws = self.noise_source(streams.GRADIENT)
        labels, n0 = self.goal.labels[:, None], getattr(parameters, "draws", LOOKS)
        for state in attack(on_surrogate(self.problem), parameters).run(resume):
            votes = self.victim.measure(state.current, draws.take(state.step * n0, n0)).votes
            yield replace(state, share=votes.gather(1, labels)[:, 0] / votes.sum(1))
