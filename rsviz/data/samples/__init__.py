"""Pictures that come with rsviz: digits written for it, and photographs that anybody may use."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from rsviz.data.base import DataError, Shape
from rsviz.data.images import Prepared, Step, decode, placed_strokes, prepare

FOLDER = Path(__file__).resolve().parent
DIGITS = tuple("0123456789")
WRITTEN = (
    "written for rsviz as strokes, drawn as 28 x 28 pixels (tests/strokes.py)",
    "MIT, as rsviz itself",
)
CHELSEA = ("Stéfan van der Walt, photograph of his cat Chelsea, from scikit-image", "CC0 1.0")


@dataclass(frozen=True)
class Sample:
    """A picture that comes with rsviz.

    key: its name in links and in the shell. title: for a person. label: the name of its class; "" where none
    of the classes of the networks that take it fits. file: its name in the folder. source: who made it.
    licence: its terms.
    """

    key: str
    title: str
    label: str
    file: str
    source: str
    licence: str

    @property
    def is_digit(self) -> bool:
        """Whether it is strokes, light on black, in a box of 20 x 20 in 28 x 28, as MNIST's digits are."""
        return self.label in DIGITS

    def pixels(self) -> np.ndarray:
        """uint8 (H, W, 3)."""
        return _pixels(self.file)

    def fits(self, shape: Shape, classes: Sequence[str]) -> bool:
        """Whether a network of this input and with these classes is asked about it."""
        return (
            set(DIGITS) <= set(classes)
            if self.is_digit
            else shape[0] == 3 and not set(DIGITS) <= set(classes)
        )

    def prepared(self, shape: Shape) -> Prepared:
        """The input of a network, and the steps to it. shape: (C, H, W)."""
        found = _prepared(self, tuple(shape))
        return Prepared(found.x.copy(), list(found.steps))


@functools.lru_cache(maxsize=16)
def _prepared(sample: Sample, shape: Shape) -> Prepared:
    """Kept, for a page asks each time it is drawn."""
    pixels = sample.pixels()
    if not sample.is_digit or pixels.shape[:2] == shape[1:]:
        return prepare(pixels, shape)
    ink = Image.fromarray(pixels[:, :, 0])
    ink = ink.resize((8 * ink.width, 8 * ink.height), Image.Resampling.BICUBIC)
    strokes, steps = placed_strokes(np.asarray(ink, np.float64) / 255, shape[1:])
    x = np.ascontiguousarray(np.broadcast_to(strokes, shape), np.float32)
    return Prepared(x, [Step("cropped to the strokes"), *steps])


def _digit(key: str) -> Sample:
    label, _, hand = key.partition("-")
    return Sample(key, f"{label}, written {'abc'.index(hand) + 1}", label, f"{key}.png", *WRITTEN)


SAMPLES: Mapping[str, Sample] = {
    sample.key: sample
    for sample in (
        *(_digit(f"{label}-{hand}") for label in DIGITS for hand in "abc"),
        Sample("cat", "Cat", "cat", "cat.jpg", *CHELSEA),
        Sample("cat-left", "The same cat, its left part", "cat", "cat-left.jpg", *CHELSEA),
        Sample(
            "horse",
            "Silhouette of a horse",
            "horse",
            "horse.png",
            "Andreas Preuss, silhouette of a horse on openclipart, from scikit-image",
            "CC0 1.0",
        ),
        Sample(
            "rocket",
            "Rocket",
            "",
            "rocket.jpg",
            "SpaceX, launch of DSCOVR on a Falcon 9, from scikit-image, cropped",
            "Public domain",
        ),
        Sample(
            "temple",
            "Temple",
            "",
            "temple.jpg",
            "Daniel Büchele (danielbuechele on Flickr), temple in China, from scikit-learn, cropped",
            "CC BY 2.0",
        ),
    )
}


def find_sample(key: str) -> Sample:
    """The sample of this name; raises DataError if there is none."""
    if key not in SAMPLES:
        raise DataError(f'There is no sample "{key}"; allowed are {", ".join(SAMPLES)}.')
    return SAMPLES[key]


def samples_for(shape: Shape, classes: Sequence[str]) -> dict[str, Sample]:
    """The samples that fit a network, by name. shape: (C, H, W) of its input. classes: their names."""
    return {key: sample for key, sample in SAMPLES.items() if sample.fits(shape, classes)}


@functools.lru_cache(maxsize=64)
def _pixels(file):
    pixels = decode((FOLDER / file).read_bytes())
    pixels.flags.writeable = False  # all callers share it
    return pixels
