"""The table of attacks: what pages, jobs and the command line know of each. Does not import torch."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from rsviz.attacks.parameters import Boundary, CarliniWagner, EotPgd, Parameters, Transfer
from rsviz.errors import RsvizError, first_fault


class AttackError(RsvizError):
    """An attack that cannot begin, in one sentence."""


@dataclass(frozen=True)
class Attack:
    """One attack. key: its name in requests. seeks: what it looks for. norms: in which it can. loss: what
    State.loss is, in words. parameters: the model of its settings. runner: "module:function" in this
    package, called with (problem, parameters, resume)."""

    key: str
    title: str
    source: str
    seeks: str
    norms: tuple[str, ...]
    loss: str
    parameters: type[Parameters]
    runner: str

    def run(self, problem, parameters, resume=None):
        """The generator of states; `rsviz.attacks.attack` checks what goes in."""
        module, function = self.runner.split(":")
        return getattr(importlib.import_module(f"rsviz.attacks.{module}"), function)(
            problem, parameters, resume
        )


ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        attack.key: attack
        for attack in (
            Attack(
                key="eot-pgd",
                title="EOT-PGD",
                source="Madry et al. 2018; averaged over noise: Athalye et al. 2018, Li et al. 2019",
                seeks="the largest loss within epsilon",
                norms=("l2", "linf"),
                loss="the loss that the attack makes larger",
                parameters=EotPgd,
                runner="eot_pgd:run",
            ),
            Attack(
                key="cw",
                title="Carlini-Wagner",
                source="Carlini and Wagner 2017; averaged over noise: Li et al. 2019",
                seeks="the least distortion",
                norms=("l2",),
                loss="squared distortion minus c times the margin, which the attack makes smaller",
                parameters=CarliniWagner,
                runner="cw:run",
            ),
            Attack(
                key="boundary",
                title="Boundary",
                source="Brendel, Rauber and Bethge 2018",
                seeks="the least distortion, from votes alone",
                norms=("l2",),
                loss="the distortion, which the attack makes smaller",
                parameters=Boundary,
                runner="boundary:run",
            ),
            Attack(
                key="transfer",
                title="Transfer",
                source="Papernot, McDaniel and Goodfellow 2016; Li et al. 2019, section 6.2",
                seeks="what another attack finds on a surrogate",
                norms=("l2", "linf"),
                loss="the loss of the attack on the surrogate",
                parameters=Transfer,
                runner="transfer:run",
            ),
        )
    }
)


def make_parameters(attack: str, /, **values) -> Parameters:
    """The settings of an attack, or one sentence that names the setting, what came and what is allowed."""
    if attack not in ATTACKS:
        raise AttackError(f"attack is {attack!r}; it must be one of {', '.join(ATTACKS)}.")
    record = ATTACKS[attack]
    norm = values.get("norm")
    if norm is not None and norm not in record.norms:
        raise AttackError(f"norm is {norm!r}; {record.key} works in {' and '.join(record.norms)}.")
    try:
        return record.parameters(**values)
    except ValidationError as error:
        raise AttackError(f"The attack cannot begin: {first_fault(error)}.") from None
