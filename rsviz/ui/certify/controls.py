"""Controls of the Certify page: checkpoint, image, noise, statistics, and when the run ends."""

import streamlit as st

from rsviz.checkpoints import Card
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import CertifyRequest, shipped_example
from rsviz.ui import pickers
from rsviz.ui.address import Address, choice, labelled
from rsviz.ui.settings import (
    ALPHAS,
    draw,
    draw_stops,
    meaning,
    procedure_title,
    request_fields,
    request_or_sentence,
)

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

ADDRESS = Address(
    "certify",
    {
        **pickers.CHECKPOINT,
        **pickers.IMAGE,
        **pickers.NOISE,
        **FIELDS,
        "end": labelled(choice(ENDS, "votes"), OLDER_ENDS),
    },
    older={**pickers.OLDER, "decide": "until_radius"},
    implied={**pickers.IMPLIED, "until_radius": ("end", "until_radius"), "within": ("end", "within")},
)


def choose() -> tuple[Card, CertifyRequest | None]:
    """Draw the controls; (checkpoint, request), the request None where the page says why there is none."""
    example = shipped_example().request
    card = pickers.pick_checkpoint(ADDRESS, default=example.checkpoint)
    image = pickers.pick_image(ADDRESS, card, first=example.image.index)
    noise, scale = pickers.pick_noise(ADDRESS, card)
    values = {"noise": noise, "scale": scale, "n": draw_stops(SPECS["n"], VOTES)}
    values |= _choose_end(NORMS[NOISES[noise].norm].symbol)
    with st.expander("More settings"):
        values["alpha"] = draw_stops(SPECS["alpha"], ALPHAS, form="{:g}")
        values["n0"] = draw(SPECS["n0"], mark=True)
        values["seed"] = draw(SPECS["seed"], mark=True)
        values["procedure"] = draw(SPECS["procedure"], form=procedure_title, mark=True)
    if image is None:
        return card, None
    return card, request_or_sentence(
        CertifyRequest.make,
        checkpoint=card.name,
        image=image,
        stoppable=True,
        **values,
    )


def _choose_end(norm) -> dict:
    """When the run ends, as values of the request. Every run of the page may also be stopped by hand."""
    end = st.selectbox(
        "When to end",
        list(ENDS),
        format_func=ENDS.get,
        key="end",
        help="A rule ends the run early; what it proved by then holds with the same confidence.",
    )
    if end == "until_radius":
        return {"until_radius": _choose_limit(f"Radius to decide ({norm})", end, 0.0001, 100.0, 0.25, 0.05)}
    if end == "within":
        words = "Within this % of the largest radius in reach"
        return {"within": _choose_limit(words, end, 0.1, 99.0, 10.0, 1.0)}
    return {}


def _choose_limit(label, key, low, high, usual, step) -> float:
    ADDRESS.suggest(key, usual, lambda value: low <= value <= high)
    return st.number_input(label, low, high, step=step, format="%.4g", key=key, help=meaning(SPECS[key]))
