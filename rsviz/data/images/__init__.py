"""Images: untrusted files decoded to pixels, pixels fitted to a model's input and written as PNG."""

from rsviz.data.images.decoding import decode
from rsviz.data.images.fitting import digest, fit, to_png
from rsviz.data.images.formats import FORMATS, LISTED, MAX_BYTES, MAX_PIXELS, SUFFIXES, ImageError

__all__ = [
    "FORMATS",
    "LISTED",
    "MAX_BYTES",
    "MAX_PIXELS",
    "SUFFIXES",
    "ImageError",
    "decode",
    "digest",
    "fit",
    "to_png",
]
