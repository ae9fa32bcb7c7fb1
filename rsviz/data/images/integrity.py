"""Refuses PNG and JPEG files that are cut off: Pillow loads them without a word, the rest black or grey."""

import re
import struct
import zlib

from rsviz.data.images.formats import ImageError, damaged, open_image, strips

MAX_JPEG_SCANS = 100  # encoders write about ten; a small file with thousands of scans takes minutes to decode


def check_png_is_whole(content: bytes) -> None:
    """Raise ImageError unless the data hold every row and the chunks of the picture match their checksums."""
    expected = decoded = 0
    stream, position = zlib.decompressobj(), 8
    while position + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        body = content[position + 8 : position + 8 + length]
        checksum = content[position + 8 + length : position + 12 + length]
        if name in (b"IHDR", b"PLTE", b"IDAT") and checksum != zlib.crc32(name + body).to_bytes(4, "big"):
            raise damaged("PNG")
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
        raise damaged("PNG")


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png_bytes(width, height, depth, colour_type, _compression, _filter, interlace):
    """Bytes of the filtered rows of all passes (PNG specification, sections 7 to 9)."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    sizes = [((width - x + dx - 1) // dx, (height - y + dy - 1) // dy) for x, y, dx, dy in passes]
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def check_jpeg_is_whole(content: bytes) -> None:
    """Raise ImageError if a scan of the JPEG is cut off.

    The decoder ignores bytes after a complete scan, but reads them as data if the scan was cut short. So
    the file is decoded once more with meaningless bytes after each scan: a picture that changes was cut.
    """
    probe = _jpeg_with_extra_data(content)
    if probe is not None and _fingerprint(probe) != _fingerprint(content):
        raise damaged("JPEG")


def _fingerprint(content):
    """Checksum of the decoded pixels of a JPEG; keeps one picture in memory at a time."""
    image, checksum = open_image(content, "JPEG"), 0
    image.load()
    for _, strip in strips(image):
        checksum = zlib.crc32(strip.tobytes(), checksum)
    return checksum


_JPEG_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # neither a stuffed zero nor a restart
_EXTRA_DATA = bytes((89 * i * i + 37 * i + 11) % 251 for i in range(256))  # any bytes but 255


def _jpeg_with_extra_data(content):
    """The file with bytes inserted after the data of each scan; None where that proves nothing."""
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
    raise damaged("JPEG")  # no end-of-image marker
