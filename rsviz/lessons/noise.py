"""Lesson 1: f asked once may break; g asks f many times under noise."""

from rsviz.lessons.records import Lesson, Plane, Prediction, Step

LESSON = Lesson(
    key="noise",
    title="Noise",
    question="x lies on the island. f says B. What does g say?",
    predictions=(
        Prediction("B, as f does", False, "g does not ask f at x. It asks f around x, where most says A."),
        Prediction(
            "A, as most noisy copies do", True, "g names the class that f names most often under noise."
        ),
        Prediction("Nothing: the votes are split", False, "A few votes say B, but A has a clear majority."),
    ),
    steps=(
        Step(
            "f and x",
            "f gives every place of the plane a class. x is an image.",
            Plane("scene=island&show="),
            "The whole plane is the set of all images with two pixels. Colours are the answers of f.",
        ),
        Step(
            "Ask f around x",
            "",
            Plane("scene=island&show=dots"),
            "Let the hall vote before the reveal.",
            asks=True,
        ),
        Step(
            "g asks the neighbours",
            "Most dots are blue, so g says A: f and g are two classifiers.",
            Plane("scene=island&show=dots,g", ("scale",)),
            "The dashed line is the boundary of g. It never sees the island.",
            link="playground?scene=island",
        ),
    ),
    removes=("The certificate is about f.",),
)
