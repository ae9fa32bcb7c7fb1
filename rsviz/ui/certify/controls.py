"""Controls of the Certify page: checkpoint, image, noise, statistics, and when the run ends."""

from collections.abc import Mapping

import streamlit as st

from rsviz.checkpoints import Card
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import CertifyRequest, shipped_example
from rsviz.ui import image_picker, pickers
from rsviz.ui.address import Address, choice, labelled
from rsviz.ui.certify import live
from rsviz.ui.settings import (
    ALPHAS,
    carried_fields,
    draw,
    draw_stops,
    field_of,
    mark_of,
    procedure_title,
    request_fields,
    request_or_sentence,
    tell_carried,
)
from rsviz.ui.widgets import number_input, selectbox

VOTES = [100, 1_000, 10_000, 100_000, 1_000_000]
ENDS = {
    "votes": "After n votes",
    "until_radius": "When a radius is decided",
    "within": "When it is good enough",
}
OLDER_ENDS = {"decide": "until_radius"} | {words: key for key, words in ENDS.items()}
SPECS = CertifyRequest.fields()
FIELDS = request_fields(CertifyRequest, dict.fromkeys(("n", "alpha", "n0", "seed", "procedure"), ...))
FIELDS |= request_fields(CertifyRequest, {"until_radius": None, "within": None})
FIELDS["n"] = labelled(FIELDS["n"], {f"{n:,}": f"{n}" for n in VOTES})
FIELDS["procedure"] = labelled(
    FIELDS["procedure"], {procedure_title(key): key for key in SPECS["procedure"].options}
)
_DRAWN = {**pickers.CHECKPOINT, **image_picker.IMAGE, **pickers.NOISE, **FIELDS}
CARRIED = carried_fields(CertifyRequest, _DRAWN)
CARRIED["stoppable"] = field_of(SPECS["stoppable"], True)  # every run of the page may be stopped by hand

ADDRESS = Address(
    "certify",
    {
        **_DRAWN,
        **CARRIED,
        "end": labelled(choice(ENDS, "votes"), OLDER_ENDS),
    },
    older={**pickers.OLDER, "decide": "until_radius"},
    implied={**image_picker.IMPLIED, "until_radius": ("end", "until_radius"), "within": ("end", "within")},
    job="job",
    opening=image_picker.opening(shipped_example().request, "n"),
)


def choose() -> tuple[Card, CertifyRequest | None]:
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    card = pickers.pick_checkpoint(ADDRESS, default=image_picker.FORMER["checkpoint"])
    image = image_picker.pick_image(ADDRESS, card, chosen=live.fewer_votes, drawn=live.ask)
    noise, _ = pickers.pick_noise(ADDRESS, card)
    draw_stops(SPECS["n"], VOTES)
    _choose_end(NORMS[NOISES[noise].norm].symbol)
    with st.expander("More settings"):
        draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
        draw(SPECS["n0"], mark=True)
        draw(SPECS["seed"], mark=True)
        draw(SPECS["procedure"], form=procedure_title, mark=True)
    tell_carried(SPECS, CARRIED)
    if image is None:
        return card, None
    return card, request_or_sentence(asked, values=ADDRESS.values(), card=card, image=image)


def asked(values: Mapping[str, object], card: Card, image: dict) -> CertifyRequest:
    """The request of the values in the Address; RsvizError where they make none. image: its source."""
    plain = ("noise", "scale", "n", "alpha", "n0", "seed", "procedure", *CARRIED)
    rule = {key: values[key] for key in ("until_radius", "within") if values["end"] == key}
    chosen = {key: values[key] for key in plain}
    return CertifyRequest.make(checkpoint=card.name, image=image, **chosen, **rule)


def _choose_end(norm) -> None:
    """When the run ends. Every run of the page may also be stopped by hand."""
    end = selectbox(
        "When to end",
        list(ENDS),
        format_func=ENDS.get,
        key="end",
        help="A rule ends the run early; what it proved by then holds with the same confidence.",
    )
    if end == "until_radius":
        _choose_limit(f"Radius to decide ({norm})", end, 0.0001, 100.0, 0.25, 0.05)
    elif end == "within":
        _choose_limit("Within this % of the largest radius in reach", end, 0.1, 99.0, 10.0, 1.0)


def _choose_limit(label, key, low, high, usual, step):
    value = ADDRESS.suggest(key, usual)
    limits = min(low, value), max(high, value)  # a link may ask for any value that a request may have
    number_input(label, *limits, step=step, format="%.6g", key=key, help=mark_of(SPECS[key]))
