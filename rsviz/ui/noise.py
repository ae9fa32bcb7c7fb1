"""Controls of the Noise page: what stands in its URL, what that means, and the image that it shows."""

import functools
import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.data.images import fit
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.noise.streams import DENSITY_DOTS, PICTURE_NOISE, numpy_generator
from rsviz.noise_size import HOLDS, EqualDeviation, EqualRadius, EqualScale, Rule, sampled_norms
from rsviz.norms import NORMS, norm_symbol
from rsviz.tasks.image import load_input, make_source, store_upload
from rsviz.ui.address import Address, choice, flag, number, text
from rsviz.ui.pickers import TYPES
from rsviz.ui.presets import Preset, Presets

RULES = MappingProxyType({"deviation": "equal deviation", "scale": "equal scale", "radius": "equal radius"})
VIEWS = MappingProxyType(
    {
        "density": "Density in 2-D",
        "pixel": "One pixel",
        "growth": "Growth with d",
        "radius": "Certified radius",
        "numbers": "Numbers",
    }
)
SOURCES = MappingProxyType({"dataset": "From a data set", "upload": "Upload my own"})
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
        "own": "its own size (an upload: 64 × 64)",
        "mnist": "28 × 28, grey, as MNIST",
        "cifar10": "32 × 32, as CIFAR-10",
        "tiny-imagenet": "64 × 64, as Tiny ImageNet",
        "imagenet": "224 × 224, as ImageNet",
    }
)
HOLD_TITLES = MappingProxyType({"linf": "E‖z‖∞, as in the paper", "deviation": "deviation of a pixel"})
DIMS = np.unique(np.rint(np.geomspace(2, 150_528, 60)).astype(int))
SAMPLED_DIMS = (2, 8, 64, 784, 3_072, 12_288, 150_528)
RADIUS_KEYS = MappingProxyType({"l1": "n_r1", "l2": "n_r2", "linf": "n_rinf"})


ADDRESS = Address(
    "noise",
    {
        "n_rule": choice(RULES, "deviation"),
        "n_dev": number(0.01, 1.0, 0.25),
        "n_scale": number(0.01, 1.0, 0.25),
        "n_norm": choice(NORMS, "linf"),
        "n_r1": number(0.05, 4.0, 0.5),
        "n_r2": number(0.05, 4.0, 0.5),
        "n_rinf": number(0.25, 16.0, 1.0),
        "n_pa": number(0.51, 0.999, 0.99),
        "n_share": number(0.05, 1.0, 1.0),
        "n_view": choice(VIEWS, "density"),
        "n_hold": choice(HOLDS, "linf"),
        "n_size": number(0.05, 2.0, 1.0),
        "n_read": choice(("linf", "l2"), "linf"),
        "n_from": choice(SOURCES, "dataset"),
        "n_data": choice(data.DATASETS, "digits"),
        "n_index": number(0, 59_999, 0),
        "n_image": text(pattern="[0-9a-f]{64}"),
        "n_fit": choice(("crop", "pad"), "crop"),
        "n_invert": flag(False),
        "n_shape": choice(SHAPES, "own"),
        "n_seed": number(0, 2**31 - 1, 0),
    },
)


PRESETS = Presets(
    ADDRESS,
    {
        "alike": Preset(
            "Equal to the eye",
            "Four mechanisms whose pixels vary equally. The pictures look alike; what they prove does not.",
            {},
        ),
        "mnist": Preset(
            "One grey level in ℓ∞, at MNIST's size",
            "To certify 1/255, Gaussian noise varies a pixel by 0.047; ℓ∞-exponential, made for ℓ∞, by 0.45.",
            {"n_rule": "radius", "n_shape": "mnist", "n_view": "growth"},
        ),
        "imagenet": Preset(
            "… and at ImageNet's size",
            "Now it takes 0.65 and 87: deviations grow as √d and as d.",
            {"n_rule": "radius", "n_shape": "imagenet", "n_view": "growth"},
        ),
        "scale": Preset(
            "Equal scale is not equal noise",
            "σ of ℓ∞-exponential noise is no deviation: a pixel varies by about σ d / √3.",
            {"n_rule": "scale", "n_scale": 0.05, "n_view": "numbers"},
        ),
        "radius": Preset(
            "Radius against dimension",
            "Noise of one size certifies ever less in ℓ∞ as images grow: Table 1 of the Unified paper.",
            {"n_view": "radius"},
        ),
    },
    kept=("n_from", "n_data", "n_index", "n_image", "n_fit", "n_invert", "n_seed"),
)


def rule_kind() -> str:
    return st.segmented_control("Compare at", list(RULES), required=True, format_func=RULES.get, key="n_rule")


def rule_controls(kind: str) -> Rule:
    """How the mechanisms are made comparable, with its number."""
    if kind == "radius":
        left, right = st.columns([1, 2])
        norm = left.segmented_control(
            "Norm", list(NORMS), required=True, format_func=norm_symbol, key="n_norm"
        )
        with right:
            radius = radius_control(norm)
        p_a, p_b = probability_controls()
        return EqualRadius(radius, norm, p_a, p_b)
    if kind == "scale":
        return EqualScale(st.slider("Scale, σ or λ (pixel units)", 0.01, 1.0, step=0.01, key="n_scale"))
    return EqualDeviation(
        st.slider("Standard deviation of each pixel (pixel units)", 0.01, 1.0, step=0.01, key="n_dev")
    )


def radius_control(norm: str) -> float:
    """The radius in pixel units; in l_inf it is chosen in grey levels."""
    if norm == "linf":
        return st.slider("Radius (grey levels of 1/255)", 0.25, 16.0, step=0.25, key="n_rinf") / 255
    return st.slider("Radius (pixel units)", 0.05, 4.0, step=0.05, key=RADIUS_KEYS[norm])


def probability_controls() -> tuple[float, float]:
    """(p_a, p_b), which can be: p_b is chosen as a share of what p_a leaves."""
    left, right = st.columns(2)
    left.slider("p_A, top class", 0.51, 0.999, step=0.001, format="%.3f", key="n_pa")
    right.slider(
        "Share of p_B in the rest",
        0.05,
        1.0,
        step=0.05,
        key="n_share",
        help="p_B / (1 − p_A). 1: two classes share all votes.",
    )
    return probabilities()


def probabilities() -> tuple[float, float]:
    """(p_a, p_b) as last chosen."""
    p_a, share = st.session_state["n_pa"], st.session_state["n_share"]
    return float(p_a), float(share * (1 - p_a))


def image_controls() -> None:
    """What picture to disturb, at how many pixels, and the seed of the noise."""
    source = st.segmented_control(
        "Image", list(SOURCES), required=True, format_func=SOURCES.get, key="n_from"
    )
    if source == "dataset":
        name = st.selectbox(
            "Data set",
            list(data.DATASETS),
            format_func=lambda key: data.DATASETS[key].title,
            key="n_data",
            on_change=_first_image,
        )
        last = data.DATASETS[name].sizes["test"] - 1
        st.session_state["n_index"] = min(st.session_state["n_index"], last)
        st.number_input(f"Test image, 0 to {last}", 0, last, key="n_index")
    else:
        file = st.file_uploader(
            "PNG, JPEG, WebP, BMP or TIFF", type=TYPES, key="n_file", help="It stays on this server."
        )
        if file is not None and st.session_state.get("n_stored") != file.file_id:
            try:
                st.session_state["n_image"] = store_upload(file.getvalue())
                st.session_state["n_stored"] = file.file_id
            except RsvizError as error:
                st.error(str(error), icon=":material/error:")
        left, right = st.columns(2, vertical_alignment="bottom")
        left.segmented_control("Fit to a square", ["crop", "pad"], required=True, key="n_fit")
        right.toggle("Swap dark and light", key="n_invert")
    st.selectbox(
        "Pixels", list(SHAPES), format_func=SHAPE_TITLES.get, key="n_shape", help="Resampled to this size."
    )
    st.number_input("Seed of the noise", 0, 2**31 - 1, key="n_seed")


def _first_image() -> None:
    st.session_state["n_index"] = 0


def chosen_image() -> tuple[np.ndarray, str | None]:
    """(float32 (C, H, W) in [0, 1], what is wrong with the choice); a digit stands in for a missing image."""
    state = st.session_state
    shape = SHAPES[state["n_shape"]]
    try:
        if state["n_from"] == "upload":
            if not state["n_image"]:
                return _from_dataset("digits", 0, shape), "Upload an image; until then a digit stands here."
            source = {"kind": "upload", "sha256": state["n_image"], "how": state["n_fit"]}
            source = make_source(source | {"invert": state["n_invert"]})
            return load_input(source, shape or SHAPES["tiny-imagenet"])[0], None
        return _from_dataset(state["n_data"], state["n_index"], shape), None
    except RsvizError as error:
        return _from_dataset("digits", 0, shape), f"{error} Until then a digit stands here."


def _from_dataset(name, index, shape):
    own = data.DATASETS[name].shape
    source = make_source({"kind": "dataset", "dataset": name, "index": index})
    x, _ = load_input(source, own)
    if shape is None or shape == own:
        return x
    pixels = np.rint(x * 255).astype(np.uint8)
    return fit(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0), shape)


@functools.lru_cache(maxsize=32)
def unit_draw(key: str, shape: tuple, seed: int) -> np.ndarray:
    """One draw at scale 1 for an image of `shape`; another scale moves the same draw."""
    rng = numpy_generator(seed, PICTURE_NOISE, key)
    draw = NOISES[key](1.0).draw((1, *shape), rng)[0].astype(np.float32)
    draw.setflags(write=False)
    return draw


@functools.lru_cache(maxsize=32)
def unit_plane(key: str, seed: int, count: int = 300) -> np.ndarray:
    """Draws in two dimensions at scale 1, (count, 2)."""
    rng = numpy_generator(seed, DENSITY_DOTS, key)
    return NOISES[key](1.0).draw((count, 2), rng)


@functools.lru_cache(maxsize=32)
def unit_means(key: str, seed: int) -> Mapping[str, np.ndarray]:
    """Mean norms of draws at scale 1 at SAMPLED_DIMS, by norm; half a million numbers, so kept."""
    means = np.array([norms.mean(0) for norms in sampled_norms(key, SAMPLED_DIMS, seed)])
    return MappingProxyType(dict(zip(NORMS, means.T, strict=True)))


def python_lines(rule: Rule, shape, seed: int) -> str:
    """What draws the pictures again in a notebook."""
    return (
        "import numpy as np\n"
        "from rsviz.noise import NOISES\n"
        "from rsviz.noise.streams import PICTURE_NOISE, numpy_generator\n"
        f"from rsviz.noise_size import {type(rule).__name__}\n\n"
        f"rule, shape = {rule!r}, {tuple(shape)!r}\n"
        "for key in NOISES:\n"
        f"    noise = rule.noise(key, dim={math.prod(shape)})\n"
        f"    z = noise.draw((1, *shape), numpy_generator({seed}, PICTURE_NOISE, key))[0]\n"
        "    print(noise, z.std(), np.abs(z).max())\n"
    )
