"""Which image files are accepted: by their first bytes, and by their size before they are decoded."""

import io
import re
import struct
from collections.abc import Iterator

from PIL import Image

from rsviz.errors import RsvizError

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 50_000_000
NAMES = {
    "PNG": "PNG",
    "JPEG": "JPEG",
    "HEIC": "HEIC",
    "AVIF": "AVIF",
    "WEBP": "WebP",
    "GIF": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
}
FORMATS = tuple(NAMES)
LISTED = ", ".join(list(NAMES.values())[:-1]) + " and " + list(NAMES.values())[-1]
ALLOWED = f"{LISTED} images"
SUFFIXES = (
    *("png", "jpg", "jpeg", "jpe", "jfif", "heic", "heif", "hif", "avif"),
    *("webp", "gif", "bmp", "tif", "tiff"),
)
"""Of the names of such files; what a file is, its content alone decides."""


class ImageError(RsvizError):
    """An image file, or a request to fit one, that is refused."""


_MAGIC = (  # first bytes -> what the file is
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
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
        return _sniff_brands(content)
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


_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def _sniff_brands(content):
    """Which of the formats in ISO media files: mif1 alone says no more than that it holds pictures."""
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[8:12], *(content[place : place + 4] for place in range(16, length - 3, 4))}
    if content[8:12] in _AVIF_BRANDS | _HEIC_BRANDS:
        return "AVIF" if brands & _AVIF_BRANDS else "HEIC"
    return "a video"


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """(first row, image of the next 256 rows): an array of a whole large image would take much memory."""
    for top in range(0, image.height, 256):
        yield top, image.crop((0, top, image.width, min(top + 256, image.height)))


def open_image(content: bytes, kind: str) -> Image.Image:
    """The image with its size known and its pixels not yet decoded. kind: a key of FORMATS."""
    if kind == "HEIC":
        from pi_heif import HeifImageFile, options  # a library that few pictures need

        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        return HeifImageFile(io.BytesIO(content))
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


def _properties(content, path=(b"meta", b"iprp", b"ipco")):
    """(name, body) of the properties of the pictures in a HEIC or AVIF file (ISO/IEC 23008-12).

    path: of the boxes to open.
    """
    place = 0
    while place + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        length = length if length >= 8 else len(content) - place
        body = content[place + 8 : place + length]
        if not path:
            yield name, body
        elif name == path[0]:
            yield from _properties(body[4:] if name == b"meta" else body, path[1:])
            return
        place += length


def media_sizes(content: bytes) -> list[tuple[int, int]]:
    """(width, height) of every picture that a HEIC or AVIF file announces.

    A decoder allocates the whole picture, also where only a part is shown.
    """
    found = (body for name, body in _properties(content) if name == b"ispe" and len(body) >= 12)
    return [struct.unpack_from(">II", body, 4) for body in found]


def is_turned_media(content: bytes) -> bool:
    """Whether a picture in a HEIC file is stored turned or mirrored."""
    return any(
        name == b"imir" or (name == b"irot" and body[:1] > b"\0") for name, body in _properties(content)
    )


def check_tiff_tiles(image: Image.Image) -> None:
    """Refuse huge tiles: a tile may be larger than the image, and libtiff allocates whole tiles."""
    tile = image.tag_v2.get(322, 0), image.tag_v2.get(323, 0)
    if tile[0] * tile[1] > MAX_PIXELS:
        raise ImageError(
            f"The TIFF image has tiles of {tile[0]} x {tile[1]} pixels; "
            f"at most {MAX_PIXELS // 10**6} megapixels are allowed."
        )
