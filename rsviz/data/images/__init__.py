"""Images: untrusted files decoded to pixels, pixels fitted to a model's input and written as PNG."""

from rsviz.data.images.decoding import Decoded, decode, decode_file
from rsviz.data.images.fitting import data_uri, digest, fit, to_png
from rsviz.data.images.formats import FORMATS, LISTED, MAX_BYTES, MAX_PIXELS, NAMES, SUFFIXES, ImageError
from rsviz.data.images.paper import on_paper, placed_strokes
from rsviz.data.images.preparation import PREPARATIONS, Prepared, prepare
from rsviz.data.images.step import Step

__all__ = [
    "FORMATS",
    "LISTED",
    "MAX_BYTES",
    "MAX_PIXELS",
    "NAMES",
    "PREPARATIONS",
    "SUFFIXES",
    "Decoded",
    "ImageError",
    "Prepared",
    "Step",
    "data_uri",
    "decode",
    "decode_file",
    "digest",
    "fit",
    "on_paper",
    "placed_strokes",
    "prepare",
    "to_png",
]
