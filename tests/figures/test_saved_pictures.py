"""Pictures that are saved: every word lies inside, of every kind of chart that can be taken home."""

import io

import numpy as np
import pytest
from PIL import Image

from rsviz.bounds import BOUNDS
from rsviz.comparison import REGIONS, Setting, cells, line, radius, ratio, winners
from rsviz.figures import bounds, noise, sheet, triangle
from rsviz.noise import NOISES

SETTING = Setting(scale=0.5)
L2 = ["cohen-l2", "li-l2", "pixeldp-l2", "dmr-l2"]


def maps():
    p_a, p_b, side = cells(20)
    return {
        bounds.label(BOUNDS[key]): triangle.radius_map(
            p_a,
            p_b,
            side,
            radius(key, p_a, p_b, SETTING),
            levels=[0.5, 1.0],
            units="pixel units",
            point=(0.9, 0.05),
        )
        for key in L2
    }


def slices(keys):
    p_a, p_b = line(1.0)
    radii = {key: radius(key, p_a, p_b, SETTING) for key in keys}
    return {"Radius along p_B = 1 − p_A": bounds.slice_chart(p_a, radii, units="pixel units, ℓ₂")}


def ratios():
    p_a, p_b, side = REGIONS["whole"].cells()
    values = ratio("dmr-l2", "pixeldp-l2", p_a, p_b, SETTING)
    marks = [(p_a[i], p_b[i], f"▲ {values[i]:.3g}") for i in (0, len(p_a) - 1)]
    names = " / ".join(bounds.label(BOUNDS[key]) for key in ("dmr-l2", "pixeldp-l2"))
    return {names: triangle.ratio_map(p_a, p_b, side, values, names=names, extremes=marks)}


def contest():
    p_a, p_b, side = REGIONS["whole"].cells()
    keys = ["cohen-l2", "laplace-l1", "uniform-l1"]
    found = winners(keys, p_a, p_b, Setting(norm="l1"))
    return {"Which certificate gives the largest radius": triangle.winner_map(p_a, p_b, side, found, keys)}


def pixel():
    t = np.linspace(-1, 1, 41)
    densities = {key: kind(0.3).marginal_density(t, 64) for key, kind in NOISES.items()}
    return {"The noise on one pixel": noise.marginal_chart(t, densities)}


PICTURES = {
    "maps": maps,
    "one map": lambda: dict(list(maps().items())[-1:]),
    "slice": lambda: slices(L2),
    "slice of every bound": lambda: slices(list(BOUNDS)),
    "ratio": ratios,
    "who wins": contest,
    "noise on a pixel": pixel,
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_word_of_a_saved_picture_is_cut(name):
    charts = PICTURES[name]()
    image = np.asarray(Image.open(io.BytesIO(sheet.side_by_side(charts, columns=3))).convert("RGB"))
    for edge in (image[:4], image[-4:], image[:, :4], image[:, -4:]):
        assert (edge == 255).all()
    for chart in charts.values():
        assert not clipped_words(sheet.part(chart))


def clipped_words(part):
    marks = [layer["mark"] for layer in part.get("layer", [part])]
    return [mark for mark in marks if mark["type"] == "text" and mark.get("clip")]
