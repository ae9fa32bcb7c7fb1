"""What a lesson is made of: steps with pictures, a question with three predictions, words for the speaker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Frame:
    """Room for a chart. width, height: in pixels, axes and legend included. letters: their size in pixels."""

    key: str
    width: int
    height: int
    letters: int


FRAMES = (Frame("wide", 1200, 500, 24), Frame("narrow", 358, 340, 16))
"""For a hall or a laptop, and for a phone. A browser scales a frame to its width, never below these sizes."""


@dataclass(frozen=True)
class Choice:
    """The one control of a chart. options: what it shows, by key; first: the key that a step begins with.

    plays: R replays the options in order, so that they are the frames of a film.
    """

    label: str
    options: Mapping[str, str]
    first: str
    plays: bool = False

    def __hash__(self) -> int:
        return hash((self.label, tuple(self.options.items()), self.first, self.plays))


@dataclass(frozen=True)
class Chart:
    """A picture that is computed in closed form, or from counts that are shipped.

    draw: (key of the option, or "" without a choice; frame) -> a Vega-Lite chart with its data and colours.
    alt: option -> what it shows, in words, with its numbers.
    """

    draw: Callable[[str, Frame], dict]
    alt: Callable[[str], str]
    choice: Choice | None = None

    def at(self, option: str) -> "Chart":
        """This picture at one option, without the choice."""
        return Chart(lambda _, frame: self.draw(option, frame), lambda _: self.alt(option))


@dataclass(frozen=True)
class Plane:
    """A state of the playground, under the finger.

    query: of /playground, such as "scene=island&x=0.1". controls: of PLANE_CONTROLS, besides the point.
    """

    query: str
    controls: tuple[str, ...] = ()


PLANE_CONTROLS: Mapping[str, str] = MappingProxyType(
    {
        "scale": "the scale of the noise",
        "noise": "which noise",
        "n": "how many votes",
        "act": "the act of the scene",
        "runner_up": "how p_B is found",
    }
)


@dataclass(frozen=True)
class Page:
    """A page of the app in a frame. query: page and query, such as "bounds?b_n=100"."""

    query: str


TITLE_WORDS, WORDS, QUESTION_WORDS, SAYS_WORDS, WHY_WORDS = 8, 25, 14, 7, 20
"""The most words of a title, below a picture, of a question, of a prediction and of its reason."""
SCREEN_WORDS = 40
"""The most words that a step shows at once."""


@dataclass(frozen=True)
class Prediction:
    """An answer to vote on before the reveal. says: at most 7 words. why: at most 20, for who chose it."""

    says: str
    right: bool
    why: str


@dataclass(frozen=True)
class Step:
    """A picture and what is said of it.

    title: at most 8 words. words: on the screen, at most 25. speaker: in the second window, two to five
    sentences. link: page and query of the app where the same can be explored, such as "bounds?b_n=100".
    asks: whether the question and its predictions stand here; the next step is the reveal.
    """

    title: str
    words: str
    picture: Chart | Plane | Page
    speaker: str
    link: str = ""
    asks: bool = False


@dataclass(frozen=True)
class Lesson:
    """Steps that end in one thing understood.

    question: at most 14 words. predictions: three, one of them right. A teacher's own may have neither.
    removes: the misconceptions, each a false sentence as people say it.
    hides: what is not shown at first, see HIDABLE.
    """

    key: str
    title: str
    question: str
    predictions: tuple[Prediction, ...]
    steps: tuple[Step, ...]
    removes: tuple[str, ...]
    hides: tuple[str, ...] = ()


HIDABLE: Mapping[str, str] = MappingProxyType(
    {
        "words": "the sentence below the picture",
        "title": "the title of the step",
        "choice": "the control of a chart",
        "predictions": "the predictions to vote on",
        "controls": "the controls of the playground",
        "link": "the link to the page",
    }
)
"""What a link may hide with hide=, by key."""
