"""Controls of the Evaluate page: the images to certify, how votes are read, and the curves to compare."""

from dataclasses import dataclass

import streamlit as st

from rsviz import data, jobs
from rsviz.bounds import BOUNDS
from rsviz.checkpoints import Card
from rsviz.errors import RsvizError
from rsviz.reference.published import CERTIFIED
from rsviz.tasks.evaluate import EvaluateRequest
from rsviz.ui import pickers, published
from rsviz.ui.address import Address, choice, flag, names, number
from rsviz.ui.evaluate import sources
from rsviz.ui.session import owner_id
from rsviz.ui.settings import ALPHAS, draw, draw_stops, procedure_title, request_fields, request_or_sentence

MOST = 10
"""Curves in one picture."""
SHOWN = ["example:digits-gaussian-0.25", "example:digits-gaussian-0.50", "example:digits-smoothadv-0.25"]
VOTES = [100, 1_000, 10_000, 100_000]
TIGHT = "tight"
BANDS = {"none": "none", "pointwise": "at each radius", "simultaneous": "at all radii at once"}
CERTIFYING = [TIGHT, *(key for key, bound in BOUNDS.items() if bound.rigorous)]

SPECS = EvaluateRequest.fields()
FIELDS = request_fields(EvaluateRequest, {"n": 1_000, "limit": 500})
FIELDS |= request_fields(EvaluateRequest, dict.fromkeys(("skip", "n0", "seed", "alpha", "procedure"), ...))

ADDRESS = Address(
    "evaluate",
    {
        **pickers.CHECKPOINT,
        **pickers.NOISE,
        **FIELDS,
        "e_show": names(SHOWN, MOST, sources.KEY),
        "e_bound": choice(CERTIFYING, TIGHT),
        "e_band": choice(BANDS, "pointwise"),
        "e_envelope": flag(False),
        "e_papers": published.field(CERTIFIED),
        "e_at": number(0.0, 1000.0, 0.5),
    },
    {**pickers.OLDER, **{f"e_{key}": key for key in FIELDS}},
)


@dataclass(frozen=True)
class Reading:
    """How the votes are read, and what is drawn of them."""

    alpha: float
    procedure: str
    bound: str | None
    band: str
    envelope: bool
    at: float
    papers: tuple[tuple[str, ...], ...]


def choose() -> tuple[Card, EvaluateRequest | None]:
    """Draw the controls of the request; (card, request), with None for a request after saying why."""
    card = pickers.pick_checkpoint(ADDRESS, default="digits-gaussian-0.25")
    noise, scale = pickers.pick_noise(ADDRESS, card)
    values = {"n": draw_stops(SPECS["n"], VOTES, label="Votes n for each image")}
    left, right = st.columns(2)
    with left:
        values["limit"] = draw(SPECS["limit"], mark=True)
    with right:
        values["skip"] = draw(SPECS["skip"], label="Every …th", mark=True)
    with st.expander("More settings"):
        values["n0"] = draw(SPECS["n0"], mark=True)
        values["seed"] = draw(SPECS["seed"], mark=True)
    if card.dataset not in data.DATASETS:
        words = f"{pickers.no_images_reason(card)}; `python -m rsviz evaluate` certifies a folder of images."
        st.info(words, icon=":material/info:")
        return card, None
    if not data.available(card.dataset):
        pickers.offer_download(card.dataset)
        return card, None
    values |= {"checkpoint": card.name, "dataset": card.dataset, "noise": noise, "scale": scale}
    return card, request_or_sentence(EvaluateRequest.make, **values)


def reading() -> Reading:
    """What the widgets of `choose_reading` say, before they are drawn."""
    bound = st.session_state["e_bound"]
    return Reading(
        alpha=st.session_state["alpha"],
        procedure=st.session_state["procedure"],
        bound=None if bound == TIGHT else bound,
        band=st.session_state["e_band"],
        envelope=st.session_state["e_envelope"],
        at=st.session_state["e_at"],
        papers=published.chosen("e_papers", CERTIFIED),
    )


def choose_reading() -> None:
    """How votes are read; it takes no new vote, so the picture follows at once."""
    first, second, third = st.columns(3)
    with first:
        st.number_input("Look at radius (pixel units)", 0.0, 1000.0, step=0.05, format="%g", key="e_at")
        draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
    with second:
        draw(SPECS["procedure"], form=procedure_title, mark=True)
        st.selectbox("Band over the images, 95 %", list(BANDS), format_func=BANDS.get, key="e_band")
    with third:
        st.selectbox(
            "Bound",
            CERTIFYING,
            format_func=lambda key: BOUNDS[key].title if key != TIGHT else "The tight one",
            key="e_bound",
            help="Where a bound does not fit the noise of a curve, the tight one for that noise is drawn.",
        )
        st.toggle(
            "Upper envelope",
            key="e_envelope",
            help="The best of the curves at each radius: no single classifier has it.",
        )
    published.pick("e_papers", CERTIFIED)


def choose_curves() -> None:
    """Which curves stand in the picture, and the uploader of logs."""
    own = [f"job:{job.id}" for job in jobs.list_jobs(200, owner_id()) if job.kind == "evaluate"]
    options = [f"example:{name}" for name in sources.shipped_votes()]
    options = list(dict.fromkeys([*options, *own, *st.session_state["e_show"]]))
    st.multiselect("Curves, up to ten", options, format_func=sources.title, key="e_show", max_selections=MOST)
    file = st.file_uploader(
        "Add a log of the field",
        key="e_file",
        help="Tab-separated idx, label, predict, radius, correct, time, as Cohen et al. publish them.",
    )
    if file is not None and st.session_state.get("e_stored") != file.file_id:
        st.session_state["e_stored"] = file.file_id
        _add_log(file)
    if refused := st.session_state.get("e_log_refused"):
        st.error(refused, icon=":material/error:")


def _add_log(file):
    try:
        st.session_state["e_log_refused"] = None
        key = sources.keep_log(file.getvalue())
    except RsvizError as error:
        st.session_state["e_log_refused"] = f"{file.name[:80]} is refused, {error}"
        return
    join(key)


def join(key: str, checkpoint: str | None = None) -> None:
    """Run the page once more, with this curve in the picture; checkpoint: of an evaluation just begun."""
    st.session_state["e_new"] = (key, checkpoint)
    st.rerun()


def take_new() -> None:
    """Before the widgets are drawn: what was just begun or uploaded joins the picture."""
    key, checkpoint = st.session_state.pop("e_new", (None, None))
    if key is None:
        return
    shown = [other for other in st.session_state["e_show"] if other != key]
    if checkpoint and shown == SHOWN:  # only what it may be compared with stays of the example
        shown = SHOWN[:1] if checkpoint.startswith("digits") else []
    st.session_state["e_show"] = [*shown[: MOST - 1], key]
