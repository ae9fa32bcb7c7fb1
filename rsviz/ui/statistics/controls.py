"""Controls of the Statistics page: what is set in its URL, what it means, and the presets."""

import re
from types import MappingProxyType

import numpy as np
import streamlit as st

from rsviz import simulation
from rsviz.errors import RsvizError
from rsviz.simulation import Experiment
from rsviz.tasks.certify import shipped_example
from rsviz.ui.address import Address, Field, choice, flag, number
from rsviz.ui.glossary import explain
from rsviz.ui.presets import Preset, Presets
from rsviz.ui.widgets import number_input, select_slider, selectbox, slider, text_input, toggle

VIEWS = MappingProxyType(
    {
        "peeking": "Peeking",
        "certificates": "Certificates",
        "votes": "More votes",
        "split": "What splitting gains",
        "same": "Same votes",
    }
)
SOURCES = MappingProxyType(
    {"made": "made up", "example": "those of a real image", "votes": "from votes of mine"}
)
CLASSES = (2, 3, 5, 10, 100)
COUNTS = (100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000)
SELECTING = (1, 10, 100, 1_000)
ALPHAS = (0.1, 0.05, 0.01, 0.001, 0.0001)
RUNS = (100, 1_000, 10_000)


def _votes() -> Field:
    def read(texts):
        parse_votes(texts[0])
        return texts[0]

    return Field("970, 20, 10", read, lambda value: [value])


def parse_votes(text: str) -> tuple[int, ...]:
    """Votes per class from what a person typed; RsvizError says what is allowed."""
    numbers = re.findall(r"[^\s,;]+", text)
    fits = 2 <= len(numbers) <= simulation.MOST_CLASSES and all(
        re.fullmatch(r"[0-9]{1,12}", part) for part in numbers
    )
    if not fits or not any(int(part) for part in numbers):
        raise RsvizError(
            f"The votes are {text[:40]!r}; they must be 2 to {simulation.MOST_CLASSES} whole numbers with "
            "commas or spaces between them, not all 0."
        )
    return tuple(int(part) for part in numbers)


FIELDS = {
    "s_view": choice(VIEWS, "peeking"),
    "s_from": choice(SOURCES, "made"),
    "s_pa": number(0.01, 0.9999, 0.9),
    "s_classes": choice(CLASSES, 10),
    "s_share": number(0.0, 1.0, 0.0),
    "s_votes": _votes(),
    "s_n": choice(COUNTS, 300),
    "s_alpha": choice(ALPHAS, 0.05),
    "s_n0": choice(SELECTING, 100),
    "s_runs": choice(RUNS, 1_000),
    "s_seed": number(0, 2**53 - 1, 0),
    "s_sison": flag(False),
}
# Older links name no view where they mean the certificates, with which the page opened.
ADDRESS = Address(
    "statistics", FIELDS, implied=dict.fromkeys(FIELDS.keys() - {"s_view"}, ("s_view", "certificates"))
)


PRESETS = Presets(
    ADDRESS,
    {
        "ten": Preset(
            "Ten classes, one at 0.9",
            "CERTIFY gives the rest to a single opponent; splitting alpha measures the opponent.",
            {"s_view": "certificates"},
        ),
        "below": Preset(
            "A certificate below one half",
            "The top class has 0.3 of the votes. CERTIFY and T-CERTIFY abstain always, split does not.",
            {"s_view": "certificates", "s_pa": 0.3},
        ),
        "coin": Preset(
            "A coin",
            "Two classes at 1/2: the true radius is 0, so every certificate is false.",
            {"s_view": "certificates", "s_pa": 0.5, "s_classes": 2},
        ),
        "equal": Preset(
            "Ten equal classes",
            "Li's limits are of the luckiest class and its luckiest opponent: false in 19 % where 5 % are "
            "allowed.",
            {"s_view": "certificates", "s_pa": 0.1, "s_n": 100},
        ),
        "sison": Preset(
            "Sison-Glaz next to one",
            "Two classes, 0.95 and 0.05, 100 votes: simultaneous intervals for many full classes, used where "
            "there are two, and one nearly empty.",
            {"s_view": "certificates", "s_pa": 0.95, "s_classes": 2, "s_n": 100, "s_sison": True},
        ),
        "watch": Preset(
            "A watcher with patience",
            "Alpha 0.001, a look after each of 10,000 votes: Clopper-Pearson misleads 20 times as often as "
            "it promises.",
            {"s_view": "peeking", "s_n": 10_000, "s_alpha": 0.001},
        ),
    },
    free=("s_seed", "s_runs", "s_sison"),
)


def draw_again() -> None:
    """Callback: the next seed."""
    st.session_state["s_seed"] = (st.session_state["s_seed"] + 1) % 2**53


def row(view: str) -> tuple[float, ...]:
    """Draw the truth, the number of votes and the probability of error; the true probabilities.

    view: key of VIEWS. Raises RsvizError for votes that cannot be read.
    """
    if view == "same":
        truth = (0.5, 0.5)
        _votes_controls(*st.columns(2))
    elif st.session_state["s_from"] == "made":
        p_a, *others = st.columns(3 if view == "peeking" else 5)
        truth = _made_up(p_a, *(others[:-2] or (None, None)))
        _votes_controls(*others[-2:])
    else:
        left, *others = st.columns([2, 1, 1])
        with left:
            truth = _measured()
        _votes_controls(*others)
    return truth


def _measured() -> tuple[float, ...]:
    """Shares of the votes of the shipped example, or of votes that a person types."""
    if st.session_state["s_from"] == "votes":
        text = text_input("Votes per class, taken as the true shares", key="s_votes", max_chars=2_000)
        return _shares(parse_votes(text))
    evidence = shipped_example()
    st.caption(
        f"Taken as true: the shares of {evidence.drawn:,} votes of {evidence.request.checkpoint} on "
        f"{evidence.request.image.words}, under Gaussian noise of σ = {evidence.request.scale:g}."
    )
    return _shares(evidence.counts)


def _made_up(first, second, third) -> tuple[float, ...]:
    """The controls of made-up probabilities in three places; of p_A alone where the others are None."""
    state = st.session_state
    p_a = slider("p_A, the top class", 0.01, 0.9999, step=0.01, key="s_pa", help=explain("p_A"), place=first)
    classes, share = state["s_classes"], state["s_share"]
    if second is not None:
        classes = select_slider("Classes", CLASSES, key="s_classes", place=second)
        share = slider(
            "Runner-up's part of the rest",
            0.0,
            1.0,
            step=0.05,
            key="s_share",
            disabled=classes == 2,
            help="0: the others share the rest evenly. 1: the runner-up has all of the rest.",
            place=third,
        )
    return tuple(simulation.class_probabilities(float(p_a), int(classes), max(float(share), 1e-9)).tolist())


def _votes_controls(left, right) -> None:
    """Number of votes and probability of error, in two places."""
    select_slider("Votes n", COUNTS, format_func="{:,}".format, key="s_n", help=explain("votes"), place=left)
    select_slider(
        "Probability of error α",
        ALPHAS,
        format_func="{:g}".format,
        key="s_alpha",
        help=explain("alpha"),
        place=right,
    )


def more_controls() -> None:
    """The truth, number of certificates, selecting votes, seed, and patience with Sison-Glaz."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        selectbox("True probabilities", list(SOURCES), format_func=SOURCES.get, key="s_from")
        toggle(
            "Wait for Sison-Glaz",
            key="s_sison",
            help="It searches anew for each set of votes. Up to five seconds; else only where it is quick.",
        )
    with middle:
        select_slider("Certificates drawn", RUNS, format_func="{:,}".format, key="s_runs")
        number_input("Seed", 0, 2**53 - 1, key="s_seed", help=explain("seed"))
    words = explain("selecting votes")
    select_slider(
        "Selecting votes n₀", SELECTING, format_func="{:,}".format, key="s_n0", help=words, place=right
    )


def experiment(truth: tuple[float, ...]) -> Experiment:
    """The experiment that the controls describe. truth: probabilities of the classes."""
    state = st.session_state
    return Experiment(
        truth,
        n=int(state["s_n"]),
        alpha=float(state["s_alpha"]),
        runs=int(state["s_runs"]),
        seed=int(state["s_seed"]),
        n0=int(state["s_n0"]),
    )


def _shares(counts) -> tuple[float, ...]:
    return tuple((np.array(counts) / sum(counts)).tolist())
