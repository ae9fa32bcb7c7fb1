"""Controls of the Noise page: how the mechanisms are compared, on which image, with which seed."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.data.images import fit
from rsviz.data.samples import SAMPLES
from rsviz.errors import RsvizError
from rsviz.noise_size import Comparison, EqualDeviation, EqualRadius, EqualScale, Rule
from rsviz.norms import NORMS, norm_symbol
from rsviz.tasks.image import load_input, make_source
from rsviz.ui.address import Address
from rsviz.ui.glossary import explain
from rsviz.ui.image_picker import pick_index, upload_image
from rsviz.ui.widgets import number_input, segmented_control, selectbox, slider, toggle

RULES = MappingProxyType({"deviation": "equal deviation", "scale": "equal scale", "radius": "equal radius"})
SOURCES = MappingProxyType({"sample": "Sample", "dataset": "Data set", "upload": "Upload"})
SHAPES: Mapping[str, tuple[int, int, int] | None] = MappingProxyType(
    {
        "own": None,
        "mnist": (1, 28, 28),
        "cifar10": (3, 32, 32),
        "tiny-imagenet": (3, 64, 64),
        "imagenet": (3, 224, 224),
    }
)
SHAPE_TITLES = MappingProxyType(
    {
        "own": "its own size (an upload, a photograph: 64 × 64)",
        "mnist": "28 × 28, grey, as MNIST",
        "cifar10": "32 × 32, as CIFAR-10",
        "tiny-imagenet": "64 × 64, as Tiny ImageNet",
        "imagenet": "224 × 224, as ImageNet",
    }
)
RADIUS_KEYS = MappingProxyType({"l1": "n_r1", "l2": "n_r2", "linf": "n_rinf"})
GREY_LEVELS = 255
RESAMPLED = f"The image is resampled to this size. {explain('dimension')}"
MISSING = "Until then a digit stands here."


def rule_kind() -> str:
    words = explain("noise", "scale", "deviation", "radius")
    return segmented_control(
        "Compare at", list(RULES), required=True, format_func=RULES.get, key="n_rule", help=words
    )


def compare(rule: Rule) -> tuple[Comparison, str | None]:
    """(the comparison by this rule on the chosen image, what is wrong with the choice)."""
    x, wrong = _chosen_image()
    return Comparison(rule, x, st.session_state["n_seed"], *probabilities()), wrong


def rule(kind: str) -> Rule:
    """Draw the controls of a rule. kind: key of RULES."""
    if kind == "radius":
        left, right = st.columns([1, 2])
        norm = segmented_control(
            "Norm",
            list(NORMS),
            required=True,
            format_func=norm_symbol,
            key="n_norm",
            help=explain("norm"),
            place=left,
        )
        with right:
            radius = _radius(norm)
        probability_controls()
        return EqualRadius(radius, norm, *probabilities())
    if kind == "scale":
        label = "Scale, σ or λ (pixel units)"
        return EqualScale(slider(label, 0.01, 1.0, step=0.01, key="n_scale", help=explain("scale")))
    label = "Standard deviation of each pixel (pixel units)"
    return EqualDeviation(
        slider(label, 0.01, 1.0, step=0.01, key="n_dev", help=explain("deviation", "pixel units"))
    )


def _radius(norm: str) -> float:
    """The radius in pixel units; in l_inf it is chosen in grey levels."""
    key, words = RADIUS_KEYS[norm], explain("radius")
    if norm == "linf":
        label = "Radius (grey levels of 1/255)"
        return slider(label, 0.25, 16.0, step=0.25, key=key, help=words) / GREY_LEVELS
    return slider("Radius (pixel units)", 0.05, 4.0, step=0.05, key=key, help=words)


def probability_controls() -> None:
    """p_A, and p_B as a share of what p_A leaves, so that the two are always possible."""
    left, right = st.columns(2)
    slider(
        "p_A, top class", 0.51, 0.999, step=0.001, format="%.3f", key="n_pa", help=explain("p_A"), place=left
    )
    slider(
        "Share of p_B in the rest",
        0.05,
        1.0,
        step=0.05,
        key="n_share",
        help=f"{explain('p_B')} The share is p_B / (1 − p_A); at 1 two classes share all votes.",
        place=right,
    )


def probabilities() -> tuple[float, float]:
    """(p_a, p_b) as last chosen."""
    p_a, share = st.session_state["n_pa"], st.session_state["n_share"]
    return float(p_a), float(share * (1 - p_a))


def image_controls(address: Address) -> None:
    """Which picture, at how many pixels, and the seed of the noise. address: that of the page."""
    left, middle, right = st.columns(3, gap="medium")
    source = segmented_control(
        "Image", list(SOURCES), required=True, format_func=SOURCES.get, key="n_from", place=left
    )
    if source == "sample":
        titles = {key: sample.title for key, sample in SAMPLES.items()}
        selectbox("Sample", list(SAMPLES), format_func=titles.get, key="n_sample", place=middle)
    elif source == "dataset":
        name = selectbox(
            "Data set",
            list(data.DATASETS),
            format_func=lambda key: data.DATASETS[key].title,
            key="n_data",
            place=middle,
        )
        with middle:
            pick_index(address, "n_index", name)
    else:
        with middle:
            upload_image("n_file", "n_image")
        segmented_control("Fit to a square", ["crop", "pad"], required=True, key="n_fit", place=left)
        toggle("Swap dark and light", key="n_invert", place=left)
    selectbox(
        "Pixels", list(SHAPES), format_func=SHAPE_TITLES.get, key="n_shape", help=RESAMPLED, place=right
    )
    number_input("Seed of the noise", 0, 2**31 - 1, key="n_seed", help=explain("seed"), place=right)


def _chosen_image() -> tuple[np.ndarray, str | None]:
    """(float32 (C, H, W) in [0, 1], what is wrong with the choice); a digit replaces a missing image."""
    state = st.session_state
    shape = SHAPES[state["n_shape"]]
    try:
        if state["n_from"] == "sample":
            own = SHAPES["mnist" if SAMPLES[state["n_sample"]].is_digit else "tiny-imagenet"]
            return load_input(make_source({"kind": "sample", "sample": state["n_sample"]}), shape or own)[
                0
            ], None
        if state["n_from"] == "dataset":
            return _from_dataset(state["n_data"], state["n_index"], shape), None
        if state["n_image"]:
            source = {"kind": "upload", "sha256": state["n_image"], "how": state["n_fit"]}
            source = make_source(source | {"invert": state["n_invert"]})
            return load_input(source, shape or SHAPES["tiny-imagenet"])[0], None
        wrong = "Upload an image."
    except RsvizError as error:
        wrong = str(error)
    return _from_dataset("digits", 0, shape), f"{wrong} {MISSING}"


def _from_dataset(name, index, shape):
    own = data.DATASETS[name].shape
    x, _ = load_input(make_source({"kind": "dataset", "dataset": name, "index": index}), own)
    if shape is None or shape == own:
        return x
    pixels = np.rint(x * GREY_LEVELS).astype(np.uint8)
    return fit(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0), shape)
