"""Robust accuracy against attack size, below the Attack page: its controls, its job and its picture."""

import contextlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rsviz.attacks import ATTACKS
from rsviz.checkpoints import Card, list_cards
from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError
from rsviz.figures import robustness as figures
from rsviz.jobs.attack import curves_of
from rsviz.reference.published import ATTACKED as ATTACKED_IN_PAPERS
from rsviz.tasks.robustness import RobustnessRequest
from rsviz.tasks.robustness.result import described, to_csv
from rsviz.tasks.spellings import command_line, text_of, value_of
from rsviz.ui import published
from rsviz.ui.address import Address, Field, choice, number
from rsviz.ui.export import File, download
from rsviz.ui.glossary import explain
from rsviz.ui.job_page import check_kind, settings_of_job, tell_changes, unfinished_row, watch
from rsviz.ui.own_runs import return_to_own
from rsviz.ui.pickers import describe
from rsviz.ui.session import url_value
from rsviz.ui.settings import (
    carried_fields,
    draw,
    draw_several,
    mark_of,
    number_list,
    numbers_of,
    request_fields,
    request_or_sentence,
    settings_of,
    tell_carried,
)
from rsviz.ui.stale import marked
from rsviz.ui.start import start_button
from rsviz.ui.widgets import multiselect, number_input, selectbox, text_input

SCALES = [0.0, 0.12, 0.25, 0.5, 1.0]
SIZES = "0.25, 0.5, 0.75, 1, 1.25, 1.5"
MOST = 4
TITLE = "Robust accuracy against attack size, over many test images"
PRINTED = "Diamonds: accuracy under ℓ₂ PGD-20 that papers print, of other networks; lines only join them."
SPECS = RobustnessRequest.fields()
ALLOWED = SPECS["attack"].options
NORMS_OF_ALL = list(dict.fromkeys(norm for key in ALLOWED for norm in ATTACKS[key].norms))

# The section shares the URL with a page that has keys of the same names: its own begin with c_
PREFIX = "c_"
PLAIN = ("images", "attack")
MOST_STEPS, MOST_DRAWS = (
    int(max(specs[name].high for key in ALLOWED if name in (specs := settings_of(ATTACKS[key].parameters))))
    for name in ("steps", "draws")
)
SETTINGS = {
    "norm": choice(NORMS_OF_ALL, "l2"),
    "steps": number(1, MOST_STEPS, 20),
    "draws": number(1, MOST_DRAWS, 8),
}
"""Settings of the attack, by name."""
_DRAWN = request_fields(RobustnessRequest, {"checkpoints": None, "scales": [0.0, 0.25], "surrogate": None})
_DRAWN |= request_fields(RobustnessRequest, dict.fromkeys(PLAIN, ...))
_DRAWN["sizes"] = number_list(SPECS["sizes"], SIZES)
CARRIED = carried_fields(RobustnessRequest, _DRAWN)
OTHERS = Field([], lambda texts: [text for text in texts if "=" in text], list)
"""Further settings of the attack, "name=value": a link may set them."""


def from_older(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a link by their names of today: of one to the task, and of older ones.

    A link to the task is known by its sizes. Older links gave sizes by the largest one and their number.
    """
    found = dict(query)
    if "sizes" in query:
        found = {(PREFIX + key if key in SPECS else key): texts for key, texts in query.items()}
        found |= _settings(query.get("attack", [SPECS["attack"].default])[0], found)
    ends = [found.pop(f"c_{key}", [usual])[0] for key, usual in (("largest", "1.5"), ("count", "6"))]
    if {"c_largest", "c_count"} & set(query):
        with contextlib.suppress(ValueError):
            largest, count = float(ends[0]), int(ends[1])
            if 0 < largest < math.inf and 1 <= count <= 20:
                sizes = [f"{size:.6g}" for size in np.linspace(0, largest, count + 1)[1:]]
                found.setdefault("c_sizes", sizes)
    return found


def _settings(attack, found) -> dict[str, list[str]]:
    """The settings of the attack of a link to the task, which are taken out of `found`."""
    known = ATTACKS[attack].parameters.model_fields if attack in ATTACKS else {}
    settings = {PREFIX + name: [text_of(known[name].default)] for name in SETTINGS if name in known}
    others = []
    for key in [key for key in found if key.startswith("parameters.")]:
        name, texts = key.removeprefix("parameters."), found.pop(key)
        if name in SETTINGS:
            settings[PREFIX + name] = texts
        else:
            others.append(f"{name}={texts[0]}")
    return settings | ({"c_others": others} if others else {})


ADDRESS = Address(
    "robustness",
    {
        **{PREFIX + key: field for key, field in (_DRAWN | SETTINGS | CARRIED).items()},
        "c_others": OTHERS,
        "c_papers": published.field(ATTACKED_IN_PAPERS),
    },
    translate=from_older,
    views=("c_papers",),
    job="curve",
)


class PageAddress(Address):
    """The Address of a page that has the section: a link to the curves alone is the section's."""

    def restore(self, *arguments):
        query = {key: st.query_params.get_all(key) for key in st.query_params}
        if "sizes" in query:
            st.query_params.from_dict(from_older(query))
        super().restore(*arguments)

    def _opens(self):
        """Not beside settings of the section: older links to it meant the checkpoint of then."""
        return get_script_run_ctx() is None or not any(key.startswith(PREFIX) for key in st.query_params)


def section(card: Card, checkpoints: Sequence[str] = (), title: str = TITLE) -> None:
    """The expander; what is in it is drawn only when it is open, or when the URL names one of its jobs.

    card: of the dataset that is attacked. checkpoints: those that are chosen at first; the card's if none.
    """
    return_to_own("robustness", "curve", remembered_only=True)
    named = url_value("curve") is not None or not {"c_sizes", "c_papers"}.isdisjoint(st.query_params)
    box = st.expander(
        title,
        icon=":material/show_chart:",
        key="a_curve",
        on_change="rerun",
        expanded=named,
    )
    if not box.open:
        return
    ADDRESS.restore(lambda job_id: settings_of_job(job_id, "robustness"))
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
            _show(job_id, request)
        elif st.session_state["c_papers"]:
            _chart([], "l2")
            st.caption(PRINTED)
    ADDRESS.write()


def _choose(card: Card, checkpoints):
    """Draw the controls; the request, or None where they make none, and the page says why."""
    fitting = {name: other for name, other in list_cards().items() if other.dataset == card.dataset}
    usual = checkpoints[:MOST]
    ADDRESS.suggest(
        "c_checkpoints",
        usual,
        lambda names: 0 < len(names) <= MOST and set(names) <= set(fitting),
        follows=tuple(usual),
    )
    ADDRESS.suggest("c_surrogate", None, (None, *fitting).__contains__)
    left, right = st.columns(2, gap="medium")
    with left:
        multiselect(
            SPECS["checkpoints"].label,
            list(fitting),
            key="c_checkpoints",
            max_selections=MOST,
            help=explain("checkpoint"),
        )
        draw_several(SPECS["scales"], SCALES, "c_scales", "Gaussian noise σ; 0 is f itself")
        selectbox(
            SPECS["surrogate"].label,
            [None, *fitting],
            format_func=lambda name: describe(fitting[name]) if name else "white-box only",
            key="c_surrogate",
            help=mark_of(SPECS["surrogate"]),
        )
        draw(SPECS["images"], "c_images", mark=True)
    with right:
        attack = selectbox("Attack", ALLOWED, format_func=lambda key: ATTACKS[key].title, key="c_attack")
        _draw_settings(ATTACKS[attack])
        text_input("Sizes of the attack, up to 20", key="c_sizes", help=mark_of(SPECS["sizes"]))
    published.pick("c_papers", ATTACKED_IN_PAPERS)
    tell_carried(SPECS, CARRIED, PREFIX)
    return request_or_sentence(asked, values=ADDRESS.values())


def _draw_settings(attack):
    if len(attack.norms) > 1:
        ADDRESS.suggest("c_norm", attack.norms[0], attack.norms.__contains__)
        selectbox("Norm", attack.norms, key="c_norm", help=explain("norm"))
    number_input("Steps of the attack", 1, MOST_STEPS, key="c_steps")
    if attack.needs_gradient:
        number_input("Draws a gradient", 1, MOST_DRAWS, key="c_draws", help=explain("EOT"))


def asked(values: Mapping[str, object]) -> RobustnessRequest:
    """The request of the values in the Address; RsvizError where they make none."""
    attack = ATTACKS[values["c_attack"]]
    taken = {"norm": len(attack.norms) > 1, "steps": True, "draws": attack.needs_gradient}
    plain = ("checkpoints", "scales", "surrogate", *PLAIN, *CARRIED)
    others = (one.partition("=") for one in values["c_others"])
    parameters = {name: value_of(text, "any") for name, _, text in others}
    return RobustnessRequest.make(
        parameters={name: values[PREFIX + name] for name, takes in taken.items() if takes} | parameters,
        sizes=numbers_of(SPECS["sizes"], values["c_sizes"]),
        **{name: values[PREFIX + name] for name in plain},
    )


def _show(job_id, request):
    try:
        stale = tell_changes(check_kind(job_id, "robustness"), request, ADDRESS)
    except RsvizError as error:
        st.warning(str(error), icon=":material/link_off:")
        return

    def state(job):
        with marked(stale, "stale-curve"):
            _state(job)

    watch(job_id, state, every=0.6)


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
    words = f"Right answers against attack size, {len(curves) + len(printed)} curves; shaded: certified"
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
