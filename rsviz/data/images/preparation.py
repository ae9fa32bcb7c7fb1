"""From the picture in a file to the input of a network, with each step named."""

from dataclasses import dataclass, field

import numpy as np

from rsviz.data.images.fitting import fit
from rsviz.data.images.formats import ImageError
from rsviz.data.images.paper import NoInk, centred_strokes
from rsviz.data.images.step import Step

PREPARATIONS = ("none", "paper")
"""Ways to prepare a picture: as it is, or as dark strokes on paper."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """The input float32 (C, H, W) in [0, 1], and the steps from the upright picture to it."""

    x: np.ndarray
    steps: list[Step] = field(default_factory=list)


def prepare(
    image: np.ndarray, shape: tuple[int, int, int], how: str = "crop", invert: bool = False, way: str = "none"
) -> Prepared:
    """The picture as input of a model, with its steps.

    image, shape, how, invert: as in `fit`. way: one of PREPARATIONS. With "paper" the strokes decide how they
    are fitted, so `how` has no say, and `invert` swaps dark and light first: it is for chalk on a board.
    Raises ImageError where "paper" finds no strokes.
    """
    if way == "none":
        return Prepared(fit(image, shape, how, invert), _fitting_steps(image, shape, how, invert))
    if way != "paper":
        raise ImageError(f'A picture is prepared by {" or ".join(PREPARATIONS)}, not by "{way}".')
    channels, height, width = shape
    steps = []
    if invert:
        image = 255 - image
        steps.append(Step("dark and light swapped"))
    try:
        strokes, more = centred_strokes(image, (height, width))
    except NoInk:
        raise ImageError(
            "The picture shows no dark strokes on a light ground, so there is nothing to correct as paper; "
            "prepare it by none."
        ) from None
    x = np.ascontiguousarray(np.broadcast_to(strokes, (channels, height, width)), np.float32)
    return Prepared(x, [*steps, *more])


def _fitting_steps(image, shape, how, invert) -> list[Step]:
    """What `fit` does, in its order."""
    channels, height, width = shape
    rows, columns = image.shape[:2]
    steps = []
    if channels == 1 and image.ndim == 3 and (image != image[:, :, :1]).any():
        steps.append("made grey")
    if how == "crop":
        inner_columns, inner_rows = min(columns, rows * width / height), min(rows, columns * height / width)
        if (round(inner_rows), round(inner_columns)) != (rows, columns):
            steps.append(f"cropped to the middle {round(inner_columns)} × {round(inner_rows)}")
        rows, columns, inner = inner_rows, inner_columns, (height, width)
    else:
        scale = min(width / columns, height / rows)
        inner = (min(height, max(1, round(rows * scale))), min(width, max(1, round(columns * scale))))
    if inner != (round(rows), round(columns)):
        word = "shrunk" if inner[0] * inner[1] < rows * columns else "enlarged"
        steps.append(f"{word} to {inner[1]} × {inner[0]}")
    if invert:
        steps.append("dark and light swapped")
    if inner != (height, width):
        steps.append(f"padded with black to {width} × {height}")
    return [Step(words) for words in steps]
