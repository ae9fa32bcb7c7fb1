"""Lesson 8: what a radius in l2 says about a change of every pixel, and why it says so little."""

from functools import cache

import numpy as np

from rsviz.bounds import BOUNDS, round_down
from rsviz.figures.theme import ORANGE, QUIET
from rsviz.lessons.charts import Axes, is_wide, percent
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step
from rsviz.noise_size import DIMENSIONS, radius_against_dimension, unit_draw

GAUSSIAN, CUBE = BOUNDS["cohen-l2"], BOUNDS["exponential-linf"]
RADIUS = 0.5
"""The proved l2 radius of the question, in pixel units."""
D = DIMENSIONS["CIFAR-10"]
P_A = 0.99
ASKED = 8 / 255
"""The change of every pixel that the field asks about, in pixel units."""
DATASETS = {name: DIMENSIONS[name] for name in ("MNIST", "CIFAR-10", "ImageNet")}
SIDES = {"MNIST": 28, "CIFAR-10": 32, "ImageNet": 224}


def each(d) -> np.ndarray:
    """How much every one of d values may change inside the l2 ball of RADIUS."""
    return RADIUS / np.sqrt(np.asarray(d, float))


def needed(d) -> float:
    """σ with which p_A = P_A proves ASKED for every one of d values."""
    return float(ASKED * np.sqrt(d) / GAUSSIAN.radius(P_A, 1 - P_A, scale=1.0))


def _axes(frame, last):
    wide = is_wide(frame)
    return Axes.of(
        frame,
        (1, 200_000),
        (0.001, 1),
        "number of values d",
        log="xy",
        x_values=(1, 10, 100, 1_000, 10_000, 100_000) if wide else (1, 100, 10_000),
        x_format="~s",
        y_values=(0.001, 0.01, 0.1, 1),
        y_format="~g",
    )


def _few(option, frame):
    d = np.array([1, 2, 5, 10])
    axes = _axes(frame, 10)
    return axes.chart(
        axes.line(d, each(d), GAUSSIAN.colour),
        axes.dots(d, each(d), GAUSSIAN.colour),
        axes.upright(D),
        axes.words(D, 0.5, f"d = {D:,}", align="right", dx=-10),
        axes.words(D, 0.03, "?", ORANGE, align="center", size=3 * frame.letters, fontWeight="bold"),
        heading="change of every value that is proved",
    )


def _alt_few(option):
    return (
        f"An ℓ₂ radius of {RADIUS:g} allows every value to change by {RADIUS:g} where there is one value, "
        f"by {round_down(float(each(10)), 2):g} where there are ten. What it allows at {D:,} values is left "
        "open."
    )


def _all(option, frame):
    d = np.geomspace(1, 200_000, 40)
    axes = _axes(frame, d[-1])
    at = DATASETS[option]
    value = float(each(at))
    return axes.chart(
        axes.across(ASKED),
        axes.line(d, each(d), GAUSSIAN.colour),
        axes.upright(at, QUIET),
        axes.dots([at], [value], ORANGE, size=500),
        axes.words(
            200_000,
            ASKED,
            "asked for: 8/255" if is_wide(frame) else "8/255",
            align="right",
            dy=-0.8 * frame.letters,
        ),
        axes.words(1.2, 0.0022, f"{option}: {round_down(value, 2):g}", ORANGE, fontWeight="bold"),
        heading="change of every value that is proved",
    )


def _alt_all(option):
    d = DATASETS[option]
    return (
        f"Inside an ℓ₂ ball of radius {RADIUS:g} each of d values may change by {RADIUS:g}/√d: for "
        f"{option}, d = {d:,}, by {round_down(float(each(d)), 2):g}. Attacks in ℓ∞ may change each by "
        f"{ASKED:.3f}."
    )


@cache
def noisy_cat(name: str) -> str:
    """The URL of a cat of a dataset's size under the noise of `needed`."""
    from rsviz.data.samples import SAMPLES
    from rsviz.figures.sheet import png_uri

    x = SAMPLES["cat"].prepared((3, SIDES[name], SIDES[name])).x
    return png_uri(x + needed(x.size) * unit_draw("gaussian", x.shape, 0), SIDES[name])


def _cats(option, frame):
    from rsviz.lessons.counts import sample_url

    wide = is_wide(frame)
    axes = Axes.blank(frame)
    size = frame.height * 0.78 if wide else frame.width * 0.46
    places = ((0.27, "the image"), (0.73, f"σ = {needed(3 * SIDES[option] ** 2):.2g}"))
    urls = (sample_url("cat", SIDES[option]), noisy_cat(option))
    layers = []
    for (part, name), url in zip(places, urls, strict=True):
        x, y = part * frame.width, frame.height * (0.44 if wide else 0.42)
        layers += [
            axes.picture(x, y, url, size),
            axes.words(x, y + size / 2, name, align="center", dy=frame.letters),
        ]
    return axes.chart(*layers)


def _alt_cats(option):
    d = 3 * SIDES[option] ** 2
    return (
        f"A cat of {SIDES[option]} x {SIDES[option]} pixels, d = {d:,}, and the same cat under Gaussian "
        f"noise with σ = {needed(d):.2g}, which is needed to prove 8/255 for every value at p_A = "
        f"{percent(P_A)}."
    )


_CAT_SIZES = {name: f"{SIDES[name]} x {SIDES[name]}" for name in ("CIFAR-10", "ImageNet")}
DEVIATION = 0.5


def by_noise(d) -> dict[str, np.ndarray]:
    """l_inf radius at d values of Gaussian noise and of l_inf-exponential noise, both of DEVIATION."""
    return {
        bound.key: radius_against_dimension(bound, "linf", P_A, 1 - P_A, d, DEVIATION, "deviation")
        for bound in (GAUSSIAN, CUBE)
    }


def _noises(option, frame):
    d = np.unique(np.geomspace(1, 150_528, 30).astype(int))
    found = by_noise(d)
    wide = is_wide(frame)
    axes = Axes.of(
        frame,
        (1, 200_000),
        (1e-5, 3),
        "number of values d",
        log="xy",
        x_values=(1, 10, 100, 1_000, 10_000, 100_000) if wide else (1, 100, 10_000),
        x_format="~s",
        y_values=(1e-4, 1e-2, 1),
        y_format="~g",
    )
    return axes.chart(
        axes.line(d, found[GAUSSIAN.key], GAUSSIAN.colour),
        axes.line(d, found[CUBE.key], CUBE.colour),
        axes.words(200_000, 1, "Gaussian: like 1/√d", GAUSSIAN.colour, align="right", fontWeight="bold"),
        axes.words(1.3, 1e-4, "ℓ∞-exponential: like 1/d", CUBE.colour, fontWeight="bold"),
        heading="proved ℓ∞ radius, in pixel units",
    )


def _alt_noises(option):
    found = {key: float(values[0]) for key, values in by_noise(np.array([D])).items()}
    return (
        f"With deviation {DEVIATION:g} a value and p_A = {percent(P_A)}, Gaussian noise proves "
        f"{round_down(found[GAUSSIAN.key], 2):g} in ℓ∞ at d = {D:,}; ℓ∞-exponential noise, whose ball is a "
        f"cube, proves {round_down(found[CUBE.key], 2):g}."
    )


LESSON = Lesson(
    key="linf",
    title="Why ℓ∞ is hard",
    question=f"ℓ₂ radius {RADIUS:g}, {D:,} values. How far may each value move?",
    predictions=(
        Prediction(
            f"By {RADIUS:g}", False, "Then the whole change would be longer than the radius by far: √d times."
        ),
        Prediction(
            f"By {round_down(float(each(D)), 2):g}",
            True,
            "Radius / √d: the corners of the cube are the farthest.",
        ),
        Prediction(f"By {RADIUS / D:.1g}", False, "That is radius / d, the answer for an ℓ₁ ball."),
    ),
    steps=(
        Step(
            "Each noise has its own ball",
            "Change the noise: a disc, a diamond, a square.",
            Plane("scene=noises", ("noise", "scale")),
            "Gaussian noise proves a ball in ℓ₂, Laplace and uniform noise in ℓ₁, ℓ∞-exponential noise in "
            "ℓ∞. An attack that may change every pixel a little is a step in ℓ∞: the square. With two "
            "pixels all of them look alike.",
            link="noise",
        ),
        Step(
            "From two pixels to an image",
            "",
            Chart(_few, _alt_few),
            "An ℓ₂ ball of this radius is proved. An attacker changes every value by the same small amount.",
            asks=True,
        ),
        Step(
            "The cube shrinks as 1/√d",
            f"A proved ℓ₂ radius of {RADIUS:g} is only {round_down(float(each(D)), 2):g} for every value of "
            "a CIFAR-10 image.",
            Chart(
                _all, _alt_all, Choice("data set", {name: name for name in DATASETS}, "CIFAR-10", plays=True)
            ),
            "A change of every value by ε has length ε√d. So the cube inside the ball has half its side "
            "equal to radius / √d. The field asks about eight grey levels: a large radius in ℓ₂ "
            "does not reach that.",
            link="noise",
        ),
        Step(
            "The noise that it takes",
            "To prove 8/255 for every value, g must answer under this noise.",
            Chart(_cats, _alt_cats, Choice("image", _CAT_SIZES, "ImageNet", plays=True)),
            f"At p_A = {percent(P_A)} the needed σ grows like √d. At the size of CIFAR-10 a person still "
            "guesses, at the size of ImageNet nobody does. A network may still average over many pixels, but "
            "every fine detail is lost, and f must be right on almost all of these copies.",
            link="noise",
        ),
        Step(
            "A noise made for cubes?",
            "At the same deviation a value it proves even less: like 1/d.",
            Chart(_noises, _alt_noises),
            "ℓ∞-exponential noise has a certificate that is a cube, with no √d in its formula. But in high "
            "dimension its scale must be tiny to have the same deviation. For Gaussian noise the radius in "
            "ℓ∞ falls like 1/√d, and here like 1/d. This is the comparison at equal deviation; another "
            "measure of size gives other lines.",
            link="noise",
        ),
    ),
    removes=("A large ℓ₂ radius protects against small changes of every pixel.",),
)
