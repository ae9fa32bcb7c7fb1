"""Controls of the Attack page: what is in its URL, and the attack that it asks for."""

import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.checkpoints import Card, list_cards
from rsviz.tasks.attack import AttackRequest, shipped_example
from rsviz.ui import pickers
from rsviz.ui.address import Address, flag
from rsviz.ui.glossary import explain
from rsviz.ui.settings import (
    ALPHAS,
    draw,
    draw_stops,
    field_of,
    request_fields,
    request_or_sentence,
    settings_of,
)

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


class AttackAddress(Address):
    """The URL of the page: each attack keeps its own settings. Links to the task are read too."""

    def restore(self):
        for key, texts in _unfolded(st.query_params).items():
            st.query_params[key] = texts
        super().restore()


def _unfolded(query) -> dict[str, list[str]]:
    """The settings `parameters.NAME` of a link to the task, by their names on the page; taken out of it."""
    attack, found = query.get("attack", SPECS["attack"].default), {}
    acting = query.get("parameters.attack", attack)
    for key in [key for key in query if key.startswith("parameters.")]:
        texts, name = query.get_all(key), key.removeprefix("parameters.")
        del query[key]
        inner = name.removeprefix("parameters.")
        found[parameter_key(acting if inner != name else attack, inner)] = texts
    return found


_OWN = {
    parameter_key(attack, name): field_of(spec)
    for attack, settings in PARAMETERS.items()
    for name, spec in settings.items()
}
_FIELDS = request_fields(
    AttackRequest,
    {"attack": ..., "surrogate": SHIPPED_SURROGATE, "target": ...} | dict.fromkeys(STATISTICS, ...),
)
ADDRESS = AttackAddress(
    "attack",
    {**pickers.CHECKPOINT, **pickers.IMAGE, **pickers.NOISE, **_FIELDS, "bare": flag(False), **_OWN},
    older={
        **pickers.OLDER,
        **{f"a_{key}": key for key in (*_FIELDS, "bare")},
        **{f"a_{key.replace('-', '_').replace('.', '_')}": key for key in _OWN},
    },
    implied=pickers.IMPLIED,
)


def choose() -> tuple[Card, AttackRequest | None]:
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    example = shipped_example().request
    card = pickers.pick_checkpoint(ADDRESS, default=example.checkpoint)
    image = pickers.pick_image(ADDRESS, card, first=example.image.index)
    noise, scale = _choose_victim(card)
    help_mark = explain("attack")
    attack = st.selectbox("Attack", list(ATTACKS), format_func=_title, key="attack", help=help_mark)
    acting, surrogate, transfers = attack, None, ATTACKS[attack].takes_surrogate
    if transfers:
        surrogate = _choose_surrogate(card)
        spec = PARAMETERS[attack]["attack"]
        acting = draw(spec, parameter_key(attack, spec.name), form=_title, mark=True)
    own = PARAMETERS[acting]
    _draw_all(acting, [name for name in FIRST if name in own])
    target = _choose_target(card)
    more = st.expander("More settings", icon=":material/tune:", key="a_more", on_change="rerun")
    if more.open:
        with more:
            _draw_all(acting, [name for name in own if name not in FIRST])
            draw_stops(SPECS["votes"], VOTES)
            draw_stops(SPECS["n"], N, label="Votes of the certificate n")
            draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
            draw(SPECS["seed"], mark=True)
    if image is None or (transfers and surrogate is None):
        return card, None
    chosen = {name: st.session_state[parameter_key(acting, name)] for name in own}
    parameters = {name: value for name, value in chosen.items() if value != own[name].default}
    return card, request_or_sentence(
        AttackRequest.make,
        checkpoint=card.name,
        image=image,
        noise=noise,
        scale=scale,
        attack=attack,
        parameters={"attack": acting, "parameters": parameters} if transfers else parameters,
        surrogate=surrogate,
        target=target,
        **{name: st.session_state[name] for name in STATISTICS},
    )


def _title(key) -> str:
    return f"{ATTACKS[key].title}: {ATTACKS[key].seeks}"


def _choose_victim(card: Card):
    """The noise of g; or f itself, with scale 0."""
    if st.session_state["scale"] == 0:  # of a link to the task
        st.session_state.update(bare=True, scale=None)
    bare = st.toggle(
        "Attack f itself, without noise",
        key="bare",
        help="The base classifier, as if nobody had smoothed it: there is nothing to certify.",
    )
    return (card.noise or "gaussian", 0.0) if bare else pickers.pick_noise(ADDRESS, card)


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
    if st.session_state["surrogate"] not in fitting:
        st.session_state["surrogate"] = next(iter(fitting))
    return st.selectbox(
        "Surrogate",
        list(fitting),
        format_func=lambda name: pickers.describe(fitting[name]),
        key="surrogate",
        help=explain("surrogate"),
    )


def _choose_target(card: Card):
    options = [None, *range(card.num_classes)]
    if st.session_state["target"] not in options:
        st.session_state["target"] = None
    return st.selectbox(
        "Make it say",
        options,
        format_func=lambda label: "any other class" if label is None else card.classes[label],
        key="target",
    )


def _draw_all(attack, names):
    for name in names:
        draw(PARAMETERS[attack][name], parameter_key(attack, name), mark=True)
