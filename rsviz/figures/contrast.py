"""Colours of words that can be read on the ground of either theme (WCAG 2: contrast of at least 4.5 to 1)."""

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES
from rsviz.figures import theme

LIGHT, DARK = "#FFFFFF", "#171614"
"""The grounds of the app's two themes."""
LEAST = 5.8
"""The contrast that is aimed at: 4.5 is asked for, and words may lie on a pale area."""


def on(ground: str) -> str:
    """Black or white, whichever is read better on the ground #RRGGBB."""
    return max(("#000000", "#FFFFFF"), key=lambda words: contrast(words, ground))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours #RRGGBB, between 1 and 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def legible(colour: str, ground: str) -> str:
    """The colour #RRGGBB, mixed with black or white until words in it can be read on the ground."""
    end = 0 if _luminance(ground) > 0.2 else 255
    for share in range(101):
        mixed = "#" + "".join(f"{round(part + (end - part) * share / 100):02X}" for part in _parts(colour))
        if contrast(mixed, ground) >= LEAST:
            return mixed
    raise ValueError(f"no words can be read on {ground}")


def word_colours() -> dict[str, tuple[str, str]]:
    """For each colour in which figures write words: (on the light ground, on the dark ground)."""
    shared = [value for name, value in vars(theme).items() if name.isupper() and str(value).startswith("#")]
    records = [record.colour for record in (*BOUNDS.values(), *PROCEDURES.values())]
    colours = dict.fromkeys([*shared, *theme.SERIES, *records])
    return {colour: (legible(colour, LIGHT), legible(colour, DARK)) for colour in colours}


def _parts(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(colour):
    def linear(part):
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
