"""One certificate on the screen: what it says, what it rests on, and what may be taken home."""

import json

import numpy as np
import pandas as pd
import streamlit as st

from rsviz import data
from rsviz.bounds import BOUNDS
from rsviz.certification import command_line, round_down
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.evidence import Evidence
from rsviz.figures import certify as figures
from rsviz.noise import NOISES
from rsviz.ui.pictures import picture, sheet

NORMS = {"l1": "ℓ₁", "l2": "ℓ₂", "linf": "ℓ∞"}

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
    confidence = f"{100 * (1 - certificate['alpha']):.10g} %"
    if certificate["abstained"]:
        st.header("No class, no radius", anchor=False)
        st.markdown(
            f"After {certificate['n']:,} votes nothing is proved: p_A is at least "
            f"{certificate['p_a_lower']:.4f}, and every other class may have up to "
            f"{certificate['p_b_upper']:.4f} (with confidence {confidence})."
        )
        return
    radius, norm = round_down(certificate["radius"]), NORMS[certificate["norm"]]
    st.header(f"{certificate['predicted_name']}, certified within {norm} radius {radius}", anchor=False)
    st.markdown(
        f"With confidence {confidence}, **every** image whose {norm} distance from this one is below "
        f"**{radius}** gets the class **{certificate['predicted_name']}** from the smoothed classifier "
        f"({NOISES[certificate['noise']].title} noise, σ = {certificate['scale']:g}). "
        f"In grey levels of 1/255 that is {round_down(255 * certificate['radius'], 1)}."
    )
    label = certificate["label_name"]
    if label is not None and label != certificate["predicted_name"]:
        st.warning(f"The label is {label}: the class is certified, and wrong.", icon=":material/warning:")


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
        bound = BOUNDS[next(iter_keys(request.noise))]
        radius = float(bound.radius(p_a_lower, p_b_upper, scale=request.scale, dim=_dim(card)))
        st.markdown(
            f"If all {request.n:,} votes went on like this, the radius would exceed {round_down(radius)}."
        )


def iter_keys(noise):
    """Keys of the rigorous bounds for a noise, the tight one first."""
    from rsviz.bounds import certifying

    return (bound.key for bound in certifying(noise))


def _dim(card):
    return int(np.prod(card.input_shape))


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
    with left:
        frame = figures.votes_frame(evidence.counts, card.classes, evidence.top)
        st.vega_lite_chart(frame, figures.votes_spec(), alt=f"Votes per class after {evidence.drawn:,} draws")
    with right:
        path = figures.path_frame(evidence.history, evidence.request.alpha)
        st.vega_lite_chart(
            path, figures.path_spec(), alt="Estimate of p_A and its interval against the number of votes"
        )


def _ball(evidence, card):
    certificate, pictures = evidence.certificate, evidence.pictures
    radius = certificate["radius"]
    if pictures is None or not np.isfinite(radius) or certificate["norm"] != "l2":
        return
    st.subheader("How large is that?", anchor=False)
    towards, name = _another_class(card, certificate["predicted"], evidence.request.seed)
    images = figures.edges(pictures.x, radius, evidence.request.seed, towards)
    columns = st.columns(len(images), gap="medium")
    for column, (words, image) in zip(columns, images.items(), strict=True):
        with column:
            words = f"towards a {name}" if words == "towards another class" else words
            picture(image, words, alt=f"The image moved by the radius, {words}", size=170)
    st.caption(
        f"Each of these lies at the edge of the ball, {round_down(radius)} from the image; just inside it, "
        "the smoothed classifier says the same. Values outside [0, 1] are cut off on the screen only."
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _nearest_other(dataset: str, predicted: int, seed: int):
    images = data.load(dataset)
    others = np.flatnonzero(np.asarray(images.labels) != predicted)
    index = int(np.random.default_rng(seed).choice(others))
    return images.image(index), int(images.labels[index])


def _another_class(card, predicted, seed):
    if card.dataset not in data.DATASETS or not data.available(card.dataset):
        return None, None
    image, label = _nearest_other(card.dataset, predicted, seed)
    return image, card.classes[label]


def _take_home(evidence, card):
    certificate = evidence.certificate
    rows = [
        {
            "bound": BOUNDS[key].title,
            "norm": NORMS[BOUNDS[key].norm],
            "radius": round_down(radius, 4),
            "in 1/255": round_down(255 * radius, 2),
            "source": BOUNDS[key].paper,
        }
        for key, radius in certificate["radii"].items()
    ]
    with st.expander("What every bound proves from these votes", icon=":material/stacked_line_chart:"):
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    with st.expander("The evidence in numbers", icon=":material/fact_check:"):
        st.json(certificate, expanded=1)
    command = command_line(evidence.request, certificate)
    with st.expander("Do it again: command and link", icon=":material/terminal:"):
        st.code(command, language="shell", wrap_lines=True)
        st.caption("The same seed, device, precision and batch give the same votes.")
        st.code(st.context.url or "", language=None, wrap_lines=True)
    name = f"certificate-{certificate['checkpoint']}-{certificate['image_sha256'][:8]}"
    with st.container(horizontal=True):
        st.download_button(
            "JSON",
            json.dumps(certificate | {"command": command}, indent=2),
            f"{name}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "CSV",
            _csv(certificate, card),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "PNG",
            lambda: _sheet(evidence, card),
            f"{name}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )


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
        norm = NORMS[certificate["norm"]]
        headline = (
            f"{certificate['predicted_name']}, within {norm} radius {round_down(certificate['radius'])}"
        )
    lines = [
        f"{certificate['checkpoint']}, {certificate['noise']} noise with σ = {certificate['scale']:g}, "
        f"n = {certificate['n']:,}, α = {certificate['alpha']:g}, seed {certificate['seed']}",
        f"p_A ≥ {round_down(certificate['p_a_lower'], 5)} "
        f"with confidence {100 * (1 - certificate['alpha']):.10g} % "
        f"({PROCEDURES[certificate['procedure']].title})",
    ]
    return figures.sheet_png(
        evidence.pictures.x,
        figures.votes_frame(evidence.counts, card.classes, evidence.top),
        figures.path_frame(evidence.history, certificate["alpha"]),
        headline,
        lines,
    )
