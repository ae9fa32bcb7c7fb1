"""Lesson 7: what training under noise buys, what it costs, and how accuracy is counted."""

from functools import cache

import numpy as np

from rsviz.bounds import round_down
from rsviz.figures.evaluation import OUTCOME_COLOURS
from rsviz.figures.theme import QUIET, SERIES, WRONG
from rsviz.lessons.charts import Axes, Bar, bars, percent
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step
from rsviz.plane.networks import NETWORKS

LOW, HIGH, ADVERSARIAL = "digits-gaussian-0.25", "digits-gaussian-0.50", "digits-smoothadv-0.25"
TITLES = {LOW: "σ = 0.25", HIGH: "σ = 0.5", ADVERSARIAL: "adversarial"}
COLOURS = dict(zip(TITLES, SERIES, strict=False))
RADII = (0.0, 0.25, 0.5, 0.75)
END = 1.2
PLAIN, NOISY = NETWORKS["moons-plain"], NETWORKS["moons-gaussian"]


@cache
def series(key: str):
    """The shipped certificates of a network on the digits' test images."""
    from rsviz.tasks.evaluate import certificates, series_of_votes, shipped_votes

    votes = shipped_votes()[key]
    return series_of_votes(votes.header, certificates(votes))


@cache
def crossing() -> float:
    """The smallest radius from which on more noise certifies more images, in pixel units."""
    at = np.linspace(0, END, 1_201)
    behind = np.flatnonzero(series(HIGH).accuracy(at) <= series(LOW).accuracy(at))
    behind = behind[series(LOW).accuracy(at[behind]) > 0]
    return float(at[behind[-1] + 1])


def _curves(keys, marked):
    def draw(option, frame):
        at = np.linspace(0, END, 121)
        axes = Axes.of(frame, (0, END), (0, 1), "ℓ₂ radius r, in pixel units", percent=True)
        layers = [
            axes.line(at, series(key).accuracy(at), COLOURS[key], interpolate="step-before") for key in keys
        ]
        if marked:
            r = float(option)
            layers.append(axes.upright(r, QUIET))
            for key in keys:
                layers.append(axes.dots([r], [float(series(key).accuracy(r))], COLOURS[key], size=400))
        for place, key in enumerate(keys):
            says = TITLES[key] + (
                f":  {percent(float(series(key).accuracy(float(option))))}" if marked else ""
            )
            layers.append(axes.words(0.02, 0.36 - 0.12 * place, says, COLOURS[key], fontWeight="bold"))
        return axes.chart(*layers, heading="certified accuracy")

    return draw


def _alt_curves(keys):
    def alt(option):
        parts = []
        for key in keys:
            shares = (f"{percent(float(series(key).accuracy(r)))} at {r:g}" for r in RADII)
            parts.append(f"{TITLES[key]}: {', '.join(shares)}")
        images = len(series(keys[0]))
        return f"Share of {images} test images certified in the right class within r. {'; '.join(parts)}."

    return alt


def counted(key: str, r: float) -> dict[str, int]:
    """Images by outcome at the radius r: of "right", "wrong" (certified so far) and "none" (not so far)."""
    one = series(key)
    far = (one.radius >= r) & (one.predict >= 0)
    right = int((far & one.correct).sum())
    return {"right": right, "wrong": int(far.sum()) - right, "none": len(one) - int(far.sum())}


def _counting(option, frame):
    found = counted(HIGH, float(option))
    total, kept = sum(found.values()), found["right"] + found["wrong"]
    colours = OUTCOME_COLOURS
    rows = [
        Bar("of all images", found["right"] / total, colours["certified"], f"{found['right']} of {total}"),
        Bar("of certified ones", found["right"] / kept, WRONG, f"{found['right']} of {kept}"),
    ]
    return bars(frame, rows, "share that is right", heading=f"certified within r = {float(option):g}")


def _alt_counting(option):
    found = counted(HIGH, float(option))
    total, kept = sum(found.values()), found["right"] + found["wrong"]
    return (
        f"Within r = {float(option):g}, {found['right']} of {total} images are certified in the right "
        f"class, {percent(found['right'] / total, 1)}. Leaving out the {found['none']} that are not "
        f"certified so far gives {found['right']} of {kept}, {percent(found['right'] / kept, 1)}."
    )


def _at(first):
    """The control of a chart with a radius."""
    return Choice("radius r", {f"{r:g}": f"r = {r:g}" for r in RADII}, first, plays=True)


LESSON = Lesson(
    key="training",
    title="Training and its trade-off",
    question="Train and smooth with twice the noise. What happens to the curve?",
    predictions=(
        Prediction("Higher everywhere", False, "More noise hides details: near 0 fewer images are right."),
        Prediction("Lower everywhere", False, "A larger σ proves larger radii where the votes agree."),
        Prediction("Lower near 0, higher far out", True, "Accuracy is traded for radius. The curves cross."),
    ),
    steps=(
        Step(
            "f has to learn the noise",
            f"Trained without noise: mean proved radius {round_down(PLAIN.radius, 2):g}. Trained under "
            f"noise: {round_down(NOISY.radius, 2):g}.",
            Plane(f"scene={NOISY.key}&x=1.1&y=-0.8", ("scale",)),
            "The points are the data of two classes, the colours a small network that was trained on noisy "
            "copies of them. Under noise the votes agree more, so more is proved. The smoothing is the "
            "same in both; only f differs.",
            link=f"playground?scene={PLAIN.key}",
        ),
        Step(
            "Certified accuracy",
            "How many test images does g prove right within r? Accuracy alone says nothing of r.",
            Chart(
                _curves((LOW,), True),
                _alt_curves((LOW,)),
                _at("0.5"),
            ),
            "An image counts at r if g gives the right class and the proved radius is at least r. The "
            "accuracy of f, the accuracy of g, and the certified accuracy at r are three numbers; only the "
            "last one is a promise against attacks of length r. The curve can only fall.",
            link="evaluate",
        ),
        Step(
            "Twice the noise",
            "",
            Chart(_curves((LOW,), False), _alt_curves((LOW,))),
            "The curve of the network with the smaller noise. Let the hall draw the other one in the air.",
            asks=True,
        ),
        Step(
            "Accuracy is traded for radius",
            "More noise loses near images and wins far ones.",
            Chart(
                _curves((LOW, HIGH), True),
                _alt_curves((LOW, HIGH)),
                _at("0.75"),
            ),
            "Both networks have the same test images and the same number of votes. There is no best σ: it "
            "depends on the radius that one wants. Say which r you report before you choose σ.",
            link="evaluate",
        ),
        Step(
            "Abstentions count",
            "Leave out what g cannot certify, and any network looks perfect.",
            Chart(
                _counting,
                _alt_counting,
                _at("0.75"),
            ),
            "An image on which g abstains is not certified right, so it stays in the denominator. Divide "
            "by the certified ones only, and the share is near one for every network: the hard images have "
            "gone. A table must say over which images it counts.",
            link="evaluate",
        ),
        Step(
            "Training can move the curve",
            "Adversarial training under noise: a little lost near, much won far.",
            Chart(
                _curves((LOW, ADVERSARIAL), True),
                _alt_curves((LOW, ADVERSARIAL)),
                _at("0.75"),
            ),
            "SmoothAdv attacks g during training. At the same σ it gives up some images near zero and "
            "certifies more far out. The certificate is computed in the same way whatever the training was.",
            link="train",
        ),
    ),
    removes=(
        "Accuracy and certified accuracy are the same.",
        "Abstentions may be left out of accuracy.",
    ),
)
