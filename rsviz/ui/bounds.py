"""Controls of the Bounds page: what stands in its URL, what that means, and the presets."""

from types import MappingProxyType

import streamlit as st

from rsviz.bounds import BOUNDS
from rsviz.comparison import ExpectedVotes, Setting
from rsviz.confidence import PROCEDURES
from rsviz.figures.bounds import label
from rsviz.norms import NORMS, norm_symbol
from rsviz.ui.address import Address, choice, choices, flag, number
from rsviz.ui.presets import Preset, Presets

VIEWS = ("Map", "Ratio", "Who wins", "Surfaces", "Slice")
REGIONS = MappingProxyType(
    {
        "whole": "the whole triangle",
        "plotted": "as plotted: p_A + p_B ≥ 0.2",
        "corner": "the corner: p_A ≤ 0.2",
    }
)
READINGS = ("own", *NORMS)
COUNTS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
ALPHAS = (0.05, 0.01, 0.001, 0.0001)
MOST_MAPS = 6

EXAMPLES = MappingProxyType(
    {
        "c = 1, p_A = 0.1, p_B = 0.02": (0.1, 0.02, 1.0),
        "c = 3, p_A = 0.004, p_B = 0.002": (0.004, 0.002, 3.0),
        "c = 1, p_A = 0.999999, p_B = 1e-9": (0.999999, 1e-9, 1.0),
    }
)
PROCEDURE_KEYS = tuple(key for key, procedure in PROCEDURES.items() if procedure.valid)

ADDRESS = Address(
    "bounds",
    {
        "b_view": choice(VIEWS, "Map"),
        "b_bounds": choices(list(BOUNDS), ["cohen-l2", "li-l2", "pixeldp-l2"]),
        "b_over": choice(BOUNDS, "li-l2"),
        "b_under": choice(BOUNDS, "pixeldp-l2"),
        "b_region": choice(REGIONS, "whole"),
        "b_share": number(0.05, 1.0, 1.0),
        "b_scale": number(0.05, 2.0, 0.5),
        "b_equal": flag(False),
        "b_norm": choice(READINGS, "own"),
        "b_dim": number(1, 10_000_000, 784),
        "b_c": number(0.0, 10.0, 1.0),
        "b_votes": flag(False),
        "b_n": choice(COUNTS, 1_000),
        "b_alpha": choice(ALPHAS, 0.001),
        "b_procedure": choice(PROCEDURE_KEYS, "cohen"),
        "b_pa": number(0.0, 1.0, 0.9),
        "b_pb": number(0.0, 1.0, 0.05),
        "b_example": choice(EXAMPLES, next(iter(EXAMPLES))),
    },
)


PRESETS = Presets(
    ADDRESS,
    {
        "figure-5": Preset(
            "Figure 5 of Li 2019",
            "Cohen, Li and PixelDP at σ = 0.5. The paper draws the last two as surfaces; here the tight "
            "radius stands beside them.",
            {},
        ),
        "higher": Preset(
            "“Strictly higher than PixelDP”",
            "Li et al. over PixelDP where the paper plots it: at least 1.27 times as large everywhere.",
            {"b_view": "Ratio", "b_region": "plotted", "b_pa": 0.5, "b_pb": 0.4},
        ),
        "corner": Preset(
            "… and where that is false",
            "The corner that the paper leaves out. For p_A + p_B below about 0.11, as with very many "
            "classes, PixelDP certifies the larger ball.",
            {"b_view": "Ratio", "b_region": "corner", "b_pa": 0.02, "b_pb": 0.005},
        ),
        "l1-l2": Preset(
            "ℓ₁ with Laplace or Gaussian noise",
            "The ℓ₁ radius of three noises whose pixels vary equally. Laplace noise, made for ℓ₁, wins only "
            "for p_A close to 1; below, Gaussian noise certifies more and uniform noise most.",
            {
                "b_view": "Slice",
                "b_bounds": ["cohen-l2", "laplace-l1", "uniform-l1"],
                "b_norm": "l1",
                "b_equal": True,
            },
        ),
        "teng": Preset(
            "What Teng et al. leave on the table",
            "The tight Laplace radius over theirs: equal up to p_A = 1/2 and in the binary case, larger "
            "between.",
            {"b_view": "Ratio", "b_over": "laplace-l1", "b_under": "teng-l1", "b_pa": 0.9, "b_pb": 0.01},
        ),
        "dmr": Preset(
            "A claim beyond the tight radius",
            "D_MR at c = 1 over the tight radius: wherever the ratio exceeds 1 the claim is false.",
            {"b_view": "Ratio", "b_over": "dmr-l2", "b_under": "cohen-l2", "b_pa": 0.1, "b_pb": 0.02},
        ),
        "published": Preset(
            "Who wins among the published",
            "Three Gaussian certificates of the papers: Rényi divergence wins almost everywhere, privacy "
            "in the corner where many classes share the votes.",
            {"b_view": "Who wins", "b_bounds": ["li-l2", "pixeldp-l2", "zcdp-l2"], "b_region": "corner"},
        ),
    },
    free=("b_scale", "b_pa", "b_pb", "b_example"),
)


def picked(chart_key: str) -> None:
    """Callback of a map: the square that was clicked becomes the point."""
    selection = st.session_state.get(chart_key, {}).get("selection", {})
    for squares in selection.values():
        if squares and {"p_a", "p_b"} <= set(squares[0]):
            st.session_state["b_pa"] = round(float(squares[0]["p_a"]), 6)
            st.session_state["b_pb"] = round(float(squares[0]["p_b"]), 6)


def bound_label(key: str) -> str:
    bound = BOUNDS[key]
    return f"{label(bound)} · {bound.noise}, {NORMS[bound.norm].symbol}"


def view_control() -> str:
    return st.segmented_control("View", VIEWS, required=True, key="b_view", label_visibility="collapsed")


def bounds_control() -> list[str]:
    """The chosen bounds in display order."""
    chosen = st.multiselect("Bounds", list(BOUNDS), format_func=bound_label, key="b_bounds")
    return [key for key in BOUNDS if key in chosen]


def pair_control() -> tuple[str, str]:
    left, right = st.columns(2)
    over = left.selectbox("Radius of", list(BOUNDS), format_func=bound_label, key="b_over")
    under = right.selectbox("over radius of", list(BOUNDS), format_func=bound_label, key="b_under")
    return over, under


def region_control() -> str:
    return st.selectbox("Region", list(REGIONS), format_func=REGIONS.get, key="b_region")


def share_control() -> float:
    return st.slider(
        "Share of p_B in the rest",
        0.05,
        1.0,
        step=0.05,
        key="b_share",
        help="p_B / (1 − p_A). 1: two classes share all votes. 0.1: ten or more share the rest.",
    )


def scale_control() -> float:
    equal = st.session_state["b_equal"]
    words = "Standard deviation of the noise" if equal else "Scale of the noise, σ or λ"
    return st.slider(words, 0.05, 2.0, step=0.05, key="b_scale", help="In pixel units; pixels are in [0, 1].")


def setting_controls(scale: float) -> Setting:
    """Norm, dimension, c and votes. Raises RsvizError where together they cannot be."""
    left, right = st.columns(2)
    with left:
        norm = st.segmented_control(
            "Read every radius in",
            READINGS,
            required=True,
            format_func=lambda key: "its own norm" if key == "own" else norm_symbol(key),
            key="b_norm",
            help="Norm equivalence through the dimension; such radii are marked as converted.",
        )
        dim = st.number_input(
            "Input values d",
            1,
            10_000_000,
            key="b_dim",
            help="MNIST 784, CIFAR-10 3072, ImageNet 150528.",
        )
        equal = st.toggle(
            "Same standard deviation for every noise",
            key="b_equal",
            help="Otherwise σ and λ are the same number, and Laplace noise is wider than Gaussian noise.",
        )
        c = st.slider("c of the D_MR claims", 0.0, 10.0, step=0.5, key="b_c")
    with right:
        counted = st.toggle(
            "Estimate the probabilities from votes",
            key="b_votes",
            help="Shows the radius that n votes prove when they fall exactly as the probabilities say.",
        )
        n = st.select_slider("Votes n", COUNTS, format_func="{:,}".format, key="b_n", disabled=not counted)
        alpha = st.select_slider("Probability of error α", ALPHAS, key="b_alpha", disabled=not counted)
        procedure = st.selectbox(
            "Confidence procedure",
            PROCEDURE_KEYS,
            format_func=lambda key: PROCEDURES[key].title,
            key="b_procedure",
            disabled=not counted,
        )
    return Setting(
        scale=float(scale),
        equal_deviation=bool(equal),
        dim=int(dim),
        norm=None if norm == "own" else norm,
        c=float(c),
        votes=ExpectedVotes(n=int(n), alpha=float(alpha), procedure=procedure) if counted else None,
    )


def point_controls() -> tuple[float, float]:
    left, right = st.columns(2)
    limits = {"min_value": 0.0, "max_value": 1.0, "step": 0.01, "format": "%.8g"}
    return (
        left.number_input("p_A, top class", key="b_pa", **limits),
        right.number_input("p_B, runner-up", key="b_pb", **limits),
    )


def python_lines(keys, setting: Setting) -> str:
    """What recomputes the picture in a notebook."""
    settings = [f"scale={setting.scale:g}"]
    settings += ["equal_deviation=True"] if setting.equal_deviation else []
    settings += [f"dim={setting.dim}"]
    settings += [f'norm="{setting.norm}"'] if setting.norm else []
    settings += [f"c={setting.c:g}"]
    votes = setting.votes
    if votes is not None:
        settings += [
            f'votes=ExpectedVotes(n={votes.n}, alpha={votes.alpha:g}, procedure="{votes.procedure}")'
        ]
    names = "ExpectedVotes, Setting, cells, radius" if votes is not None else "Setting, cells, radius"
    return (
        f"from rsviz.comparison import {names}\n\n"
        f"setting = Setting({', '.join(settings)})\n"
        "p_a, p_b, side = cells(120)\n"
        f"radii = {{key: radius(key, p_a, p_b, setting) for key in {list(keys)!r}}}\n"
    )
