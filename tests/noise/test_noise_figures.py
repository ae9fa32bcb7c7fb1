"""The pictures of the mechanisms: what is drawn is what was computed, and a renderer accepts it."""

import numpy as np
import pytest

from rsviz.bounds import certifying
from rsviz.figures import noise as figures
from rsviz.figures import sheet, theme
from rsviz.noise import NOISES
from rsviz.noise_size import DIMENSIONS

DIMS = np.array([2, 100, 150_528])
T = np.linspace(-1, 1, 201)


def layers(chart, kind):
    return [layer for layer in chart["layer"] if layer["mark"]["type"] == kind]


def rows(layer):
    return layer["data"]["values"]


def growth():
    expected = {key: np.array([1.0, 2.0, 4.0]) for key in NOISES}
    sampled = {key: np.array([1.0, 4.0]) for key in NOISES}
    return figures.growth_chart(DIMS, expected, DIMS[[0, 2]], sampled, "linf", DIMENSIONS)


def radius(slopes=(("Theorem 16: slope −1", 1.0), ("Theorem 17: slope −1/2", 0.5))):
    lines = [("one", "#000000", 3, 1 / DIMS), ("other", "#111111", 2, 1 / np.sqrt(DIMS))]
    return figures.radius_chart(DIMS, lines, slopes, "linf", DIMENSIONS)


@pytest.mark.parametrize("key", NOISES)
def test_level_sets_lie_at_equal_steps_of_the_density(key):
    noise = NOISES[key].with_deviation(0.2, 2)
    chart = figures.density_chart(noise, noise.draw((50, 2), np.random.default_rng(0)), reach=5.0)
    (balls,) = layers(chart, "line")
    peak = noise.density(np.zeros(2))
    rings = {}
    for row in rows(balls):
        rings.setdefault(row["ring"], []).append((row["x"], row["y"]))
    assert len(rings) == len(figures._LEVELS)
    for corners, level in zip(rings.values(), figures._LEVELS, strict=True):
        inside, outside = (noise.density(np.array(corners) * (1 + step)) / peak for step in (-1e-4, 1e-4))
        assert np.ptp(inside) < 2e-3 and np.ptp(outside) < 2e-3
        assert (inside >= level - 2e-3).all() and (outside <= level + 2e-3).all()
        assert (inside > 0).all()


def test_a_mechanism_has_the_colour_of_its_tight_bound():
    colours = {key: theme.noise_colour(key) for key in NOISES}
    assert {key: certifying(key)[0].colour for key in NOISES} == colours
    assert len(set(colours.values())) == len(NOISES)


def test_marginals_carry_every_value_and_a_name_each():
    densities = {key: NOISES[key].with_deviation(0.2, 64).marginal_density(T, 64) for key in NOISES}
    chart = figures.marginal_chart(T, densities)
    (curves,) = layers(chart, "line")
    assert len(rows(curves)) == len(T) * len(NOISES)
    names = [row["name"] for layer in layers(chart, "text") for row in rows(layer)]
    assert names == [noise.title for noise in NOISES.values()]


def test_marginals_of_very_different_heights_get_a_logarithmic_axis():
    deviations = dict(zip(NOISES, (0.01, 1.0, 0.5, 2.0), strict=True))
    densities = {
        key: NOISES[key].with_deviation(deviation, 64).marginal_density(T, 64)
        for key, deviation in deviations.items()
    }
    (curves,) = layers(figures.marginal_chart(T, densities), "line")
    assert curves["encoding"]["y"]["scale"]["type"] == "log"
    assert min(row["y"] for row in rows(curves)) > 0


def test_names_at_the_ends_keep_apart_and_inside():
    names = next(layer for layer in layers(growth(), "text") if rows(layer)[0].get("key"))
    low, high = names["encoding"]["y"]["scale"]["domain"]
    places = sorted(row["y"] for row in rows(names))
    assert np.diff(np.log(places)).min() > 0.05 * np.log(high / low)
    assert low <= places[0] and places[-1] <= high


def test_slopes_have_their_steepness_and_lie_above_every_radius():
    chart = radius()
    dashed = [layer for layer in layers(chart, "line") if "strokeDash" in layer["mark"]]
    (layer,) = dashed
    pairs = {}
    for row in rows(layer):
        pairs.setdefault(row["words"], []).append((row["x"], row["y"]))
    for words, power in (("Theorem 16: slope −1", 1.0), ("Theorem 17: slope −1/2", 0.5)):
        (x0, y0), (x1, y1) = pairs[words]
        assert np.log(y1 / y0) / np.log(x1 / x0) == pytest.approx(-power)
        for x, y in pairs[words]:
            largest = max(
                np.interp(np.log(x), np.log(DIMS), np.log(v)) for v in (1 / DIMS, 1 / np.sqrt(DIMS))
            )
            assert np.log(y) > largest


def test_without_slopes_the_radii_stay():
    assert all("strokeDash" not in layer["mark"] for layer in layers(radius(()), "line"))


def test_one_grey_level_and_the_dimensions_of_the_datasets_are_marked():
    marked = {"x": [], "y": []}
    for rule in layers(radius(), "rule"):
        (channel,) = marked.keys() & rule["encoding"]
        marked[channel] += rows(rule)
    assert [row["at"] for row in marked["y"]] == [1 / 255]
    assert {row["name"]: row["at"] for row in marked["x"]} == dict(DIMENSIONS)


def test_charts_become_one_png():
    png = sheet.side_by_side({"growth": growth(), "radius": radius()})
    assert png.startswith(b"\x89PNG") and len(png) > 20_000
