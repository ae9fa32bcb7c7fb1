"""Words in figures: legible on both grounds, in the hue of what they name."""

import colorsys

from hypothesis import given
from hypothesis import strategies as st

from rsviz.bounds import BOUNDS
from rsviz.figures.contrast import DARK, LEAST, LIGHT, contrast, legible, word_colours

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06X}".format)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == 21
    assert contrast("#FFFFFF", "#FFFFFF") == 1
    assert round(contrast("#777777", "#FFFFFF"), 2) == 4.48


@given(COLOURS, st.sampled_from([LIGHT, DARK]))
def test_words_are_legible_in_any_colour(colour, ground):
    assert contrast(legible(colour, ground), ground) >= LEAST


@given(COLOURS, st.sampled_from([LIGHT, DARK]))
def test_what_is_legible_stays_as_it_is(colour, ground):
    assert (legible(colour, ground) == colour) == (contrast(colour, ground) >= LEAST)


def hue(colour):
    return colorsys.rgb_to_hsv(*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))[0]


def test_the_words_of_a_bound_keep_its_hue():
    colours = word_colours()
    for bound in BOUNDS.values():
        for word in colours[bound.colour]:
            assert abs((hue(word) - hue(bound.colour) + 0.5) % 1 - 0.5) < 0.03, bound.key
