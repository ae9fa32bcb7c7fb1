"""Controls of the Population page: the request, the curve and the budget to look at."""

import contextlib
import math
from collections.abc import Mapping

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.checkpoints import Card, list_cards, load_card
from rsviz.distributional import LOSSES, concave_from
from rsviz.tasks.population import PopulationRequest
from rsviz.ui import imports
from rsviz.ui.address import number, text
from rsviz.ui.attack.robustness import PageAddress
from rsviz.ui.downloads import no_images_reason, offer_download
from rsviz.ui.pickers import describe
from rsviz.ui.settings import (
    carried_fields,
    draw,
    draw_several,
    keep_known,
    mark_of,
    number_list,
    numbers_of,
    request_fields,
    request_or_sentence,
    tell_carried,
)
from rsviz.ui.widgets import multiselect, number_input, selectbox, text_input

MOST = 6
SHOWN = ["digits-nal-0.25", "digits-wrm", "digits-stn-0.25", "digits-smoothadv-0.25", "digits-trades"]
SCALES = [0.0, 0.05, 0.1, 0.12, 0.2, 0.25, 0.5, 0.7, 1.0]
STEPS, DRAWS = [1, 2, 4, 5, 6, 8, 10, 15, 30, 50], [1, 2, 4, 8, 16, 32]
GAMMAS = "1, 1.821, 3.314, 6.034, 10.99, 20"
MORE = ("measured", "n", "noise_in_cost", "seed")
"""Fields of the request under More settings."""

SPECS = PopulationRequest.fields()
PLAIN = ("K", "r", "images", "skip", "loss", *MORE)
_DRAWN = request_fields(PopulationRequest, {"checkpoints": SHOWN, "scales": [0.0, 0.25], "bound": None})
_DRAWN |= request_fields(PopulationRequest, dict.fromkeys(PLAIN, ...))
_DRAWN["gammas"] = number_list(SPECS["gammas"], GAMMAS)
CARRIED = carried_fields(PopulationRequest, _DRAWN)


def from_older(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a link by their names of today: gammas were given by their ends and their number."""
    found = dict(query)
    ends = [
        found.pop(f"p_{key}", [usual])[0] for key, usual in (("low", "1"), ("high", "20"), ("count", "6"))
    ]
    if {"p_low", "p_high", "p_count"} & set(query):
        with contextlib.suppress(ValueError):
            low, high, count = float(ends[0]), float(ends[1]), int(ends[2])
            if 0 < low < math.inf and 0 < high < math.inf and 1 <= count <= 20:
                found.setdefault("gammas", [f"{gamma:.4g}" for gamma in np.geomspace(low, high, count)])
    return found


ADDRESS = PageAddress(
    "population",
    {
        **_DRAWN,
        **CARRIED,
        "p_rho": number(0.0, 1e6, 0.25),
        "p_largest": number(0.001, 1e6, 1.0),
        "p_curve": text(None, longest=200),
    },
    older={f"p_{key}": key for key in _DRAWN} | {"p_paid": "noise_in_cost"},
    translate=from_older,
    views=("p_rho", "p_largest", "p_curve"),
    job="job",
)


def choose() -> tuple[Card, PopulationRequest | None]:
    """Draw the controls of the request; (card of the first checkpoint, request).

    None for a request after saying why there is none.
    """
    cards = {name: card for name, card in list_cards().items() if card.dataset in data.DATASETS}
    if imported := imports.take_imported():
        others = [name for name in st.session_state["checkpoints"] if name != imported]
        st.session_state["checkpoints"] = [imported, *others[: MOST - 1]]
        if imported not in cards:
            words = f"{no_images_reason(load_card(imported))}, so there is no population here."
            st.warning(words, icon=":material/warning:")
    keep_known("checkpoints", cards, SHOWN, MOST)
    chosen = multiselect(
        f"Checkpoints, up to {MOST}",
        list(cards),
        format_func=lambda name: describe(cards[name]),
        key="checkpoints",
        max_selections=MOST,
    )
    imports.offer_import()
    draw_several(SPECS["scales"], SCALES)
    left, right = st.columns(2)
    with left:
        draw(SPECS["images"], mark=True)
        draw_several(SPECS["K"], STEPS)
    with right:
        draw(SPECS["skip"], label="Every …th", mark=True)
        draw_several(SPECS["r"], DRAWS)
    text_input("Prices of distance γ, up to 20", key="gammas", help=mark_of(SPECS["gammas"]))
    loss = selectbox(SPECS["loss"].label, list(LOSSES), format_func=lambda key: LOSSES[key].title, key="loss")
    if LOSSES[loss].takes_bound:
        ADDRESS.suggest("bound", 3.0)
        draw(SPECS["bound"], mark=True)
    with st.expander("More settings"):
        for name in MORE:
            draw(SPECS[name], mark=True)
    tell_carried(SPECS, CARRIED)
    card = cards[chosen[0] if chosen else SHOWN[0]]
    if not data.available(card.dataset):
        offer_download(card.dataset)
        return card, None
    request = request_or_sentence(asked, values=ADDRESS.values())
    if request is not None:
        st.caption(_proved(request))
    return card, request


def asked(values: Mapping[str, object]) -> PopulationRequest:
    """The request of the values in the Address; RsvizError where they make none."""
    bound = values["bound"] if LOSSES[values["loss"]].takes_bound else None
    return PopulationRequest.make(
        checkpoints=values["checkpoints"],
        scales=values["scales"],
        gammas=numbers_of(SPECS["gammas"], values["gammas"]),
        bound=bound,
        **{name: values[name] for name in (*PLAIN, *CARRIED)},
    )


def _proved(request: PopulationRequest) -> str:
    """The gammas for which concavity is proved, in words."""
    if request.loss_bound is None:
        return (
            f"The loss {request.loss} has no bound, so it is not proved for any γ that the ascent ends at "
            "the maximum: every line is broken."
        )
    words = [
        f"γ > {concave_from(request.loss_bound, scale):.3g} (σ = {scale:g})"
        for scale in request.scales
        if scale
    ]
    return f"Proved concave: {', '.join(words)}." if words else "Without noise nothing is proved concave."


def look(names: list[str]) -> None:
    """Draw the controls of the curve and the budget to look at. names: of the curves."""
    first, second, third = st.columns([2, 1, 1])
    with first:
        selectbox("Look closely at", names, key="p_curve")
    with second:
        number_input("Look at budget ρ", 0.0, 1e6, step=0.05, format="%g", key="p_rho")
    with third:
        number_input("Draw up to ρ", 0.001, 1e6, step=0.5, format="%g", key="p_largest")
