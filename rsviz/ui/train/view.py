"""One training run on the screen, while it goes on and when it is over."""

import functools
import math

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.checkpoints import Card, load_card
from rsviz.errors import RsvizError
from rsviz.figures import training as figures
from rsviz.figures import training_votes as votes_figures
from rsviz.models import ARCHITECTURES
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS
from rsviz.training.records import RunRecord, Validation
from rsviz.ui.glossary import explain
from rsviz.ui.shell import PAGES
from rsviz.ui.train.export import show_export
from rsviz.ui.widgets import select_slider

BADGES = {
    "example": ("A finished run, trained beforehand", "image", "blue"),
    "running": ("Training", "hourglass_top", "orange"),
    "done": ("Trained", "check_circle", "green"),
}

USES = {"certify": "Certify with it", "attack": "Attack it"}
"""Pages that take a checkpoint in the URL, by key, and the words of the link."""


def show(run: RunRecord, state: str, over: bool = True) -> None:
    """Draw a run. state: of its job, or "example". over: whether the run will not change any more."""
    validation = _kept(run) if over else None
    validation = validation or (run.validations[-1] if run.validations else None)
    _headline(run, state)
    if checkpoint := _checkpoint(run):
        _uses(checkpoint)
    with st.container(key="details"):
        _curves(run)
        if len(run.validations) > 1 and over:
            validation = _choose_validation(run)
        if validation is not None and validation.votes is not None:
            _under_noise(run, validation)
        elif run.info.noise is None:
            st.caption(
                "Trained without noise, so there are no votes to draw. Certify shows votes under noise."
            )
        show_export(run)


def describe(run: RunRecord) -> str:
    """A run in one line: method, noise, dataset and epochs."""
    request = run.request
    noise = f", σ = {run.info.scale:g}" if run.info.noise else ""
    return f"{request['method']}{noise} on {request['dataset']}, {run.info.epochs} epochs"


def _headline(run, state):
    """What the network can do after the epoch that is kept, or after the last one; and what is kept."""
    validation = _kept(run) or (run.validations[-1] if run.validations else None)
    if validation is not None:
        words = f"{_percent(validation.clean_accuracy)} right without noise"
        if validation.noisy_accuracy is not None:
            words += f", {_percent(validation.noisy_accuracy)} under noise"
        st.header(words if state != "running" else f"So far: {words}", anchor=False)
    method = METHODS.get(run.request["method"])
    architecture = _architecture(run.request)
    words = f"{method.title if method else run.request['method']} on {run.request['dataset']}"
    words += f", {architecture.title}" if architecture else ""
    words += f", Gaussian noise σ = {run.info.scale:g}" if run.info.noise else ", without noise"
    st.markdown(f"{words}. {_fate(run, state)}")


def _architecture(request):
    """The record of the network that was trained; None if this version does not know it."""
    try:
        return ARCHITECTURES[TrainRequest.make(**request).chosen_architecture]
    except RsvizError:
        return None


def _fate(run, state) -> str:
    """Which weights are kept, or will be."""
    epochs, checkpoint = run.info.epochs, _checkpoint(run)
    if state in ("queued", "running"):
        return f"It will be kept as **{run.info.name}** after epoch {epochs}."
    if checkpoint and run.end.state == "done":
        return f"Its weights after epoch {run.end.epoch} are the checkpoint **{checkpoint.name}**."
    if checkpoint:
        return (
            f"It was stopped; its best epoch so far, {run.end.epoch} of {epochs}, is kept as the checkpoint "
            f"**{checkpoint.name}**."
        )
    return (
        f"It was trained for {epochs} epochs." if state == "example" else "No checkpoint of this run is kept."
    )


def _checkpoint(run) -> Card | None:
    """The card of the checkpoint that the run has saved; None if it is gone or another run replaced it."""
    if run.end is None or run.end.checkpoint is None:
        return None
    try:
        card = load_card(run.end.checkpoint)
    except RsvizError:
        return None
    return card if card.hyperparameters.get("run") == run.id else None


def _uses(checkpoint: Card):
    """Links to the pages that can do something with the checkpoint."""
    with st.container(horizontal=True):
        for page in PAGES:
            if page.key in USES:
                query = {"checkpoint": checkpoint.name}
                st.page_link(page.path, label=USES[page.key], icon=page.icon, query_params=query)


def _curves(run):
    """Loss terms and accuracy, epoch by epoch."""
    info, steps, validations = run.info, run.steps, run.validations
    left, right = st.columns(2, gap="medium")
    if steps:
        terms = {name: [record.terms[name] for record in steps] for name in steps[0].terms}
        columns = figures.loss_columns([record.step for record in steps], terms, info.steps_per_epoch)
        with left:
            last = ", ".join(f"{name} {values[-1]:.3g}" for name, values in terms.items())
            alt = f"Terms of the loss by epoch: at last {last}"
            _chart(columns, figures.loss_spec(list(terms), info.epochs), alt)
    if validations:
        kept = _kept(run)
        columns = figures.accuracy_columns(
            [validation.epoch for validation in validations],
            [validation.clean_accuracy for validation in validations],
            [validation.noisy_accuracy for validation in validations],
            kept.epoch if kept else None,
        )
        with right:
            spec = figures.accuracy_spec(info.noise is not None, info.epochs)
            last = validations[-1]
            alt = f"Accuracy without noise and under noise by epoch: at last {last.clean_accuracy:.1%}"
            alt += f" and {last.noisy_accuracy:.1%}" if last.noisy_accuracy is not None else ""
            _chart(columns, spec, alt)


def _choose_validation(run) -> Validation:
    """A slider over the validated epochs; it begins at the one with the kept weights, else at the last one.

    Until somebody moves it, it follows: a run that goes on is shown at its last epoch.
    """
    epochs = [validation.epoch for validation in run.validations]
    kept = _kept(run) or run.validations[-1]
    followed = st.session_state.get("t_epoch_followed")
    st.session_state["t_epoch_followed"] = (run.id, kept.epoch)
    chosen = st.session_state.get("t_epoch")
    if followed is not None and (followed[0] != run.id or followed[1] == chosen):
        st.session_state["t_epoch"] = kept.epoch
    elif chosen not in epochs:
        st.session_state.pop("t_epoch", None)
    chosen = select_slider(
        "Look at the network after epoch", epochs, kept.epoch, key="t_epoch", bind="query-params"
    )
    return next(validation for validation in run.validations if validation.epoch == chosen)


def _kept(run) -> Validation | None:
    """The validation after the epoch with the stored weights; None if none are stored."""
    if run.end is None or run.end.epoch is None:
        return None
    return next((validation for validation in run.validations if validation.epoch == run.end.epoch), None)


def _under_noise(run, validation):
    """Certified accuracy by radius, and the votes on a few test images, after one epoch."""
    info = run.info
    left, right = st.columns(2, gap="medium")
    certified, epochs = zip(*((past.certified, past.epoch) for past in run.validations), strict=True)
    columns = figures.certified_columns(info.radii, certified, epochs, validation.epoch)
    with left:
        alt = f"Certified accuracy by radius after epoch {validation.epoch}"
        _chart(columns, figures.certified_spec(), alt)
        st.caption(
            f"Share of {info.certified_images} test images that CERTIFY (Cohen et al. 2019) proves in the "
            f"right class at least that far, each with n = {info.n} votes and probability of error "
            f"α = {info.alpha:g}. So few votes prove no radius beyond {_up(max(info.radii))}.",
            help=explain("certified accuracy", "votes", "alpha", "radius"),
        )
    columns = votes_figures.votes_columns(
        validation.votes, info.labels, info.classes, _images(run.request["dataset"], info.shown)
    )
    with right:
        _chart(
            columns,
            votes_figures.votes_spec(len(info.shown)),
            f"Votes under noise on {len(info.shown)} test images after epoch {validation.epoch}",
        )
        st.caption(f"What the network says to {info.n} noisy copies of each of these test images.")


def _chart(columns, spec, alt):
    st.vega_lite_chart(pa.table(columns), spec, alt=alt)


def _images(dataset, shown):
    """The test images that are shown, float32 (N, C, H, W), or None where they are not at hand."""
    if dataset not in data.DATASETS or not data.available(dataset):
        return None
    try:
        return _loaded(dataset, shown)
    except RsvizError:
        return None


@functools.lru_cache(maxsize=16)
def _loaded(dataset, shown):
    images = data.load(dataset)
    return np.stack([images.image(index) for index in shown])


def _up(radius) -> float:
    """Rounded up to hundredths: no radius lies beyond it."""
    return math.ceil(100 * radius) / 100


def _percent(share) -> str:
    return f"{100 * share:.1f} %"
