"""Controls of the Attack page: what is in its URL, and the attack that it asks for."""

from collections.abc import Mapping

import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.checkpoints import Card, list_cards
from rsviz.tasks.attack import AttackRequest, shipped_example
from rsviz.ui import image_picker, pickers
from rsviz.ui.address import flag
from rsviz.ui.attack.robustness import PageAddress
from rsviz.ui.glossary import explain, explain_all
from rsviz.ui.settings import (
    ALPHAS,
    carried_fields,
    draw,
    draw_stops,
    field_of,
    request_fields,
    request_or_sentence,
    settings_of,
    tell_carried,
)
from rsviz.ui.widgets import selectbox, toggle

SPECS = AttackRequest.fields()
PARAMETERS = {key: settings_of(attack.parameters) for key, attack in ATTACKS.items()}
"""The settings of each attack that can be chosen; a norm without a choice is none."""
FIRST = ("norm", "epsilon", "steps", "draws")
"""Settings on the first screen; the others are under More settings."""
VOTES = [100, 300, 1_000, 3_000, 10_000]
N = [1_000, 10_000, 100_000]
STATISTICS = ("votes", "n", "alpha", "seed")
SHIPPED_SURROGATE = "digits-plain"


def parameter_key(attack: str, name: str) -> str:
    """The name in the URL, and of the widget, of an attack's setting."""
    return f"{attack}.{name}"


def from_task(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a link to the task by their names on the page, where each attack keeps its own."""
    found = dict(query)
    attack = query.get("attack", [SPECS["attack"].default])[0]
    acting = query.get("parameters.attack", [attack])[0]
    for key in [key for key in query if key.startswith("parameters.")]:
        name = key.removeprefix("parameters.")
        inner = name.removeprefix("parameters.")
        found[parameter_key(acting if inner != name else attack, inner)] = found.pop(key)
    if found.get("scale") in (["0"], ["0.0"]):  # f itself
        found |= {"bare": ["1"]}
        del found["scale"]
    return found


_OWN = {
    parameter_key(attack, name): field_of(spec)
    for attack, settings in PARAMETERS.items()
    for name, spec in settings.items()
}
_FIELDS = request_fields(
    AttackRequest,
    {"attack": ..., "surrogate": None, "target": ...} | dict.fromkeys(STATISTICS, ...),
)
_DRAWN = {**pickers.CHECKPOINT, **image_picker.IMAGE, **pickers.NOISE, **_FIELDS}
CARRIED = carried_fields(AttackRequest, _DRAWN)
_EXAMPLE = shipped_example().request

ADDRESS = PageAddress(
    "attack",
    {**_DRAWN, "bare": flag(False), **_OWN, **CARRIED},
    older={
        **pickers.OLDER,
        **{f"a_{key}": key for key in (*_FIELDS, "bare")},
        **{f"a_{key.replace('-', '_').replace('.', '_')}": key for key in _OWN},
    },
    implied=image_picker.IMPLIED,
    translate=from_task,
    job="job",
    opening=image_picker.opening(_EXAMPLE, "attack")
    | {parameter_key(_EXAMPLE.attack, name): value for name, value in _EXAMPLE.parameters.items()},
)


def choose() -> tuple[Card, AttackRequest | None]:
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    card = pickers.pick_checkpoint(ADDRESS, default=image_picker.FORMER["checkpoint"])
    image = image_picker.pick_image(ADDRESS, card)
    _choose_victim(card)
    help_mark = explain("attack")
    attack = selectbox("Attack", list(ATTACKS), format_func=_title, key="attack", help=help_mark)
    acting, surrogate, transfers = attack, None, ATTACKS[attack].takes_surrogate
    if transfers:
        surrogate = _choose_surrogate(card)
        spec = PARAMETERS[attack]["attack"]
        acting = draw(spec, parameter_key(attack, spec.name), form=_title, mark=True)
    own = PARAMETERS[acting]
    _draw_all(acting, [name for name in FIRST if name in own])
    _choose_target(card)
    more = st.expander("More settings", icon=":material/tune:", key="a_more", on_change="rerun")
    if more.open:
        with more:
            _draw_all(acting, [name for name in own if name not in FIRST])
            draw_stops(SPECS["votes"], VOTES)
            draw_stops(SPECS["n"], N, label="Votes of the certificate n")
            draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
            draw(SPECS["seed"], mark=True)
    tell_carried(SPECS, CARRIED)
    if image is None or (transfers and surrogate is None):
        return card, None
    return card, request_or_sentence(asked, values=ADDRESS.values(), card=card, image=image)


def asked(values: Mapping[str, object], card: Card, image: dict) -> AttackRequest:
    """The request of the values in the Address; RsvizError where they make none. image: its source."""
    attack = values["attack"]
    acting, transfers = attack, ATTACKS[attack].takes_surrogate
    if transfers:
        acting = values[parameter_key(attack, "attack")]
    own = PARAMETERS[acting]
    chosen = {name: values[parameter_key(acting, name)] for name in own}
    parameters = {name: value for name, value in chosen.items() if value != own[name].default}
    victim = {"noise": values["noise"], "scale": values["scale"]}
    if values["bare"]:
        victim = {"noise": card.noise or "gaussian", "scale": 0.0}
    return AttackRequest.make(
        checkpoint=card.name,
        image=image,
        attack=attack,
        parameters={"attack": acting, "parameters": parameters} if transfers else parameters,
        surrogate=values["surrogate"] if transfers else None,
        **victim,
        **{name: values[name] for name in ("target", *STATISTICS, *CARRIED)},
    )


def _title(key) -> str:
    return f"{ATTACKS[key].title}: {ATTACKS[key].seeks}"


def _choose_victim(card: Card):
    """The noise of g; or f itself, with scale 0."""
    bare = toggle(
        "Attack f itself, without noise",
        key="bare",
        help=explain_all("Nobody has smoothed it: there is nothing to certify.", "f, without noise"),
    )
    if not bare:
        pickers.pick_noise(ADDRESS, card)


def _choose_surrogate(card: Card):
    """Another checkpoint for the same images and classes."""
    fitting = {
        name: other
        for name, other in list_cards().items()
        if (other.input_shape, other.num_classes) == (card.input_shape, card.num_classes)
        and name != card.name
    }
    if not fitting:
        st.info("There is no other checkpoint for these images; train one.", icon=":material/info:")
        return None
    usual = SHIPPED_SURROGATE if SHIPPED_SURROGATE in fitting else next(iter(fitting))
    ADDRESS.suggest("surrogate", usual, fitting.__contains__)
    return selectbox(
        "Surrogate",
        list(fitting),
        format_func=lambda name: pickers.describe(fitting[name]),
        key="surrogate",
        help=explain("surrogate"),
    )


def _choose_target(card: Card):
    options = [None, *range(card.num_classes)]
    ADDRESS.suggest("target", None, options.__contains__)
    return selectbox(
        "Make it say",
        options,
        format_func=lambda label: "any other class" if label is None else card.classes[label],
        key="target",
    )


def _draw_all(attack, names):
    for name in names:
        draw(PARAMETERS[attack][name], parameter_key(attack, name), mark=True)
