"""Untrusted image files: checked, and decoded to upright sRGB."""

import logging
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image

from rsviz.data.images.colour import colour_and_alpha, state_key_in_8_bits, to_srgb
from rsviz.data.images.formats import (
    ALLOWED,
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    NAMES,
    ImageError,
    check_size,
    check_tiff_tiles,
    damaged,
    is_turned_media,
    media_sizes,
    open_image,
    sniff,
    strips,
    webp_size,
)
from rsviz.data.images.integrity import check_jpeg_is_whole, check_png_is_whole

# Pillow reports some broken TIFFs to its logger; without a handler Python would print that on standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

# One image at a time: it bounds the memory when a whole class uploads at once, and keeps
# catch_warnings, which is not thread-safe, from being entered twice.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, eq=False)
class Decoded:
    """What an image file holds. pixels: uint8 (H, W, 3), upright, sRGB. kind: key of FORMATS.

    turned: whether the file stores it turned or mirrored, and says so.
    """

    pixels: np.ndarray
    kind: str
    turned: bool


def decode(content: bytes) -> np.ndarray:
    """The pixels of `decode_file`."""
    return decode_file(content).pixels


def decode_file(content: bytes) -> Decoded:
    """The picture in an image file as a person sees it: uint8 array (H, W, 3), upright, sRGB.

    Of an animation the first frame, of a TIFF the first page, of a HEIC the main picture. What is
    transparent shows white, so colour hidden under alpha never reaches a model. 16-bit samples are scaled to
    8 bits, float samples taken as [0, 1] or [0, 255]. EXIF orientation and an embedded colour profile are
    applied; a broken profile is ignored.

    content: bytes of a file of one of FORMATS, of any name, up to 64 MiB and 50 megapixels.
    Raises ImageError, one sentence, for everything else, and for files that are cut off or damaged.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        raise ImageError(f"An image is given as the bytes of its file, not as {type(content).__name__}.")
    content = bytes(content)
    if len(content) > MAX_BYTES:
        raise ImageError(
            f"The file has {len(content) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are allowed."
        )
    kind = sniff(content)
    if kind not in FORMATS:
        raise ImageError(f"The file is {kind}; allowed are {ALLOWED}.")
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decode(content, kind)
        except ImageError:
            raise
        except (Image.DecompressionBombError, MemoryError):
            raise ImageError(
                f"The {NAMES[kind]} image asks for more than {MAX_PIXELS // 10**6} megapixels, "
                "the most that is allowed."
            ) from None
        except Exception as error:  # broken files make Pillow raise nearly everything
            raise damaged(kind, "or of a rare kind") from error


def _decode(content: bytes, kind: str) -> Decoded:
    picture, turned = _picture(content, kind)
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    for top, strip in strips(picture):
        pixels[top : top + strip.height] = strip
    return Decoded(pixels, kind, turned)


def _picture(content, kind):
    """The upright RGB image, and whether it had to be turned.

    Each step frees the image before it: 50 megapixels take 200 MB.
    """
    if kind == "WEBP":
        check_size(webp_size(content), kind)  # Pillow allocates the canvas on opening
    for size in media_sizes(content) if kind in ("HEIC", "AVIF") else ():
        check_size(size, kind)
    image = open_image(content, kind)
    check_size(image.size, kind)
    if kind == "PNG":
        check_png_is_whole(content)
    elif kind == "TIFF":
        check_tiff_tiles(image)
    elif kind == "JPEG":
        check_jpeg_is_whole(content)
    image.load()
    if kind == "PNG":
        state_key_in_8_bits(image, depth=content[24])
    profile, turn = image.info.get("icc_profile"), _TURNS.get(_orientation(image))
    colour, alpha = colour_and_alpha(image)
    del image
    picture = to_srgb(colour, profile)
    del colour
    if alpha is not None:
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=alpha)
        picture = white
    if turn is None:
        return picture, kind == "HEIC" and is_turned_media(content)  # its decoder has turned it
    return picture.transpose(turn), True


_TURNS = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image):
    """EXIF orientation, 1 to 8; 1 where there is none, it does not read, or Pillow has applied it (TIFF)."""
    if image.format == "TIFF":
        return 1
    try:
        return image.getexif().get(274, 1)
    except Exception:  # broken metadata does not spoil a sound picture
        return 1
