"""Dark strokes on paper, as a camera sees them, made into a digit as MNIST's are: pure functions of pixels.

LeCun et al. 1998, section III.A: MNIST's digits are scaled into a box of 20 x 20 pixels, and their centre of
mass is moved to the middle of 28 x 28. Those of scikit-learn fill their frame of 8 x 8 instead.
"""

from itertools import pairwise

import numpy as np
from PIL import Image

from rsviz.data.images.step import Step
from rsviz.lazy import lazy

ndimage = lazy("scipy.ndimage")

WORKING = 512
"""Pixels of the longer side at which ink is looked for; a photograph has thousands, and more noise."""

CELLS = 48
"""Cells a side of the grid on which the ground is estimated."""

WINDOW = 15
"""Cells of the window in which somewhere the ground shows: wider than any stroke."""

MNIST_BOX = 20 / 28
SMALL = 16
"""Frames with sides up to this are filled, as scikit-learn's digits fill theirs."""

WIDTHS, WIDTHS_SMALL = (0.12, 0.18), (0.18, 0.28)
"""Strokes of MNIST and of scikit-learn's digits are mostly so wide, in sizes of the digit."""


class NoInk(ValueError):
    """There are no dark strokes on a light ground in the picture."""


def on_paper(image: np.ndarray) -> bool:
    """Whether the picture shows dark strokes on a light ground, as a sheet with one sign on it does.

    Little of it is ink, the ink is off the borders and stands out clearly from an even ground that is
    brighter, and hardly any pixel is between the two. image: uint8 (H, W, 3) or (H, W).
    """
    if min(image.shape[:2]) < 12:
        return False
    grey = _working_grey(image)
    ground = _ground(grey)
    darkness = 1 - grey / ground
    limit, level = _levels(darkness)
    ink = darkness > limit
    edge = np.concatenate([ink[:3].ravel(), ink[-3:].ravel(), ink[:, :3].ravel(), ink[:, -3:].ravel()])
    dark, between = darkness > 0.8 * level, (darkness > 0.5 * level) & (darkness <= 0.8 * level)
    return bool(
        np.median(grey) > 0.25
        and ground.min() > 0.35 * ground.max()
        and 0.002 < ink.mean() < 0.3
        and edge.mean() < 0.05
        and level > 0.18
        and between.sum() < 0.5 * dark.sum()
    )


def centred_strokes(image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, list[Step]]:
    """The strokes light on black, float64 (height, width) in [0, 1], and the steps that led there.

    image: uint8 (H, W, 3) or (H, W), dark strokes on a light ground. size: (height, width) of the result.
    Raises NoInk where there are none.
    """
    grey = _working_grey(image)
    ground = _ground(grey)
    flat = np.clip(grey / ground, 0, 1)
    steps = [Step("ground flattened", _bytes(flat))]
    limit, level = _levels(1 - flat)
    if level < 0.05:
        raise NoInk
    ink = np.clip((1 - flat - 0.6 * limit) / max(0.9 * level - 0.6 * limit, 1e-6), 0, 1)
    steps.append(Step("inverted and contrast stretched", _bytes(ink)))
    ink = _framed(_without_specks(ink))
    steps.append(Step("cropped to the strokes", _bytes(ink)))
    result, more = placed_strokes(ink, size)
    return result, steps + more


def placed_strokes(ink: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, list[Step]]:
    """Strokes, light on black, in the frame of a digit, float64 (height, width) in [0, 1], and the steps.

    ink: (H, W) in [0, 1]. size: (height, width) of the frame.
    """
    steps = []
    ink, words = _with_usual_width(_framed(ink), *(WIDTHS_SMALL if min(size) <= SMALL else WIDTHS))
    if words:
        steps.append(Step(words, _bytes(ink)))
    result = _placed(ink, *size)
    words = f"shrunk and centred by mass in {size[1]} × {size[0]}, as MNIST is"
    if min(size) <= SMALL:
        words = f"shrunk to fill {size[1]} × {size[0]}, as scikit-learn's digits do"
    steps.append(Step(words, _bytes(result)))
    return result, steps


def _working_grey(image):
    """Luminance (H, W) in [0, 1], the longer side at most WORKING."""
    picture = Image.fromarray(image)
    picture = picture if picture.mode == "L" else picture.convert("L")
    share = WORKING / max(picture.size)
    if share < 1:
        picture = picture.resize([max(1, round(side * share)) for side in picture.size], Image.Resampling.BOX)
    return np.asarray(picture, np.float64) / 255


def _ground(grey):
    """What the paper would show without ink: bright values of small cells, closed over strokes, smoothed."""
    height, width = grey.shape
    rows, columns = (min(CELLS, max(1, side // 4)) for side in grey.shape)
    tops, lefts = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, columns + 1).astype(int)
    bright = np.array(
        [[np.percentile(grey[t:b, left:r], 75) for left, r in pairwise(lefts)] for t, b in pairwise(tops)]
    )
    bright = ndimage.grey_closing(bright, size=(min(WINDOW, 2 * rows - 1), min(WINDOW, 2 * columns - 1)))
    bright = ndimage.gaussian_filter(bright, 2, mode="nearest")
    y = (np.arange(height) + 0.5) / height * rows - 0.5
    x = (np.arange(width) + 0.5) / width * columns - 0.5
    spread = ndimage.map_coordinates(bright, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")
    return np.maximum(spread, 1 / 255)


def _levels(darkness):
    """(Otsu's limit between ground and ink, outside the grain of the paper; darkness of the ink)."""
    counts, edges = np.histogram(darkness, bins=256, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * middles) / np.maximum(below, 1)
    mean_above = np.cumsum((counts * middles)[::-1])[::-1] / np.maximum(above, 1)
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    grain = 1.4826 * np.median(np.abs(darkness - np.median(darkness)))
    limit = max(edges[1 + int(between.argmax())], np.median(darkness) + 4 * grain, 0.04)
    ink = darkness[darkness > limit]
    return limit, float(np.median(ink)) if len(ink) else 0.0


def _without_specks(ink):
    """The largest piece and what is not small beside it; pieces at the border are table and shadow."""
    labels, count = ndimage.label(ink > 0.5, structure=np.ones((3, 3)))
    if count == 0:
        raise NoInk
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    inside = sizes.copy()
    inside[border] = 0
    if inside.max() > 0.1 * sizes.max():
        sizes = inside
    kept = np.isin(labels, np.flatnonzero(sizes >= 0.05 * sizes.max()))
    if kept.sum() < 6:
        raise NoInk
    return ink * ndimage.binary_dilation(kept, iterations=2)


def _framed(ink):
    """The smallest rectangle with all strokes."""
    rows, columns = np.flatnonzero((ink > 0.5).any(1)), np.flatnonzero((ink > 0.5).any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _with_usual_width(ink, thin, thick):
    """(ink, what was done to it or ""): strokes between `thin` and `thick`, in sizes of the digit.

    In a bar of width w the mean distance to its edge is w / 4.
    """
    mask = np.pad(ink > 0.5, 1)
    width = 4 * (ndimage.distance_transform_edt(mask)[mask].mean() - 0.5) + 1
    length = max(ink.shape)
    if width < thin * length:
        grow = (thin * length - width) / 2
        ink = np.pad(ink, int(np.ceil(grow)) + 1)
        outside = ndimage.distance_transform_edt(ink <= 0.5)
        return np.clip(grow + 1 - outside, 0, 1), "strokes thickened"
    if width > thick * length:
        shrink = (width - thick * length) / 2
        inside = ndimage.distance_transform_edt(np.pad(ink > 0.5, 1))[1:-1, 1:-1]
        return _framed_or(np.clip(inside - shrink, 0, 1), ink), "strokes thinned"
    return ink, ""


def _framed_or(thinned, ink):
    """The thinned strokes in their rectangle; as they were where nothing would be left."""
    return _framed(thinned) if (thinned > 0.5).sum() >= 6 else ink


def _placed(ink, height, width):
    """Strokes (H, W) scaled into the frame of a digit, the brightest pixel 1."""
    small = min(height, width) <= SMALL
    share = 1.0 if small else MNIST_BOX
    scale = min(height * share / ink.shape[0], width * share / ink.shape[1])
    box = []  # the frame in pixels of the strokes: (first, last) of the rows, then of the columns
    for axis, full in enumerate((height, width)):
        side, mass = ink.shape[axis], ink.sum(1 - axis)
        middle = side / 2 if small else (mass * (np.arange(side) + 0.5)).sum() / mass.sum()
        reach = full / scale / 2
        middle = np.clip(middle, side - reach, reach) if side < 2 * reach else side / 2
        box.append((middle - reach, middle + reach))
    margin = 1 + int(
        np.ceil(max(max(-low, high - side) for (low, high), side in zip(box, ink.shape, strict=True)))
    )
    (top, bottom), (left, right) = ((low + margin, high + margin) for low, high in box)
    frame = Image.fromarray(_bytes(np.pad(ink, margin)))
    frame = frame.resize((width, height), Image.Resampling.BOX, box=(left, top, right, bottom))
    placed = np.asarray(frame, np.float64)
    return placed / max(placed.max(), 1)


def _bytes(image):
    return np.round(255 * image).astype(np.uint8)
