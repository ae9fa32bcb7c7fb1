"""Choosing an image: a sample, one of the data set, an upload, a drawing; and what the network sees of it."""

import functools
import re
from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.checkpoints import Card, load_survey
from rsviz.data.images import LISTED, SUFFIXES, on_paper
from rsviz.data.samples import SAMPLES, Sample, samples_for
from rsviz.errors import RsvizError, short
from rsviz.tasks.certify import CertifyRequest
from rsviz.tasks.image import LoadedImage, load_image, make_source, store_upload
from rsviz.tasks.shared import ImageRequest
from rsviz.ui.address import Address, Field, choice, labelled, text
from rsviz.ui.canvas import draw_digit
from rsviz.ui.downloads import no_images_reason, offer_download
from rsviz.ui.likeness import tell_if_unlike
from rsviz.ui.pictures import SIZE, picture, thumbnail
from rsviz.ui.settings import request_fields
from rsviz.ui.uploads import uploader
from rsviz.ui.widgets import number_input, segmented_control, selectbox, toggle

SOURCES = {
    "sample": "Samples",
    "dataset": "Data set",
    "upload": "Upload",
    "draw": "Draw",
}
OLDER_SOURCES = {"From the data set": "dataset", "Upload my own": "upload"}
FORMER = {"checkpoint": "digits-gaussian-0.25", "sample": "5-a"}
"""What a link means that names neither: older links left them out, whatever the page opens on today."""
SURE = 0.7
"""A top share of votes below this counts as uncertain."""
DIGEST = "[0-9a-f]{64}"

_PAPER = Field(False, lambda texts: texts[0] == "paper", lambda on: ["paper" if on else "none"])
IMAGE = request_fields(
    CertifyRequest, {"sample": None, "index": None, "image": None, "fit": ..., "invert": ...}
)
IMAGE |= {"prepare": _PAPER, "drawing": text(None, pattern=DIGEST)}
IMAGE["from"] = labelled(choice(SOURCES, None), OLDER_SOURCES)
"""Fields of an Address; what has no default follows the checkpoint."""
IMPLIED = {
    "index": ("from", "dataset"),
    "sample": ("from", "sample"),
    "image": ("from", "upload"),
    "drawing": ("from", "draw"),
}
"""Of the Address: what a link need not say."""


def opening(example: ImageRequest, *names: str) -> dict[str, object]:
    """What a page opens on, by key of its Address: checkpoint, sample and `names` of its example."""
    return {
        "checkpoint": example.checkpoint,
        "sample": example.image.sample,
        **{name: getattr(example, name) for name in names},
    }


def pick_image(
    address: Address,
    card: Card,
    *,
    chosen: Callable[[str], None] = lambda source: None,
    drawn: Callable[[], None] = lambda: None,
) -> dict | None:
    """An image as the source for a request, or None, and the page says why.

    address: with the fields IMAGE. chosen: callback, called with the source
    when another one is chosen. drawn: called when a new drawing has arrived.
    """
    samples = samples_for(card.input_shape, card.classes)
    sources = [
        key for key in SOURCES if (key != "sample" or samples) and (key != "draw" or _tells_digits(card))
    ]
    address.suggest("from", sources[0], sources.__contains__)
    if samples:
        usual = FORMER["sample"] if FORMER["sample"] in samples else next(iter(samples))
        address.suggest("sample", usual, samples.__contains__)
    address.suggest("image", None, re.compile(DIGEST).fullmatch)
    if (asked := address.refused("image")) is not None:
        words = f"The link names the image {short(asked)}; an upload is named by 64 hexadecimal digits."
        st.warning(words, icon=":material/link_off:")
    where = segmented_control(
        "Image",
        sources,
        format_func=SOURCES.get,
        required=True,
        key="from",
        on_change=lambda: chosen(st.session_state["from"]),
    )
    ways = {
        "sample": lambda: _from_samples(samples),
        "dataset": lambda: _from_dataset(address, card),
        "upload": _uploaded,
        "draw": lambda: _drawn(drawn),
    }
    source = ways[where]()
    if source is None:
        return None
    if where == "upload":
        _choose_fit(card, source)
    source = source_of(st.session_state, card)
    try:
        loaded = load_image(make_source(source), card.input_shape, card.classes)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return None
    _show(loaded, card)
    tell_if_unlike(card, loaded.x)
    return source


def source_of(values: Mapping, card: Card) -> dict:
    """The source of the image that the fields IMAGE name, for a request."""
    where = values["from"]
    if where == "sample":
        return {"kind": "sample", "sample": values["sample"]}
    if where == "dataset":
        return {"kind": "dataset", "dataset": card.dataset, "index": int(values["index"])}
    if where == "draw":  # strokes on paper
        return {"kind": "upload", "sha256": values["drawing"], "prepare": "paper"}
    prepare = "paper" if values["prepare"] and _tells_digits(card) else "none"
    fitted = {"how": values["fit"] or "crop", "invert": bool(values["invert"]), "prepare": prepare}
    return {"kind": "upload", "sha256": values["image"]} | fitted


def _tells_digits(card) -> bool:
    return any(sample.is_digit for sample in samples_for(card.input_shape, card.classes).values())


def _from_samples(samples: dict[str, Sample]):
    key = selectbox(
        "Sample",
        list(samples),
        format_func=lambda key: SAMPLES[key].title,
        key="sample",
        help="Pictures that come with rsviz; LICENSES.md says who made them.",
    )
    return {"kind": "sample", "sample": key}


def _show(loaded: LoadedImage, card: Card) -> None:
    """The original and what the network sees side by side, with each step named."""
    size = " × ".join(str(side) for side in card.input_shape[1:])
    words = f"What the network sees: {size} pixels"
    if loaded.label is not None:
        words += f", labelled {card.classes[loaded.label]}"
    if loaded.original is None:
        picture(loaded.x, words, alt=words, size=200)
        return
    height, width = loaded.original.shape[:2]
    original = f"Original: {width} × {height}{' ' * bool(loaded.format)}{loaded.format}"
    left, right = st.columns(2, gap="small")
    with left:
        thumbnail(loaded.original, original, alt=original, size=SIZE)
    with right:
        picture(loaded.x, words, alt=words, size=200)
    if loaded.steps:
        st.caption("Steps: " + " → ".join(step.words for step in loaded.steps))
    pictures = [step for step in loaded.steps[:-1] if step.picture is not None]
    if len(pictures) > 1:
        with st.container(horizontal=True, gap="small", key="steps"):
            for step in pictures:
                thumbnail(step.picture, alt=step.words, size=72, width=72)


@functools.lru_cache(maxsize=32)
def _survey(name: str, weights_sha256: str) -> dict | None:
    return load_survey(name)


def _from_dataset(address, card):
    if card.dataset not in data.DATASETS:
        st.info(f"{no_images_reason(card)}; upload an image.")
        return None
    if not data.available(card.dataset):
        offer_download(card.dataset)
        return None
    index = pick_index(address, "index", card.dataset)
    survey = _survey(card.name, card.weights_sha256)
    with st.container(horizontal=True, gap="small"):
        st.button(
            ":material/casino: Random",
            on_click=_choose,
            args=(range(data.DATASETS[card.dataset].sizes["test"]),),
        )
        if survey is not None:
            predicted, labels = np.array(survey["predicted"]), np.array(survey["label"])
            looked_at, share = np.array(survey["index"]), np.array(survey["share"])
            for words, chosen in (
                ("Uncertain", looked_at[share < SURE]),
                ("Misclassified", looked_at[predicted != labels]),
            ):
                st.button(
                    words,
                    on_click=_choose,
                    args=(chosen.tolist(),),
                    disabled=len(chosen) == 0,
                    help=f"One of {len(chosen)} among the first {len(labels)} test images.",
                )
    return {"kind": "dataset", "dataset": card.dataset, "index": index}


def pick_index(address: Address, key: str, dataset: str) -> int:
    """The index of a test image, at first 0. key: of a field without a default in the address."""
    last = data.DATASETS[dataset].sizes["test"] - 1
    address.suggest(key, 0, lambda index: index <= last, follows=dataset)
    index = number_input(f"Test image, 0 to {last}", 0, last, step=1, key=key)
    if (asked := address.refused(key)) is not None:
        words = f"The link names test image {asked}; {dataset} has 0 to {last}."
        st.warning(words, icon=":material/link_off:")
    return int(index)


def _choose(indices):
    others = [index for index in indices if index != st.session_state.get("index")] or list(indices)
    st.session_state["index"] = int(np.random.default_rng().choice(others))


def upload_image(file: str, key: str) -> bool:
    """An uploader of an image; False if its file was refused, and the page says why.

    Its cross removes the image; so does a button where the image came by a link and the uploader is empty.
    file: key of its widget. key: where in the session the SHA-256 of the stored image goes.
    """
    stored = f"{file}-stored"

    def remove():
        st.session_state[key] = None
        st.session_state.pop(stored, None)

    uploaded = uploader(
        LISTED.replace(" and ", " or "),
        type=list(SUFFIXES),
        key=file,
        on_remove=remove,
        help="It stays on this server.",
    )
    if uploaded is None:
        if st.session_state[key] is not None:
            st.button("Remove the picture", icon=":material/close:", key=f"{file}-remove", on_click=remove)
        return True
    if st.session_state.get(stored) == uploaded.file_id:
        return True
    try:
        st.session_state[key] = store_upload(uploaded.getvalue())
        st.session_state[stored] = uploaded.file_id
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return False
    return True


def _uploaded():
    if not upload_image("file", "image") or st.session_state["image"] is None:
        return None
    return {"kind": "upload", "sha256": st.session_state["image"]}


def _drawn(arrived):
    """A drawing is strokes on paper."""
    if draw_digit("drawing"):
        arrived()
    digest = st.session_state["drawing"]
    return None if digest is None else {"kind": "upload", "sha256": digest, "prepare": "paper"}


def _choose_fit(card, source):
    """How an upload is fitted; paper correction is suggested with its preview where it would help."""
    paper = False
    if _tells_digits(card):
        _suggest_paper(card, source)
        paper = toggle(
            "Correct as writing on paper",
            key="prepare",
            help="The ground is flattened, dark and light are swapped, the contrast is stretched, and the "
            "strokes are centred as MNIST's digits are.",
        )
    if not paper:
        square = card.input_shape[1] == card.input_shape[2]
        words = "Fit to a square" if square else "Fit"
        segmented_control(words, ["crop", "pad"], required=True, key="fit")
    toggle(
        "Swap dark and light",
        key="invert",
        help="Digits of MNIST are light on dark; ink on paper is dark on light.",
    )


def _suggest_paper(card, source):
    """Say that a picture looks like writing on paper, and show it corrected, until it is."""
    if st.session_state["prepare"]:
        return
    try:
        original = load_image(make_source(source), card.input_shape).original
        if not on_paper(original):
            return
        corrected = load_image(make_source(source | {"prepare": "paper"}), card.input_shape).x
    except RsvizError:
        return
    with st.container(border=True, key="paper"):
        st.markdown(
            ":material/lightbulb: **This looks like writing on paper.** The network was trained on light "
            "strokes on black. Switch the correction on, and it sees this:"
        )
        picture(corrected, alt="The picture corrected as writing on paper", size=110)
