"""Lesson 3: what alpha promises, over what, and how peeking breaks the promise."""

from functools import cache

import numpy as np

from rsviz.confidence import PROCEDURES, clopper_pearson_lower
from rsviz.figures.theme import QUIET, WRONG
from rsviz.lessons.charts import Axes, at_least, is_wide, percent
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step
from rsviz.simulation import Experiment, peeking

ALPHA = 0.05
TRUTH = 0.9
"""p_A in the pictures of this lesson."""
N = 1_000
"""Votes of each certificate."""
REPEATS = 200
FRAMES_OF_REPEATS = tuple(range(40, REPEATS + 1, 40))
LOOKS = (100, 300, 1_000, 3_000, 10_000)
VOTES = (10, 100, 1_000, 10_000)
COLOUR = PROCEDURES["cohen"].colour
SEQUENCE = PROCEDURES["anytime"].colour


def lower_limit(n: int) -> float:
    """The lower limit on p_A when TRUTH of n votes are for the class."""
    return float(clopper_pearson_lower(round(TRUTH * n), n, ALPHA))


def _limit(option, frame):
    axes = Axes.of(
        frame,
        (10, 10_000),
        (0.5, 1),
        "votes n",
        log="x",
        percent=True,
        x_values=VOTES,
    )
    n = np.unique(np.geomspace(10, 10_000, 60).round(-1).astype(int))
    at = int(option)
    return axes.chart(
        axes.across(TRUTH),
        axes.line(n, [lower_limit(int(one)) for one in n], COLOUR, interpolate="monotone"),
        axes.dots([at], [lower_limit(at)], COLOUR, size=500),
        axes.words(10, TRUTH, f"{percent(TRUTH)} of the votes say A", dx=8, dy=-frame.letters),
        axes.words(
            10_000,
            0.56,
            f"{at:,} votes: p_A is at least {at_least(lower_limit(at))}",
            COLOUR,
            align="right",
            dx=-8,
        ),
        heading="lower limit on p_A",
    )


@cache
def repeats() -> np.ndarray:
    """Lower limits of REPEATS certificates of one image, each with fresh noise, float64 (REPEATS,)."""
    experiment = Experiment((TRUTH, 1 - TRUTH), n=N, alpha=ALPHA, runs=REPEATS)
    return experiment.outcomes(["cohen"])["cohen"].p_a_lower


def false_after(runs: int) -> int:
    """How many of the first limits exceed the truth."""
    return int((repeats()[:runs] > TRUTH).sum())


def _repeats(option, frame):
    runs = int(option)
    low, high = 0.84, 0.92
    axes = Axes.of(
        frame,
        (0, REPEATS + 1),
        (low, high),
        "repeats with new noise, same image",
        percent=True,
        y_tickCount=4,
    )
    limits = repeats()[:runs]
    false, number = limits > TRUTH, np.arange(1, runs + 1)
    size = 130 if is_wide(frame) else 40
    found = false_after(runs)
    return axes.chart(
        axes.across(TRUTH),
        axes.dots(number[~false], limits[~false], COLOUR, size=size),
        axes.dots(number[false], limits[false], WRONG, size=3 * size),
        axes.words(REPEATS, TRUTH, "true p_A", align="right", dy=-frame.letters),
        axes.words(
            REPEATS,
            high,
            f"{found} of {runs} too high",
            WRONG,
            align="right",
            dy=frame.letters,
            fontWeight="bold",
        ),
        heading="lower limit on p_A",
    )


@cache
def peeked() -> dict[str, np.ndarray]:
    """Probability that a false limit has been seen, after each vote up to the last of LOOKS."""
    return peeking(TRUTH, LOOKS[-1], ALPHA)


def _peeking(option, frame):
    until = int(option)
    n = np.unique(np.geomspace(10, until, 120).astype(int))
    axes = Axes.of(
        frame, (10, LOOKS[-1]), (0, 0.5), "votes so far", log="x", percent=True, x_values=(10, *LOOKS[::2])
    )
    seen = {key: values[n - 1] for key, values in peeked().items()}
    end = seen["cohen"][-1]
    return axes.chart(
        axes.across(ALPHA, QUIET),
        axes.line(n, seen["anytime"], SEQUENCE),
        axes.line(n, seen["cohen"], COLOUR),
        axes.dots([until], [end], COLOUR, size=400),
        axes.words(12, 0.26, f"promised: {percent(ALPHA)}", QUIET, fontWeight="bold"),
        axes.words(12, 0.42, f"look after each vote: {percent(end)}", COLOUR, fontWeight="bold"),
        axes.words(
            12, 0.34, f"confidence sequence: {percent(seen['anytime'][-1], 1)}", SEQUENCE, fontWeight="bold"
        ),
        heading="probability that a false limit was seen",
    )


def _alt_limit(option):
    return (
        f"With {percent(TRUTH)} of {int(option):,} votes for A, p_A is at least "
        f"{at_least(lower_limit(int(option)))}. The limit rises towards the share of the votes as n grows."
    )


def _alt_repeats(option):
    return (
        f"{option} certificates of one image, each from {N:,} fresh votes: {false_after(int(option))} of "
        f"the lower limits are above the true p_A of {percent(TRUTH)}; {percent(ALPHA)} may be."
    )


def _alt_peeking(option):
    ends = {key: values[int(option) - 1] for key, values in peeked().items()}
    return (
        f"Whoever looks after every one of {int(option):,} votes has seen a false limit with probability "
        f"{percent(ends['cohen'])}, {percent(ALPHA)} were promised. A confidence sequence stays at "
        f"{percent(ends['anytime'], 1)}."
    )


_PERCENT = percent(ALPHA)
LESSON = Lesson(
    key="confidence",
    title="Confidence",
    question=f"α = {_PERCENT} may go wrong. Of what?",
    predictions=(
        Prediction(
            "Of the test images",
            False,
            "Of one image too: repeat its certificate, and its limit may be false.",
        ),
        Prediction(
            "Of the repeats with new noise",
            True,
            "For each image, at most this share of its repeats is false.",
        ),
        Prediction(
            "Of the attacks", False, "Where the limit is true, no attack inside the ball succeeds at all."
        ),
    ),
    steps=(
        Step(
            "Votes give a lower limit",
            "The share of the votes is an estimate. A certificate needs a limit that p_A exceeds.",
            Chart(
                _limit, _alt_limit, Choice("votes n", {str(n): f"{n:,}" for n in VOTES}, "100", plays=True)
            ),
            "p_A is the probability that f says A under noise. Nobody knows it; we see votes. Clopper and "
            "Pearson give the limit: the smallest p_A under which as many votes for A are not a surprise "
            "at level α. More votes, a limit nearer to the truth.",
            link="statistics",
        ),
        Step(
            "α is a promise",
            "",
            Chart(_limit, _alt_limit).at(str(N)),
            f"In this lesson α is {_PERCENT}, so that failures can be seen; papers take a tenth of a "
            "percent. Ask the hall over what the share is taken.",
            asks=True,
        ),
        Step(
            "α counts repeats, not images",
            f"The same image, {REPEATS} times with new noise: {false_after(REPEATS)} limits are false.",
            Chart(
                _repeats,
                _alt_repeats,
                Choice(
                    "repeats", {str(runs): str(runs) for runs in FRAMES_OF_REPEATS}, str(REPEATS), plays=True
                ),
            ),
            f"Each dot is a whole certificate: {N:,} votes, then the limit. The truth is the same line for "
            f"all of them. A limit above the line is false, and that happens in at most {_PERCENT} of the "
            "repeats. The promise holds for each image and each classifier separately; it is not a share "
            "of the test set.",
            link="statistics",
        ),
        Step(
            "Stop when you like it?",
            "Look after each vote, stop when it certifies: the promise is broken. A confidence sequence "
            "keeps it.",
            Chart(
                _peeking,
                _alt_peeking,
                Choice("votes", {str(n): f"{n:,}" for n in LOOKS}, str(LOOKS[-1]), plays=True),
            ),
            "The limit of Clopper and Pearson holds for a number of votes that was fixed before. Who looks "
            "again and again, and stops at a limit that pleases, picks the lucky moments. The "
            "probabilities are exact: the distribution of the votes is computed vote by vote. A confidence "
            "sequence holds at all moments at once.",
            link="statistics",
        ),
        Step(
            "See it happen",
            "Two hundred certificates, stopped at will. Count the false ones.",
            Plane("scene=rain&show=dots,g", ("act",)),
            "The truth is known here, because the plane is exact. Press the button: two hundred people "
            "draw votes, look at the limit, and stop when they like it. Compare the number of false "
            "certificates with α.",
            link="playground?scene=rain",
        ),
    ),
    removes=(
        "alpha is the share of test images that may be wrong.",
        "One may sample until it certifies.",
    ),
)
