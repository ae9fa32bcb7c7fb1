"""Images as inputs of a model, and inputs of a model as PNG files."""

import base64
import hashlib
import io

import numpy as np
from PIL import Image

from rsviz.data.images.formats import ImageError


def fit(
    image: np.ndarray, shape: tuple[int, int, int], how: str = "crop", invert: bool = False
) -> np.ndarray:
    """The image as input of a model: float32 (C, H, W) in [0, 1], C-contiguous.

    image: uint8 (H, W, 3) or (H, W). shape: (C, H, W) of the model, C = 1 (luminance, ITU-R 601) or 3 (RGB).
    how: "crop" takes the largest centred part of the model's aspect; "pad" keeps all and adds black borders.
    invert: swap dark and light before padding, for dark drawings on paper shown to models of light on black.
    The filter is Lanczos, antialiased; an image that has the model's size already keeps its pixels exactly.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.size == 0 or not (image.ndim == 2 or image.shape[2:] == (3,)):
        raise ImageError(
            f"An image to fit is a uint8 array (H, W, 3) or (H, W), not {image.dtype} {image.shape}."
        )
    if len(shape) != 3 or shape[0] not in (1, 3) or min(shape) < 1:
        raise ImageError(
            f"A model's input shape is (C, H, W) with C = 1 or 3 and positive H and W, not {shape}."
        )
    if how not in ("crop", "pad"):
        raise ImageError(f'An image is fitted by "crop" or "pad", not by "{how}".')

    channels, height, width = shape
    picture, mode = Image.fromarray(image), "L" if channels == 1 else "RGB"
    if picture.mode != mode:
        picture = picture.convert(mode)
    if how == "crop":
        pixels = _resize(picture, (width, height), _centred_box(picture.size, width / height))
    else:
        scale = min(width / picture.width, height / picture.height)
        inner = (
            min(width, max(1, round(picture.width * scale))),
            min(height, max(1, round(picture.height * scale))),
        )
        pixels = _resize(picture, inner)
    if invert:
        pixels = 255 - pixels
    canvas = np.zeros((height, width, channels), dtype=np.uint8)
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return np.ascontiguousarray(canvas.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)


def to_png(pixels: np.ndarray, enlarge: int = 1) -> bytes:
    """A PNG of an image, each pixel an enlarge x enlarge square.

    pixels: float (C, H, W), (H, W) or (H, W, C) in [0, 1], or uint8; C = 1 or 3. Noisy values outside [0, 1]
    are clipped for display only. Where both readings fit, floats are (C, H, W) and uint8 is (H, W, C).
    """
    pixels = np.asarray(pixels)
    if pixels.ndim == 3:
        first, last = pixels.shape[0] in (1, 3), pixels.shape[2] in (1, 3)
        if first and (pixels.dtype != np.uint8 or not last):
            pixels = pixels.transpose(1, 2, 0)
        if pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
    if pixels.size == 0 or not (pixels.ndim == 2 or pixels.shape[2:] == (3,)):
        raise ImageError(
            f"A picture is an array (C, H, W), (H, W) or (H, W, C) with C = 1 or 3, not {pixels.shape}."
        )
    if pixels.dtype != np.uint8:
        pixels = np.round(np.clip(np.nan_to_num(pixels.astype(np.float64)), 0, 1) * 255).astype(np.uint8)
    enlarged = np.repeat(np.repeat(pixels, enlarge, axis=0), enlarge, axis=1)
    file = io.BytesIO()
    Image.fromarray(enlarged).save(file, format="PNG")
    return file.getvalue()


def digest(x) -> str:
    """SHA-256 of a model's input: its float32 values, little-endian, in C order. x: array or CPU tensor."""
    return hashlib.sha256(np.ascontiguousarray(x, dtype="<f4").tobytes()).hexdigest()


def _centred_box(size, aspect):
    width, height = size
    inner_width, inner_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - inner_width) / 2, (height - inner_height) / 2
    return left, top, left + inner_width, top + inner_height


def _resize(picture, size, box=None):
    """uint8 (H, W, C)."""
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box))
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def data_uri(png: bytes) -> str:
    """A PNG as an address that a page or a chart shows without a request."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
