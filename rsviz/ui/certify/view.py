"""One certificate on the screen: what it says, and what it rests on."""

import functools

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.bounds import round_down
from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError
from rsviz.figures import certify as figures
from rsviz.jobs import Job
from rsviz.jobs.certify import stop
from rsviz.norms import NORMS
from rsviz.tasks.certify import CertifyProgress
from rsviz.tasks.spellings import flat, text_of
from rsviz.ui.certify import strip, words
from rsviz.ui.certify.export import show_export
from rsviz.ui.glossary import explain
from rsviz.ui.job_page import badge, refuse
from rsviz.ui.likeness import unlike_sentence
from rsviz.ui.pictures import picture, sheet

BADGES = {
    "running": ("Votes are still coming", "hourglass_top", "orange"),
    "done": ("Certificate", "verified", "green"),
    "early": ("Certificate from fewer votes", "verified", "green"),
    "abstained": ("Abstained", "do_not_disturb_on", "gray"),
    "cancelled": ("Cancelled: this is no certificate", "cancel", "red"),
}


def show(progress: CertifyProgress, state: str) -> None:
    """Draw all that is there. state: of the job, or "example".

    Raises RsvizError if the checkpoint is no longer here.
    """
    card = load_card(progress.request.checkpoint)
    certificate = progress.result
    abstained = certificate is not None and certificate.abstained
    if state == "done":
        state = "abstained" if abstained else "done" if certificate.ended == "complete" else "early"
    badge(state, BADGES)
    if certificate:
        _headline(certificate)
    elif progress.counts:
        _so_far(progress, card, state)
    _image_and_votes(progress, card)
    if certificate:
        strip.show(progress, card, lambda: _attack_link(progress.request))
        _promise(progress, card)
    with st.container(key="details"):  # on a phone the controls stand before it
        _copies_and_path(progress, card)
        if certificate and not abstained:
            _ball(progress, card)
        if certificate:
            show_export(progress, card)


def _headline(certificate):
    if certificate.abstained:
        st.header("No class, no radius", anchor=False, help=explain("abstain"))
    else:
        symbol = NORMS[certificate.norm].symbol
        st.header(words.headline(certificate, symbol), anchor=False, help=explain("radius", "norm"))


def _promise(progress, card):
    """The guarantee, and how it came about."""
    certificate = progress.result
    st.markdown(words.promise(progress), help=explain("smoothed classifier", "alpha", "p_B"))
    label = certificate.label_name
    if not certificate.abstained and label not in (None, certificate.predicted_name):
        st.warning(f"The label is {label}: the class is certified, and wrong.", icon=":material/warning:")
    if progress.pictures is not None and (unlike := unlike_sentence(card, progress.pictures.x)):
        st.warning(unlike, icon=":material/help:")


def _so_far(progress, card, state):
    """Headline of a run that is not finished; only what is proved at this moment is said to be."""
    request = progress.request
    if state != "running":
        drawn = f"{progress.drawn:,} of {request.n:,} votes"
        st.markdown(f"It ended after {drawn}. Nothing was kept, so nothing is claimed.")
    if progress.top is None or not progress.drawn:
        return
    share = progress.counts[progress.top] / progress.drawn
    st.header(f"{card.classes[progress.top]} so far, with {100 * share:.1f} % of the votes", anchor=False)
    if state == "running" and progress.request.stoppable and progress.limits is not None:
        st.markdown(words.if_stopped_now(progress))


def offer_stop(job: Job) -> None:
    """The button that ends an unfinished job with what is proved, where it may end so."""
    if job.request.get("stoppable") and (job.progress or {}).get("history"):
        label = "Stop and keep what is proved"
        st.button(label, icon=":material/front_hand:", on_click=_stop, args=(job,))


def _stop(job):
    try:
        stop(job)
    except (RsvizError, OSError) as error:
        refuse(error)


def _image_and_votes(progress, card):
    """What the network is asked about, and how it votes."""
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
    if progress.pictures is not None:
        with left:
            label = progress.result and progress.result.label_name
            caption = "The image" if label is None else f"The image, labelled {label}"
            picture(progress.pictures.x, caption, alt=caption, size=170)
    if progress.counts:
        votes = figures.votes_columns(progress.counts, card.classes, progress.top)
        right.vega_lite_chart(
            pa.table(votes),
            figures.votes_spec(votes["class"], figures.LOW),
            alt=f"Votes per class after {progress.drawn:,} draws: {_most_voted(votes)}",
        )


def _copies_and_path(progress, card):
    """The first noisy copies with f's answers, and the limits as votes arrive."""
    left, right = st.columns(2, gap="medium")
    pictures = progress.pictures
    if pictures is not None:
        with left:
            count = len(pictures.noisy)
            said = ", ".join(card.classes[vote] for vote in pictures.votes.tolist())
            sheet(pictures.noisy, columns=4, size=105, alt=f"{count} noisy copies of the image")
            st.caption(f"The first {count} noisy copies, and what the network says to each: {said}")
    if not progress.counts:
        return
    path = figures.path_columns(progress.history)
    right.vega_lite_chart(
        pa.table(path),
        figures.path_spec(),
        alt="p_A with its lower limit, p_B with its upper one, by votes drawn" + _at_last(path),
    )


def _most_voted(votes) -> str:
    """The three classes with most votes, in per cent; columns of `votes_columns`."""
    ordered = sorted(zip(votes["share"], votes["class"], strict=True), reverse=True)
    return ", ".join(f"{name} {share:.3g} %" for share, name in ordered[:3])


def _at_last(path) -> str:
    """The two limits after the last votes; columns of `path_columns`."""
    if not path["drawn"]:
        return ""
    return f": at last p_A at least {path['p_a_lower'][-1]:.4g}, p_B at most {path['p_b_upper'][-1]:.4g}"


def _ball(progress, card):
    certificate, pictures = progress.result, progress.pictures
    radius = certificate.radius
    if pictures is None or not np.isfinite(radius):
        return
    st.subheader("How large is that?", anchor=False)
    images = _edges(
        radius,
        certificate.norm,
        certificate.predicted,
        progress.request.seed,
        card.dataset if card.dataset in data.DATASETS and data.available(card.dataset) else None,
        pictures.x.tobytes(),
        pictures.x.shape,
    )
    directions = ", ".join(images)
    sheet(list(images.values()), len(images), alt=f"The image moved by the radius: {directions}", size=170)
    st.caption(
        f"The image moved by {round_down(radius)} in {NORMS[certificate.norm].symbol}, to the edge of the "
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
    return {key.replace("another class", f"class {name}"): image for key, image in moved.items()}


def _attack_link(request):
    """To the Attack page with this checkpoint, image, noise and scale."""
    source = type(request.image).model_fields
    carried = {"checkpoint", "noise", "scale", *source}
    query = {spec.link: text_of(value) for spec, value in flat(request) if spec.name in carried}
    st.page_link("pages/attack.py", label="Attack this image", icon=":material/bolt:", query_params=query)
