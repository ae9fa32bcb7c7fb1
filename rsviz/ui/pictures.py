"""Images in the browser: PNG, enlarged by repeating pixels, never smoothed or compressed with loss."""

import streamlit as st

from rsviz.data.images import digest, to_png
from rsviz.figures.certify import montage

SIZE = 240
"""Pixels on the screen of a picture's longer side, about."""


def picture(x, caption: str | None = None, *, alt: str, size: int = SIZE) -> None:
    """Show an image float (C, H, W). Values outside [0, 1] are clipped for the screen only."""
    st.image(_png(digest(x), size, x), caption=caption, alt=alt, output_format="PNG")


def sheet(images, columns: int, *, alt: str, size: int = 120) -> None:
    """Show images float (N, C, H, W) as one picture with `columns` in a row."""
    st.image(_sheet_png(digest(images), columns, size, images), alt=alt, output_format="PNG")


# The key is a SHA-256 of our own: Streamlit hashes large arrays from a sample.
@st.cache_data(max_entries=256, show_spinner=False)
def _png(key, size, _x):
    return to_png(_x, _enlarge(_x, size))


@st.cache_data(max_entries=64, show_spinner=False)
def _sheet_png(key, columns, size, _images):
    return to_png(montage(_images, columns, _enlarge(_images[0], size)))


def _enlarge(x, size):
    return max(1, round(size / max(x.shape[-2:])))
