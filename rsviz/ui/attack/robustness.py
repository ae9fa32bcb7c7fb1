"""Robust accuracy against attack size, below the Attack page: its controls, its job and its picture."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.checkpoints import Card, list_cards
from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError
from rsviz.figures import robustness as figures
from rsviz.jobs.attack import curves_of
from rsviz.reference.published import ATTACKED as ATTACKED_IN_PAPERS
from rsviz.tasks.robustness import RobustnessRequest
from rsviz.tasks.robustness.result import described, to_csv
from rsviz.tasks.spellings import command_line
from rsviz.ui import published
from rsviz.ui.address import Address, choice, names, number, numbers, text
from rsviz.ui.export import File, download
from rsviz.ui.glossary import explain
from rsviz.ui.job_page import check_kind, unfinished_row, watch
from rsviz.ui.own_runs import return_to_own
from rsviz.ui.pickers import describe
from rsviz.ui.session import url_value
from rsviz.ui.settings import meaning, request_or_sentence
from rsviz.ui.start import start_button

SCALES = [0.0, 0.12, 0.25, 0.5, 1.0]
NONE = ""
MOST = 4
TITLE = "Robust accuracy against attack size, over many test images"
PRINTED = "Diamonds: accuracy under ℓ₂ PGD-20 that papers print, of other networks; lines only join them."
SPECS = RobustnessRequest.fields()
ALLOWED = SPECS["attack"].options
NORMS_OF_ALL = list(dict.fromkeys(norm for key in ALLOWED for norm in ATTACKS[key].norms))

ADDRESS = Address(
    "robustness",
    {
        "c_checkpoints": names([], MOST),
        "c_scales": numbers(SCALES, [0.0, 0.25]),
        "c_surrogate": text(NONE),
        "c_attack": choice(ALLOWED, SPECS["attack"].default),
        "c_norm": choice(NORMS_OF_ALL, "l2"),
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
    return_to_own("robustness", "curve", remembered_only=True)
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
            "The share of test images that are still answered rightly after an attack of each size. What is "
            "certified lies below: no attack, known or unknown, gets under it."
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
            SPECS["checkpoints"].label,
            list(fitting),
            key="c_checkpoints",
            max_selections=MOST,
            help=explain("checkpoint"),
        )
        scales = st.multiselect(
            "Gaussian noise σ; 0 is f itself", SCALES, format_func="{:g}".format, key="c_scales"
        )
        surrogate = st.selectbox(
            SPECS["surrogate"].label,
            [NONE, *fitting],
            format_func=lambda name: describe(fitting[name]) if name else "white-box only",
            key="c_surrogate",
            help=meaning(SPECS["surrogate"]),
        )
        images = st.number_input(SPECS["images"].label, 1, 1000, key="c_images")
    with right:
        attack = st.selectbox("Attack", ALLOWED, format_func=lambda key: ATTACKS[key].title, key="c_attack")
        parameters = _parameters(ATTACKS[attack])
        largest = st.number_input("Largest size (pixel units)", 0.001, 100.0, key="c_largest", format="%g")
        count = st.number_input("Sizes", 1, 20, key="c_count")
    published.pick("c_papers", ATTACKED_IN_PAPERS)
    return request_or_sentence(
        RobustnessRequest.make,
        checkpoints=chosen,
        scales=scales,
        noise="gaussian",
        surrogate=surrogate or None,
        images=images,
        attack=attack,
        parameters=parameters,
        sizes=[float(f"{size:.6g}") for size in np.linspace(0, largest, count + 1)[1:]],
    )


def _parameters(attack) -> dict:
    parameters = {}
    if len(attack.norms) > 1:
        if st.session_state["c_norm"] not in attack.norms:
            st.session_state["c_norm"] = attack.norms[0]
        parameters["norm"] = st.selectbox("Norm", attack.norms, key="c_norm", help=explain("norm"))
    parameters["steps"] = st.number_input("Steps of the attack", 1, 10_000, key="c_steps")
    if attack.needs_gradient:
        parameters["draws"] = st.number_input("Draws a gradient", 1, 1000, key="c_draws", help=explain("EOT"))
    return parameters


def _show(job_id):
    try:
        check_kind(job_id, "robustness")
    except RsvizError as error:
        st.warning(str(error), icon=":material/link_off:")
        return
    watch(job_id, _state, every=0.6)


def _state(job):
    if job.unfinished:
        unfinished_row(job, key="curve-running")
    elif job.state != "done":
        words = "Cancelled: the points that were finished are below."
        st.error(job.error or words, icon=":material/cancel:")
    result = curves_of(job)
    if not result.curves:
        return
    request = RobustnessRequest.make(**job.request)
    _chart(result.to_json()["curves"], request.norm)
    st.caption(_about(request) + (f" {PRINTED}" if st.session_state["c_papers"] else ""))
    if job.state == "done":
        with st.container(horizontal=True):
            download(File("CSV", "robust-accuracy.csv", lambda: to_csv(request, result)))
            download(File("JSON", "robust-accuracy.json", lambda: described(request, result)))
        st.code(command_line(request), language="shell", wrap_lines=True)


def _chart(curves, norm):
    """The curves, and over them those of papers."""
    chosen = published.chosen("c_papers", ATTACKED_IN_PAPERS)
    printed = {curve.title: published.columns(curve) for curve in chosen}
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
        f"{100 * (1 - request.alpha):g} %. {request.images} images tell of all images like them only within "
        f"limits: half of them right means {100 * low:.0f} to {100 * high:.0f} % (Clopper-Pearson, 95 %)."
    )
