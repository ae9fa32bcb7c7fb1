"""What a person takes home of one certificate: every bound, JSON, CSV, a slide, the command."""

from functools import partial

import pandas as pd
import streamlit as st

from rsviz.bounds import BOUNDS, round_down
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.figures import certify as figures
from rsviz.norms import NORMS
from rsviz.tasks.certify import NOT_CORRECT, CertifyProgress, limits_in_words
from rsviz.tasks.settings import noise_words
from rsviz.ui.certify.words import confidence, headline
from rsviz.ui.export import show_record
from rsviz.ui.table import markdown_table

IN_EACH_ROW = [
    "predicted_name",
    "radius",
    "p_a_lower",
    "p_b_upper",
    "alpha",
    "alpha_spent",
    "n0",
    "n",
    "n_planned",
    "ended",
    "procedure",
    "noise",
    "scale",
    "seed",
    "checkpoint",
    "weights_sha256",
    "image_sha256",
]
"""Fields of a certificate that identify it in the CSV."""


def show_export(progress: CertifyProgress, card: Card) -> None:
    """The panel of one certificate."""
    certificate = progress.result
    name = f"certificate-{certificate.checkpoint}-{certificate.image_sha256[:8]}"

    def table():
        st.markdown("**What every bound proves from these votes**")
        st.markdown(_radii_table(certificate.radii))

    repeated = partial(certificate.repeated, progress.request)
    numbers, slide = partial(_csv, certificate, card), partial(_sheet, progress, card)
    show_record(name, certificate.to_json(), repeated, "draws the same votes", numbers, slide, table)


def _radii_table(radii) -> str:
    rows = []
    for key, radius in radii.items():
        bound = BOUNDS[key]
        numbers = round_down(radius), round_down(255 * radius)
        rows.append([bound.title, NORMS[bound.norm].symbol, *numbers, bound.paper])
    return markdown_table(["bound", "norm", "radius", "in 1/255", "source"], rows)


def _csv(certificate, card) -> str:
    """Votes per class, with what identifies the certificate in each row."""
    votes = {"class": card.classes, "counts0": certificate.counts0, "counts": certificate.counts}
    return pd.DataFrame(votes | {key: getattr(certificate, key) for key in IN_EACH_ROW}).to_csv(index=False)


def _sheet(progress, card) -> bytes:
    certificate = progress.result
    title = "The smoothed classifier abstains"
    if not certificate.abstained:
        title = headline(certificate, certificate.norm)  # few fonts have the symbols
    p_a_lower, p_b_upper = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
    lines = [
        f"{certificate.checkpoint}, {noise_words(certificate.noise, certificate.scale)}, "
        f"n = {certificate.n:,}, α = {certificate.alpha:g}, seed {certificate.seed}",
        f"p_A ≥ {p_a_lower}, p_B ≤ {p_b_upper} with confidence {confidence(certificate.alpha)} "
        f"({PROCEDURES[certificate.procedure].title})",
        NOT_CORRECT,
    ]
    return figures.sheet_png(
        progress.pictures.x,
        figures.votes_columns(progress.counts, card.classes, progress.top),
        figures.path_columns(progress.history),
        title,
        lines,
    )
