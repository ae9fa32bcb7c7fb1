"""Odd and broken image files: each decoded right, by what its corners show, or refused in one sentence."""

import concurrent.futures
import hashlib
import io
import re
import struct
import warnings
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import GifImagePlugin, Image, ImageCms

from rsviz.data import images
from rsviz.data.images import ImageError, decode, digest, fit, to_png

pillow_heif.register_heif_opener()  # the encoder; the decoder under test registers nothing with Pillow

WIDTH, HEIGHT = 48, 32
RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def four_colours(mode="RGB", width=WIDTH, height=HEIGHT):
    """Red, green / blue, yellow: every turn and mirror of it looks different."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, YELLOW
    return Image.fromarray(pixels).convert(mode)


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def corners(pixels):
    """The colour at the middle of each quarter: top left, top right, bottom left, bottom right."""
    height, width = pixels.shape[:2]
    return [pixels[y, x].astype(int) for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]


def assert_four_colours(content, tolerance=0, expected=(RED, GREEN, BLUE, YELLOW), size=(WIDTH, HEIGHT)):
    pixels = decode(content)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (size[1], size[0], 3)
    for found, wanted in zip(corners(pixels), expected, strict=True):
        assert np.abs(found - wanted).max() <= tolerance, (found, wanted)


def refusal(content):
    """The sentence that refuses: one line that ends in one full stop and names no Python."""
    with pytest.raises(ImageError) as caught:
        decode(content)
    sentence = str(caught.value)
    assert re.fullmatch(r"[A-Z][^\n]*\.", sentence), sentence
    assert sentence.count(". ") == 0
    assert not re.search(r"Error|Traceback|Pillow|PIL|0x[0-9a-f]+", sentence), sentence
    return sentence


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, colour_type, rows, extra=b"", interlace=0):
    """A PNG with any header, `rows` being the filtered bytes, which need not fit it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace)
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + data + chunk(b"IEND", b"")


def tiff(width, height, tags, data):
    """A little-endian TIFF of one strip; tags: number -> (type 3 short or 4 long, value)."""
    offset = 8 + 2 + 12 * (len(tags) + 4) + 4
    every = {256: (4, width), 257: (4, height), 273: (4, offset), 279: (4, len(data)), **tags}
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(every.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(every)) + entries + b"\0\0\0\0" + data


def grey_tiff(samples, bits, sample_format=1, photometric=1):
    tags = {
        258: (3, bits),
        259: (3, 1),
        262: (3, photometric),
        277: (3, 1),
        278: (4, len(samples)),
        339: (3, sample_format),
    }
    return tiff(samples.shape[1], samples.shape[0], tags, samples.tobytes())


@pytest.fixture(autouse=True)
def nothing_leaks(capfd, request):
    """No warning, and nothing on standard output or error, from whatever Pillow and its C libraries meet.

    But for libtiff, which writes what it dislikes straight to the process's standard error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "" or "tiff" in request.node.name


# --- files that are fine, if one knows how to read them

LOSSLESS = {
    "png": saved(four_colours(), "PNG"),
    "png palette": saved(four_colours().quantize(4), "PNG"),
    "png palette of 16": saved(four_colours().quantize(4), "PNG", bits=4),
    "png rgba opaque": saved(four_colours("RGBA"), "PNG"),
    "bmp": saved(four_colours(), "BMP"),
    "bmp palette": saved(four_colours().quantize(4), "BMP"),
    "bmp rgba": saved(four_colours("RGBA"), "BMP"),
    "webp lossless": saved(four_colours(), "WEBP", lossless=True),
    "tiff": saved(four_colours(), "TIFF"),
    "tiff deflate": saved(four_colours(), "TIFF", compression="tiff_adobe_deflate"),
    "tiff lzw": saved(four_colours(), "TIFF", compression="tiff_lzw"),
    "tiff packbits": saved(four_colours(), "TIFF", compression="packbits"),
    "tiff palette": saved(four_colours().quantize(4), "TIFF"),
    "tiff cmyk": saved(four_colours("CMYK"), "TIFF"),
    "gif": saved(four_colours(), "GIF"),
    "tiff big": saved(four_colours(), "TIFF", big_tiff=True),
}
LOSSY = {
    "jpeg": saved(four_colours(), "JPEG", quality=95),
    "jpeg progressive": saved(four_colours(), "JPEG", quality=95, progressive=True),
    "jpeg with restarts": saved(four_colours(), "JPEG", quality=95, restart_marker_blocks=1),
    "jpeg without subsampling": saved(four_colours(), "JPEG", quality=95, subsampling=0),
    "jpeg cmyk": saved(four_colours("CMYK"), "JPEG", quality=95),
    "webp lossy": saved(four_colours(), "WEBP", quality=95),
    "avif": saved(four_colours(), "AVIF", quality=95),
    "avif without subsampling": saved(four_colours(), "AVIF", quality=95, subsampling="4:4:4"),
    "avif rgba": saved(four_colours("RGBA"), "AVIF", quality=95),
    "heic": saved(four_colours(), "HEIF", quality=95),
    "heic without subsampling": saved(four_colours(), "HEIF", quality=95, chroma=444),
    "heic rgba": saved(four_colours("RGBA"), "HEIF", quality=95),
    "tiff jpeg": saved(four_colours(), "TIFF", compression="jpeg", quality=95),
    "tiff ycbcr": saved(four_colours("YCbCr"), "TIFF"),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_files_give_exact_colours_the_right_way_up(name):
    assert_four_colours(LOSSLESS[name])


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_files_give_the_colours(name):
    assert_four_colours(LOSSY[name], tolerance=12)


def test_lab_tiff():
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    content = saved(ImageCms.profileToProfile(four_colours(), srgb, lab, outputMode="LAB"), "TIFF")
    assert_four_colours(content, tolerance=24)  # 8 bits of a and b are coarse at the corners of the cube


def test_the_content_counts_and_not_the_name_or_what_follows():
    assert_four_colours(LOSSLESS["png"] + b"appended")
    assert_four_colours(LOSSY["jpeg"] + LOSSY["jpeg"][:200], tolerance=12)  # as in files of several pictures


def test_cmyk_jpeg_counts_from_full_ink_with_and_without_adobes_marker():
    """Adobe stores ink inverted, and so do the files without its marker, as browsers read them too."""
    with_marker = LOSSY["jpeg cmyk"]
    start = with_marker.index(b"\xff\xee")
    length = int.from_bytes(with_marker[start + 2 : start + 4], "big")
    assert b"Adobe" in with_marker[start : start + 2 + length]
    assert_four_colours(with_marker[:start] + with_marker[start + 2 + length :], tolerance=12)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, orientation):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = four_colours() if undo is None else four_colours().transpose(undo)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    content = saved(stored, kind, exif=exif.tobytes(), **options)
    assert_four_colours(content, tolerance=12 if kind in ("JPEG", "AVIF", "HEIF") else 0)


def test_a_heic_is_turned_by_its_container_and_never_by_its_exif():
    """ISO/IEC 23008-12: the transformations of the item count, the orientation in EXIF does not."""
    exif = Image.Exif()
    exif[274] = 6
    content = saved(four_colours(), "HEIF", quality=95, exif=exif)  # as bytes it would turn it
    assert b"irot" not in content and exif.tobytes()[6:] in content
    assert_four_colours(content, tolerance=12)


def test_broken_exif_leaves_the_picture_as_it_is():
    for junk in (
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 40,
    ):
        assert_four_colours(saved(four_colours(), "JPEG", quality=95, exif=junk), tolerance=12)
    exif = Image.Exif()
    exif[274] = 77
    assert_four_colours(saved(four_colours(), "PNG", exif=exif))


def test_grey_of_16_bits_is_scaled_and_not_clipped():
    ramp = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    wanted = [0, 1, 128, 255]
    assert decode(saved(Image.fromarray(ramp), "PNG"))[0].tolist() == [[v] * 3 for v in wanted]
    assert decode(saved(Image.fromarray(ramp), "TIFF"))[0].tolist() == [[v] * 3 for v in wanted]
    assert decode(grey_tiff(ramp, 16))[0, :, 0].tolist() == wanted
    assert decode(grey_tiff(ramp, 16, photometric=0))[0, :, 0].tolist() == [255 - v for v in wanted]
    for samples in (ramp, ramp.astype(">u2")):
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate"):
            content = saved(Image.fromarray(samples), "TIFF", compression=compression)
            if compression is None:  # libtiff writes the machine's own order
                assert content[:2] == (b"II" if samples is ramp else b"MM")
            assert decode(content)[0, :, 0].tolist() == wanted


def test_grey_of_12_bits_fills_the_range():
    packed = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00])  # samples 0x000, 0x800, 0xfff, 0x000
    content = tiff(4, 1, {258: (3, 12), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, 1)}, packed)
    assert decode(content)[0, :, 0].tolist() == [0, 128, 255, 0]


def test_colour_of_16_bits_is_scaled():
    row = b"\0" + struct.pack(">9H", 65535, 0, 0, 0, 32896, 0, 257, 0, 65535)
    assert decode(png(3, 1, 16, 2, row))[0].tolist() == [[255, 0, 0], [0, 128, 0], [1, 0, 255]]


def test_few_bits_a_pixel_fill_the_range():
    assert decode(saved(Image.new("1", (9, 2), 1), "PNG")).min() == 255
    assert decode(png(4, 1, 1, 0, b"\0\xa0"))[0, :, 0].tolist() == [255, 0, 255, 0]
    assert decode(png(4, 1, 2, 0, b"\0\x1b"))[0, :, 0].tolist() == [0, 85, 170, 255]
    assert decode(png(2, 1, 4, 0, b"\0\x0f"))[0, :, 0].tolist() == [0, 255]
    assert decode(saved(Image.new("1", (9, 2), 1), "TIFF", compression="group4")).min() == 255
    assert decode(saved(Image.new("1", (9, 2), 0), "BMP")).max() == 0


def test_white_is_zero_tiff_is_not_a_negative():
    samples = np.array([[0, 255, 64]], dtype=np.uint8)
    assert decode(grey_tiff(samples, 8, photometric=0))[0, :, 0].tolist() == [255, 0, 191]


def test_float_tiff_is_read_where_its_white_is_clear():
    unit, byte = np.array([[0, 0.5, 1]], dtype=np.float32), np.array([[0, 100, 255]], dtype=np.float32)
    assert decode(saved(Image.fromarray(unit), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    assert decode(saved(Image.fromarray(byte), "TIFF"))[0, :, 0].tolist() == [0, 100, 255]
    for bad in (-0.5, 300.0, np.nan, np.inf):
        sentence = refusal(saved(Image.fromarray(np.array([[0, bad]], dtype=np.float32)), "TIFF"))
        assert "float samples" in sentence and "allowed are 0 to 1 or 0 to 255" in sentence


def test_integers_without_a_defined_white_are_refused():
    for content in (
        saved(Image.fromarray(np.array([[0, 70000]], dtype=np.int32)), "TIFF"),
        grey_tiff(np.array([[-5, 100]], dtype=np.int16), 16, sample_format=2),
    ):
        assert "32-bit integer samples" in refusal(content)


# --- transparency


def half_hidden(mode="RGBA"):
    """Red everywhere, opaque in the left half only."""
    image = Image.new("RGBA", (WIDTH, HEIGHT), (*RED, 0))
    image.paste((*RED, 255), (0, 0, WIDTH // 2, HEIGHT))
    return image.convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_colour_hidden_under_alpha_does_not_show(kind):
    content = saved(half_hidden(), kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    assert_four_colours(content, expected=(RED, WHITE, RED, WHITE))


def test_half_transparent_is_mixed_with_white():
    content = saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")
    assert decode(content)[0, 0].tolist() == [127, 127, 127]


def test_grey_with_alpha():
    image = Image.merge("LA", [Image.new("L", (4, 4), 10), Image.new("L", (4, 4), 0)])
    assert decode(saved(image, "PNG")).min() == 255
    row = b"\0" + struct.pack(">4H", 0, 0, 32896, 65535)  # 16 bits: hidden black, opaque grey
    assert decode(png(2, 1, 16, 4, row))[0, :, 0].tolist() == [255, 128]


def test_transparent_entries_of_a_palette():
    image = four_colours().quantize(4)
    red = image.getpixel((0, 0))
    only_red = (WHITE, GREEN, BLUE, YELLOW)
    assert_four_colours(saved(image, "PNG", transparency=red), expected=only_red)
    alphas = bytes(0 if index == red else 255 for index in range(4))
    assert_four_colours(saved(image, "PNG", transparency=alphas), expected=only_red)


def test_transparent_colour_without_a_palette():
    assert_four_colours(saved(four_colours(), "PNG", transparency=RED), expected=(WHITE, GREEN, BLUE, YELLOW))
    key = struct.pack(">H", 1)
    assert decode(png(4, 1, 2, 0, b"\0\x1b", chunk(b"tRNS", key)))[0, :, 0].tolist() == [0, 255, 170, 255]
    assert decode(png(8, 1, 1, 0, b"\0\x0f", chunk(b"tRNS", struct.pack(">H", 0))))[0, :, 0].min() == 255
    row = b"\0" + struct.pack(">3H", 0, 1, 32896)
    assert decode(png(3, 1, 16, 0, row, chunk(b"tRNS", key)))[0, :, 0].tolist() == [0, 255, 128]
    row = b"\0" + struct.pack(">6H", 65535, 0, 0, 0, 65535, 0)
    keyed = png(2, 1, 16, 2, row, chunk(b"tRNS", struct.pack(">3H", 65535, 0, 0)))
    assert decode(keyed)[0].tolist() == [[255, 255, 255], [0, 255, 0]]


def test_premultiplied_alpha_of_a_tiff_is_undone():
    data = bytes([128, 0, 0, 128])  # half of pure red
    tags = {259: (3, 1), 262: (3, 2), 277: (3, 4), 278: (4, 1), 338: (3, 1)}
    bits = struct.pack("<4H", 8, 8, 8, 8)
    content = tiff(1, 1, {**tags, 258: (3, 0)}, data)
    entry = content.index(struct.pack("<HH", 258, 3))
    content = content[:entry] + struct.pack("<HHII", 258, 3, 4, len(content)) + content[entry + 12 :] + bits
    assert np.abs(decode(content)[0, 0].astype(int) - [255, 127, 127]).max() <= 1


# --- colour profiles


def swapped_profile():
    """sRGB with the red and the blue primary exchanged: whoever ignores it sees the wrong colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpX", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tmpX", b"bXYZ", 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_embedded_profile_is_applied(kind):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {})
    content = saved(four_colours(), kind, icc_profile=swapped_profile(), **options)
    assert_four_colours(content, tolerance=16, expected=(BLUE, GREEN, RED, (0, 255, 255)))


def test_a_profile_of_srgb_changes_no_pixel():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    place = profile.rindex(b"XYZ \0\0\0\0") + 8
    red = int.from_bytes(profile[place : place + 4], "big")
    rounded = profile[:place] + (red + 10).to_bytes(4, "big") + profile[place + 4 :]  # as other vendors round
    for same in (profile, rounded):
        assert np.array_equal(decode(saved(noise, "PNG", icc_profile=same)), np.asarray(noise))


def test_a_profile_that_is_broken_or_of_another_colour_space_is_ignored():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"junk" * 50, lab, swapped_profile()[:200]):
        assert_four_colours(saved(four_colours(), "PNG", icc_profile=profile))


def linear_grey_profile():
    """The smallest ICC profile of grey whose values are proportional to light (ICC.1:2001-04)."""
    white = struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)  # D50
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"kTRC": b"curv" + bytes(4) + struct.pack(">I", 0),
    }
    table, body, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", offset + len(body), b"\0\0\0\0", 0x02100000, b"mntr", b"GRAY", b"XYZ "
    )
    return (header + bytes(12) + b"acsp" + bytes(28) + white + bytes(48)) + table + body


def test_grey_profile_is_applied():
    """Linear 55 of 255 is 0.216 of full light, which sRGB writes as 128."""
    for image in (Image.new("L", (4, 4), 55), Image.fromarray(np.full((4, 4), 55 * 257, dtype=np.uint16))):
        found = decode(saved(image, "PNG", icc_profile=linear_grey_profile()))
        assert np.abs(found.astype(int) - 128).max() <= 2


def test_grey_with_a_colour_profile_stays_grey():
    content = saved(Image.new("L", (4, 4), 128), "PNG", icc_profile=swapped_profile())
    assert np.abs(decode(content).astype(int) - 128).max() <= 2


# --- several pictures, odd sizes


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "AVIF", "HEIF"])
def test_of_several_pictures_the_first_is_taken(kind):
    options = {"WEBP": {"lossless": True}}.get(kind, {})
    content = saved(
        four_colours(), kind, save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT))], **options
    )
    assert_four_colours(content, tolerance=20 if kind in ("AVIF", "HEIF") else 0)


def test_of_an_animation_of_thousands_of_frames_one_is_decoded(monkeypatch):
    frame = Image.new("P", (8, 8), 0)
    frame.putpalette([*RED, *GREEN])
    others = [Image.new("P", (8, 8), index % 2) for index in range(3000)]
    content = saved(frame, "GIF", save_all=True, append_images=others)
    decoded = []
    seek = GifImagePlugin.GifImageFile._seek
    monkeypatch.setattr(
        GifImagePlugin.GifImageFile,
        "_seek",
        lambda self, *frame: (decoded.append(frame), seek(self, *frame))[1],
    )
    assert decode(content)[0, 0].tolist() == list(RED)
    assert len(decoded) == 1


def test_pictures_in_a_jpeg_of_several_give_the_first():
    content = saved(
        four_colours(), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))], quality=95
    )
    assert_four_colours(content, tolerance=12)


def test_interlaced_png_is_whole():
    pixels = np.asarray(four_colours("L", 3, 2))
    # Adam7 of 3 x 2: pass 1 (0,0), pass 4 (2,0), pass 6 (1,0), pass 7 row 1
    rows = b"".join(b"\0" + bytes(part) for part in (pixels[0, :1], pixels[0, 2:], pixels[0, 1:2], pixels[1]))
    assert np.array_equal(decode(png(3, 2, 8, 0, rows, interlace=1))[:, :, 0], pixels)
    assert "cut off" in refusal(png(3, 2, 8, 0, rows[:-2], interlace=1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_one_pixel(kind):
    options = {"WEBP": {"lossless": True}}.get(kind, {})
    assert np.abs(decode(saved(Image.new("RGB", (1, 1), RED), kind, **options)).astype(int) - RED).max() <= 2


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (60_000, 3)])
def test_extremely_long_images(size):
    pixels = decode(
        saved(four_colours("RGB", *size) if min(size) > 1 else Image.new("RGB", size, RED), "PNG")
    )
    assert pixels.shape == (size[1], size[0], 3)
    assert pixels[0, 0].tolist() == list(RED)
    for how in ("crop", "pad"):
        assert fit(pixels, (3, 28, 28), how).max() == 1


# --- files that are refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"<svg onload='alert(1)'/>", "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript file"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"just some words\n", "a text file"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", "a video"),
        (b"GIF77a" + bytes(9), "unknown format"),
        (b"PK\3\4" + bytes(40), "a ZIP archive"),
        (saved(four_colours(), "PPM"), "unknown format"),
        (saved(four_colours(), "ICO"), "an icon"),
        (saved(four_colours(), "JPEG2000"), "a JPEG 2000 image"),
        (bytes(1000), "unknown format"),
        (bytes(range(256)), "unknown format"),
    ],
)
def test_other_files_are_named_and_refused(content, words):
    sentence = refusal(content)
    assert words in sentence
    assert "allowed are PNG, JPEG, HEIC, AVIF, WebP, GIF, BMP and TIFF images" in sentence


def test_what_is_no_bytes_is_refused():
    for wrong in ("picture.png", None, 3):
        assert "as the bytes of its file" in refusal(wrong)


WHOLE = {**LOSSLESS, **LOSSY}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_file_that_is_cut_off_is_refused(name, share):
    assert "cut off or damaged" in refusal(WHOLE[name][: int(len(WHOLE[name]) * share)])


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_lacks_its_last_bytes_gives_the_whole_picture_or_none(name):
    whole = decode(WHOLE[name])
    for missing in range(1, 40):
        try:
            assert np.array_equal(decode(WHOLE[name][:-missing]), whole)
        except ImageError as error:
            assert "cut off or damaged" in str(error)


def photo(size=128):
    """A picture with detail everywhere, so that its scan has data up to the end."""
    rng = np.random.default_rng(7)
    return Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"subsampling": 0}])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.97])
def test_a_cut_jpeg_that_ends_in_the_end_marker_is_refused(options, share):
    content = saved(photo(), "JPEG", quality=90, **options)
    assert decode(content).shape == (128, 128, 3)
    cut = content[: int(len(content) * share)].rstrip(b"\xff") + b"\xff\xd9"
    assert "JPEG file is cut off or damaged" in refusal(cut)


def test_a_flat_grey_jpeg_is_not_taken_for_a_cut_one():
    """libjpeg fills what is missing with just this grey."""
    for options in ({}, {"progressive": True}):
        content = saved(Image.new("RGB", (64, 64), (128, 128, 128)), "JPEG", **options)
        assert np.unique(decode(content)).tolist() == [128]


def test_a_png_with_missing_rows_is_refused():
    row = b"\0" + bytes(RED) * 4
    assert decode(png(4, 4, 8, 2, row * 4))[3, 3].tolist() == list(RED)
    assert "PNG file is cut off or damaged" in refusal(png(4, 4, 8, 2, row * 3))
    assert "PNG file is cut off or damaged" in refusal(png(4, 4, 8, 2, b""))


@pytest.mark.parametrize("position", ["header", "data"])
def test_a_png_with_a_flipped_bit_is_refused(position):
    content = bytearray(LOSSLESS["png"])
    content[content.index(b"IHDR") + 20 if position == "header" else content.index(b"IDAT") + 8] ^= 4
    assert "cut off or damaged" in refusal(bytes(content))


def test_zero_sizes_are_refused():
    for content in (png(0, 5, 8, 2, b""), png(5, 0, 8, 2, b""), tiff(0, 0, {258: (3, 8), 262: (3, 1)}, b"")):
        refusal(content)
    jpeg = bytearray(LOSSY["jpeg"])
    start = jpeg.index(b"\xff\xc0")
    jpeg[start + 5 : start + 9] = bytes(4)
    refusal(bytes(jpeg))


BIG = 16_383


def big_jpeg():
    jpeg = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG"))
    start = jpeg.index(b"\xff\xc0")
    jpeg[start + 5 : start + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(jpeg)


def big_webp(kind):
    size = (BIG - 1).to_bytes(3, "little")
    body = {
        b"VP8X": bytes(4) + size + size,
        b"VP8L": b"\x2f" + ((BIG - 1) | (BIG - 1) << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 ": b"\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", BIG, BIG),
    }[kind]
    inner = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def big_media(kind):
    """An AVIF or HEIC file that announces a huge picture in its property of the size."""
    content = saved(four_colours(), kind)
    place = content.index(b"ispe") + 8
    return content[:place] + struct.pack(">II", 16_000, 16_000) + content[place + 8 :]


@pytest.mark.parametrize(
    "content",
    [
        png(100_000, 100_000, 8, 2, b""),
        png(8000, 8000, 1, 0, bytes(100)),
        big_jpeg(),
        big_webp(b"VP8X"),
        big_webp(b"VP8L"),
        big_webp(b"VP8 "),
        tiff(
            60_000, 60_000, {258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, 60_000)}, bytes(9)
        ),
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + LOSSLESS["gif"][10:],
        big_media("AVIF"),
        big_media("HEIF"),
    ],
    ids=[
        *("png", "png 1 bit", "jpeg", "webp extended", "webp lossless", "webp lossy", "tiff", "bmp"),
        *("gif", "avif", "heic"),
    ],
)
def test_a_small_file_that_asks_for_much_memory_is_refused_before_it_is_given(content):
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "megapixels" in refusal(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_the_size_of_a_webp_is_read_before_pillow_opens_it(kind, monkeypatch):
    monkeypatch.setattr(images.decoding, "open_image", lambda content, kind: pytest.fail("opened"))
    assert f"{BIG} x {BIG} pixels; at most 50 megapixels" in refusal(big_webp(kind))


def test_tiles_larger_than_the_image_are_refused():
    tags = {258: (3, 8), 259: (3, 5), 262: (3, 1), 277: (3, 1), 322: (4, 65_536), 323: (4, 65_536)}
    content = tiff(16, 16, tags, bytes(16)).replace(struct.pack("<HH", 273, 4), struct.pack("<HH", 324, 4))
    content = content.replace(struct.pack("<HH", 279, 4), struct.pack("<HH", 325, 4))
    assert "tiles of 65536 x 65536 pixels; at most 50 megapixels" in refusal(content)


def test_a_large_file_is_refused_by_its_size():
    assert "at most 64 MiB" in refusal(LOSSLESS["png"] + bytes(images.MAX_BYTES))


def test_a_jpeg_of_very_many_scans_is_refused():
    content = saved(four_colours(), "JPEG", progressive=True)
    start = content.rindex(b"\xff\xda")
    last_scan = content[start : content.rindex(b"\xff\xd9")]
    assert "more than 100 scans" in refusal(content[:start] + last_scan * 200 + b"\xff\xd9")


def test_a_tiff_of_a_rare_kind_is_refused():
    bits = {258: (3, 64), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, 1), 339: (3, 3)}
    assert "or of a rare kind" in refusal(tiff(2, 1, bits, np.ones(2).tobytes()))


def test_a_tiff_of_too_many_samples_is_refused():
    tags = {258: (3, 8), 259: (3, 1), 262: (3, 2), 277: (3, 40), 278: (4, 1)}
    refusal(tiff(2, 2, tags, bytes(400)))


@pytest.mark.parametrize("name", WHOLE)
def test_flipped_bytes_never_give_anything_but_a_picture_or_a_sentence(name):
    rng = np.random.default_rng(3)
    for _ in range(25):
        content = bytearray(WHOLE[name])
        for position in rng.integers(0, len(content), 3):
            content[position] = rng.integers(256)
        try:
            pixels = decode(bytes(content))
            assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
        except ImageError as error:
            assert str(error).endswith(".")


def test_threads_decode_side_by_side_and_leave_the_filters_of_warnings_alone():
    filters = list(warnings.filters)
    contents = [saved(Image.new("RGB", (20, 20), (index, 0, 0)), "PNG") for index in range(64)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        reds = [int(pixels[0, 0, 0]) for pixels in pool.map(decode, contents)]
    assert reds == list(range(64))
    assert warnings.filters == filters
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3  # Pillow's default


# --- fit, to_png, digest


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 20, 50), (1, 1, 1)])
@pytest.mark.parametrize("how", ["crop", "pad"])
@pytest.mark.parametrize("size", [(48, 32), (32, 48), (7, 7), (500, 3)])
def test_fit_gives_what_a_model_takes(shape, how, size):
    noise = np.random.default_rng(0).choice(np.array([0, 255], dtype=np.uint8), (size[1], size[0], 3))
    x = fit(noise, shape, how)
    assert x.shape == shape and x.dtype == np.float32 and x.flags.c_contiguous
    assert x.min() >= 0 and x.max() <= 1


def test_fit_keeps_the_pixels_of_an_image_of_the_right_size():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for how in ("crop", "pad"):
        assert np.array_equal(fit(image, (3, 32, 32), how), image.transpose(2, 0, 1) / np.float32(255))


def test_crop_takes_the_middle_and_pad_keeps_all_between_black_borders():
    image = np.zeros((30, 90, 3), dtype=np.uint8)
    image[:, :30], image[:, 30:60], image[:, 60:] = RED, GREEN, BLUE
    cropped, padded = fit(image, (3, 30, 30), "crop"), fit(image, (3, 30, 30), "pad")
    assert np.array_equal(cropped[:, 15, 15], [0, 1, 0]) and cropped[0].max() == cropped[2].max() == 0
    assert padded[:, :10].max() == 0 and padded[:, 20:].max() == 0
    assert [padded[:, 15, x].argmax() for x in (3, 15, 26)] == [0, 1, 2]


def test_grey_is_luminance():
    image = np.array([[RED, GREEN, BLUE, WHITE]], dtype=np.uint8)
    assert np.allclose(fit(image, (1, 1, 4)).ravel(), [0.299, 0.587, 0.114, 1], atol=1 / 255)


def test_invert_turns_paper_black_and_so_are_the_borders():
    paper = np.full((20, 40, 3), 255, dtype=np.uint8)
    paper[8:12, 18:22] = 0
    x = fit(paper, (1, 28, 28), "pad", invert=True)
    assert x[0, 0, 0] == 0 and x[0, 14, 3] == 0 and x[0, 14, 14] > 0.9


def test_shrinking_does_not_alias():
    """A fine checkerboard becomes its mean, not black or white."""
    board = np.indices((256, 256)).sum(axis=0) % 2 * np.uint8(255)
    x = fit(board.astype(np.uint8), (1, 28, 28))
    assert np.abs(x - 0.5).max() < 0.05


@pytest.mark.parametrize(
    ("image", "shape", "how", "words"),
    [
        (np.zeros((4, 4, 3)), (3, 4, 4), "crop", "uint8 array"),
        (np.zeros((4, 4, 4), dtype=np.uint8), (3, 4, 4), "crop", "uint8 array"),
        (np.zeros((0, 4, 3), dtype=np.uint8), (3, 4, 4), "crop", "uint8 array"),
        (np.zeros((4, 4, 3), dtype=np.uint8), (2, 4, 4), "crop", "C = 1 or 3"),
        (np.zeros((4, 4, 3), dtype=np.uint8), (3, 0, 4), "crop", "C = 1 or 3"),
        (np.zeros((4, 4, 3), dtype=np.uint8), (3, 4, 4), "stretch", 'not by "stretch"'),
    ],
)
def test_fit_refuses_in_one_sentence(image, shape, how, words):
    with pytest.raises(ImageError, match=re.escape(words)):
        fit(image, shape, how)


def test_png_of_a_models_input_comes_back_pixel_by_pixel():
    x = fit(np.asarray(four_colours()), (3, 8, 12))
    back = decode(to_png(x, enlarge=5))
    assert back.shape == (40, 60, 3)
    assert np.array_equal(back[::5, ::5], np.round(x.transpose(1, 2, 0) * 255))
    assert np.array_equal(back[:5, :5], np.broadcast_to(back[0, 0], (5, 5, 3)))


def test_png_takes_every_layout_and_clips_noise():
    noisy = np.array([[-0.7, 0.5, 1.9, np.nan]] * 2)
    for layout in (noisy, noisy[None], noisy[:, :, None], np.repeat(noisy[None], 3, axis=0)):
        assert decode(to_png(layout))[0, :, 0].tolist() == [0, 128, 255, 0]
    image = np.asarray(four_colours())
    assert np.array_equal(decode(to_png(image)), image)
    with pytest.raises(ImageError, match="C = 1 or 3"):
        to_png(np.zeros((2, 5, 5)))


def test_digest_is_of_the_values_and_not_of_how_they_lie_in_memory():
    x = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    wanted = hashlib.sha256(struct.pack("<12f", *range(12))).hexdigest()
    assert digest(x) == digest(np.asfortranarray(x)) == digest(x.astype(np.float64)) == wanted
    assert digest(x.astype(">f4")) == wanted
    assert digest(np.nextafter(x, np.float32(99))) != wanted
