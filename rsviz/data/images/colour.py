"""From the modes and colour profiles of image files to 8-bit pixels in sRGB, and their opacity."""

import io

import numpy as np
from PIL import Image, ImageCms

from rsviz.data.images.formats import ImageError, damaged


def colour_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Pixels in mode L, RGB, CMYK or LAB, and the opacity (mode L), or None where every pixel is opaque."""
    if image.mode.startswith("I;16"):
        samples = np.asarray(image)
        alpha = _grey_key_16(samples, image.info.get("transparency"))
        return Image.fromarray(_scale_16(samples, image)), alpha
    if image.mode == "F":
        return Image.fromarray(_scale_float(np.asarray(image), image)), None
    if image.mode == "I":
        raise ImageError(
            "The image has signed or 32-bit integer samples, for which white is not defined; "
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
    """PNG: one grey value may mean full transparency."""
    return None if key is None else Image.fromarray(np.where(samples == key, 0, 255).astype(np.uint8))


def state_key_in_8_bits(image: Image.Image, depth: int) -> None:
    """Scale the transparent colour of a PNG from `depth` bits, as in the file, to the 8 of Pillow."""
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


def to_srgb(colour: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB image in sRGB. A profile that is broken, or does not fit the pixels, is ignored."""
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
        raise damaged("TIFF")
    return _rgb(colour)


def _rgb(image):
    return image if image.mode == "RGB" else image.convert("RGB")


def _changes_nothing(transform):
    """Whether the profile is sRGB up to rounding: then the pixels are left unchanged."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform))
    return np.abs(moved.astype(int) - colours).max() <= 2
