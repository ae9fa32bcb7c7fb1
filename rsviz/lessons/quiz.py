"""Eight questions, one for the theme of each lesson: what is proved, of whom, and how surely."""

from collections.abc import Mapping
from dataclasses import dataclass

from rsviz.records import by_key


@dataclass(frozen=True)
class Question:
    """A question with three or four answers.

    key: the theme, that of a lesson. answers: at most 20 words each; right: the place of the right one.
    why: at most two sentences. view: page and query of the app that show it. place: the same in words.
    """

    key: str
    theme: str
    asks: str
    answers: tuple[str, ...]
    right: int
    why: str
    view: str
    place: str

    @property
    def letters(self) -> str:
        """The letters of its answers."""
        return "abcd"[: len(self.answers)]

    @property
    def right_letter(self) -> str:
        """That of the right one."""
        return self.letters[self.right]


QUESTIONS: Mapping[str, Question] = by_key(
    Question(
        "noise",
        "Noise",
        "An image is certified within radius 0.5. What stays the same there, for certain?",
        (
            "What f says to every image that near",
            "What f says to noisy copies of the image",
            "What g says to every image that near",
        ),
        2,
        "The certificate is about g, and about every image in the ball as it is; the noise is inside g. "
        "f itself may break there, as it does on its island.",
        "playground?scene=island",
        "Playground: Island",
    ),
    Question(
        "votes",
        "Votes",
        "Of 100 votes, 52 say A and 48 say B. What should g answer, with α = 0.05?",
        (
            "Nothing: these votes do not prove that A is ahead",
            "A: it has the most votes",
            "A, as soon as some further votes bring the limit above 1/2",
        ),
        0,
        "52 of 100 prove only p_A ≥ 0.433, so g abstains, which is no error. "
        "To go on until the limit pleases is wrong more often than α.",
        "playground?scene=rain",
        "Playground: Rain",
    ),
    Question(
        "confidence",
        "Confidence",
        "A certificate has α = 0.001. Which chance is at most one in 1,000?",
        (
            "That an image in the ball gets another class",
            "That the votes drawn for it make the certificate false",
            "That the network is wrong on a test image",
        ),
        1,
        "α counts draws: of many runs with fresh noise, at most one in 1,000 gives a false certificate. "
        "A true one holds for every image in its ball.",
        "playground?scene=rain",
        "Playground: Rain",
    ),
    Question(
        "radius",
        "Radius",
        "For one image p_A is 0.99 at σ = 0.25, but 0.80 at σ = 0.5, and p_B is the rest. Which proves more?",
        (
            "σ = 0.5: the radius grows with σ",
            "Both the same: the ball does not depend on σ",
            "σ = 0.25: the votes agree so much better",
        ),
        2,
        "0.58 against 0.42: σ times Φ⁻¹(p_A), and p_A fell too far. "
        "More noise carries further only while f still sees the class.",
        "playground?scene=corridor",
        "Playground: Corridor",
    ),
    Question(
        "bounds",
        "Bounds compared",
        "Among many classes, p_A ≥ 0.45 and p_B ≤ 0.30 at σ = 0.5. What is proved?",
        (
            "Nothing: p_A is below one half",
            "A radius: A is ahead of every other class",
            "Nothing: p_B can be 1 − p_A = 0.55",
        ),
        1,
        "A bound compares p_A with p_B, and proves 0.0996 here. "
        "Whoever sets p_B to 1 − p_A gives all other classes to one opponent, and proves nothing.",
        "playground?scene=sectors",
        "Playground: Three sectors",
    ),
    Question(
        "attack",
        "Attack",
        "A photograph of a 5 is certified as a 3, within radius 0.2. Can that be?",
        (
            "No: what is certified is correct",
            "Only where the certificate failed, with probability α",
            "Only if an attack has changed the photograph",
            "Yes: g says 3 in the whole ball, and is wrong there",
        ),
        3,
        "A certificate says that the answer stays, not that it is right. "
        "On Evaluate, 9 of 500 digits are certified in a wrong class by the network digits-smoothadv-0.25.",
        "evaluate?e_show=example:digits-smoothadv-0.25",
        "Evaluate: one network",
    ),
    Question(
        "training",
        "Training and its trade-off",
        "One smoothed network is right on 99.2 % of the images, another on 98.2 %. Which has the larger "
        "certified accuracy at radius 0.5?",
        (
            "The first: it is right more often",
            "That cannot be told from these numbers",
            "The second: less accurate is always more robust",
        ),
        1,
        "Certified accuracy also asks how far each right answer is proved. "
        "On Evaluate these two have 73.6 % and 77.2 % at radius 0.5.",
        "evaluate?e_show=example:digits-gaussian-0.25,example:digits-smoothadv-0.25",
        "Evaluate: two networks",
    ),
    Question(
        "linf",
        "Why ℓ∞ is hard",
        "Two images are certified within ℓ₂ radius 0.5, of 784 and of 150,528 values. In which may every "
        "value change more at once?",
        (
            "In both alike: the radius is the same",
            "In the larger one: it has more values to change",
            "In the smaller one: fewer values share the radius",
        ),
        2,
        "Every value may change by 0.5 / √d: by 0.018 with 784 values, by 0.0013 with 150,528. "
        "The cube inside the ℓ₂ ball shrinks as d grows.",
        "playground?scene=noises",
        "Playground: Four noises",
    ),
)


def are_answers(letters: str) -> bool:
    """Whether these can be the answers to the first questions, a letter each, such as "bca"."""
    return len(letters) <= len(QUESTIONS) and all(
        letter in question.letters for letter, question in zip(letters, QUESTIONS.values(), strict=False)
    )


def outcomes(letters: str) -> dict[str, bool]:
    """Whether each answer is right, by the key of its question. letters: of the first questions."""
    answered = zip(letters, QUESTIONS.values(), strict=False)
    return {question.key: letter == question.right_letter for letter, question in answered}
