"""Controls of the Bounds page: what is set in its URL, what it means, and the presets."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from rsviz.bounds import BOUNDS
from rsviz.comparison import REGIONS, ExpectedVotes, Setting, comparable
from rsviz.confidence import PROCEDURES
from rsviz.figures.bounds import label
from rsviz.norms import NORMS
from rsviz.ui.address import Address, choice, choices, flag, number
from rsviz.ui.glossary import explain, explain_all
from rsviz.ui.presets import Preset, Presets
from rsviz.ui.settings import more_settings, pick_view
from rsviz.ui.widgets import (
    multiselect,
    number_input,
    segmented_control,
    select_slider,
    selectbox,
    slider,
    toggle,
)

VIEWS: Mapping[str, str] = MappingProxyType(
    {"map": "Map", "ratio": "Ratio", "winner": "Who wins", "surfaces": "Surfaces", "slice": "Slice"}
)
NORM_KEYS = ("own", *NORMS)
COUNTS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
ALPHAS = (0.05, 0.01, 0.001, 0.0001)
PROCEDURE_KEYS = tuple(key for key, procedure in PROCEDURES.items() if procedure.valid)


@dataclass(frozen=True)
class Example:
    """A point and a constant c at which the claim of D_MR is false."""

    p_a: float
    p_b: float
    c: float

    @property
    def title(self) -> str:
        return f"c = {self.c:g}, p_A = {self.p_a:.6g}, p_B = {self.p_b:g}"


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "c1": Example(0.1, 0.02, 1.0),
        "c3": Example(0.004, 0.002, 3.0),
        "sure": Example(0.999999, 1e-9, 1.0),
    }
)

MAP_STEPS = 60
"""Squares of a map from p_A = 0 to 1."""
CONTEST = ("cohen-l2", "laplace-l1", "uniform-l1")
"""Who competes at first: among the bounds of the maps the tight one always wins."""


class BoundsAddress(Address):
    """The URL of the page. In older links those who compete are the bounds of the maps."""

    def restore(self):
        query = st.query_params
        if query.get("b_view") in ("winner", VIEWS["winner"]) and "b_bounds" in query:
            if "b_contest" not in query:
                query["b_contest"] = query.get_all("b_bounds")
            del query["b_bounds"]
        super().restore()


ADDRESS = BoundsAddress(
    "bounds",
    {
        "b_view": choice(VIEWS, "map", {title: key for key, title in VIEWS.items()}),
        "b_bounds": choices(list(BOUNDS), ["cohen-l2", "li-l2", "pixeldp-l2"]),
        "b_contest": choices(list(BOUNDS), CONTEST),
        "b_over": choice(BOUNDS, "li-l2"),
        "b_under": choice(BOUNDS, "pixeldp-l2"),
        "b_region": choice(REGIONS, "whole"),
        "b_share": number(0.05, 1.0, 1.0),
        "b_scale": number(0.05, 2.0, 0.5),
        "b_equal": flag(False),
        "b_norm": choice(NORM_KEYS, "own"),
        "b_dim": number(1, 10_000_000, 784),
        "b_c": number(0.0, 10.0, 1.0),
        "b_votes": flag(False),
        "b_n": choice(COUNTS, 1_000),
        "b_alpha": choice(ALPHAS, 0.001),
        "b_procedure": choice(PROCEDURE_KEYS, "cohen"),
        "b_pa": number(0.0, 1.0, 0.9),
        "b_pb": number(0.0, 1.0, 0.05),
        "b_example": choice(EXAMPLES, "c1", {example.title: key for key, example in EXAMPLES.items()}),
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
            {"b_view": "ratio", "b_region": "plotted", "b_pa": 0.5, "b_pb": 0.4},
        ),
        "corner": Preset(
            "… and where that is false",
            "The corner that the paper leaves out. For p_A + p_B below about 0.11, as with very many "
            "classes, PixelDP certifies the larger ball.",
            {"b_view": "ratio", "b_region": "corner", "b_pa": 0.02, "b_pb": 0.005},
        ),
        "l1-l2": Preset(
            "ℓ₁ with Laplace or Gaussian noise",
            "The ℓ₁ radius of three noises whose pixels vary equally. Laplace noise, made for ℓ₁, wins only "
            "for p_A close to 1; below, Gaussian noise certifies more and uniform noise most.",
            {
                "b_view": "slice",
                "b_bounds": ["cohen-l2", "laplace-l1", "uniform-l1"],
                "b_norm": "l1",
                "b_equal": True,
            },
        ),
        "teng": Preset(
            "What Teng et al. leave on the table",
            "The tight Laplace radius over theirs: equal up to p_A = 1/2 and in the binary case, larger "
            "between.",
            {"b_view": "ratio", "b_over": "laplace-l1", "b_under": "teng-l1", "b_pa": 0.9, "b_pb": 0.01},
        ),
        "dmr": Preset(
            "A claim beyond the tight radius",
            "D_MR at c = 1 over the tight radius: wherever the ratio exceeds 1 the claim is false.",
            {"b_view": "ratio", "b_over": "dmr-l2", "b_under": "cohen-l2", "b_pa": 0.1, "b_pb": 0.02},
        ),
        "published": Preset(
            "Who wins among the published",
            "Three Gaussian certificates of the papers: Rényi divergence wins almost everywhere, privacy "
            "in the corner where many classes share the votes.",
            {"b_view": "winner", "b_contest": ["li-l2", "pixeldp-l2", "zcdp-l2"], "b_region": "corner"},
        ),
    },
    free=("b_scale", "b_pa", "b_pb", "b_example"),
)


@dataclass(frozen=True)
class Choice:
    """What the picture shows.

    view: key of VIEWS. keys: bounds in display order; of a ratio the upper and the lower one. region: key of
    REGIONS. share: of p_B in what p_A leaves, along a slice.
    """

    view: str
    keys: tuple[str, ...]
    region: str
    share: float
    setting: Setting

    @property
    def contestants(self) -> list[str]:
        """Of the bounds, those that are certificates: only they compete."""
        return [key for key in self.keys if BOUNDS[key].rigorous]


def choose_view() -> str:
    """Draw the controls beside the title; a key of VIEWS."""
    view = pick_view(VIEWS, "b_view")
    PRESETS.menu("Pictures of the papers")
    return view


def choose(view: str) -> Choice:
    """Draw the controls above the picture. Raises RsvizError where together they cannot be.

    view: key of VIEWS.
    """
    settings = more_settings("Norm, dimension, votes")
    region, share = "whole", 1.0
    first, second, third = st.columns([2, 1, 1])
    with first:
        keys = pair_control() if view == "ratio" else bounds_control(view)
    with second:
        scale = scale_control()
    with third:
        if view in ("ratio", "winner"):
            region = selectbox(
                "Region", list(REGIONS), format_func=lambda key: REGIONS[key].title, key="b_region"
            )
        elif view == "slice":
            share = share_control()
    with settings:
        setting = setting_controls(scale)
    if view == "winner":
        setting = comparable([key for key in keys if BOUNDS[key].rigorous], setting)
    return Choice(view, keys, region, share, setting)


def picked(chart_key: str) -> None:
    """Callback of a map: the square that was clicked becomes the point."""
    selection = st.session_state.get(chart_key, {}).get("selection", {})
    for squares in selection.values():
        if squares and {"p_a", "p_b"} <= set(squares[0]):
            st.session_state["b_pa"] = round(float(squares[0]["p_a"]), 6)
            st.session_state["b_pb"] = round(float(squares[0]["p_b"]), 6)


def bound_label(key: str) -> str:
    """A bound with its noise and norm, as pickers show it."""
    bound = BOUNDS[key]
    return f"{label(bound)} · {bound.noise}, {NORMS[bound.norm].symbol}"


def bounds_control(view: str) -> tuple[str, ...]:
    """The chosen bounds in display order."""
    words, key = explain("bound", "tight"), "b_contest" if view == "winner" else "b_bounds"
    chosen = multiselect("Bounds", list(BOUNDS), format_func=bound_label, key=key, help=words)
    return tuple(key for key in BOUNDS if key in chosen)


def pair_control() -> tuple[str, str]:
    """The upper and the lower bound of a ratio."""
    left, right = st.columns(2)
    over = selectbox(
        "Radius of",
        list(BOUNDS),
        format_func=bound_label,
        key="b_over",
        help=explain("bound", "radius"),
        place=left,
    )
    under = selectbox("over radius of", list(BOUNDS), format_func=bound_label, key="b_under", place=right)
    return over, under


def share_control() -> float:
    return slider(
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
    return slider(words, 0.05, 2.0, step=0.05, key="b_scale", help=explain("scale", "pixel units"))


def setting_controls(scale: float) -> Setting:
    """Norm, dimension, c and votes. Raises RsvizError where together they cannot be."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        norm = segmented_control(
            "Read every radius in",
            NORM_KEYS,
            required=True,
            format_func=lambda key: NORMS[key].symbol if key in NORMS else "its own norm",
            key="b_norm",
            help=f"{explain('norm')} A converted radius is that of the largest ball inside; it is marked.",
        )
        dim = number_input(
            "Input values d",
            1,
            10_000_000,
            key="b_dim",
            help=explain_all("MNIST 784, CIFAR-10 3072, ImageNet 150528.", "d"),
        )
        equal = toggle(
            "Same standard deviation for every noise",
            key="b_equal",
            help=explain_all(
                "Otherwise σ and λ are the same number, and Laplace noise is wider than Gaussian noise.",
                "deviation",
            ),
        )
    with middle:
        c = slider(
            "c of the D_MR claims",
            0.0,
            10.0,
            step=0.5,
            key="b_c",
            help="A constant that the Unified paper leaves open; the claimed radius grows with it.",
        )
        counted = toggle(
            "Estimate the probabilities from votes",
            key="b_votes",
            help="Shows the radius that n votes prove when they fall exactly as the probabilities say.",
        )
    with right:
        n = select_slider("Votes n", COUNTS, format_func="{:,}".format, key="b_n", disabled=not counted)
        alpha = select_slider(
            "Probability of error α", ALPHAS, key="b_alpha", disabled=not counted, help=explain("alpha")
        )
        procedure = selectbox(
            "Confidence procedure",
            PROCEDURE_KEYS,
            format_func=lambda key: PROCEDURES[key].title,
            key="b_procedure",
            disabled=not counted,
            help=explain("limits"),
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
    """(p_a, p_b) of the point for which radii are listed."""
    left, right = st.columns(2)
    limits = {"min_value": 0.0, "max_value": 1.0, "step": 0.01, "format": "%.8g"}
    return (
        number_input("p_A, top class", key="b_pa", help=explain("p_A"), **limits, place=left),
        number_input("p_B, runner-up", key="b_pb", help=explain("p_B"), **limits, place=right),
    )
