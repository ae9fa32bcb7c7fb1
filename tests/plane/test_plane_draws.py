"""Dots are a pure function of seed and number, and have the distribution of the noise."""

import numpy as np
import pytest
from scipy import stats

from rsviz.noise import NOISES
from rsviz.plane import plane_draws
from rsviz.plane.draws import UNIT_DRAWS, mix, uniforms

KEYS = list(UNIT_DRAWS)
each_noise = pytest.mark.parametrize("key", KEYS)
COUNT = 20_000
RARE = 1e-4
"""How often a test that draws may fail by chance; the seeds are fixed, so what passed stays so."""
KNOWN = {
    "gaussian": [1.75307778723891, -0.580325121042612, 0.0492637177468707, 1.51943561974162],
    "laplace": [-1.01188230655186, 2.28517071361117, -0.462408577652978, -0.713996525069297],
    "linf-exponential": [0.0955634264622127, 2.33396125565111, 1.54559036293157, 0.985921965290098],
    "uniform": [-0.636465947376564, 0.898243310628459, -0.370235020527616, -0.510316749801859],
}


def test_all_noises_of_the_app_have_draws():
    assert set(KEYS) == set(NOISES)


@each_noise
def test_draws_depend_on_seed_and_number_alone(key):
    noise = NOISES[key](0.5)
    draws = plane_draws(noise, 7, 0, 100)
    assert np.array_equal(draws, plane_draws(noise, 7, 0, 100))
    assert np.array_equal(draws[40:], plane_draws(noise, 7, 40, 60))
    assert np.array_equal(2 * draws, plane_draws(NOISES[key](1.0), 7, 0, 100))
    assert not np.isclose(draws, plane_draws(noise, 8, 0, 100)).any()


@each_noise
def test_draws_are_those_of_every_earlier_version(key):
    found = plane_draws(NOISES[key](1.0), 3, 1_000_000, 2)
    assert found.ravel() == pytest.approx(KNOWN[key], rel=1e-12)


@each_noise
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_a_coordinate_has_the_marginal_distribution(key, seed):
    noise = NOISES[key](0.7)
    for one in plane_draws(noise, seed, 5, COUNT).T:
        assert stats.kstest(one, lambda t: noise.marginal_cdf(t, 2)).pvalue > RARE


@each_noise
def test_coordinates_depend_on_each_other_as_in_the_noise(key):
    noise = NOISES[key](0.7)
    x, y = plane_draws(noise, 11, 0, COUNT).T
    corners = [(0.2, 0.2), (0.1, 0.5), (0.6, 0.3), (1.0, 1.2)]
    for s, t in corners:  # shares of all four quadrants beyond
        share, expected = np.mean((np.abs(x) > s) & (np.abs(y) > t)), 4 * float(noise.quadrant(s, t))
        assert abs(share - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / COUNT)
    assert abs(stats.spearmanr(x, y).statistic) < 4.5 / np.sqrt(COUNT)  # each corner is as likely
    if noise.independent:
        table = np.histogram2d(stats.rankdata(x), stats.rankdata(y), bins=8)[0]
        assert stats.chi2_contingency(table).pvalue > RARE
    else:
        assert stats.kstest(np.maximum(abs(x), abs(y)), stats.gamma(2, scale=0.7).cdf).pvalue > RARE


@each_noise
def test_neighbouring_draws_and_seeds_are_unrelated(key):
    noise = NOISES[key](1.0)
    here = plane_draws(noise, 4, 0, COUNT)
    for other in (plane_draws(noise, 4, 1, COUNT), plane_draws(noise, 5, 0, COUNT)):
        for one, two in zip(here.T, other.T, strict=True):
            assert abs(stats.spearmanr(one, two).statistic) < 4.5 / np.sqrt(COUNT)


def test_uniform_values_are_inside_the_open_interval_and_even():
    found = uniforms(123, np.arange(100_000))
    assert found.min() > 0 and found.max() < 1
    assert stats.kstest(found, stats.uniform.cdf).pvalue > RARE


def test_mixing_loses_no_number():
    numbers = np.arange(1 << 18, dtype=np.uint32)
    assert len(np.unique(mix(numbers))) == len(numbers)
