"""Lesson 5: several proofs for the same votes; one is tight, one claim is false, and p_B matters."""

import numpy as np

from rsviz.bounds import BOUNDS, round_down
from rsviz.confidence import PROCEDURES
from rsviz.figures.theme import FALSE, NOT_PROVED, QUIET
from rsviz.lessons.charts import Axes, Bar, at_least, at_most, bars, percent
from rsviz.lessons.counts import votes
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step

TIGHT, CLAIM = BOUNDS["cohen-l2"], BOUNDS["dmr-l2"]
PROOFS = ("cohen-l2", "li-l2", "zcdp-l2", "pixeldp-l2")
SHARES = (0.6, 0.7, 0.8, 0.9, 0.99)
CONSTANTS = (0.5, 1.0, 2.0)


def radius(key: str, p_a, **parameters):
    """Radius of a bound with p_B = 1 - p_A, in units of σ."""
    p_a = np.asarray(p_a, float)
    return BOUNDS[key].radius(p_a, 1 - p_a, scale=1.0, **parameters)


def _proofs(option, frame):
    at = float(option)
    found = []
    for key in PROOFS:
        value = float(radius(key, at))
        found.append(Bar(BOUNDS[key].title, value, BOUNDS[key].colour, f"{round_down(value, 3):g} σ"))
    return bars(frame, found, "proved radius, in units of σ", high=3, axis_format="")


def _alt_proofs(option):
    at = float(option)
    parts = [f"{BOUNDS[key].title} {round_down(float(radius(key, at)), 3):g} σ" for key in PROOFS]
    return f"Radii that four papers prove from p_A = {percent(at)}, Gaussian noise: {', '.join(parts)}."


TIMES = 10
"""In the picture of the claim the top class is so many times as probable as the next one."""


def broken(constant: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(p_a, claimed radius of D_MR with its constant c, tight radius), in units of σ, p_B = p_A / TIMES."""
    p_a = np.geomspace(0.01, 0.9, 200)
    claimed = CLAIM.radius(p_a, p_a / TIMES, scale=1.0, c=constant)
    return p_a, claimed, TIGHT.radius(p_a, p_a / TIMES, scale=1.0)


def _claim(option, frame):
    p_a, claimed, tight = broken(float(option))
    false = claimed > tight
    axes = Axes.of(frame, (0, 0.9), (0, 1.6), "p_A, probability of the top class", x_format=".0%")
    return axes.chart(
        axes.line(p_a[false], claimed[false], FALSE, width=10, opacity=0.6),
        axes.line(p_a, claimed, CLAIM.colour, dash=NOT_PROVED),
        axes.line(p_a, tight, TIGHT.colour),
        axes.words(0.02, 1.5, f"{CLAIM.title}: claimed, not proved", CLAIM.colour, fontWeight="bold"),
        axes.words(0.02, 1.5, "red: false", FALSE, dy=1.5 * frame.letters, fontWeight="bold"),
        axes.words(0.88, 0.1, f"{TIGHT.title}: tight", TIGHT.colour, align="right", fontWeight="bold"),
        heading="radius, in units of σ",
    )


def _alt_claim(option):
    p_a, claimed, tight = broken(float(option))
    false, at = claimed > tight, int(np.argmin(np.abs(p_a - 0.1)))
    return (
        f"With c = {float(option):g} the claimed radius is above the tight one for p_A up to "
        f"{percent(p_a[false].max())}, the next class has p_A / {TIMES}; at p_A = {percent(p_a[at])} it "
        f"is {claimed[at] / tight[at]:.1f} times as large."
    )


READINGS = {"cohen": "p_B = the rest", "split": "p_B of its own votes"}
ONE = votes()["one"]


def _runner_up(option, frame):
    proved = ONE.proved(procedure=option)
    shares, order = ONE.shares(), np.argsort(-ONE.shares(), kind="stable")[:4]
    rest = float(1 - shares[ONE.top])
    found = [
        Bar(
            f"a {ONE.classes[ONE.top]}", float(shares[ONE.top]), TIGHT.colour, percent(float(shares[ONE.top]))
        )
    ]
    if option == "cohen":
        found.append(Bar("all the rest", rest, QUIET, percent(rest)))
    else:
        found += [
            Bar(f"a {ONE.classes[k]}", float(shares[k]), QUIET, percent(float(shares[k]))) for k in order[1:]
        ]
    ends = f"p_A ≥ {at_least(proved.p_a_lower, 1)}, p_B ≤ {at_most(proved.p_b_upper, 1)}"
    says = f"R = {round_down(proved.radius, 3):g}" if proved.predicted is not None else "abstains"
    return bars(frame, found, "share of the votes", heading=f"{ends}: {says}")


def _alt_runner_up(option):
    proved = ONE.proved(procedure=option)
    says = (
        f"a radius of {round_down(proved.radius, 3):g}"
        if proved.predicted is not None
        else "nothing: it abstains"
    )
    return (
        f"{percent(float(ONE.shares()[ONE.top]))} of {ONE.n:,} votes for {ONE.classes[ONE.top]}, a written "
        f"1 at σ = {ONE.scale:g}. With {READINGS[option]}, {PROCEDURES[option].short} proves {says}."
    )


_HALF = percent(0.5)
LESSON = Lesson(
    key="bounds",
    title="Bounds compared",
    question="Four papers, the same votes. Can a cleverer proof beat the largest radius?",
    predictions=(
        Prediction(
            "No, it is tight", True, "A straight boundary attains it, so no larger radius holds for all f."
        ),
        Prediction(
            "Yes, proofs keep getting better",
            False,
            "One classifier with this p_A changes right behind the largest radius.",
        ),
        Prediction(
            "Yes, with more votes", False, "Votes sharpen p_A. The radius is compared at the same p_A."
        ),
    ),
    steps=(
        Step(
            "Four proofs, four radii",
            "All four are true. The longest one tells most.",
            Chart(
                _proofs, _alt_proofs, Choice("p_A", {str(p): percent(p) for p in SHARES}, "0.9", plays=True)
            ),
            "PixelDP came from differential privacy, Li from Rényi divergences, Cohen from the lemma of "
            "Neyman and Pearson. Each radius is proved, so each is true: g keeps its class at least so "
            "far. A smaller radius is not a safer one, it is only a weaker statement.",
            link="bounds",
        ),
        Step(
            "Is there more to prove?",
            "",
            Chart(_proofs, _alt_proofs).at("0.9"),
            "Remind the hall: the proof knows nothing of f but p_A. Every f with this p_A has to be covered.",
            asks=True,
        ),
        Step(
            "No: the line attains it",
            "At a straight boundary, proved and true radius agree.",
            Plane("scene=boundary&show=dots,ball,worst,g", ("act", "scale")),
            "Among all f with this p_A the half-plane is the worst, and this f is one. Bend the boundary "
            "with the button: now less is proved than is true, since the proof knows p_A only, and other f "
            "with this p_A are worse. Tight means: no larger radius holds for every f with this p_A.",
            link="playground?scene=boundary",
        ),
        Step(
            "A claim above the tight line",
            "Where a claim exceeds the tight radius, some classifier breaks it: it is false there.",
            Chart(_claim, _alt_claim, Choice("c", {f"{c:g}": f"c = {c:g}" for c in CONSTANTS}, "1")),
            "D_MR in the Unified framework is read as a certificate by some. Its constant c is free. "
            "Cohen's radius is tight, so where a curve is above it, some classifier changes sooner than "
            "claimed. rsviz draws what is not proved as a broken line and never as a certificate.",
            link="papers",
        ),
        Step(
            "p_B is not 1 − p_A",
            f"{percent(float(ONE.shares()[ONE.top]))} say 1. The rest is split, so the runner-up is far "
            "behind.",
            Chart(_runner_up, _alt_runner_up, Choice("p_B", READINGS, "cohen")),
            f"CERTIFY bounds p_B by all the other votes together. Then p_A below {_HALF} can prove nothing. "
            "Counting the votes of the runner-up separately needs limits that hold together; split takes a "
            "part of α for each. The same votes then give a certificate.",
            link="statistics",
        ),
    ),
    removes=("p_B is 1 - p_A.",),
)
