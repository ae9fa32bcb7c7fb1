"""The words and symbols of the field, each in one plain sentence: for pages, lessons, README and shell."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from rsviz.records import by_key


@dataclass(frozen=True)
class Word:
    """A term of the field.

    says: what it means. symbol: how formulas write it. written: how texts write it besides its key and its
    symbol, as regular expressions; key_alone: whether its key is the term wherever a text has it.
    view: page and query of the app that show it. place: the same in words.
    """

    key: str
    says: str
    symbol: str = ""
    written: tuple[str, ...] = ()
    key_alone: bool = True
    view: str = ""
    place: str = ""

    @property
    def title(self) -> str:
        """The key, with its symbol where that is another."""
        return f"{self.key}, {self.symbol}" if self.symbol and self.symbol != self.key else self.key


def _scene(key: str, title: str) -> dict[str, str]:
    return {"view": f"playground?scene={key}", "place": f"Playground: {title}"}


def _lesson(number: int, title: str) -> dict[str, str]:
    return {"view": f"lesson?n={number}", "place": f"Lesson: {title}"}


ISLAND, LINE, CORRIDOR = (
    _scene("island", "Island"),
    _scene("boundary", "Line and disc"),
    _scene("corridor", "Corridor"),
)
RAIN, SECTORS, NOISES = (
    _scene("rain", "Rain"),
    _scene("sectors", "Three sectors"),
    _scene("noises", "Four noises"),
)

WORDS: Mapping[str, Word] = by_key(
    Word("base classifier", "The network f itself: it takes an image and names a class.", "f", **ISLAND),
    Word(
        "smoothed classifier",
        "The classifier g: the class that f names most often when noise is added.",
        "g",
        **ISLAND,
    ),
    Word("checkpoint", "A trained network with its card: what it was trained on, how, and how well it does."),
    Word(
        "certificate",
        "Proved: with the confidence given, no image within the radius gets another class from g.",
        written=("certified", "certify", "certifies"),
        **ISLAND,
    ),
    Word(
        "radius",
        "How far an image may be moved, in whatever direction, while g is sure to keep its class.",
        "R",
        written=("radii",),
        **LINE,
    ),
    Word(
        "true radius",
        "How far the nearest image is that g gives another class; what is proved is at most that.",
        **LINE,
    ),
    Word("pixel units", "Pixels run from 0 (black) to 1 (white); one grey level of an 8-bit image is 1/255."),
    Word(
        "norm",
        "How a distance is measured: ℓ₁ adds the changes of all pixels, ℓ₂ is the straight line, ℓ∞ is the "
        "largest change of a pixel.",
        "ℓ₁, ℓ₂, ℓ∞",
        written=("ℓ₁", "ℓ₂", "ℓ∞", "l1", "l2", "linf"),
        **NOISES,
    ),
    Word(
        "noise",
        "Added to the image before each vote; each mechanism proves a radius in a norm of its own.",
        written=("noisy",),
        **NOISES,
    ),
    Word(
        "scale",
        "How strong the noise is. More noise reaches larger radii and blurs the class; networks do best at "
        "the noise they were trained with.",
        "σ, λ",
        written=("σ", "λ"),
        key_alone=False,
        **CORRIDOR,
    ),
    Word(
        "deviation",
        "Standard deviation: the typical size of the noise on one pixel.",
        written=("deviations",),
    ),
    Word(
        "dimension",
        "The number of values of an image: its pixels times its colour channels.",
        "d",
        **_lesson(8, "Why ℓ∞ is hard"),
    ),
    Word(
        "votes",
        "Noisy copies of the image that f classifies; more votes give a tighter limit on p_A.",
        "n",
        written=("vote",),
        **RAIN,
    ),
    Word(
        "selecting votes",
        "The first votes only choose the class; the n votes that count are drawn afresh.",
        "n₀",
        **_lesson(2, "Votes"),
    ),
    Word(
        "p_A",
        "The probability that f names the top class under noise; votes limit it from below.",
        "p_A",
        written=("p_a", "p_{A}"),
        **ISLAND,
    ),
    Word(
        "p_B",
        "The probability of the runner-up class under noise; votes limit it from above.",
        "p_B",
        written=("p_b", "p_{B}"),
        **SECTORS,
    ),
    Word(
        "alpha",
        "The largest probability, over the draws of the votes, that the certificate is false.",
        "α",
        written=("confidence",),
        **_lesson(3, "Confidence"),
    ),
    Word(
        "limits",
        "The procedure that turns votes into limits on p_A and p_B. With more than two classes a limit of "
        "p_B's own proves more.",
        written=("Clopper-Pearson", "confidence procedure"),
        key_alone=False,
        **SECTORS,
    ),
    Word(
        "confidence sequence",
        "Limits that hold at every moment at once, so that one may look, and stop, at any time.",
        written=("anytime",),
        **RAIN,
    ),
    Word(
        "bound",
        "A theorem that turns the limits on p_A and p_B into a radius.",
        written=("bounds",),
        **_lesson(5, "Bounds compared"),
    ),
    Word(
        "Phi",
        "Φ⁻¹(p): where a standard normal number is below with probability p; Φ⁻¹(0.5) = 0.",
        "Φ",
        written=(r"\\Phi",),
    ),
    Word(
        "G",
        "G⁻¹(p): the same of the unit Laplace law; log(2p) below p = 1/2, −log(2(1 − p)) above.",
        "G",
    ),
    Word("tight", "No theorem that knows only p_A and p_B can prove a larger radius.", **LINE),
    Word(
        "abstain",
        "The votes prove no class, so none is named: that is no error, but no certificate either.",
        written=("abstains", "abstained", "abstentions?"),
        **_scene("boundary&x=0.75", "Line and disc, on the boundary"),
    ),
    Word("seed", "Decides every random number: the same seed gives the same votes."),
    Word(
        "clean accuracy",
        "The share of test images that get the right class, whether proved or not.",
        written=("accuracy",),
        **_lesson(7, "Training and its trade-off"),
    ),
    Word(
        "certified accuracy",
        "The share of test images with the right class, certified at that radius.",
        view="evaluate",
        place="Evaluate",
    ),
    Word(
        "ACR",
        "Average certified radius: the mean over the test images, with 0 for wrong or abstained ones.",
        "ACR",
    ),
    Word(
        "attack",
        "A search for a small change of the image that makes a classifier name another class.",
        written=("attacked", "attacks"),
        **_lesson(6, "Attack"),
    ),
    Word("epsilon", "The largest change that the attack may make, measured in its norm.", "ε"),
    Word(
        "EOT",
        "Expectation over transformation: each step averages the gradient over several draws of noise.",
        "EOT",
    ),
    Word(
        "kappa",
        "By how much the other class has to win before the attack of Carlini and Wagner is content.",
        "κ",
    ),
    Word("surrogate", "Another network, which the attacker knows, attacked in place of the unknown one."),
    Word(
        "population",
        "All images, of which the test images are a sample; an adversary may move each of them.",
        view="population",
        place="Population",
    ),
    Word(
        "gamma",
        "The price of distance: what a move of an image costs the adversary.",
        "γ",
        key_alone=False,
    ),
    Word("rho", "The budget: the mean squared distance by which the adversary may move the population.", "ρ"),
)
"""By key; the symbols of a word are separated by commas."""


@functools.cache
def _written(key: str) -> re.Pattern:
    word = WORDS[key]
    names = [re.escape(key)] * (word.key_alone and key != word.symbol) + list(word.written)
    signs = [re.escape(sign) for sign in word.symbol.split(", ") if sign]
    parts = [f"(?i:{'|'.join(names)})"] * bool(names) + signs
    return re.compile(rf"(?<![\w\\'’])(?:{'|'.join(parts)})(?!\w)")


def words_in(text: str) -> list[str]:
    """Keys of the words that a text uses, in the order in which it does."""
    found = {key: match.start() for key in WORDS if (match := _written(key).search(text))}
    return sorted(found, key=found.__getitem__)


def find(asked: str = "") -> list[Word]:
    """The words with each of these parts in key, symbol or sentence, from A to Z."""
    parts = asked.casefold().split()
    found = [
        word
        for word in WORDS.values()
        if all(part in f"{word.title} {word.says}".casefold() for part in parts)
    ]
    return sorted(found, key=lambda word: word.key.casefold())
