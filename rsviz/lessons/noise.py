"""Lesson 1: f asked once may break; g asks f many times under noise."""

import numpy as np

from rsviz.lessons.charts import percent
from rsviz.lessons.records import Lesson, Plane, Prediction, Step
from rsviz.noise import NOISES
from rsviz.plane import SCENES, SmoothedPlane, certify_point

_SETTINGS = SCENES["island"].settings
_FOUND = certify_point(
    SmoothedPlane(SCENES["island"].class_map(), NOISES["gaussian"](_SETTINGS.scale)),
    (_SETTINGS.x, _SETTINGS.y),
)
SAYS_A = percent(_FOUND.p_a)
"""Share of the noisy copies that f calls A."""
OUTSIDE = percent(float(np.exp(-((_FOUND.radius / _SETTINGS.scale) ** 2) / 2)))
"""Share of the noisy copies outside the ball: in two dimensions its length has Rayleigh's law."""
_CLIPPED = SCENES["island"].class_map()
CHANGED = percent(float(np.mean(_CLIPPED.clipped().cells != _CLIPPED.cells)))
"""Share of the picture that gets another class when f clips to [0, 1] first."""

LESSON = Lesson(
    key="noise",
    title="Noise",
    question="x lies on the island, where f says B. What does g say?",
    predictions=(
        Prediction("B, as f does", False, "g does not ask f at x. It asks f around x, where most says A."),
        Prediction(
            "A, as most noisy copies do", True, "g gives the class that f gives most often under noise."
        ),
        Prediction("Nothing, the votes are split", False, f"{SAYS_A} of the copies say A: a clear majority."),
    ),
    steps=(
        Step(
            "f gives every image a class",
            "A place in this plane is an image with two pixels. The colour is the answer of f there.",
            Plane("scene=island&show="),
            "f is any classifier, for example a network. Here it sees images with only two pixels, so that "
            "the set of all images is a plane. x, the dot, lies on a small island of class B in the land "
            "of class A. A tiny change of x is enough, and f gives another answer.",
        ),
        Step(
            "Now ask f around x",
            "",
            Plane("scene=island&show=dots"),
            "Each small dot is x with fresh Gaussian noise, and its colour is the answer of f there. The "
            "smoothed classifier g gives the class that f gives most often. Let the hall vote before you "
            "go on.",
            asks=True,
        ),
        Step(
            "g asks the neighbours",
            "Most noisy copies say A, so g says A. f and g are two classifiers.",
            Plane("scene=island&show=dots,g", ("scale",)),
            "g(x) is the class k with the largest probability that f(x + noise) = k. The dark line is the "
            "boundary of g: the island has gone, and the coast is smooth. Change the scale of the noise, "
            "and g changes too: the noise is a part of g.",
            link="playground?scene=island",
        ),
        Step(
            "The certificate is about g",
            "In the whole ball g keeps its class. f need not.",
            Plane("scene=island&show=ball,g", ("act",)),
            "The certificate says: g keeps its class for every x' closer to x than the radius. It says "
            "nothing about f, which says B in the very middle. Press the button to walk through the ball: "
            "f changes its class on the way, g never does. So whoever certifies g must also answer with g.",
            link="playground?scene=island",
        ),
        Step(
            "The clean image is certified",
            "The ball is around x without noise. Most noisy copies lie outside it.",
            Plane("scene=island&show=dots,ball", ("scale",)),
            "The noise is how g asks; it is not the attack. An attacker moves x inside the ball, then g "
            f"adds its own fresh noise to what it is given. {OUTSIDE} of the dots lie outside the ball, and "
            "nothing is promised about those.",
        ),
        Step(
            "Clipping makes another f",
            f"f that first clips to [0, 1] answers differently on {CHANGED} of this picture.",
            Plane("scene=island&clip=1&show=dots,g"),
            "Noisy copies leave the range of pixels, and it looks natural to clip them. But clipping is "
            "then a part of f, so that f and g are other classifiers with other certificates. Clip in both "
            "or in neither: rsviz certifies the f that it is given and never clips noisy copies.",
            link="playground?scene=island&clip=1",
        ),
    ),
    removes=(
        "The certificate is about f.",
        "The noisy images are what is certified.",
        "Noisy images must be clipped to [0, 1] first.",
    ),
)
