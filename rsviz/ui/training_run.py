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
from rsviz.training import METHODS, TrainRequest
from rsviz.training.command import command_line
from rsviz.training.runs import Look, Run
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.shell import PAGES

BADGES = {
    "example": ("A finished run, trained beforehand", "image", "blue"),
    "running": ("Training", "hourglass_top", "orange"),
    "done": ("Trained", "check_circle", "green"),
}

USES = {"certify": "Certify with it", "attack": "Attack it"}
"""Pages that take a checkpoint by its name in the URL, and the words of the link; those that are there."""


def progress(reached: dict) -> None:
    """How far a running job is: the progress of `rsviz.training.loop.train`."""
    phase = reached.get("phase")
    if phase in ("train", "look"):
        share = reached["step"] / reached["steps"]
        words = f"Epoch {reached['epoch']} of {reached['epochs']}"
        if reached.get("remaining") is not None:
            words += f" · about {duration(reached['remaining'])} left"
        st.progress(share, words)
    elif phase in ("prepare", "measure"):
        share = min((reached.get("done") or 0) / (reached.get("total") or 1), 1.0)
        words = {"prepare": "Before the first step", "measure": "Trained; measuring for its card"}[phase]
        st.progress(share, f"{words}: {reached.get('what', '')}")
    else:
        st.progress(0.0, "The worker has it: loading the data set and the network")


def duration(seconds: float) -> str:
    """Seconds in the largest unit that leaves at least two of it."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def show(run: Run, state: str, over: bool = True) -> None:
    """Draw all that is there of a run. state: a key of BADGES. over: whether no more will come."""
    look = _kept(run) if over else None
    look = look or (run.looks[-1] if run.looks else None)
    _headline(run, state)
    if checkpoint := _checkpoint(run):
        _uses(checkpoint)
    with st.container(key="details"):
        _curves(run)
        if len(run.looks) > 1 and over:
            look = _choose_look(run)
        if look is not None and look.votes is not None:
            _under_noise(run, look)
        elif run.about.noise is None:
            st.caption(
                "Trained without noise: there are no votes to draw. Certify tells how it does under one."
            )
        _take_home(run)


def _take_home(run: Run) -> None:
    about = run.about

    def export():
        commands = []
        try:
            commands.append(command_line(TrainRequest.checked(**run.request), about))
        except RsvizError as error:  # a run of an older rsviz may have asked for what no longer exists
            st.caption(str(error))
        file = File("JSON", f"run-{about.name}.json", run.to_json)
        return Export([file], commands, gives="trains the same network" if commands else "")

    def below():
        st.markdown(
            f"**How it was looked at**: {about.how}. The best epoch is that with the best {about.criterion}. "
            f"Trained on {about.images:,} images, {about.device}, {about.precision}."
        )
        st.json({"request": run.request, "about": _plain(about)}, expanded=1)

    take_home("command, settings, JSON", export, below=below)


def _plain(about) -> dict:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(about).items()}


def describe(run: Run) -> str:
    """A run in a line: what was trained how, and for how long."""
    request = run.request
    noise = f", σ = {run.about.scale:g}" if run.about.noise else ""
    return f"{request['method']}{noise} on {request['dataset']}, {run.about.epochs} epochs"


def _headline(run, state):
    """What the network can do, from the look at what is kept or at where it stands, and what is kept."""
    look = _kept(run) or (run.looks[-1] if run.looks else None)
    if look is not None:
        words = f"{_percent(look.clean_accuracy)} right without noise"
        if look.noisy_accuracy is not None:
            words += f", {_percent(look.noisy_accuracy)} under noise"
        st.header(words if state != "running" else f"So far: {words}", anchor=False)
    method = METHODS.get(run.request["method"])
    architecture = _architecture(run.request)
    words = f"{method.title if method else run.request['method']} on {run.request['dataset']}"
    words += f", {architecture.title}" if architecture else ""
    words += f", Gaussian noise σ = {run.about.scale:g}" if run.about.noise else ", without noise"
    st.markdown(f"{words}. {_fate(run, state)}")


def _architecture(request):
    """The network that was trained; None where this rsviz no longer knows it."""
    try:
        return ARCHITECTURES[TrainRequest.checked(**request).chosen_architecture]
    except RsvizError:
        return None


def _fate(run, state) -> str:
    """What was kept, or is going to be."""
    epochs, checkpoint = run.about.epochs, _checkpoint(run)
    if state in ("queued", "running"):
        return f"It will be kept as **{run.about.name}** after epoch {epochs}."
    if checkpoint and run.end.state == "done":
        return f"Its weights after epoch {run.end.epoch} are the checkpoint **{checkpoint.name}**."
    if checkpoint:
        return (
            f"It was stopped; its best epoch so far, {run.end.epoch} of {epochs}, is kept as the checkpoint "
            f"**{checkpoint.name}**."
        )
    return f"It went on for {epochs} epochs." if state == "example" else "No checkpoint of it is kept here."


def _checkpoint(run) -> Card | None:
    """The card of the checkpoint that the run left, where it is still here, and this run's."""
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
    about, lines, looks = run.about, run.lines, run.looks
    left, right = st.columns(2, gap="medium")
    if lines:
        terms = {name: [line.terms[name] for line in lines] for name in lines[0].terms}
        columns = figures.loss_columns([line.step for line in lines], terms, about.steps / about.epochs)
        with left:
            _chart(columns, figures.loss_spec(list(terms), about.epochs), "Terms of the loss by epoch")
    if looks:
        kept = _kept(run)
        columns = figures.accuracy_columns(
            [look.epoch for look in looks],
            [look.clean_accuracy for look in looks],
            [look.noisy_accuracy for look in looks],
            kept.epoch if kept else None,
        )
        with right:
            spec = figures.accuracy_spec(about.noise is not None, about.epochs)
            _chart(columns, spec, "Accuracy without noise and under noise by epoch")


def _choose_look(run) -> Look:
    """A slider over the epochs at which somebody looked; it begins at what was kept."""
    epochs = [look.epoch for look in run.looks]
    kept = _kept(run) or run.looks[-1]
    if st.session_state.get("t_epoch") not in epochs:
        st.session_state.pop("t_epoch", None)
    chosen = st.select_slider(
        "Look at the network after epoch", epochs, kept.epoch, key="t_epoch", bind="query-params"
    )
    return next(look for look in run.looks if look.epoch == chosen)


def _kept(run) -> Look | None:
    """The look at the epoch whose weights are kept, if any are."""
    if run.end is None or run.end.epoch is None:
        return None
    return next((look for look in run.looks if look.epoch == run.end.epoch), None)


def _under_noise(run, look):
    """Certified accuracy by radius, and the votes on a few test images, after one epoch."""
    about = run.about
    left, right = st.columns(2, gap="medium")
    columns = figures.certified_columns(
        about.radii, [past.certified for past in run.looks], [past.epoch for past in run.looks], look.epoch
    )
    with left:
        _chart(columns, figures.certified_spec(), f"Certified accuracy by radius after epoch {look.epoch}")
        st.caption(
            f"Share of {about.certified_images} test images that CERTIFY (Cohen et al. 2019) proves in the "
            f"right class at least that far, each with n = {about.n} votes and probability of error "
            f"α = {about.alpha:g}. So few votes prove no radius beyond {_up(max(about.radii))}."
        )
    columns = votes_figures.votes_columns(
        look.votes, about.labels, about.classes, _images(run.request["dataset"], about.shown)
    )
    with right:
        _chart(
            columns,
            votes_figures.votes_spec(len(about.shown)),
            f"Votes under noise on {len(about.shown)} test images after epoch {look.epoch}",
        )
        st.caption(f"What the network says to {about.n} noisy copies of each of these test images.")


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
