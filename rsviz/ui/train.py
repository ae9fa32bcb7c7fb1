"""Controls of the Train page: what stands in its URL, and the training run that it asks for."""

import streamlit as st

from rsviz import data, jobs
from rsviz.checkpoints.storage import own_folder
from rsviz.data import DATASETS
from rsviz.errors import RsvizError
from rsviz.models import ARCHITECTURES
from rsviz.training import METHODS, TrainRequest
from rsviz.training.history import estimate
from rsviz.training.run_folder import check_name, free_name
from rsviz.ui.address import Address, choice, number, text
from rsviz.ui.job_page import refuse, watch
from rsviz.ui.pickers import offer_download
from rsviz.ui.session import session_id
from rsviz.ui.settings import draw, field_of, settings_of
from rsviz.ui.training_run import duration

MOST_SIGMA = 2.0
LONGEST_NAME = 80


REQUEST = settings_of(TrainRequest)
PARAMETERS = {method: settings_of(objective.parameters) for method, objective in METHODS.items()}
MORE = {
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate, at its largest",
    "schedule": "Schedule of the learning rate",
    "batch_size": "Batch: images a step",
    "weight_decay": "Weight decay",
    "momentum": "Momentum (of sgd)",
    "shift": "Move images by up to so many pixels",
    "flip": "Mirror half of the images left to right",
    "held_out": "Training images held out, to choose the best epoch by",
    "seed": "Seed: decides every random number",
}
"""Fields of the request under More settings, and their words."""


def parameter_key(method: str, name: str) -> str:
    """The name in the URL, and of the widget, of a method's parameter."""
    return f"t_{method.replace('-', '_')}_{name}"


ADDRESS = Address(
    "train",
    {
        "t_dataset": choice(DATASETS, "digits"),
        "t_network": choice(ARCHITECTURES, "digits-cnn"),
        "t_method": choice(METHODS, "gaussian"),
        "t_sigma": number(0.0, MOST_SIGMA, 0.25),
        "t_epochs": number(REQUEST["epochs"].low, REQUEST["epochs"].high, DATASETS["digits"].epochs),
        "t_name": text(longest=LONGEST_NAME),
    }
    | {f"t_{name}": field_of(REQUEST[name]) for name in MORE}
    | {
        parameter_key(method, name): field_of(setting)
        for method, settings in PARAMETERS.items()
        for name, setting in settings.items()
    },
)


def choose() -> TrainRequest | None:
    """Draw the controls; the run they ask for, or None where there is none, and the page says why."""
    if st.session_state.pop("t_taken", False):
        st.session_state["t_name"] = ""
    dataset = st.selectbox(
        "Data set",
        list(DATASETS),
        format_func=lambda key: DATASETS[key].title,
        key="t_dataset",
        on_change=_suggest,
    )
    there = data.available(dataset)
    if not there:
        offer_download(dataset)
    _choose_network(dataset)
    method = st.selectbox("Method", list(METHODS), format_func=_method_title, key="t_method")
    source = METHODS[method].source
    st.caption(f"{source[:1].upper()}{source[1:]}.")
    if METHODS[method].needs_noise:
        st.slider(
            "Noise σ (pixel units)",
            0.0,
            MOST_SIGMA,
            step=0.05,
            key="t_sigma",
            help="Standard deviation. Certify with the noise that the network was trained under.",
        )
    for name, setting in PARAMETERS[method].items():
        draw(setting, parameter_key(method, name), name)
    low, high = int(REQUEST["epochs"].low), int(REQUEST["epochs"].high)
    st.number_input("Epochs", low, high, key="t_epochs", help="Passes over the training images.")
    more = st.expander("More settings", icon=":material/tune:", key="t_more", on_change="rerun")
    if more.open:
        with more:
            for name, words in MORE.items():
                if name != "momentum" or st.session_state["t_optimizer"] == "sgd":
                    draw(REQUEST[name], f"t_{name}", words)
    return _asked() if there else None


def _choose_network(dataset):
    """Only networks that take the dataset's images."""
    shape = DATASETS[dataset].shape
    fitting = [key for key, record in ARCHITECTURES.items() if shape in record.input_shapes]
    if st.session_state["t_network"] not in fitting:
        st.session_state["t_network"] = fitting[0]
    st.selectbox(
        "Network", fitting, format_func=lambda key: f"{ARCHITECTURES[key].title} ({key})", key="t_network"
    )


def _suggest():
    """Callback of the dataset: epochs that take minutes and not hours."""
    st.session_state["t_epochs"] = DATASETS[st.session_state["t_dataset"]].epochs


def _method_title(key) -> str:
    return f"{key} · {METHODS[key].title}"


def _asked() -> TrainRequest | None:
    """The request in the widgets and a name; None where they do not make one, and the page says why."""
    method = st.session_state["t_method"]
    values = {name: st.session_state[f"t_{name}"] for name in ("dataset", "method", "epochs", *MORE)}
    values["architecture"] = st.session_state["t_network"]
    values["sigma"] = st.session_state["t_sigma"] if METHODS[method].needs_noise else 0.0
    values["parameters"] = {
        name: value
        for name, setting in PARAMETERS[method].items()
        if (value := st.session_state[parameter_key(method, name)]) != setting.default
    }
    try:
        request = TrainRequest.checked(**values)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return None
    return _named(request)


def _named(request) -> TrainRequest | None:
    """The request with the name in its field, which must be free; where it is empty, one that is."""
    offered = free_name(request.chosen_name, own_folder())
    name = st.text_input(
        "Name of the checkpoint",
        key="t_name",
        placeholder=offered,
        max_chars=LONGEST_NAME,
        help="Under this name Certify and Attack offer it. Left empty, it gets the one shown.",
    ).strip()
    try:
        request = TrainRequest.checked(**request.model_dump() | {"name": name or None})
        check_name(request.name)
        return request
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return None


def name_is_taken() -> None:
    """Run the page once more, with no name for the next run."""
    st.session_state["t_taken"] = True
    st.rerun()


def tell_time(request: TrainRequest) -> None:
    """Say before the start how long it will take, or offer to measure it."""
    known, job_id = estimate(request), st.session_state.get("measuring", {}).get(_work(request))
    if job_id is not None:
        watch(job_id, _show_measurement)
    elif known is not None and known.like is None:
        st.caption(f"About **{duration(known.seconds)}**, as long as a run like it took on this machine.")
    else:
        words = "How long it takes here is not known yet."
        if known is not None:
            words = (
                f"About **{duration(known.seconds)}**, judged by a run of {known.like} on this machine and "
                "by how often each method sends an image through the network."
            )
        st.caption(words)
        st.button("Measure", icon=":material/timer:", key="t_measure", on_click=_measure, args=(request,))


def _work(request) -> str:
    """The request without what makes no difference to time."""
    same = {"name": None, "seed": 0, "sigma": float(request.sigma > 0)}
    return request.model_copy(update=same).model_dump_json()


def _measure(request):
    """Callback: a job times some steps of the run."""
    try:
        job_id = jobs.submit("estimate", request, session=session_id())
        st.session_state.setdefault("measuring", {})[_work(request)] = job_id
    except RsvizError as error:
        refuse(error)


def _show_measurement(job):
    if job.unfinished:
        st.caption(f"Measuring: {(job.progress or {}).get('what', 'waiting')} …")
    elif job.state == "done":
        st.caption(f"About **{duration(job.result['seconds'])}**, measured on this machine.")
    else:
        st.caption(job.error or "The measurement was cancelled.")
