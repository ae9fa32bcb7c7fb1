"""Which image files are accepted: by their first bytes, and by their size before they are decoded."""

import io
import re
import struct
from collections.abc import Iterator

from PIL import Image

from rsviz.errors import RsvizError

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
ALLOWED = "PNG, JPEG, WebP, BMP and TIFF images"


class ImageError(RsvizError):
    """An image file, or a request to fit one, that is refused."""


NAMES = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "BMP": "BMP", "TIFF": "TIFF"}

_MAGIC = (  # first bytes -> what the file is
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\1\0", "an icon file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x0a\x05\x01", "a PCX image"),
    (b"PK\3\4", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def sniff(content: bytes) -> str:
    """A key of FORMATS, or in words what else the bytes are. File names are not trusted."""
    if not content:
        return "empty"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        brand = content[8:12]
        if brand in (b"avif", b"avis"):
            return "an AVIF image"
        return "a HEIC image" if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc") else "a video"
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    try:
        text = content[:4096].decode("utf-8", errors="strict" if len(content) <= 4096 else "ignore")
    except UnicodeDecodeError:
        return "of an unknown format"
    return (
        "a text file"
        if text.isprintable() or re.fullmatch(r"[^\0-\x08\x0e-\x1f]*", text)
        else "of an unknown format"
    )


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """(first row, image of the next 256 rows): an array of a whole large image would take much memory."""
    for top in range(0, image.height, 256):
        yield top, image.crop((0, top, image.width, min(top + 256, image.height)))


def open_image(content: bytes, kind: str) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=(kind,))


def damaged(kind: str, or_else: str = "") -> ImageError:
    """The error for a file that is not whole. or_else: another possible cause, in words."""
    what = f"cut off or damaged, {or_else}" if or_else else "cut off or damaged"
    return ImageError(f"The {NAMES[kind]} file is {what}; allowed are whole {ALLOWED}.")


def check_size(size: tuple[int, int], kind: str) -> None:
    """Refuse an image (width, height) without pixels or with more than MAX_PIXELS."""
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"The {NAMES[kind]} image is {width} x {height} pixels; allowed is 1 x 1 and more.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The {NAMES[kind]} image is {width} x {height} pixels; "
            f"at most {MAX_PIXELS // 10**6} megapixels are allowed."
        )


def webp_size(content: bytes) -> tuple[int, int]:
    """Width and height of the canvas, from the first chunk (WebP container specification)."""
    chunk, body = content[12:16], content[20:30]
    if len(body) < 10:
        raise damaged("WEBP")
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise damaged("WEBP")


def check_tiff_tiles(image: Image.Image) -> None:
    """Refuse huge tiles: a tile may be larger than the image, and libtiff allocates whole tiles."""
    tile = image.tag_v2.get(322, 0), image.tag_v2.get(323, 0)
    if tile[0] * tile[1] > MAX_PIXELS:
        raise ImageError(
            f"The TIFF image has tiles of {tile[0]} x {tile[1]} pixels; "
            f"at most {MAX_PIXELS // 10**6} megapixels are allowed."
        )
