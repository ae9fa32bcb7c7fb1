"""Controls of the Train page: its address, the request that it makes, and how long the run will take."""

import contextlib
from collections.abc import Mapping

import streamlit as st

from rsviz import data, jobs
from rsviz.checkpoints.storage import own_folder
from rsviz.data import DATASETS
from rsviz.errors import RsvizError
from rsviz.models import ARCHITECTURES, architectures_for
from rsviz.tasks.estimate import estimate_from_past
from rsviz.tasks.train import TrainRequest
from rsviz.tasks.words import duration
from rsviz.training import METHODS
from rsviz.training.run_folder import check_name, free_name
from rsviz.ui.address import LONGEST, Address, choice, text
from rsviz.ui.downloads import offer_download
from rsviz.ui.glossary import explain_all
from rsviz.ui.job_page import refuse, watch
from rsviz.ui.session import owner_id
from rsviz.ui.settings import (
    carried_fields,
    draw,
    field_of,
    request_fields,
    request_or_sentence,
    settings_of,
    tell_carried,
)
from rsviz.ui.widgets import selectbox, slider, text_input

MOST_SIGMA = 2.0
"""The largest sigma of the slider, pixel units."""

SPECS = TrainRequest.fields()
PARAMETERS = {method: settings_of(objective.parameters) for method, objective in METHODS.items()}
MORE = (
    "optimizer",
    "learning_rate",
    "schedule",
    "batch_size",
    "weight_decay",
    "momentum",
    "shift",
    "flip",
    "held_out",
    "seed",
)
"""Fields of the request under More settings."""


def parameter_key(method: str, name: str) -> str:
    """The name in the URL, and of the widget, of a method's parameter."""
    return f"{method}.{name}"


_FIELDS = {
    "dataset": choice(DATASETS, SPECS["dataset"].default),
    "architecture": choice(ARCHITECTURES, None),
    "method": choice(METHODS, "gaussian"),
    "sigma": field_of(SPECS["sigma"], 0.25),
    "epochs": field_of(SPECS["epochs"], None),
    "name": text(),
    **request_fields(TrainRequest, dict.fromkeys(MORE, ...)),
}
_PARAMETER_FIELDS = {
    (method, name): field_of(spec) for method, specs in PARAMETERS.items() for name, spec in specs.items()
}

CARRIED = carried_fields(TrainRequest, _FIELDS)


def from_task(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a link to the task by their names on the page, where each method keeps its own."""
    method = query.get("method", [SPECS["method"].default])[0]
    begin = "parameters."
    return {
        parameter_key(method, key.removeprefix(begin)) if key.startswith(begin) else key: texts
        for key, texts in query.items()
    }


ADDRESS = Address(
    "train",
    CARRIED | _FIELDS | {parameter_key(*key): field for key, field in _PARAMETER_FIELDS.items()},
    older={f"t_{name}": name for name in _FIELDS}
    | {"t_network": "architecture"}
    | {
        f"t_{method.replace('-', '_')}_{name}": parameter_key(method, name)
        for method, name in _PARAMETER_FIELDS
    },
    translate=from_task,
    job="job",
)


def choose() -> TrainRequest | None:
    """Draw the controls; the request that they make. None if they make none: the page then says why."""
    if st.session_state.pop("t_taken", False):
        st.session_state["name"] = ""
    dataset = selectbox(
        "Data set",
        list(DATASETS),
        format_func=lambda key: DATASETS[key].title,
        key="dataset",
    )
    there = data.available(dataset)
    if not there:
        offer_download(dataset)
    _choose_network(dataset)
    method = selectbox("Method", list(METHODS), format_func=_method_title, key="method")
    source = METHODS[method].source
    st.caption(f"{source[:1].upper()}{source[1:]}.")
    if METHODS[method].needs_noise:
        slider(
            "Noise σ (pixel units)",
            0.0,
            max(MOST_SIGMA, st.session_state["sigma"]),
            step=0.05,
            key="sigma",
            help=explain_all("Certify with the noise of the training.", "Noise σ (pixel units), deviation"),
        )
    for name, spec in PARAMETERS[method].items():
        draw(spec, parameter_key(method, name), name)
    # epochs that take minutes and not hours
    ADDRESS.suggest("epochs", DATASETS[dataset].epochs, follows=dataset)
    draw(SPECS["epochs"], mark=True)
    more = st.expander("More settings", icon=":material/tune:", key="t_more", on_change="rerun")
    if more.open:
        with more:
            for name in MORE:
                if name != "momentum" or st.session_state["optimizer"] == "sgd":
                    draw(SPECS[name], mark=True)
    return _asked() if there else None


def _choose_network(dataset):
    """Only networks that take the dataset's images."""
    shape = DATASETS[dataset].shape
    fitting = architectures_for(shape)
    ADDRESS.suggest("architecture", fitting[0], fitting.__contains__)
    selectbox(
        "Network", fitting, format_func=lambda key: f"{ARCHITECTURES[key].title} ({key})", key="architecture"
    )


def _method_title(key) -> str:
    return f"{key} · {METHODS[key].title}"


def _asked() -> TrainRequest | None:
    """The request of the widgets, with a name; None if they make none: the page then says why."""
    tell_carried(SPECS, CARRIED)
    request = request_or_sentence(asked, values=ADDRESS.values() | {"name": ""})
    return request and _named(request)


def asked(values: Mapping[str, object]) -> TrainRequest:
    """The request of the values in the Address; RsvizError where they make none."""
    method = values["method"]
    plain = ("dataset", "method", "architecture", "epochs", *MORE, *CARRIED)
    return TrainRequest.make(
        sigma=values["sigma"] if METHODS[method].needs_noise else 0.0,
        parameters={
            name: value
            for name, spec in PARAMETERS[method].items()
            if (value := values[parameter_key(method, name)]) != spec.default
        },
        name=values["name"].strip() or None,
        **{name: values[name] for name in plain},
    )


def _named(request) -> TrainRequest | None:
    """The request with the name in its field, which must be free. Empty: a free name is chosen."""
    offered = free_name(request.chosen_name, own_folder())
    name = text_input(
        SPECS["name"].label,
        key="name",
        placeholder=offered,
        max_chars=LONGEST,
        help=explain_all(
            "Certify and Attack list it under this name. Leave it empty to use the name shown.", "checkpoint"
        ),
    ).strip()

    def make(**values):
        check_name(name)
        return TrainRequest.make(**values)

    return request_or_sentence(make, **request.model_dump() | {"name": name or None})


def name_is_taken() -> None:
    """Run the page again, without a name for the next run."""
    st.session_state["t_taken"] = True
    st.rerun()


def tell_time(request: TrainRequest) -> None:
    """Say before the start how long it will take, or offer to measure it."""
    known, job_id = estimate_from_past(request), _measurement(request)
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


def _measurement(request) -> str | None:
    """The id of the job that measures this run, or has measured it."""
    if "measuring" not in st.session_state:
        st.session_state["measuring"] = {}
        with contextlib.suppress(RsvizError):  # the page was loaded anew while one's own job measures
            for job in jobs.list_jobs(20, owner_id(), "estimate", unfinished=True):
                st.session_state["measuring"][_work(TrainRequest.make(**job.request))] = job.id
    return st.session_state["measuring"].get(_work(request))


def _work(request) -> str:
    """The request without what does not change the time."""
    same = {"name": None, "seed": 0, "sigma": float(request.sigma > 0)}
    return request.model_copy(update=same).model_dump_json()


def _measure(request):
    """Callback: a job times some steps of the run."""
    try:
        job_id = jobs.submit("estimate", request, session=owner_id())
        st.session_state["measuring"][_work(request)] = job_id
    except RsvizError as error:
        refuse(error)


def _show_measurement(job):
    if job.unfinished:
        st.caption(f"Measuring: {(job.progress or {}).get('what', 'waiting')} …")
    elif job.state == "done":
        st.caption(f"About **{duration(job.result['seconds'])}**, measured on this machine.")
    else:
        st.caption(job.error or "The measurement was cancelled.")
