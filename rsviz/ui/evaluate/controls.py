"""Controls of the Evaluate page: the images to certify, how votes are read, and the curves to compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from rsviz import data, jobs
from rsviz.bounds import BOUNDS
from rsviz.checkpoints import Card, load_card
from rsviz.data import IMAGENET
from rsviz.errors import RsvizError
from rsviz.evaluation import NoRadii
from rsviz.norms import NORMS, norm_symbol
from rsviz.reference.published import CERTIFIED, PrintedCurve
from rsviz.tasks.evaluate import EvaluateRequest
from rsviz.ui import pickers, published
from rsviz.ui.address import Address, Field, choice, flag, names, number
from rsviz.ui.downloads import no_images_reason, offer_download
from rsviz.ui.evaluate import sources
from rsviz.ui.glossary import explain, explain_all
from rsviz.ui.linked import opened
from rsviz.ui.session import owner_id, url_value
from rsviz.ui.settings import (
    ALPHAS,
    carried_fields,
    draw,
    draw_stops,
    procedure_title,
    request_fields,
    request_or_sentence,
    tell_carried,
)
from rsviz.ui.uploads import uploader
from rsviz.ui.widgets import multiselect, number_input, selectbox, toggle

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
"""The page begins with fewer images and votes than the shell, so that a first run ends within minutes."""
_DRAWN = {**pickers.CHECKPOINT, **pickers.NOISE, **FIELDS}
CARRIED = carried_fields(EvaluateRequest, _DRAWN)

READ = ("alpha", "procedure")
"""Fields of the request that say how its votes are read: stored votes follow them at once."""
NO_CURVES = "none"


def or_none(field: Field) -> Field:
    """The field of a list that may be empty too: published numbers alone are a picture."""
    return Field(
        field.default,
        lambda texts: [] if texts == [NO_CURVES] else field.read(texts),
        lambda values: field.write(values) if values else [NO_CURVES],
    )


ADDRESS = Address(
    "evaluate",
    {
        **_DRAWN,
        **CARRIED,
        "e_show": replace(or_none(names(SHOWN, MOST, sources.KEY)), default=None),
        "e_bound": choice(CERTIFYING, TIGHT),
        "e_band": choice(BANDS, "pointwise"),
        "e_envelope": flag(False),
        "e_papers": published.field(CERTIFIED),
        "e_at": number(0.0, 1000.0, 0.5),
    },
    {**pickers.OLDER, **{f"e_{key}": key for key in FIELDS}},
    views=("e_show", "e_bound", "e_band", "e_envelope", "e_papers", "e_at", *READ),
    job="job",
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
    papers: tuple[PrintedCurve, ...]


def choose() -> tuple[Card, EvaluateRequest | None]:
    """Draw the controls of the request; (card, request), with None for a request after saying why."""
    card = pickers.pick_checkpoint(ADDRESS, default="digits-gaussian-0.25")
    pickers.pick_noise(ADDRESS, card)
    draw_stops(SPECS["n"], VOTES, label="Votes n for each image")
    left, right = st.columns(2)
    with left:
        draw(SPECS["limit"], mark=True)
    with right:
        draw(SPECS["skip"], label="Every …th", mark=True)
    with st.expander("More settings"):
        draw(SPECS["n0"], mark=True)
        draw(SPECS["seed"], mark=True)
    tell_carried(SPECS, CARRIED)
    if card.dataset not in data.DATASETS:
        words = f"{no_images_reason(card)}; `python -m rsviz evaluate` certifies a folder of images."
        st.info(words, icon=":material/info:")
        return card, None
    if not data.available(card.dataset):
        offer_download(card.dataset)
        return card, None
    return card, request_or_sentence(asked, values=ADDRESS.values(), card=card)


def asked(values: Mapping[str, object], card: Card) -> EvaluateRequest:
    """The request of the values in the Address; RsvizError where they make none."""
    plain = ("noise", "scale", *FIELDS, *CARRIED)
    chosen = {key: values[key] for key in plain}
    return EvaluateRequest.make(checkpoint=card.name, dataset=card.dataset, **chosen)


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
        number_input("Look at radius (pixel units)", 0.0, 1000.0, step=0.05, format="%g", key="e_at")
        draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
    with second:
        draw(SPECS["procedure"], form=procedure_title, mark=True)
        selectbox("Band over the images, 95 %", list(BANDS), format_func=BANDS.get, key="e_band")
    with third:
        selectbox(
            "Bound",
            CERTIFYING,
            format_func=lambda key: BOUNDS[key].title if key != TIGHT else "The tight one",
            key="e_bound",
            help=explain_all(
                "Where a bound does not fit the noise of a curve, the tight one for that noise is drawn."
            ),
        )
        toggle(
            "Upper envelope",
            key="e_envelope",
            help="The best of the curves at each radius: no single classifier has it.",
        )
    published.pick("e_papers", CERTIFIED, belongs)


PICTURE = "e_picture"
"""In the session: (title of the data set or None, norm or None) of the picture as it was drawn."""


def belongs(curve: PrintedCurve) -> bool:
    """Whether a printed curve is of the data set and norm of the picture."""
    dataset, norm = st.session_state.get(PICTURE, (None, None))
    return dataset in (None, curve.dataset) and norm in (None, curve.table.norm)


def choose_curves() -> None:
    """Which curves stand in the picture, and the uploader of logs."""
    ADDRESS.suggest("e_show", _first_curves())
    own = [f"job:{job.id}" for job in jobs.list_jobs(200, owner_id()) if job.kind == "evaluate"]
    options = [f"example:{name}" for name in sources.shipped_votes()]
    options = list(dict.fromkeys([*options, *own, *st.session_state["e_show"]]))
    multiselect("Curves, up to ten", options, format_func=sources.title, key="e_show", max_selections=MOST)
    with st.expander("Add a log of any repository", icon=":material/upload_file:", key="e_log"):
        _choose_log()
    if refused := st.session_state.get("e_log_refused"):
        st.error(refused, icon=":material/error:")


def _first_curves() -> list[str]:
    """The curves with which the picture begins: those that a link asks for, else the shipped ones."""
    if (link := opened("evaluate")) is None:
        return SHOWN
    if link.job is not None:
        return [f"job:{link.job}"]
    if not link.shipped:
        return []
    return [sources.shipped_equal(asked(ADDRESS.values(), load_card(st.session_state["checkpoint"])), READ)]


def names_curves() -> bool:
    """Whether the URL says which curves are in the picture."""
    return bool({"e_show", "e_papers"} & set(st.query_params))


def _choose_log():
    """The uploader of logs, and what a log does not say of itself; a change of that reads the log again."""
    file = uploader(
        "Log with tabs between its columns",
        key="e_file",
        max_upload_size=64,
        help="idx, label, predict and radius, under the names that repositories give them; or counts in "
        "place of radii.",
    )
    left, right = st.columns(2)
    with left:
        options = [None, *data.DATASETS, IMAGENET[0]]
        dataset = selectbox(
            "Its images",
            options,
            format_func=lambda key: data.title(key) if key else "not said",
            key="e_log_data",
        )
    with right:
        norm = selectbox(
            "Norm of its radii",
            [None, *NORMS],
            format_func=lambda key: norm_symbol(key) if key else "as it says, else ℓ₂",
            key="e_log_norm",
            help=explain("norm", "radius"),
        )
    if file is None:
        st.session_state["e_log_refused"] = None
        return
    said = {"dataset": dataset, "norm": norm}
    if st.session_state.get("e_log_counts") == file.file_id:
        said |= _choose_counts()
    if st.session_state.get("e_stored") != (file.file_id, *said.values()):
        st.session_state["e_stored"] = (file.file_id, *said.values())
        _add_log(file, said)


def _choose_counts() -> dict:
    """How the votes of a log without radii were drawn."""
    first, second, third = st.columns(3)
    with first:
        scale = number_input("σ of its noise", 0.001, 10.0, None, format="%g", key="e_log_scale")
    with second:
        n = number_input("Its votes n", 1, 100_000_000, 100_000, key="e_log_n")
    with third:
        alpha = number_input("Its α", 1e-9, 0.5, 0.001, format="%g", key="e_log_alpha")
    return {"scale": scale, "n": n, "alpha": alpha}


def _add_log(file, said):
    shown = st.session_state.get("e_log_shown", (None, None))
    try:
        st.session_state["e_log_refused"] = None
        key = sources.keep_log(file.getvalue(), file.name, **said)
    except NoRadii as error:
        st.session_state["e_log_refused"] = f"{file.name[:80]}: {error}"
        if st.session_state.get("e_log_counts") != file.file_id:
            st.session_state["e_log_counts"] = file.file_id
            st.rerun()  # with the fields that it needs
        return
    except RsvizError as error:
        st.session_state["e_log_refused"] = f"{file.name[:80]} is refused, {error}"
        return
    st.session_state["e_log_shown"] = (file.file_id, key)
    join(key, instead_of=shown[1] if shown[0] == file.file_id else None)


def join(key: str, checkpoint: str | None = None, instead_of: str | None = None) -> None:
    """Run the page once more, with this curve in the picture.

    checkpoint: of an evaluation just begun. instead_of: a curve that leaves the picture.
    """
    shown = st.session_state["e_show"]
    if shown is None:  # a link began the run, and asks for its curve alone
        shown = []
    st.session_state["e_new"] = (key, checkpoint, instead_of, shown)
    st.rerun()


def take_new() -> None:
    """Before the widgets are drawn: what was just begun, uploaded or opened joins the picture."""
    key, checkpoint, gone, before = st.session_state.pop("e_new", (None, None, None, None))
    if key is None:
        key, checkpoint = _just_opened()
    if key is None:
        return
    if before is None:
        before = st.session_state["e_show"] or SHOWN
    shown = [other for other in before if other not in (key, gone)]
    if checkpoint and shown == SHOWN:  # only what it may be compared with stays of the example
        shown = SHOWN[:1] if checkpoint.startswith("digits") else []
    st.session_state["e_show"] = [*shown[: MOST - 1], key]


def _just_opened() -> tuple[str | None, str | None]:
    """(key, checkpoint) of the evaluation that the URL names, once, where it does not name the curves."""
    job_id, before = url_value("job"), st.session_state.get("e_opened")
    st.session_state["e_opened"] = job_id
    if job_id in (None, before) or "e_show" in st.query_params:
        return None, None
    try:
        job = jobs.get(job_id)
    except RsvizError:
        return None, None
    return (f"job:{job_id}", job.request["checkpoint"]) if job.kind == "evaluate" else (None, None)
