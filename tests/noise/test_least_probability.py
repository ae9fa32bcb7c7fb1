"""The envelope of a certificate: where it starts, where it ends, and that a half-space attains it."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from rsviz.bounds import radii
from rsviz.errors import RsvizError
from rsviz.noise import NOISES, Gaussian, Laplace

P = np.array([0.51, 0.6, 0.9, 0.99, 0.999999])


@pytest.mark.parametrize("noise", NOISES)
def test_starts_at_p_a_and_meets_one_half_at_the_tight_radius(noise):
    assert NOISES[noise](0.5).least_probability(P, 0.0) == pytest.approx(P, rel=1e-12)
    for p_a in P:
        radius = next(iter(radii(noise, p_a, 1 - p_a, scale=0.5, dim=10).values()))
        assert NOISES[noise](0.5).least_probability(p_a, radius) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("noise", NOISES)
def test_falls_and_stays_a_probability(noise):
    envelope = NOISES[noise](0.7).least_probability(P[:, None], np.linspace(0, 20, 101))
    assert (np.diff(envelope, axis=1) <= 0).all()
    assert ((envelope >= 0) & (envelope <= 1)).all()


@pytest.mark.parametrize("noise", NOISES)
def test_no_half_space_across_one_pixel_falls_further(noise):
    """A shift of one pixel has the same length in every norm; all bounds must hold against it."""
    mechanism, moves = NOISES[noise](0.5), np.linspace(0, 2, 9)
    for dim in (1, 2, 30):
        offset = np.linspace(-1, 1, 7)[:, None] * mechanism.deviation(dim)
        before, after = (mechanism.marginal_cdf(offset - move, dim) for move in (0.0, moves))
        assert (after >= mechanism.least_probability(before, moves) - 1e-12).all()


def test_a_half_space_attains_the_gaussian_envelope():
    sigma, offset, moves = 0.5, 0.4, np.linspace(0, 2, 9)
    share = ndtr((offset - moves) / sigma)  # of noise on the near side of the half-space
    assert Gaussian(sigma).least_probability(ndtr(offset / sigma), moves) == pytest.approx(share)


def test_a_half_line_attains_the_laplace_envelope():
    scale, offset, moves = 0.5, 0.4, np.linspace(0, 2, 9)

    def distribution(z):
        return np.where(z < 0, np.exp(z / scale) / 2, 1 - np.exp(-z / scale) / 2)

    found = Laplace(scale).least_probability(distribution(offset), moves)
    assert found == pytest.approx(distribution(offset - moves))


def test_certainty_and_impossibility_stay():
    assert Gaussian(0.5).least_probability(1.0, 3.0) == 1.0
    assert Laplace(0.5).least_probability([0.0, 1.0], 3.0).tolist() == [0.0, 1.0]
    assert ndtri(1.0) == np.inf


BAD = [("gaussian", 1.1, 1, 1), ("gaussian", 0.9, -1, 1), ("laplace", 0.9, 1, 0)]


@pytest.mark.parametrize(("noise", "p_a", "distance", "scale"), BAD)
def test_bad_input_is_named(noise, p_a, distance, scale):
    with pytest.raises(RsvizError, match=r"must|lie"):
        NOISES[noise](scale).least_probability(p_a, distance)
