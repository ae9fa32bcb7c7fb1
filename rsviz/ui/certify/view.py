"""One certificate on the screen: what it says, what it rests on, and what may be taken home."""

import functools
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.bounds import BOUNDS, certifying, round_down
from rsviz.certification import command_line, gain, limits_in_words
from rsviz.checkpoints import Card
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.evidence import Evidence
from rsviz.figures import certify as figures
from rsviz.jobs import Job
from rsviz.jobs.certify import stop
from rsviz.norms import NORMS
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.job_page import refuse
from rsviz.ui.pickers import noise_words
from rsviz.ui.pictures import picture, sheet

BADGES = {
    "example": ("A finished example, computed beforehand", ":material/image:", "blue"),
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Votes are still coming", ":material/hourglass_top:", "orange"),
    "done": ("Certificate", ":material/verified:", "green"),
    "early": ("Certificate from fewer votes", ":material/verified:", "green"),
    "abstained": ("Abstained", ":material/do_not_disturb_on:", "gray"),
    "cancelled": ("Cancelled: this is no certificate", ":material/cancel:", "red"),
    "failed": ("Failed", ":material/error:", "red"),
}

ENDED = {
    "proved": "the radius asked for, {decide:g}, is proved",
    "out of reach": "the radius asked for, {decide:g}, is out of reach",
    "good enough": "it is within {within:g} % of the most that all votes could be expected to prove",
    "by hand": "somebody stopped it",
}
"""Why a run ended before all its votes were drawn."""


def show(evidence: Evidence, card: Card, state: str) -> None:
    """Draw all that is there. state: of the job, or "example"."""
    certificate = evidence.certificate
    abstained = certificate is not None and certificate["abstained"]
    if state == "done":
        state = "abstained" if abstained else "done" if certificate["ended"] == "complete" else "early"
    words, icon, color = BADGES[state]
    st.container(key="state").badge(words, icon=icon, color=color)
    if certificate:
        _promise(evidence)
    elif evidence.counts:
        _so_far(evidence, card, state)
    elif state == "running":
        st.info("The worker has it: loading the network.", icon=":material/hourglass_top:")
    _pictures(evidence, card)
    with st.container(key="details"):  # on a phone the controls stand before it
        _votes(evidence, card)
        if certificate and not abstained:
            _ball(evidence, card)
        if certificate:
            _attack_link(evidence)
            _take_home(evidence, card)


def _promise(evidence):
    """Headline, guarantee, and how it came about."""
    certificate = evidence.certificate
    confidence = _confidence(certificate["alpha"])
    p_a_lower, p_b_upper = limits_in_words(certificate["p_a_lower"], certificate["p_b_upper"])
    if certificate["abstained"]:
        st.header("No class, no radius", anchor=False)
        st.markdown(
            f"After {certificate['n']:,} votes nothing is proved: p_A is at least {p_a_lower}, and another "
            f"class may have up to {p_b_upper} (with confidence {confidence}).{_ending(evidence)}"
        )
        return
    radius, norm = round_down(certificate["radius"]), NORMS[certificate["norm"]].symbol
    st.header(_headline(certificate, norm), anchor=False)
    st.markdown(
        f"With confidence {confidence}, **every** image whose {norm} distance from this one is below "
        f"**{radius}** gets the class **{certificate['predicted_name']}** from the smoothed classifier "
        f"({noise_words(certificate['noise'], certificate['scale'])}). "
        f"In grey levels of 1/255 that is {round_down(255 * certificate['radius'])}."
        f"{_ending(evidence)}{_gained(certificate)}"
    )
    label = certificate["label_name"]
    if label is not None and label != certificate["predicted_name"]:
        st.warning(f"The label is {label}: the class is certified, and wrong.", icon=":material/warning:")


def _headline(certificate, norm) -> str:
    return (
        f"{certificate['predicted_name']}, certified within {norm} radius {round_down(certificate['radius'])}"
    )


def _confidence(alpha) -> str:
    return f"{100 * (1 - alpha):.10g} %"


def _ending(evidence) -> str:
    """Why there are fewer votes than were announced, and how many were saved."""
    certificate, request = evidence.certificate, evidence.request
    if certificate["ended"] == "complete":
        if request.decide is None:
            return ""
        decided = "is proved" if certificate["radius"] >= request.decide else "is not proved"
        return f"\n\nAfter all votes the radius asked for, {request.decide:g}, {decided}."
    why = ENDED[certificate["ended"]].format(within=request.within or 0, decide=request.decide or 0)
    n, planned = certificate["n"], certificate["n_planned"]
    return (
        f"\n\nIt ended after {n:,} of {planned:,} votes, **{planned - n:,} saved**: {why}. "
        "Its limits are those that hold at every moment."
    )


def _gained(certificate) -> str:
    """What a limit of its own for p_B gained over CERTIFY, whose p_B is at most 1 - p_A."""
    words = gain(certificate)
    return f"\n\nBounding p_B by its own votes (split): **{words}** on the same votes." if words else ""


def _so_far(evidence, card, state):
    """Headline of a run that is not finished; only what is proved at this moment is said to be."""
    request = evidence.request
    drawn = f"{evidence.drawn:,} of {request.n:,} votes"
    if state == "running":
        st.progress(min(evidence.drawn / request.n, 1.0), drawn)
    else:
        st.markdown(f"It ended after {drawn}. Nothing was kept, so nothing is claimed.")
    if evidence.top is None or not evidence.drawn:
        return
    share = evidence.counts[evidence.top] / evidence.drawn
    words = f"{card.classes[evidence.top]} so far, with {100 * share:.1f} % of the votes"
    st.header(words, anchor=False)
    if state == "running" and may_be_stopped(evidence):
        st.markdown(_if_stopped_now(evidence))


def may_be_stopped(evidence: Evidence) -> bool:
    """Whether what is proved now may be kept: the run was announced as stoppable, and has votes."""
    return evidence.request.stoppable and evidence.limits is not None


def offer_stop(job: Job) -> None:
    """The button that ends an unfinished job with what is proved, where it may end so."""
    if job.request.get("stoppable") and (job.progress or {}).get("history"):
        words = "Stop and keep what is proved"
        st.button(words, icon=":material/front_hand:", on_click=_stop, args=(job,))


def _stop(job):
    try:
        stop(job)
    except (RsvizError, OSError) as error:
        refuse(error)


def _if_stopped_now(evidence) -> str:
    request, (p_a_lower, p_b_upper) = evidence.request, evidence.limits
    if not p_a_lower > p_b_upper:
        at_least, at_most = limits_in_words(p_a_lower, p_b_upper)
        return (
            f"If you stop now nothing is proved: p_A is at least {at_least}, and another class may have "
            f"up to {at_most}."
        )
    bound = certifying(request.noise)[0]
    radius = round_down(float(bound.radius(p_a_lower, p_b_upper, scale=request.scale)))
    return (
        f"**Proved if you stop now: {NORMS[bound.norm].symbol} radius {radius}**, with confidence "
        f"{_confidence(request.alpha)}. These limits hold at every moment, so you may watch and stop."
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
    path = figures.path_columns(evidence.history)
    left.vega_lite_chart(
        pa.table(votes), figures.votes_spec(), alt=f"Votes per class after {evidence.drawn:,} draws"
    )
    right.vega_lite_chart(
        pa.table(path),
        figures.path_spec(),
        alt="p_A with its lower limit, p_B with its upper one, by votes drawn",
    )


def _ball(evidence, card):
    certificate, pictures = evidence.certificate, evidence.pictures
    radius = certificate["radius"]
    if pictures is None or not np.isfinite(radius):
        return
    st.subheader("How large is that?", anchor=False)
    images = _edges(
        radius,
        certificate["norm"],
        certificate["predicted"],
        evidence.request.seed,
        card.dataset if card.dataset in data.DATASETS and data.available(card.dataset) else None,
        pictures.x.tobytes(),
        pictures.x.shape,
    )
    directions = ", ".join(images)
    sheet(list(images.values()), len(images), alt=f"The image moved by the radius: {directions}", size=170)
    st.caption(
        f"The image moved by {round_down(radius)} in {NORMS[certificate['norm']].symbol}, to the edge of the "
        f"ball: {directions}. "
        "Just inside, the smoothed classifier says the same. Values outside [0, 1] are cut off on the screen "
        "only."
    )


@functools.lru_cache(maxsize=64)
def _edges(radius, norm, predicted, seed, dataset, content, shape):
    """Words for a direction -> an image at the edge of the ball; one of them towards another class."""
    x = np.frombuffer(content, np.float32).reshape(shape)
    towards = name = None
    if dataset:
        images = data.load(dataset)
        others = np.flatnonzero(np.asarray(images.labels) != predicted)
        index = int(np.random.default_rng(seed).choice(others))
        towards, name = images.image(index), images.classes[images.labels[index]]
    moved = figures.edges(x, radius, norm, seed, towards)
    return {words.replace("another class", f"class {name}"): image for words, image in moved.items()}


def _attack_link(evidence):
    """To the Attack page with this checkpoint, image and noise."""
    request, image = evidence.request, evidence.request.image
    query = {"checkpoint": request.checkpoint, "noise": request.noise, "sigma": request.scale}
    if image.kind == "dataset":
        query |= {"index": image.index}
    else:
        query |= {"from": "upload", "image": image.sha256, "fit": image.how, "invert": int(image.invert)}
    st.page_link("pages/attack.py", label="Attack this image", icon=":material/bolt:", query_params=query)


def _take_home(evidence, card):
    certificate = evidence.certificate
    name = f"certificate-{certificate['checkpoint']}-{certificate['image_sha256'][:8]}"

    def export():
        command = command_line(evidence.request, certificate)
        described = certificate | {"command": command}
        return Export(
            [
                File("JSON", f"{name}.json", lambda: json.dumps(described, indent=2)),
                File("CSV", f"{name}.csv", lambda: _csv(certificate, card)),
                File("PNG", f"{name}.png", lambda: _sheet(evidence, card)),
            ],
            commands=[command],
            gives="draws the same votes",
        )

    def below():
        st.markdown("**What every bound proves from these votes**")
        st.markdown(_radii_table(certificate["radii"]))
        st.markdown("**All of it in numbers**")
        st.json(certificate, expanded=1)

    take_home("every bound, JSON, CSV, PNG, command", export, below=below)


def _radii_table(radii) -> str:
    head = ["| bound | norm | radius | in 1/255 | source |", "|---|---|---|---|---|"]
    rows = [
        f"| {BOUNDS[key].title} | {NORMS[BOUNDS[key].norm].symbol} | {round_down(radius)} "
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
    ):
        frame[key] = certificate[key]
    return frame.to_csv(index=False)


def _sheet(evidence, card) -> bytes:
    certificate = evidence.certificate
    if certificate["abstained"]:
        headline = "The smoothed classifier abstains"
    else:
        headline = _headline(certificate, certificate["norm"])  # few fonts have the symbols
    p_a_lower, p_b_upper = limits_in_words(certificate["p_a_lower"], certificate["p_b_upper"])
    lines = [
        f"{certificate['checkpoint']}, {noise_words(certificate['noise'], certificate['scale'])}, "
        f"n = {certificate['n']:,}, α = {certificate['alpha']:g}, seed {certificate['seed']}",
        f"p_A ≥ {p_a_lower}, p_B ≤ {p_b_upper} with confidence {_confidence(certificate['alpha'])} "
        f"({PROCEDURES[certificate['procedure']].title})",
    ]
    return figures.sheet_png(
        evidence.pictures.x,
        figures.votes_columns(evidence.counts, card.classes, evidence.top),
        figures.path_columns(evidence.history),
        headline,
        lines,
    )
