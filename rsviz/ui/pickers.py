"""Choosing a checkpoint and a noise; the choice is part of the page's URL."""

import contextlib
import functools
import math
import os
import re
from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from rsviz.checkpoints import Card, folders, list_cards
from rsviz.errors import short
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import CertifyRequest
from rsviz.tasks.settings import MAX_SCALE, default_scale, noise_words, training_words
from rsviz.ui import imports
from rsviz.ui.address import Address, first_part, labelled
from rsviz.ui.glossary import explain
from rsviz.ui.settings import request_fields

<<<<<<< HEAD
=======
SOURCES = {"dataset": "From the data set", "upload": "Upload my own"}
IMAGE_ID = re.compile("[0-9a-f]{64}")
SURE = 0.7
"""A top share of votes below this counts as uncertain."""
>>>>>>> 1c1d634 (The links of requests open on the pages, curves too, and what a link names and is not here is one warning)
SMALLEST, DEFAULT, LARGEST = 0.01, 0.1, 2.0
"""Deviation of the noise per pixel, in pixel units."""


def noise_option(noise: str) -> str:
    """A mechanism among others, as the picker names it."""
    return f"{NOISES[noise].title}, certifies {NORMS[NOISES[noise].norm].symbol}"


CHECKPOINT = request_fields(CertifyRequest, {"checkpoint": None})
CHECKPOINT["checkpoint"] = first_part(CHECKPOINT["checkpoint"], " · ")  # older links have the whole label
NOISE = request_fields(CertifyRequest, {"noise": None, "scale": None})
NOISE["noise"] = labelled(NOISE["noise"], {noise_option(noise): noise for noise in NOISES})
"""Fields of an Address for the two pickers; what has no default follows the checkpoint."""

OLDER = {"sigma": "scale"}
"""Of the Address: keys in older links."""


def pick_checkpoint(address: Address, default: str) -> Card:
    """A select box over all checkpoints. address: with the fields CHECKPOINT; other pickers follow it."""
    cards = _cards(_stamp())
    if not cards:
        st.error(
            "There is no checkpoint here; train one with `python -m rsviz train`.", icon=":material/error:"
        )
        st.stop()
    if imported := imports.take_imported():
        st.session_state["checkpoint"] = imported
    address.suggest("checkpoint", default if default in cards else next(iter(cards)), cards.__contains__)
    name = st.selectbox(
        "Checkpoint",
        list(cards),
        format_func=lambda key: describe(cards[key]) if key in cards else str(key),
        key="checkpoint",
        help=explain("checkpoint"),
    )
    if (asked := address.refused("checkpoint")) is not None:
        words = f"There is no checkpoint {short(asked)} here; this page shows {name}."
        st.warning(words, icon=":material/link_off:")
    imports.offer_import()
    return cards[name]


def _stamp() -> tuple:
    """Changes when a checkpoint is added or removed; reading every card in every rerun would be slow."""
    stamp = []
    for folder in folders():
        with contextlib.suppress(FileNotFoundError):  # a file may be removed meanwhile
            stamp += [(file.path, file.stat().st_mtime_ns) for file in os.scandir(folder)]
    return tuple(sorted(stamp))


@functools.lru_cache(maxsize=4)
def _cards(stamp) -> Mapping[str, Card]:
    return MappingProxyType(list_cards())


def describe(card: Card) -> str:
    """A checkpoint in a line: name, and the noise it was trained with."""
    return f"{card.name} · {training_words(card)}"


def pick_noise(address: Address, card: Card) -> tuple[str, float]:
    """The mechanism and its scale, at first those of the checkpoint's training.

    Scales of all mechanisms cover the same deviations per pixel. address: with the fields NOISE.
    """
    address.suggest("noise", card.noise or "gaussian", follows=card.name)
    noise = st.selectbox(
        "Noise",
        list(NOISES),
        format_func=noise_option,
        key="noise",
        help=explain("noise"),
    )
    dim = math.prod(card.input_shape)
    deviation = NOISES[noise](1.0).deviation(dim)
    step = 10.0 ** math.floor(math.log10(SMALLEST / deviation))
    largest = math.floor(LARGEST / deviation / step) * step
    if not card.noise_known:
        return noise, _ask_scale(address, card, noise, step, largest)
    usual = float(f"{default_scale(card, noise) or DEFAULT / deviation:.4g}")
    asked = address.suggest("scale", usual, lambda scale: 0 < scale <= MAX_SCALE, (card.name, noise))
    scale = st.slider(
        f"Scale {NOISES[noise].symbol} (pixel units)",
        min(step, asked),  # a link may ask for any scale that a request may have
        max(largest, asked),
        step=step,
        format="%.4g",
        key="scale",
        help=explain("scale", "pixel units"),
    )
    if noise != (card.noise or "gaussian"):
        words = f"Deviation per pixel {scale * deviation:.3g}"
        if card.noise:
            words += f"; the scale starts at that of training, {noise_words(card.noise, card.scale)}"
        st.caption(f"{words}.")
    return noise, scale


def _ask_scale(address, card, noise, step, largest) -> float | None:
    """The scale that a person gives where the training tells none; None until then."""
    asked = address.suggest("scale", None, lambda scale: 0 < scale <= MAX_SCALE, (card.name, noise)) or step
    scale = st.number_input(
        f"Scale {NOISES[noise].symbol} (pixel units)",
        min(step, asked),
        max(largest, asked),
        None,
        step=step,
        format="%.4g",
        key="scale",
        placeholder="please give one",
        help=explain("scale", "pixel units"),
    )
    st.caption(
        f"Nothing is known of the training of {card.name}: the nearer noise and scale are to it, the more is "
        "certified."
    )
    return scale
<<<<<<< HEAD
=======


def pick_image(address: Address, card: Card, first: int = 0) -> dict | None:
    """An image of the checkpoint's dataset or an upload, as the source for a request, or None.

    address: with the fields IMAGE. first: the index to begin with. Without an image the page says why.
    """
    where = st.segmented_control("Image", list(SOURCES), format_func=SOURCES.get, required=True, key="from")
    address.suggest("image", None, IMAGE_ID.fullmatch)
    if (asked := address.refused("image")) is not None:
        words = f"The link names the image {short(asked)}; an upload is named by 64 hexadecimal digits."
        st.warning(words, icon=":material/link_off:")
    source = _uploaded(card) if where == "upload" else _from_dataset(address, card, first)
    if source is None:
        return None
    try:
        x, label = load_input(make_source(source), card.input_shape)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return None
    size = "×".join(str(side) for side in card.input_shape[1:])
    words = f"What the network sees: {size} pixels"
    if label is not None:
        words += f", labelled {card.classes[label]}"
    picture(x, words, alt=words, size=200)
    return source


def no_images_reason(card: Card) -> str:
    """Why there are no test images for a network whose data set rsviz does not carry."""
    if card.dataset == UNKNOWN:
        return f"It is not known which images of {card.num_classes} classes {card.name} was trained on"
    return f"{card.name} was trained on {card.dataset}, which rsviz does not carry"


def source_of(values: Mapping, card: Card) -> dict:
    """The source of the image that the fields IMAGE name, for a request."""
    if values["from"] == "upload":
        how, invert = values["fit"] or "crop", bool(values["invert"])
        return {"kind": "upload", "sha256": values["image"], "how": how, "invert": invert}
    return {"kind": "dataset", "dataset": card.dataset, "index": int(values["index"])}


def _from_dataset(address, card, first):
    if card.dataset not in data.DATASETS:
        st.info(f"{no_images_reason(card)}; upload an image.")
        return None
    if not data.available(card.dataset):
        offer_download(card.dataset)
        return None
    count = data.DATASETS[card.dataset].sizes["test"]
    address.suggest("index", first, lambda index: index < count, follows=card.dataset)
    st.number_input(f"Test image, 0 to {count - 1}", 0, count - 1, step=1, key="index")
    if (asked := address.refused("index")) is not None:
        words = f"The link names test image {asked}; {card.dataset} has 0 to {count - 1}."
        st.warning(words, icon=":material/link_off:")
    survey = _survey(card.name, card.weights_sha256)
    with st.container(horizontal=True, gap="small"):
        st.button(":material/casino: Random", on_click=_choose, args=(range(count),))
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
    return source_of(st.session_state, card)


def _choose(indices):
    others = [index for index in indices if index != st.session_state.get("index")] or list(indices)
    st.session_state["index"] = int(np.random.default_rng().choice(others))


def offer_download(name: str) -> None:
    """Say that a dataset is not on this machine and offer to download it; then show the progress."""
    title = data.DATASETS[name].title
    st.info(f"{title} is not on this machine yet.", icon=":material/download:")
    running = st.session_state.get("download")
    if running is None:
        if st.button(f"Download {title}"):
            try:
                st.session_state["download"] = jobs.submit(
                    "download", DownloadRequest(dataset=name), session=owner_id()
                )
            except RsvizError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.rerun()
        return

    watch(running, _show_download)


def _show_download(job):
    if job.unfinished:
        progress = job.progress or {}
        done, total = progress.get("done") or 0, progress.get("total")
        st.progress(min(done / total, 1.0) if total else 0.0, f"{progress.get('what', 'waiting')} …")
        return
    if job.state == "done":
        del st.session_state["download"]
        st.rerun()
    st.error(job.error or f"The download was {job.state}.", icon=":material/error:")


def upload_image(file: str, key: str) -> bool:
    """An uploader of an image; False if its file was refused, and the page says why.

    file: key of its widget. key: where in the session the SHA-256 of the stored image goes.
    """
    uploaded = st.file_uploader(
        LISTED.replace(" and ", " or "), type=list(SUFFIXES), key=file, help="It stays on this server."
    )
    stored = f"{file}-stored"
    if uploaded is None or st.session_state.get(stored) == uploaded.file_id:
        return True
    try:
        st.session_state[key] = store_upload(uploaded.getvalue())
        st.session_state[stored] = uploaded.file_id
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return False
    return True


def _uploaded(card):
    if not upload_image("file", "image"):
        return None
    digest = st.session_state["image"]
    if digest is None:
        return None
    st.segmented_control(
        "Fit to a square" if card.input_shape[1] == card.input_shape[2] else "Fit",
        ["crop", "pad"],
        required=True,
        key="fit",
    )
    st.toggle(
        "Swap dark and light",
        key="invert",
        help="Digits of MNIST are light on dark; ink on paper is dark on light.",
    )
    return source_of(st.session_state, card)
>>>>>>> 1c1d634 (The links of requests open on the pages, curves too, and what a link names and is not here is one warning)
