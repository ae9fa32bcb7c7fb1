"""Images in the browser: PNG, enlarged by repeating pixels, never smoothed or compressed with loss.

They are sent inside the page as data: URIs. Small ones arrive sooner that way, and no media store drops them.
"""

import functools

import numpy as np
import streamlit as st
from PIL import Image

from rsviz.data.images import data_uri, to_png
from rsviz.figures.certify import montage

SIZE = 240
"""About how many pixels of the screen the longer side of a picture takes."""


def picture(
    x, caption: str | None = None, *, alt: str, size: int = SIZE, width: int | str = "content"
) -> None:
    """Show an image float (C, H, W). Values outside [0, 1] are clipped for the screen only."""
    st.image(_picture_uri(*_frozen(x), size), caption=caption, alt=alt, width=width)


def thumbnail(
    pixels, caption: str | None = None, *, alt: str, size: int = SIZE, width: int | str = "content"
):
    """Show an image uint8 (H, W) or (H, W, 3), shrunk to `size` if it is larger, else enlarged."""
    st.image(_thumbnail_uri(*_frozen(pixels, np.uint8), size), caption=caption, alt=alt, width=width)


def sheet(images, columns: int, *, alt: str, size: int = 120) -> None:
    """Show images float (N, C, H, W) as one picture with `columns` in a row."""
    st.image(_sheet_uri(*_frozen(images), columns, size), alt=alt)


def _frozen(array, kind=np.float32):
    array = np.asarray(array, kind)
    return array.tobytes(), array.shape


# Not st.cache_data, which hashes large arrays from a sample and takes longer than the lookup
@functools.lru_cache(maxsize=256)
def _picture_uri(content, shape, size):
    x = np.frombuffer(content, np.float32).reshape(shape)
    return data_uri(to_png(x, _enlarge(x, size)))


@functools.lru_cache(maxsize=64)
def _thumbnail_uri(content, shape, size):
    pixels = np.frombuffer(content, np.uint8).reshape(shape)
    image = Image.fromarray(pixels)
    if max(image.size) > size:
        image.thumbnail((size, size), Image.Resampling.BOX)
        return data_uri(to_png(np.asarray(image)))
    return data_uri(to_png(pixels, max(1, round(size / max(image.size)))))


@functools.lru_cache(maxsize=64)
def _sheet_uri(content, shape, columns, size):
    images = np.frombuffer(content, np.float32).reshape(shape)
    return data_uri(to_png(montage(images, columns, _enlarge(images[0], size))))


def _enlarge(x, size):
    return max(1, round(size / max(x.shape[-2:])))
