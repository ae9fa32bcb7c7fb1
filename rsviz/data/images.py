"""Image files of strangers: checked, decoded to upright sRGB, fitted to a model's input, written as PNG."""

import hashlib
import io
import logging
import re
import struct
import threading
import warnings
import zlib

import numpy as np
from PIL import Image, ImageCms

from rsviz.errors import RsvizError

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
ALLOWED = "PNG, JPEG, WebP, BMP and TIFF images"

MAX_JPEG_SCANS = 100  # encoders write about ten; a small file with thousands of scans takes minutes to decode

# Pillow reports some broken TIFFs to its logger; without a handler Python would print that on standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

# One image at a time: bounds the memory of a class that uploads at once, and keeps our own
# catch_warnings (which is not safe between threads) from being entered twice.
_one_at_a_time = threading.Lock()


class ImageError(RsvizError):
    """An image file, or a request to fit one, that is refused."""


def decode(content: bytes) -> np.ndarray:
    """The picture in an image file as a person sees it: uint8 array (H, W, 3), upright, sRGB.

    Of an animation the first frame, of a TIFF the first page. What is transparent shows white, so colour
    hidden under alpha never reaches a model. 16-bit samples are scaled to 8 bits, float samples taken as
    [0, 1] or [0, 255]. EXIF orientation and an embedded colour profile are applied; a broken profile is
    ignored.

    content: bytes of a PNG, JPEG, WebP, BMP or TIFF file of any name, up to 64 MiB and 50 megapixels.
    Raises ImageError, one sentence, for everything else, and for files that are cut off or damaged.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        raise ImageError(f"An image is given as the bytes of its file, not as {type(content).__name__}.")
    content = bytes(content)
    if len(content) > MAX_BYTES:
        raise ImageError(
            f"The file has {len(content) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are allowed."
        )
    kind = _sniff(content)
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
                f"The {_NAMES[kind]} image asks for more than {MAX_PIXELS // 10**6} megapixels, "
                "the most that is allowed."
            ) from None
        except Exception as error:  # broken files make Pillow raise nearly everything
            raise _damaged(kind, "or of a rare kind") from error


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


_NAMES = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "BMP": "BMP", "TIFF": "TIFF"}

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


def _sniff(content: bytes) -> str:
    """A format of FORMATS, or in words what else the bytes are. File names are not believed."""
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


def _decode(content: bytes, kind: str) -> np.ndarray:
    picture = _picture(content, kind)
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    for top, strip in _strips(picture):
        pixels[top : top + strip.height] = strip
    return pixels


def _picture(content, kind):
    """The upright RGB image. Each step drops the one before it: 50 megapixels are 200 MB each time."""
    if kind == "WEBP":
        _check_size(_webp_size(content), kind)  # Pillow allocates the canvas on opening
    image = _open(content, kind)
    _check_size(image.size, kind)
    if kind == "PNG":
        _check_png_is_whole(content)
    elif kind == "TIFF":
        _check_tiff_tiles(image)
    elif kind == "JPEG":
        _check_jpeg_is_whole(content)
    image.load()
    if kind == "PNG":
        _state_key_in_8_bits(image, depth=content[24])
    profile, turn = image.info.get("icc_profile"), _TURNS.get(_orientation(image))
    colour, alpha = _colour_and_alpha(image)
    del image
    picture = _to_srgb(colour, profile)
    del colour
    if alpha is not None:
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=alpha)
        picture = white
    return picture if turn is None else picture.transpose(turn)


def _strips(image):
    """(first row, image of the next rows): arrays and byte strings of a whole large image come to much."""
    for top in range(0, image.height, 256):
        yield top, image.crop((0, top, image.width, min(top + 256, image.height)))


def _open(content, kind):
    return Image.open(io.BytesIO(content), formats=(kind,))


def _damaged(kind, or_else=""):
    what = f"cut off or damaged, {or_else}" if or_else else "cut off or damaged"
    return ImageError(f"The {_NAMES[kind]} file is {what}; allowed are whole {ALLOWED}.")


def _check_size(size, kind):
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"The {_NAMES[kind]} image is {width} x {height} pixels; allowed is 1 x 1 and more.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The {_NAMES[kind]} image is {width} x {height} pixels; "
            f"at most {MAX_PIXELS // 10**6} megapixels are allowed."
        )


def _webp_size(content):
    """Width and height of the canvas, from the first chunk (WebP container specification)."""
    chunk, body = content[12:16], content[20:30]
    if len(body) < 10:
        raise _damaged("WEBP")
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise _damaged("WEBP")


def _check_tiff_tiles(image):
    """A tile may be larger than the image, and libtiff allocates whole tiles."""
    tile = image.tag_v2.get(322, 0), image.tag_v2.get(323, 0)
    if tile[0] * tile[1] > MAX_PIXELS:
        raise ImageError(
            f"The TIFF image has tiles of {tile[0]} x {tile[1]} pixels; "
            f"at most {MAX_PIXELS // 10**6} megapixels are allowed."
        )


# --- whole or cut off: two cases that Pillow loads in silence, with the missing part black or grey


def _check_png_is_whole(content):
    """The compressed data hold every row, and the chunks that carry the picture match their checksums."""
    expected = decoded = 0
    stream, position = zlib.decompressobj(), 8
    while position + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        body = content[position + 8 : position + 8 + length]
        checksum = content[position + 8 + length : position + 12 + length]
        if name in (b"IHDR", b"PLTE", b"IDAT") and checksum != zlib.crc32(name + body).to_bytes(4, "big"):
            raise _damaged("PNG")
        if name == b"IHDR":
            expected = _png_bytes(*struct.unpack(">IIBBBBB", body))
        elif name == b"IDAT":
            while body and decoded < expected:  # in pieces: a bomb in the stream is never inflated
                decoded += len(stream.decompress(body, 2**20))
                body = stream.unconsumed_tail
        elif name == b"IEND":
            break
        position += 12 + length
    if decoded < expected:
        raise _damaged("PNG")


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png_bytes(width, height, depth, colour_type, _compression, _filter, interlace):
    """Bytes of the filtered rows of all passes (PNG specification, sections 7 to 9)."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    sizes = [((width - x + dx - 1) // dx, (height - y + dy - 1) // dy) for x, y, dx, dy in passes]
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def _check_jpeg_is_whole(content):
    """A scan that has all its data does not care what follows; one that was cut takes it for its own.

    So the file is decoded once more with meaningless bytes behind each scan: a picture that changes was cut.
    """
    probe = _jpeg_with_extra_data(content)
    if probe is not None and _fingerprint(probe) != _fingerprint(content):
        raise _damaged("JPEG")


def _fingerprint(content):
    """Checksum of the decoded pixels of a JPEG; one picture at a time, to spare memory."""
    image, checksum = _open(content, "JPEG"), 0
    image.load()
    for _, strip in _strips(image):
        checksum = zlib.crc32(strip.tobytes(), checksum)
    return checksum


_JPEG_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # neither a stuffed zero nor a restart
_EXTRA_DATA = bytes((89 * i * i + 37 * i + 11) % 251 for i in range(256))  # any bytes but 255


def _jpeg_with_extra_data(content):
    """The file with bytes inserted behind the data of each scan; None where that proves nothing."""
    pieces, start, position, in_scan, scans = [], 0, 2, False, 0
    while marker := _JPEG_MARKER.search(content, position):
        code = marker[1][0]
        if in_scan:
            pieces += [content[start : marker.start()], _EXTRA_DATA]
            start, in_scan = marker.start(), False
        if code == 0xD9:
            return b"".join([*pieces, content[start:]])
        if code in (0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
            return None  # arithmetic coding may leave out trailing zeros
        position = marker.end()
        if code not in (0x01, 0xD8):
            position += int.from_bytes(content[position : position + 2], "big")
        if code == 0xDA:
            in_scan, scans = True, scans + 1
            if scans > MAX_JPEG_SCANS:
                raise ImageError(
                    f"The JPEG image has more than {MAX_JPEG_SCANS} scans, the most that is allowed."
                )
    raise _damaged("JPEG")  # no end-of-image marker


# --- colour


def _colour_and_alpha(image):
    """Pixels in mode L, RGB, CMYK or LAB, and the opacity (mode L) or None where all is opaque."""
    if image.mode.startswith("I;16"):
        samples = np.asarray(image)
        alpha = _grey_key_16(samples, image.info.get("transparency"))
        return Image.fromarray(_scale_16(samples, image)), alpha
    if image.mode == "F":
        return Image.fromarray(_scale_float(np.asarray(image), image)), None
    if image.mode == "I":
        raise ImageError(
            "The image has signed or 32-bit integer samples, whose white is not defined; "
            "allowed are 8 and 16 bits without sign, and floats."
        )
    if image.mode in ("LA", "La"):
        both = image.convert("LA")
        return _opaque(both.getchannel("L"), both.getchannel("A"))
    if image.mode in ("RGBA", "RGBa", "PA", "P") or "transparency" in image.info:
        both = image.convert("RGBA")
        return _opaque(both.convert("RGB"), both.getchannel("A"))
    if image.mode in ("CMYK", "LAB"):
        return image, None
    if image.mode in ("L", "RGB"):
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _opaque(colour, alpha):
    return colour, None if alpha.getextrema() == (255, 255) else alpha


def _grey_key_16(samples, key):
    """PNG: one grey value that stands for full transparency."""
    return None if key is None else Image.fromarray(np.where(samples == key, 0, 255).astype(np.uint8))


def _state_key_in_8_bits(image, depth):
    """PNG states its transparent colour in the file's own bits; Pillow compares it with 8-bit pixels."""
    key = image.info.get("transparency")
    if isinstance(key, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in key)
    elif isinstance(key, int) and image.mode in ("1", "L"):
        image.info["transparency"] = key * 255 // (2**depth - 1)


def _tiff_tag(image, tag, default):
    value = image.tag_v2.get(tag, default) if image.format == "TIFF" else default
    return value[0] if isinstance(value, tuple) else value


def _scale_16(samples, image):
    """uint8 from 12 or 16 bits, rounded; TIFF may count from white (PhotometricInterpretation 0)."""
    white = 2 ** _tiff_tag(image, 258, 16) - 1
    grey = np.minimum((samples.astype(np.uint32) * 255 + white // 2) // white, 255).astype(np.uint8)
    return 255 - grey if _tiff_tag(image, 262, 1) == 0 else grey


def _scale_float(samples, image):
    """uint8 from floats in [0, 1], or in [0, 255] where one exceeds 1."""
    low, high = float(samples.min()), float(samples.max())
    if not (low >= 0 and high <= 255):  # NaN too
        raise ImageError(
            f"The TIFF image has float samples from {low:g} to {high:g}; allowed are 0 to 1 or 0 to 255."
        )
    grey = np.round(samples * (255 if high <= 1 else 1)).astype(np.uint8)
    return 255 - grey if _tiff_tag(image, 262, 1) == 0 else grey


_MODE_OF_PROFILE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


def _to_srgb(colour, profile):
    """RGB image in sRGB. A profile that does not read, or does not fit the pixels, is ignored."""
    try:
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = _MODE_OF_PROFILE.get(source.profile.xcolor_space.strip())
        elif colour.mode == "LAB":
            source, mode = ImageCms.createProfile("LAB"), "LAB"
        else:
            return _rgb(colour)
        if mode == "RGB" and colour.mode == "L":
            colour = colour.convert("RGB")
        if mode == colour.mode:
            transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
            if mode == "RGB" and _changes_nothing(transform):
                return colour
            return ImageCms.applyTransform(colour, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        pass
    if colour.mode == "LAB":
        raise _damaged("TIFF")
    return _rgb(colour)


def _rgb(image):
    return image if image.mode == "RGB" else image.convert("RGB")


def _changes_nothing(transform):
    """Whether the profile is sRGB in all but rounding: then the pixels stay as they are."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform))
    return np.abs(moved.astype(int) - colours).max() <= 2


# --- geometry

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


def _centred_box(size, aspect):
    width, height = size
    inner_width, inner_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - inner_width) / 2, (height - inner_height) / 2
    return left, top, left + inner_width, top + inner_height


def _resize(picture, size, box=None):
    """uint8 (H, W, C)."""
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box))
    return pixels[:, :, None] if pixels.ndim == 2 else pixels
