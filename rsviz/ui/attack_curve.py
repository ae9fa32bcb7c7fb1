"""Robust accuracy against attack size, below the Attack page: its controls, its job and its picture."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.attacks.curve_request import make_request
from rsviz.checkpoints import Card, list_cards
from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError
from rsviz.figures import robustness as figures
from rsviz.jobs.attack import curves_of
from rsviz.reference.published import ATTACKED as ATTACKED_IN_PAPERS
from rsviz.ui import published
from rsviz.ui.address import Address, choice, names, number, numbers, text
from rsviz.ui.export import File, download
from rsviz.ui.job_page import check_kind, start_button, unfinished_row, watch
from rsviz.ui.pickers import describe
from rsviz.ui.session import url_value
from rsviz.ui.settings import request_or_sentence

SCALES = [0.0, 0.12, 0.25, 0.5, 1.0]
NONE = ""
ATTACKED = ("eot-pgd", "cw", "boundary")
MOST = 4
TITLE = "Robust accuracy against attack size, over many test images"
PRINTED = "Diamonds: accuracy under ℓ₂ PGD-20 that papers print, of other networks; lines only join them."


ADDRESS = Address(
    "robustness",
    {
        "c_checkpoints": names([], MOST),
        "c_scales": numbers(SCALES, [0.0, 0.25]),
        "c_surrogate": text(NONE),
        "c_attack": choice(ATTACKED, "eot-pgd"),
        "c_norm": choice(("l2", "linf"), "l2"),
        "c_images": number(1, 1000, 20),
        "c_largest": number(0.001, 100.0, 1.5),
        "c_count": number(1, 20, 6),
        "c_steps": number(1, 10_000, 20),
        "c_draws": number(1, 1000, 8),
        "c_papers": published.field(ATTACKED_IN_PAPERS),
    },
)


def section(card: Card, checkpoints: Sequence[str] = (), title: str = TITLE) -> None:
    """The expander; what is in it is drawn only when it is open, or when the URL names a job of it.

    card: of the dataset that is attacked. checkpoints: those that are chosen at first; the card's if none.
    """
    job_id = url_value("curve")
    box = st.expander(
        title,
        icon=":material/show_chart:",
        key="a_curve",
        on_change="rerun",
        expanded=job_id is not None,
    )
    if not box.open:
        return
    ADDRESS.restore()
    with box:
        st.markdown(
            "How many test images are still answered rightly when an attack of each size has done its worst. "
            "What is certified lies below: no attack, known or unknown, gets under it."
        )
        request = _choose(card, list(checkpoints) or [card.name])
        icon = ":material/show_chart:"
        start_button("Draw the curves", icon, "robustness", request, parameter="curve", prominent=False)
        job_id = url_value("curve")
        if job_id is not None:
            _show(job_id)
        elif st.session_state["c_papers"]:
            _chart([], "l2")
            st.caption(PRINTED)
    ADDRESS.write()


def _choose(card: Card, checkpoints):
    """Draw the controls; the request, or None where they make none, and the page says why."""
    fitting = {name: other for name, other in list_cards().items() if other.dataset == card.dataset}
    kept = [name for name in st.session_state["c_checkpoints"] if name in fitting]
    st.session_state["c_checkpoints"] = kept or checkpoints[:MOST]
    if st.session_state["c_surrogate"] not in fitting:
        st.session_state["c_surrogate"] = NONE
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = st.multiselect(
            "Checkpoints, up to four", list(fitting), key="c_checkpoints", max_selections=MOST
        )
        scales = st.multiselect(
            "Gaussian noise σ; 0 is f itself", SCALES, format_func="{:g}".format, key="c_scales"
        )
        surrogate = st.selectbox(
            "Transfer from",
            [NONE, *fitting],
            format_func=lambda name: describe(fitting[name]) if name else "white-box only",
            key="c_surrogate",
            help="Adds a curve for each: the same attack, on a network that the attacker owns.",
        )
        images = st.number_input("Test images", 1, 1000, key="c_images")
    with right:
        attack = st.selectbox("Attack", ATTACKED, format_func=lambda key: ATTACKS[key].title, key="c_attack")
        parameters = _parameters(attack)
        largest = st.number_input("Largest size (pixel units)", 0.001, 100.0, key="c_largest", format="%g")
        count = st.number_input("Sizes", 1, 20, key="c_count")
    published.pick("c_papers", ATTACKED_IN_PAPERS)
    sizes = [float(f"{size:.6g}") for size in np.linspace(0, largest, count + 1)[1:]]
    return request_or_sentence(
        make_request,
        checkpoints=chosen,
        scales=scales,
        surrogate=surrogate or None,
        images=images,
        attack=attack,
        parameters=parameters,
        sizes=sizes,
    )


def _parameters(attack) -> dict:
    own = ATTACKS[attack].parameters.model_fields
    parameters = {}
    if len(ATTACKS[attack].norms) > 1:
        parameters["norm"] = st.selectbox("Norm", ATTACKS[attack].norms, key="c_norm")
    parameters["steps"] = st.number_input("Steps of the attack", 1, 10_000, key="c_steps")
    if "draws" in own:
        parameters["draws"] = st.number_input("Draws a gradient", 1, 1000, key="c_draws")
    return parameters


def _show(job_id):
    try:
        check_kind(job_id, "robustness", "draws no curves")
    except RsvizError as error:
        st.warning(str(error), icon=":material/link_off:")
        return
    watch(job_id, _state, every=0.6)


def _state(job):
    if job.unfinished:
        progress = job.progress or {}
        share = progress.get("finished", 0) / max(progress.get("parts", 1), 1)
        step = f", step {progress['step']} of {progress['steps']}" if progress.get("steps") else ""
        unfinished_row(job, (share, f"{progress.get('what', 'waiting')}{step}"), key="curve-running")
    elif job.state != "done":
        words = "Cancelled: the points that were finished are below."
        st.error(job.error or words, icon=":material/cancel:")
    curves = curves_of(job)
    if not curves:
        return
    request = make_request(**job.request)
    _chart(curves, request.norm)
    st.caption(_about(request) + (f" {PRINTED}" if st.session_state["c_papers"] else ""))
    if job.state == "done":
        _exports(request, curves)


def _chart(curves, norm):
    """The curves, and over them those of papers."""
    chosen = published.chosen("c_papers", ATTACKED_IN_PAPERS)
    printed = {published.title(key): published.columns(key, ATTACKED_IN_PAPERS) for key in chosen}
    table = pa.table(figures.accuracy_columns(curves, printed))
    words = "Right answers against attack size; shaded: certified"
    st.vega_lite_chart(table, figures.accuracy_spec(curves, norm, printed), alt=words)


def _about(request) -> str:
    half = request.images // 2
    low, high = (
        float(limit(half, request.images, 0.025)) for limit in (clopper_pearson_lower, clopper_pearson_upper)
    )
    return (
        f"Points: {ATTACKS[request.attack].title} on {request.images} test images, judged by PREDICT with "
        f"{request.votes:,} fresh votes at α = {request.alpha:g}; an abstention is no right answer. Shaded, "
        f"with stairs: the share certified by n = {request.n:,} votes, each image with confidence "
        f"{100 * (1 - request.alpha):g} %. So few images tell of all that are like them only within limits: "
        f"half of them right means {100 * low:.0f} to {100 * high:.0f} % (Clopper-Pearson, 95 %)."
    )


def _exports(request, curves):
    frame = pd.concat(
        pd.DataFrame(
            {
                **{name: one[name] for name in ("checkpoint", "scale", "surrogate")},
                **{name: one[name] for name in ("size", "right", "abstained", "wrong")},
                "certified": _certified_at(one),
                "norm": request.norm,
                "attack": request.attack,
                "images": request.images,
            }
        )
        for one in curves
    )
    described = {"request": request.model_dump(), "curves": curves}
    with st.container(horizontal=True):
        download(File("CSV", "robust-accuracy.csv", lambda: frame.to_csv(index=False)))
        download(File("JSON", "robust-accuracy.json", lambda: json.dumps(described, indent=1)))


def _certified_at(one):
    """The certified share at each size; a size between two points of the grid takes the lower one."""
    if one["certified"] is None:
        return None
    at = np.searchsorted(one["radius"], one["size"], side="left").clip(max=len(one["radius"]) - 1)
    return np.array(one["certified"])[at]
