"""Choosing a checkpoint and a noise; the choice is part of the page's URL."""

import contextlib
import functools
import math
import os
from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from rsviz.checkpoints import Card, folders, list_cards
from rsviz.errors import short
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import CertifyRequest
from rsviz.tasks.settings import MAX_SCALE, default_scale, noise_words, training_words
from rsviz.ui import imports
from rsviz.ui.address import Address, first_part, labelled
from rsviz.ui.glossary import explain
from rsviz.ui.settings import request_fields
from rsviz.ui.widgets import number_input, selectbox, slider

SMALLEST, DEFAULT, LARGEST = 0.01, 0.1, 2.0
"""Deviation of the noise per pixel, in pixel units."""


def noise_option(noise: str) -> str:
    """A mechanism among others, as the picker names it."""
    return f"{NOISES[noise].title}, certifies {NORMS[NOISES[noise].norm].symbol}"


CHECKPOINT = request_fields(CertifyRequest, {"checkpoint": None})
CHECKPOINT["checkpoint"] = first_part(CHECKPOINT["checkpoint"], " · ")  # older links have the whole label
NOISE = request_fields(CertifyRequest, {"noise": None, "scale": None})
NOISE["noise"] = labelled(NOISE["noise"], {noise_option(noise): noise for noise in NOISES})
"""Fields of an Address for the two pickers; what has no default follows the checkpoint."""

OLDER = {"sigma": "scale"}
"""Of the Address: keys in older links."""


def pick_checkpoint(address: Address, default: str) -> Card:
    """A select box over all checkpoints. address: with the fields CHECKPOINT; other pickers follow it."""
    cards = _cards(_stamp())
    if not cards:
        st.error(
            "There is no checkpoint here; train one with `python -m rsviz train`.", icon=":material/error:"
        )
        st.stop()
    if imported := imports.take_imported():
        st.session_state["checkpoint"] = imported
    address.suggest("checkpoint", default if default in cards else next(iter(cards)), cards.__contains__)
    name = selectbox(
        "Checkpoint",
        list(cards),
        format_func=lambda key: describe(cards[key]) if key in cards else str(key),
        key="checkpoint",
        help=explain("checkpoint"),
    )
    if (asked := address.refused("checkpoint")) is not None:
        words = f"There is no checkpoint {short(asked)} here; this page shows {name}."
        st.warning(words, icon=":material/link_off:")
    imports.offer_import()
    return cards[name]


def _stamp() -> tuple:
    """Changes when a checkpoint is added or removed; reading every card in every rerun would be slow."""
    stamp = []
    for folder in folders():
        with contextlib.suppress(FileNotFoundError):  # a file may be removed meanwhile
            stamp += [(file.path, file.stat().st_mtime_ns) for file in os.scandir(folder)]
    return tuple(sorted(stamp))


@functools.lru_cache(maxsize=4)
def _cards(stamp) -> Mapping[str, Card]:
    return MappingProxyType(list_cards())


def describe(card: Card) -> str:
    """A checkpoint in a line: name, and the noise it was trained with."""
    return f"{card.name} · {training_words(card)}"


def pick_noise(address: Address, card: Card) -> tuple[str, float]:
    """The mechanism and its scale, at first those of the checkpoint's training.

    Scales of all mechanisms cover the same deviations per pixel. address: with the fields NOISE.
    """
    address.suggest("noise", card.noise or "gaussian", follows=card.name)
    noise = selectbox(
        "Noise",
        list(NOISES),
        format_func=noise_option,
        key="noise",
        help=explain("noise"),
    )
    dim = math.prod(card.input_shape)
    deviation = NOISES[noise](1.0).deviation(dim)
    step = 10.0 ** math.floor(math.log10(SMALLEST / deviation))
    largest = math.floor(LARGEST / deviation / step) * step
    if not card.noise_known:
        return noise, _ask_scale(address, card, noise, step, largest)
    usual = float(f"{default_scale(card, noise) or DEFAULT / deviation:.4g}")
    asked = address.suggest("scale", usual, lambda scale: 0 < scale <= MAX_SCALE, (card.name, noise))
    scale = slider(
        f"Scale {NOISES[noise].symbol} (pixel units)",
        min(step, asked),  # a link may ask for any scale that a request may have
        max(largest, asked),
        step=step,
        format="%.4g",
        key="scale",
        help=explain("scale", "pixel units"),
    )
    if noise != (card.noise or "gaussian"):
        words = f"Deviation per pixel {scale * deviation:.3g}"
        if card.noise:
            words += f"; the scale starts at that of training, {noise_words(card.noise, card.scale)}"
        st.caption(f"{words}.")
    return noise, scale


def _ask_scale(address, card, noise, step, largest) -> float | None:
    """The scale that a person gives where the training tells none; None until then."""
    asked = address.suggest("scale", None, lambda scale: 0 < scale <= MAX_SCALE, (card.name, noise)) or step
    scale = number_input(
        f"Scale {NOISES[noise].symbol} (pixel units)",
        min(step, asked),
        max(largest, asked),
        None,
        step=step,
        format="%.4g",
        key="scale",
        placeholder="please give one",
        help=explain("scale", "pixel units"),
    )
    st.caption(
        f"Nothing is known of the training of {card.name}: the nearer noise and scale are to it, the more is "
        "certified."
    )
    return scale
