"""The table of attacks, their parameters, and how an attack begins. Importing this does not import torch."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rsviz.attacks.base import Attack, problems
from rsviz.attacks.boundary import Boundary
from rsviz.attacks.cw import CarliniWagner
from rsviz.attacks.eot_pgd import EotPgd
from rsviz.attacks.parameters import Parameters
from rsviz.attacks.transfer import Transfer
from rsviz.errors import RsvizError, first_fault, short

if TYPE_CHECKING:
    from rsviz.attacks.problem import State
    from rsviz.attacks.victim import Victim

_TABLE: dict[str, type[Attack]] = {
    attack.key: attack
    for attack in (
        EotPgd,
        CarliniWagner,
        Boundary,
        Transfer,
    )
}
ATTACKS: Mapping[str, type[Attack]] = MappingProxyType(_TABLE)
"""Every attack by its key, in display order."""


class AttackError(RsvizError):
    """An attack that cannot begin, in one sentence."""


def check_attack(key: str) -> type[Attack]:
    """The attack; AttackError names those that there are."""
    if key not in ATTACKS:
        raise AttackError(f"attack is {short(key)}; it must be one of {', '.join(ATTACKS)}.")
    return ATTACKS[key]


def make_parameters(attack: str, /, **values: Any) -> Any:
    """The parameters of an attack, checked.

    Raises AttackError: one sentence that names the parameter, what came and what is allowed.
    """
    record, norm = check_attack(attack), values.get("norm")
    if norm is not None and norm not in record.norms:
        raise AttackError(f"norm is {norm!r}; {record.key} works in {' and '.join(record.norms)}.")
    try:
        return record.parameters(**values)
    except ValidationError as error:
        raise AttackError(f"The attack cannot begin: {first_fault(error)}.") from None


def all_settings(parameters: Parameters) -> dict[str, Any]:
    """Every setting of an attack by name, with the defaults; those of a transfer's inner attack too."""
    settings = parameters.model_dump()
    if isinstance(inner := settings.get("parameters"), dict):
        settings["parameters"] = all_settings(make_parameters(settings["attack"], **inner))
    return settings


def check_surrogate(attack: type[Attack], surrogate: Any) -> None:
    """AttackError where an attack on a surrogate has none, or another one has one."""
    if attack.takes_surrogate != (surrogate is not None):
        names = " and ".join(key for key, one in ATTACKS.items() if one.takes_surrogate)
        came = "none is given" if surrogate is None else f"one is given to {attack.key}"
        raise AttackError(f"{names} needs a surrogate, and no other attack takes one; here {came}.")


def attack(
    victim: "Victim",
    x: Any,
    labels: Any,
    parameters: Parameters,
    *,
    targets: Any = None,
    epsilon: Any = None,
    starts: Any = None,
    surrogate: "Victim | None" = None,
    seed: int = 0,
    resume: "State | None" = None,
) -> Iterator["State"]:
    """Attack a batch of images; a generator of states, of which the last is the result.

    The draws of step k are a pure function of (seed, k), and the images of the batch share them: results for
    an image depend neither on the other images, except for the rounding of batched passes, nor on stops.
    Closing the generator ends the attack.

    victim: f or g.
    x: float images (B, C, H, W) in [0, 1].
    labels: (B,), the classes to get away from.
    parameters: see `make_parameters`; their type says which attack.
    targets: a class, or one for each image, to get to instead.
    epsilon: (B,), sizes in the place of parameters.epsilon, for example certified radii.
    starts, surrogate: see Problem.
    seed: decides every draw.
    resume: an earlier state of the same attack; what follows is what would have followed.
    Raises RsvizError where the input does not fit.
    """
    record = next(record for record in ATTACKS.values() if type(parameters) is record.parameters)
    problem = problems.check(
        victim, x, labels, targets=targets, epsilon=epsilon, starts=starts, surrogate=surrogate, seed=seed
    )
    check_surrogate(record, surrogate)
    return _run(record, problem, parameters, resume)


def _run(record, problem, parameters, resume):
    if resume is not None:
        problem.attacked.adopt(problem.shape, resume.plan)
        if resume.done:
            yield resume
            return
    yield from record(problem, parameters).run(resume)
