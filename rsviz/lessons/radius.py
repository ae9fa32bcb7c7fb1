"""Lesson 4: from p_A to a radius, and why more noise is not more radius."""

from functools import cache

import numpy as np

from rsviz.bounds import BOUNDS, round_down
from rsviz.figures.theme import ORANGE, QUIET, WRONG
from rsviz.lessons.charts import Axes, is_wide, percent
from rsviz.lessons.counts import ALPHA, votes
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step
from rsviz.simulation import ceiling, radius

SHARES = (0.6, 0.8, 0.9, 0.99, 0.999)
NUMBERS = (100, 1_000, 10_000, 100_000, 1_000_000)
BOUND = BOUNDS["cohen-l2"]


def _curve(option, frame):
    p = np.concatenate([np.linspace(0.5, 0.99, 80), 1 - np.geomspace(0.01, 0.0004, 30)])
    axes = Axes.of(frame, (0.5, 1), (0, 3.5), "p_A, probability of the top class", x_format=".0%")
    at = float(option)
    value = float(radius(at, 1 - at))
    return axes.chart(
        axes.line(p, radius(p, 1 - p), BOUND.colour),
        axes.rise([at], [value], ORANGE, width=4),
        axes.dots([at], [value], ORANGE, size=500),
        axes.words(
            0.51, 3.1, f"p_A = {percent(at)}:  R = {round_down(value, 3):g} σ", ORANGE, fontWeight="bold"
        ),
        heading="proved radius R, in units of σ",
    )


def _alt_curve(option):
    at = float(option)
    return (
        "The proved radius against p_A, two classes: 0 at one half, "
        f"{round_down(float(radius(at, 1 - at)), 3):g} σ at {percent(at)}, without end towards {percent(1)}."
    )


@cache
def nines():
    """The votes for the same 9 at every scale of the noise, from the smallest."""
    return sorted((one for key, one in votes().items() if key.startswith("nine-")), key=lambda one: one.scale)


def best():
    """The one of `nines` with the largest radius among those whose class is right."""
    return max(
        (one for one in nines() if one.classes[one.proved().predicted or 0] == "9"),
        key=lambda one: one.proved().radius,
    )


def last():
    """The one of `nines` with most noise."""
    return nines()[-1]


def _nines(option, frame):
    wide, found = is_wide(frame), nines()
    shown = found if wide else found[::2]
    top = 2.0
    axes = Axes.of(
        frame,
        (-0.5, len(shown) - 0.5),
        (0, top),
        "σ of the noise, in pixel units",
        x_values=list(range(len(shown))),
        y_tickCount=3,
        x_labelExpr=_names([f"{one.scale:g}" for one in shown]),
    )
    layers = []
    for at, one in enumerate(shown):
        proved = one.proved()
        name = "none" if proved.predicted is None else one.classes[proved.predicted]
        colour = BOUND.colour if name == "9" else WRONG
        room = frame.height / 5
        layers += [
            axes.rise([at], [proved.radius], colour, width=frame.width / len(shown) / 4),
            axes.picture(at, top - 0.28, one.noisy[0], room),
            axes.words(
                at, proved.radius, name, colour, align="center", dy=-0.8 * frame.letters, fontWeight="bold"
            ),
        ]
    return axes.chart(*layers, heading="proved radius, and the class that is proved")


def _names(names) -> str:
    """A Vega expression that names the places 0, 1, ... of an axis."""
    return f"{names!r}[datum.value]"


def _alt_nines(option):
    parts = (
        f"σ = {one.scale:g}: class {one.classes[one.proved().predicted]}, radius "
        f"{round_down(one.proved().radius, 3):g}"
        if one.proved().predicted is not None
        else f"σ = {one.scale:g}: no certificate"
        for one in nines()
    )
    return f"A written 9 under more and more noise, {nines()[0].n:,} votes each. {'; '.join(parts)}."


def _ceiling(option, frame):
    n = np.geomspace(10, NUMBERS[-1], 80).round()
    at = int(option)
    value = float(ceiling(at, ALPHA))
    axes = Axes.of(
        frame,
        (10, NUMBERS[-1]),
        (0, 5),
        "votes n, all of them for one class",
        log="x",
        x_values=(10, *NUMBERS) if is_wide(frame) else (10, *NUMBERS[1::2]),
        x_format="~s",
    )
    return axes.chart(
        axes.line(n, ceiling(n, ALPHA), BOUND.colour),
        axes.across(value, QUIET),
        axes.dots([at], [value], ORANGE, size=500),
        axes.words(12, 4.6, f"{at:,} votes:  at most {round_down(value, 3):g} σ", ORANGE, fontWeight="bold"),
        heading="largest radius, in units of σ",
    )


def _alt_ceiling(option):
    value = round_down(float(ceiling(int(option), ALPHA)), 3)
    return f"Even if all of {int(option):,} votes agree, at most {value:g} σ can be proved at α = {ALPHA:g}."


LESSON = Lesson(
    key="radius",
    title="Radius",
    question="We double the noise σ. What happens to the proved radius?",
    predictions=(
        Prediction("Here it shrinks", True, "p_A falls faster than σ grows: the corridor is narrow."),
        Prediction(
            "It doubles, R = σ Φ⁻¹(p_A)",
            False,
            "p_A changes too: with more noise fewer copies stay in the land of A.",
        ),
        Prediction(
            "It stays the same", False, "σ is in the formula, and p_A depends on σ; they do not cancel here."
        ),
    ),
    steps=(
        Step(
            "From p_A to a radius",
            "The more of the noisy copies agree, the farther x may move.",
            Chart(_curve, _alt_curve, Choice("p_A", {str(p): percent(p) for p in SHARES}, "0.9", plays=True)),
            "With two classes and Gaussian noise R = σ Φ⁻¹(p_A): how many standard deviations of the noise "
            "lie between x and the worst boundary that still gives A that share of the votes. At one half "
            "nothing is proved. Near certainty the radius grows without end, but slowly.",
            link="bounds",
        ),
        Step(
            "A narrow corridor",
            "",
            Plane("scene=corridor&show=dots,ball"),
            "x lies in the middle of a corridor of class A between two lands of class B. The ball is what "
            "is proved at this σ. Let the hall say what happens when σ doubles.",
            asks=True,
        ),
        Step(
            "More noise is not more radius",
            "Turn up the noise: the ball shrinks, then g says B.",
            Plane("scene=corridor&show=dots,ball,g", ("act",)),
            "Press the button: the ball shrinks, vanishes, and then g says B. With exact probabilities "
            "little noise proves most here, up to the true distance to the boundary. With too much noise "
            "most copies land beyond the corridor, and g itself has another class. The best σ depends on "
            "the image and on f.",
            link="playground?scene=corridor",
        ),
        Step(
            "The same for a network",
            f"σ = {best().scale:g} proves most for this 9. With σ = {last().scale:g} g proves "
            f"{last().classes[last().top]}, a wrong class.",
            Chart(_nines, _alt_nines),
            f"One network, trained under noise, and one written 9; {last().n:,} votes at each σ. With "
            "little noise the radius is limited by σ, since even unanimous votes prove only so many σ. "
            "With much noise f no longer sees the 9. At the right end the ball is large, and it is about "
            "the wrong class: certified is not correct.",
            link="certify",
        ),
        Step(
            "Votes limit the radius",
            "Even if all votes agree, n votes prove only so much.",
            Chart(
                _ceiling,
                _alt_ceiling,
                Choice("votes", {str(n): f"{n:,}" for n in NUMBERS}, "1000", plays=True),
            ),
            "No finite number of votes proves that p_A is one. If all n agree, p_A may still be as small "
            "as the n-th root of α. Ten times the votes buy less than one σ: a large radius needs a large "
            "σ, and a network that stands it.",
            link="statistics",
        ),
    ),
    removes=("A bigger sigma gives a bigger radius.",),
)
