"""Controls of the Attack page: what stands in its URL, and the attack that it asks for."""

import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.attacks.evidence import shipped_example
from rsviz.attacks.request import make_request
from rsviz.checkpoints import Card, list_cards
from rsviz.ui import pickers
from rsviz.ui.address import Address, choice, flag, number, text
from rsviz.ui.settings import MOST_COUNTED, draw, field_of, request_or_sentence, settings_of

PARAMETERS = {key: settings_of(attack.parameters) for key, attack in ATTACKS.items()}
"""The settings of each attack that can be chosen; a norm without a choice is none."""

FIRST = ("norm", "epsilon", "steps", "draws")
"""Settings on the first screen; the others stand under More settings."""

WORDS = {
    "norm": "Norm",
    "epsilon": "Size ε (pixel units)",
    "steps": "Steps",
    "draws": "Draws of noise a gradient (EOT)",
    "loss": "Loss",
    "step_size": "Step size (pixel units)",
    "restarts": "Starts",
    "random_start": "Random first start",
    "common_draws": "The same noise in every step",
    "searches": "Constants tried",
    "kappa": "Confidence κ",
    "constant": "First constant c",
    "learning_rate": "Learning rate",
    "abort_early": "Leave a constant that brings nothing",
    "votes": "Votes of each look during the search",
    "alpha": "α of each look during the search",
    "orthogonal_step": "First step around the original",
    "source_step": "First step towards it",
    "attack": "Attack on the surrogate",
}
VOTES = [100, 300, 1_000, 3_000, 10_000]
N = [1_000, 10_000, 100_000]
ALPHAS = [0.05, 0.01, 0.001, 0.0001, 0.00001]
ANY = -1
"""No target: any other class."""
SHIPPED_SURROGATE = "digits-plain"


def parameter_key(attack: str, name: str) -> str:
    """The name in the URL, and of the widget, of an attack's setting."""
    return f"a_{attack.replace('-', '_')}_{name}"


ADDRESS = Address(
    "attack",
    {
        **pickers.CHECKPOINT,
        **pickers.IMAGE,
        **pickers.NOISE,
        "a_attack": choice(ATTACKS, "eot-pgd"),
        "a_bare": flag(False),
        "a_target": number(ANY, 100_000, ANY),
        "a_surrogate": text(SHIPPED_SURROGATE),
        "a_votes": choice(VOTES, 1_000),
        "a_n": choice(N, 10_000),
        "a_alpha": choice(ALPHAS, 0.001),
        "a_seed": number(0, MOST_COUNTED, 0),
    }
    | {
        parameter_key(attack, name): field_of(setting)
        for attack, settings in PARAMETERS.items()
        for name, setting in settings.items()
    },
    pickers.OLDER,
    pickers.IMPLIED,
)


def choose():
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    example = shipped_example().request
    card = pickers.pick_checkpoint(ADDRESS, default=example.checkpoint)
    source = pickers.pick_image(ADDRESS, card, first=example.image.index)
    noise, scale = _choose_victim(card)
    attack = st.selectbox("Attack", list(ATTACKS), format_func=_title, key="a_attack")
    values = {"noise": noise, "scale": scale, "attack": attack, "surrogate": None}
    own = attack
    if attack == "transfer":
        values["surrogate"] = _choose_surrogate(card)
        settings = PARAMETERS["transfer"]["attack"]
        own = st.selectbox(
            WORDS["attack"], settings.options, format_func=_title, key=parameter_key("transfer", "attack")
        )
    _draw_all(own, [name for name in FIRST if name in PARAMETERS[own]])
    values["target"] = _choose_target(card)
    more = st.expander("More settings", icon=":material/tune:", key="a_more", on_change="rerun")
    if more.open:
        with more:
            _draw_all(own, [name for name in PARAMETERS[own] if name not in FIRST])
            _draw_statistics()
    if source is None or (attack == "transfer" and values["surrogate"] is None):
        return card, None
    return card, _asked(card, source, own, values)


def _title(key) -> str:
    return f"{ATTACKS[key].title}: {ATTACKS[key].seeks}"


def _choose_victim(card: Card):
    """The noise of g; or f itself, whose scale is 0."""
    bare = st.toggle(
        "Attack f itself, without noise",
        key="a_bare",
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
    if st.session_state["a_surrogate"] not in fitting:
        st.session_state["a_surrogate"] = next(iter(fitting))
    return st.selectbox(
        "Surrogate",
        list(fitting),
        format_func=lambda name: pickers.describe(fitting[name]),
        key="a_surrogate",
        help="The attacker sees this network alone, under the noise it was trained with.",
    )


def _choose_target(card: Card):
    options = [ANY, *range(card.num_classes)]
    if st.session_state["a_target"] not in options:
        st.session_state["a_target"] = ANY
    target = st.selectbox(
        "Make it say",
        options,
        format_func=lambda label: "any other class" if label == ANY else card.classes[label],
        key="a_target",
    )
    return None if target == ANY else int(target)


def _draw_all(attack, names):
    for name in names:
        draw(PARAMETERS[attack][name], parameter_key(attack, name), WORDS.get(name, name))


def _draw_statistics():
    many = "{:,}".format
    st.select_slider("Votes of the verdict", VOTES, key="a_votes", format_func=many)
    st.select_slider("Votes of the certificate n", N, key="a_n", format_func=many)
    st.select_slider("Probability of error α", ALPHAS, key="a_alpha", format_func="{:g}".format)
    st.number_input("Seed", 0, MOST_COUNTED, key="a_seed")


def _asked(card, source, own, values):
    """The request in the widgets; None where they do not make one, and the page says why."""
    parameters = {
        name: value
        for name, setting in PARAMETERS[own].items()
        if (value := st.session_state[parameter_key(own, name)]) != setting.default
    }
    if values["attack"] == "transfer":
        parameters = {"attack": own, "parameters": parameters}
    statistics = {name: st.session_state[f"a_{name}"] for name in ("votes", "n", "alpha", "seed")}
    return request_or_sentence(
        make_request,
        checkpoint=card.name,
        image=source,
        parameters=parameters,
        **values,
        **statistics,
    )
