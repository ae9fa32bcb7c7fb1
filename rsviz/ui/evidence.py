"""One certificate on the screen: what it says, what it rests on, and what may be taken home."""

import functools
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.bounds import BOUNDS, NORM_SYMBOLS, certifying, round_down
from rsviz.certification import command_line
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.evidence import Evidence
from rsviz.figures import certify as figures
from rsviz.noise import NOISES
from rsviz.ui.pictures import picture, sheet

BADGES = {
    "example": ("A finished example, computed beforehand", ":material/image:", "blue"),
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Provisional: votes are still coming", ":material/hourglass_top:", "orange"),
    "done": ("Certificate", ":material/verified:", "green"),
    "abstained": ("Abstained", ":material/do_not_disturb_on:", "gray"),
    "cancelled": ("Cancelled: this is no certificate", ":material/cancel:", "red"),
    "failed": ("Failed", ":material/error:", "red"),
}


def show(evidence: Evidence, card: Card, state: str) -> None:
    """Draw all that is there. state: a key of BADGES but abstained, which shows from the certificate."""
    certificate = evidence.certificate
    abstained = certificate is not None and certificate["abstained"]
    words, icon, color = BADGES["abstained" if abstained and state == "done" else state]
    st.container(key="state").badge(words, icon=icon, color=color)
    if certificate:
        _promise(certificate, card)
    elif evidence.counts:
        _so_far(evidence, card, state)
    _pictures(evidence, card)
    _votes(evidence, card)
    if certificate and not abstained:
        _ball(evidence, card)
    if certificate:
        _take_home(evidence, card)


def _promise(certificate, card):
    """Headline and guarantee."""
    confidence = _confidence(certificate)
    if certificate["abstained"]:
        st.header("No class, no radius", anchor=False)
        st.markdown(
            f"After {certificate['n']:,} votes nothing is proved: p_A is at least "
            f"{certificate['p_a_lower']:.4f}, and every other class may have up to "
            f"{certificate['p_b_upper']:.4f} (with confidence {confidence})."
        )
        return
    radius, norm = round_down(certificate["radius"]), NORM_SYMBOLS[certificate["norm"]]
    st.header(_headline(certificate, norm), anchor=False)
    st.markdown(
        f"With confidence {confidence}, **every** image whose {norm} distance from this one is below "
        f"**{radius}** gets the class **{certificate['predicted_name']}** from the smoothed classifier "
        f"({NOISES[certificate['noise']].title} noise, σ = {certificate['scale']:g}). "
        f"In grey levels of 1/255 that is {round_down(255 * certificate['radius'])}."
    )
    label = certificate["label_name"]
    if label is not None and label != certificate["predicted_name"]:
        st.warning(f"The label is {label}: the class is certified, and wrong.", icon=":material/warning:")


def _headline(certificate, norm) -> str:
    return (
        f"{certificate['predicted_name']}, certified within {norm} radius {round_down(certificate['radius'])}"
    )


def _confidence(certificate) -> str:
    return f"{100 * (1 - certificate['alpha']):.10g} %"


def _so_far(evidence, card, state):
    """Headline of a run that is not finished; its numbers are never drawn as a certificate."""
    request = evidence.request
    drawn = f"{evidence.drawn:,} of {request.n:,} votes"
    if state == "running":
        st.progress(min(evidence.drawn / request.n, 1.0), drawn)
    else:
        st.markdown(f"It ended after {drawn}. Fewer votes than were announced prove nothing.")
    if evidence.top is None or not evidence.drawn:
        return
    p_a_lower, p_b_upper = PROCEDURES[request.procedure].limits(
        np.array(evidence.counts), evidence.top, request.alpha
    )
    share = evidence.counts[evidence.top] / evidence.drawn
    words = f"{card.classes[evidence.top]} so far, with {100 * share:.1f} % of the votes"
    st.header(words, anchor=False)
    if p_a_lower > p_b_upper and state == "running":
        radius = float(certifying(request.noise)[0].radius(p_a_lower, p_b_upper, scale=request.scale))
        rest = f"{request.n - evidence.drawn:,}"
        st.markdown(
            f"Provisional: if the other {rest} votes go on like this, the radius will be above "
            f"{round_down(radius)}."
        )


def _pictures(evidence, card):
    pictures = evidence.pictures
    if pictures is None:
        return
    left, right = st.columns([1, 2], gap="medium")
    with left:
        label = (evidence.certificate or {}).get("label_name")
        words = "The image" if label is None else f"The image, labelled {label}"
        picture(pictures.x, words, alt=words, size=210)
    with right:
        said = ", ".join(card.classes[vote] for vote in pictures.votes.tolist())
        sheet(
            pictures.noisy,
            columns=4,
            size=105,
            alt=f"{len(pictures.noisy)} noisy copies of the image",
        )
        st.caption(f"The first {len(pictures.noisy)} noisy copies, and what the network says to each: {said}")


def _votes(evidence, card):
    if not evidence.counts:
        return
    left, right = st.columns(2, gap="medium")
    votes = figures.votes_columns(evidence.counts, card.classes, evidence.top)
    path = figures.path_columns(evidence.history, evidence.request.alpha)
    left.vega_lite_chart(
        pa.table(votes), figures.votes_spec(), alt=f"Votes per class after {evidence.drawn:,} draws"
    )
    right.vega_lite_chart(
        pa.table(path), figures.path_spec(), alt="Estimate of p_A and its interval against the votes drawn"
    )


def _ball(evidence, card):
    certificate, pictures = evidence.certificate, evidence.pictures
    radius = certificate["radius"]
    if pictures is None or not np.isfinite(radius) or certificate["norm"] != "l2":
        return
    st.subheader("How large is that?", anchor=False)
    images = _edges(
        radius,
        certificate["predicted"],
        evidence.request.seed,
        card.dataset if card.dataset in data.DATASETS and data.available(card.dataset) else None,
        pictures.x.tobytes(),
        pictures.x.shape,
    )
    directions = ", ".join(images)
    sheet(list(images.values()), len(images), alt=f"The image moved by the radius: {directions}", size=170)
    st.caption(
        f"The image moved by {round_down(radius)}, to the edge of the ball: {directions}. "
        "Just inside, the smoothed classifier says the same. Values outside [0, 1] are cut off on the screen "
        "only."
    )


@functools.lru_cache(maxsize=64)
def _edges(radius, predicted, seed, dataset, content, shape):
    """Words for a direction -> an image at the edge of the ball; one of them towards another class."""
    x = np.frombuffer(content, np.float32).reshape(shape)
    towards = name = None
    if dataset:
        images = data.load(dataset)
        others = np.flatnonzero(np.asarray(images.labels) != predicted)
        index = int(np.random.default_rng(seed).choice(others))
        towards, name = images.image(index), images.classes[images.labels[index]]
    moved = figures.edges(x, radius, seed, towards)
    return {words.replace("another class", f"class {name}"): image for words, image in moved.items()}


def _take_home(evidence, card):
    """Exports, numbers, command and link; drawn when somebody opens it, for it is a third of the page."""
    home = st.expander(
        "Take it home: every bound, JSON, CSV, PNG, command and link",
        icon=":material/download:",
        key="take_home",
        on_change="rerun",
    )
    if not home.open:
        return
    certificate = evidence.certificate
    command = command_line(evidence.request, certificate)
    name = f"certificate-{certificate['checkpoint']}-{certificate['image_sha256'][:8]}"
    described = certificate | {"command": command}
    exports = {
        "JSON": (lambda: json.dumps(described, indent=2), "json", "application/json"),
        "CSV": (lambda: _csv(certificate, card), "csv", "text/csv"),
        "PNG": (lambda: _sheet(evidence, card), "png", "image/png"),
    }
    with home:
        with st.container(horizontal=True):
            for label, (content, suffix, kind) in exports.items():  # made when somebody asks for them
                st.download_button(
                    label, content, f"{name}.{suffix}", kind, icon=":material/download:", on_click="ignore"
                )
        st.markdown("**What every bound proves from these votes**")
        st.markdown(_radii_table(certificate["radii"]))
        st.markdown("**The command that draws the same votes**, and the link to this page")
        st.code(command, language="shell", wrap_lines=True)
        st.code(st.context.url or "", language=None, wrap_lines=True)
        st.markdown("**All of it in numbers**")
        st.json(certificate, expanded=1)


def _radii_table(radii) -> str:
    head = ["| bound | norm | radius | in 1/255 | source |", "|---|---|---|---|---|"]
    rows = [
        f"| {BOUNDS[key].title} | {NORM_SYMBOLS[BOUNDS[key].norm]} | {round_down(radius)} "
        f"| {round_down(255 * radius)} | {BOUNDS[key].paper} |"
        for key, radius in radii.items()
    ]
    return "\n".join(head + rows)


def _csv(certificate, card) -> str:
    """Votes per class, with what identifies the certificate in each row."""
    frame = pd.DataFrame(
        {
            "class": card.classes,
            "counts0": certificate["counts0"],
            "counts": certificate["counts"],
        }
    )
    for key in (
        "predicted_name",
        "radius",
        "p_a_lower",
        "p_b_upper",
        "alpha",
        "n0",
        "n",
        "procedure",
        "noise",
        "scale",
        "seed",
        "checkpoint",
        "weights_sha256",
        "image_sha256",
    ):
        frame[key] = certificate[key]
    return frame.to_csv(index=False)


def _sheet(evidence, card) -> bytes:
    certificate = evidence.certificate
    if certificate["abstained"]:
        headline = "The smoothed classifier abstains"
    else:
        headline = _headline(certificate, certificate["norm"])  # few fonts have the symbols
    lines = [
        f"{certificate['checkpoint']}, {certificate['noise']} noise with σ = {certificate['scale']:g}, "
        f"n = {certificate['n']:,}, α = {certificate['alpha']:g}, seed {certificate['seed']}",
        f"p_A ≥ {round_down(certificate['p_a_lower'], 6)} "
        f"with confidence {_confidence(certificate)} "
        f"({PROCEDURES[certificate['procedure']].title})",
    ]
    return figures.sheet_png(
        evidence.pictures.x,
        figures.votes_columns(evidence.counts, card.classes, evidence.top),
        figures.path_columns(evidence.history, certificate["alpha"]),
        headline,
        lines,
    )
