"""What a person takes home of one attack: every bound, JSON, CSV, a slide, command, Python lines, link."""

from functools import partial

import pandas as pd
import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.bounds import BOUNDS, round_down
from rsviz.checkpoints import Card
from rsviz.figures import attack as figures
from rsviz.norms import NORMS
from rsviz.tasks.attack import AttackProgress, AttackResult
from rsviz.tasks.attack.messages import gap_sentence, verdict_sentence
from rsviz.tasks.settings import noise_words
from rsviz.ui.attack.charts import path_chart, ruler
from rsviz.ui.export import show_record
from rsviz.ui.table import markdown_table

IN_EACH_ROW = [
    "verdict",
    "label",
    "before",
    "after",
    "votes",
    "distance_l2",
    "distance_linf",
    "attack",
    "norm",
    "epsilon",
    "eot",
    "steps",
    "seed",
    "noise",
    "scale",
    "checkpoint",
    "weights_sha256",
    "image_sha256",
]
"""Fields of a result that identify it in the CSV."""
PLAIN = {key: key for key in NORMS}
"""Norms for a picture: few fonts have the symbols."""


def show_export(progress: AttackProgress, card: Card) -> None:
    """The panel of one attack."""
    result = progress.result
    name = f"attack-{result.checkpoint}-{result.image_sha256[:8]}"

    def table():
        if result.radii:
            st.markdown("**What every bound certifies for the original**")
            st.markdown(_radii_table(result))

    repeated = partial(result.repeated, progress.request)
    numbers, slide = partial(csv, result, card), partial(sheet, progress)
    show_record(name, result.to_json(), repeated, "repeats the attack", numbers, slide, table)


def _radii_table(result: AttackResult) -> str:
    rows = [
        (
            BOUNDS[key].title,
            f"{NORMS[BOUNDS[key].norm].symbol} {round_down(radius)}",
            round_down(result.radii_in_norm[key]),
            "yes" if key in result.inside else "no",
        )
        for key, radius in result.radii.items()
    ]
    return markdown_table(["bound", "its radius", f"in {NORMS[result.norm].symbol}", "attack inside"], rows)


def csv(result: AttackResult, card: Card) -> str:
    """Votes and softmax per class, with what identifies the attack in each row."""
    names = ("counts_before", "counts_after", "softmax_before", "softmax_after")
    frame = pd.DataFrame({"class": card.classes, **{name: getattr(result, name) for name in names}})
    for key in IN_EACH_ROW:
        frame[key] = getattr(result, key)
    return frame.to_csv(index=False)


def sheet(progress: AttackProgress) -> bytes:
    """The attack as a picture for slides."""
    pictures, result = progress.pictures, progress.result
    noise = noise_words(result.noise, result.scale) if result.noise else "no noise"
    size = "" if result.epsilon is None else f", epsilon {result.epsilon:g}"
    lines = [
        verdict_sentence(result, PLAIN),
        gap_sentence(result, PLAIN),
        f"{result.checkpoint}, {noise}; {ATTACKS[result.attack].title}{size}, seed {result.seed}, "
        f"α = {result.alpha:g}",
    ]
    headline = {"changed": "Broken", "unchanged": "Held", "abstained": "No class named"}[result.verdict]
    return figures.sheet_png(
        pictures.x, pictures.adversarial, *ruler(result), *path_chart(result), headline, lines
    )
