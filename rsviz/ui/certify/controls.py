"""Controls of the Certify page: checkpoint, image, noise, statistics, and when the run ends."""

import streamlit as st

from rsviz.certification import AUTO
from rsviz.confidence import PROCEDURES
from rsviz.evidence import shipped_example
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.ui.pickers import pick_checkpoint, pick_image, pick_noise

VOTES = [100, 1_000, 10_000, 100_000, 1_000_000]
ALPHAS = [0.05, 0.01, 0.001, 0.0001, 0.00001]
ENDS = {"votes": "After n votes", "decide": "When a radius is decided", "within": "When it is good enough"}


def choose():
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    example = shipped_example().request
    card = pick_checkpoint(default=example.checkpoint)
    source = pick_image(card, first=example.image.index)
    settings = _choose_settings(card)
    return card, source and {"checkpoint": card.name, "image": source, **settings}


def _choose_settings(card):
    """Noise and statistics of the request."""
    noise, scale = pick_noise(card)
    n = st.select_slider(
        "Votes n",
        VOTES,
        100_000,
        format_func="{:,}".format,
        key="n",
        bind="query-params",
        help="Draws of noise; more votes, a tighter limit on p_A.",
    )
    ends = _choose_end(NORMS[NOISES[noise].norm].symbol)
    with st.expander("More settings"):
        alpha = st.select_slider(
            "Probability of error α",
            ALPHAS,
            0.001,
            format_func="{:g}".format,
            key="alpha",
            bind="query-params",
        )
        n0 = st.number_input(
            "Selecting votes n₀",
            1,
            100_000,
            100,
            key="n0",
            bind="query-params",
            help="These choose the class; the n votes that count are drawn afresh.",
        )
        seed = st.number_input("Seed", 0, 2**53 - 1, 0, key="seed", bind="query-params")
        procedure = st.selectbox(
            "Limits on p_A and p_B",
            [AUTO, *(key for key, known in PROCEDURES.items() if known.valid)],
            format_func=lambda key: PROCEDURES[key].title if key != AUTO else "What suits the classes",
            key="procedure",
            bind="query-params",
            help="With more than two classes p_B gets a limit of its own, which proves more.",
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
        bind="query-params",
        help="A rule ends the run early; what it proved by then holds with the same confidence.",
    )
    ends = {"stoppable": True}
    if end == "decide":
        words = f"Radius to decide ({norm})"
        ends["decide"] = st.number_input(
            words, 0.0001, 100.0, 0.25, 0.05, format="%.4g", key="decide", bind="query-params"
        )
    elif end == "within":
        ends["within"] = st.number_input(
            "Within so many % of the most in reach", 0.1, 99.0, 10.0, 1.0, key="within", bind="query-params"
        )
    return ends
