"""Images in the browser: PNG, enlarged by repeating pixels, never smoothed or compressed with loss.

They are sent inside the page as data: URIs. Small ones arrive sooner that way, and no media store drops them.
"""

import base64
import functools

import numpy as np
import streamlit as st

from rsviz.data.images import to_png
from rsviz.figures.certify import montage

SIZE = 240
"""About how many pixels of the screen the longer side of a picture takes."""


def picture(x, caption: str | None = None, *, alt: str, size: int = SIZE) -> None:
    """Show an image float (C, H, W). Values outside [0, 1] are clipped for the screen only."""
    st.image(_picture_uri(*_frozen(x), size), caption=caption, alt=alt)


def sheet(images, columns: int, *, alt: str, size: int = 120) -> None:
    """Show images float (N, C, H, W) as one picture with `columns` in a row."""
    st.image(_sheet_uri(*_frozen(images), columns, size), alt=alt)


def _frozen(array):
    array = np.asarray(array, np.float32)
    return array.tobytes(), array.shape


# Not st.cache_data, which hashes large arrays from a sample and takes longer than the lookup
@functools.lru_cache(maxsize=256)
def _picture_uri(content, shape, size):
    x = np.frombuffer(content, np.float32).reshape(shape)
    return data_uri(to_png(x, _enlarge(x, size)))


@functools.lru_cache(maxsize=64)
def _sheet_uri(content, shape, columns, size):
    images = np.frombuffer(content, np.float32).reshape(shape)
    return data_uri(to_png(montage(images, columns, _enlarge(images[0], size))))


def data_uri(png: bytes) -> str:
    """A PNG as an address that the browser shows without a request."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _enlarge(x, size):
    return max(1, round(size / max(x.shape[-2:])))
