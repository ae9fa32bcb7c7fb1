"""Controls of the Certify page: checkpoint, image, noise, statistics, and when the run ends."""

import streamlit as st

from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import shipped_example
from rsviz.tasks.settings import AUTO
from rsviz.ui import pickers
from rsviz.ui.address import Address, choice, number
from rsviz.ui.glossary import explain

VOTES = [100, 1_000, 10_000, 100_000, 1_000_000]
ALPHAS = [0.05, 0.01, 0.001, 0.0001, 0.00001]
MOST_SEED = 2**53 - 1
ENDS = {
    "votes": "After n votes",
    "until_radius": "When a radius is decided",
    "within": "When it is good enough",
}


VALID = [AUTO, *(key for key, procedure in PROCEDURES.items() if procedure.valid)]

ADDRESS = Address(
    "certify",
    {
        **pickers.CHECKPOINT,
        **pickers.IMAGE,
        **pickers.NOISE,
        "n": choice(VOTES, 100_000, labels={f"{n:,}": n for n in VOTES}),
        "alpha": choice(ALPHAS, 0.001),
        "n0": number(1, 100_000, 100),
        "seed": number(0, MOST_SEED, 0),
        "procedure": choice(VALID, AUTO),
        "end": choice(ENDS, "votes", labels={words: key for key, words in ENDS.items()}),
        "until_radius": number(0.0001, 100.0, 0.25),
        "within": number(0.1, 99.0, 10.0),
    },
)


def choose() -> tuple[Card, dict | None]:
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    example = shipped_example().request
    card = pickers.pick_checkpoint(ADDRESS, default=example.checkpoint)
    source = pickers.pick_image(ADDRESS, card, first=example.image.index)
    settings = _choose_settings(card)
    return card, source and {"checkpoint": card.name, "image": source, **settings}


def _choose_settings(card):
    """The fields of the request besides checkpoint and image."""
    noise, scale = pickers.pick_noise(ADDRESS, card)
    n = st.select_slider(
        "Votes n",
        VOTES,
        format_func="{:,}".format,
        key="n",
        help=explain("votes", "p_A"),
    )
    ends = _choose_end(NORMS[NOISES[noise].norm].symbol)
    with st.expander("More settings"):
        alpha = st.select_slider(
            "Probability of error α",
            ALPHAS,
            format_func="{:g}".format,
            key="alpha",
            help=explain("alpha"),
        )
        n0 = st.number_input(
            "Selecting votes n₀",
            1,
            100_000,
            key="n0",
            help=explain("selecting votes"),
        )
        seed = st.number_input("Seed", 0, MOST_SEED, key="seed", help=explain("seed"))
        procedure = st.selectbox(
            "Limits on p_A and p_B",
            VALID,
            format_func=lambda key: PROCEDURES[key].title if key != AUTO else "What suits the classes",
            key="procedure",
            help=explain("limits", "p_B"),
        )
    statistics = {"n": n, "alpha": alpha, "n0": n0, "seed": seed, "procedure": procedure}
    return {"noise": noise, "scale": scale, **statistics, **ends}


def _choose_end(norm):
    """When the run ends, as fields of the request. Every run of the page may be stopped by hand."""
    end = st.selectbox(
        "When to end",
        list(ENDS),
        format_func=ENDS.get,
        key="end",
        help="A rule ends the run early; what it proved by then holds with the same confidence.",
    )
    ends = {"stoppable": True}
    if end == "until_radius":
        words = f"Radius to decide ({norm})"
        ends["until_radius"] = st.number_input(
            words, 0.0001, 100.0, step=0.05, format="%.4g", key="until_radius"
        )
    elif end == "within":
        ends["within"] = st.number_input(
            "Within this % of the largest radius in reach", 0.1, 99.0, step=1.0, key="within"
        )
    return ends
