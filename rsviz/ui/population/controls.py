"""Controls of the Population page: the request, the curve and the budget to look at."""

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.checkpoints import Card, list_cards, load_card
from rsviz.distributional import LOSSES, concave_from
from rsviz.tasks.population import PopulationRequest
from rsviz.ui import imports, pickers
from rsviz.ui.address import Address, choice, flag, names, number, numbers, text
from rsviz.ui.pickers import describe, offer_download
from rsviz.ui.settings import request_or_sentence

MOST = 6
SHOWN = ["digits-nal-0.25", "digits-wrm", "digits-stn-0.25", "digits-smoothadv-0.25", "digits-trades"]
SCALES = [0.0, 0.05, 0.1, 0.12, 0.2, 0.25, 0.5, 0.7, 1.0]
STEPS, DRAWS = [1, 2, 4, 5, 6, 8, 10, 15, 30, 50], [1, 2, 4, 8, 16, 32]


ADDRESS = Address(
    "population",
    {
        "p_checkpoints": names(SHOWN, MOST),
        "p_scales": numbers(SCALES, [0.0, 0.25]),
        "p_images": number(2, 10_000, 100),
        "p_skip": number(1, 10_000, 1),
        "p_low": number(0.001, 1e6, 1.0),
        "p_high": number(0.001, 1e6, 20.0),
        "p_count": number(1, 20, 6),
        "p_K": numbers(STEPS, [15]),
        "p_r": numbers(DRAWS, [4]),
        "p_loss": choice(LOSSES, "cross-entropy"),
        "p_bound": number(1.0, 1e6, 3.0),
        "p_paid": flag(True),
        "p_measured": number(2, 100_000, 16),
        "p_n": number(0, 10_000_000, 1000),
        "p_seed": number(0, 2**52, 0),
        "p_rho": number(0.0, 1e6, 0.25),
        "p_largest": number(0.001, 1e6, 1.0),
        "p_curve": text(None, longest=200),
    },
)


def choose() -> tuple[Card, PopulationRequest | None]:
    """Draw the controls of the request; (card of the first checkpoint, request).

    None for a request after saying why there is none.
    """
    cards = {name: card for name, card in list_cards().items() if card.dataset in data.DATASETS}
    if imported := imports.take_imported():
        others = [name for name in st.session_state["p_checkpoints"] if name != imported]
        st.session_state["p_checkpoints"] = [imported, *others[: MOST - 1]]
        if imported not in cards:
            words = f"{pickers.no_images_reason(load_card(imported))}, so there is no population here."
            st.warning(words, icon=":material/warning:")
    asked = st.session_state["p_checkpoints"]
    kept = [name for name in asked if name in cards]  # a link may name one that is not here
    st.session_state["p_checkpoints"] = kept if kept or not asked else SHOWN
    chosen = st.multiselect(
        f"Checkpoints, up to {MOST}",
        list(cards),
        format_func=lambda name: describe(cards[name]),
        key="p_checkpoints",
        max_selections=MOST,
    )
    imports.offer_import()
    scales = st.multiselect(
        "Gaussian noise σ; 0 is WRM's certificate", SCALES, format_func="{:g}".format, key="p_scales"
    )
    left, right = st.columns(2)
    with left:
        images = st.number_input("Test images", 2, 10_000, key="p_images", help="The sample of P₀.")
        low = st.number_input("γ from", 0.001, 1e6, key="p_low", format="%g", help="Price of distance.")
        steps = st.multiselect("Steps K", STEPS, key="p_K", help="Of the ascent; several: a curve each.")
    with right:
        skip = st.number_input("Every …th", 1, 10_000, key="p_skip", help="20: every twentieth image.")
        high = st.number_input("γ to", 0.001, 1e6, key="p_high", format="%g")
        draws = st.multiselect("Draws r", DRAWS, key="p_r", help="Of noise, at every step.")
    loss = st.selectbox("Loss", list(LOSSES), format_func=lambda key: LOSSES[key].title, key="p_loss")
    bound = None
    if LOSSES[loss].takes_bound:
        bound = st.number_input("Its bound M", 1.0, 1e6, key="p_bound", format="%g")
    with st.expander("More settings"):
        count = st.number_input("Values of γ", 1, 20, key="p_count", help="Evenly on a log scale.")
        measured = st.number_input("Draws that measure a loss", 2, 100_000, key="p_measured")
        n = st.number_input("Votes n of a radius; 0: no radii", 0, 10_000_000, key="p_n")
        paid = st.toggle(
            "φ pays for the noise",
            key="p_paid",
            help="As in Theorem 1; the certificate does not depend on it.",
        )
        seed = st.number_input("Seed", 0, 2**52, key="p_seed", help="Image i draws with seed + i.")
    card = cards[chosen[0] if chosen else SHOWN[0]]
    if not data.available(card.dataset):
        offer_download(card.dataset)
        return card, None
    request = request_or_sentence(
        PopulationRequest.make,
        checkpoints=chosen,
        images=images,
        skip=skip,
        scales=scales,
        gammas=_gammas(low, high, count),
        K=steps,
        r=draws,
        measured=measured,
        loss=loss,
        bound=bound,
        noise_in_cost=paid,
        n=n,
        seed=seed,
    )
    if request is not None:
        st.caption(_proved(request))
    return card, request


def _gammas(low, high, count) -> list[float]:
    """`count` values from low to high, evenly on a log scale, of four digits."""
    return sorted({float(f"{gamma:.4g}") for gamma in np.geomspace(low, high, count)})


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
        st.selectbox("Look closely at", names, key="p_curve")
    with second:
        st.number_input("Look at budget ρ", 0.0, 1e6, step=0.05, format="%g", key="p_rho")
    with third:
        st.number_input("Draw up to ρ", 0.001, 1e6, step=0.5, format="%g", key="p_largest")
