"""The envelope of a certificate: where it starts, where it ends, and that a half-space attains it."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from rsviz.bounds import radii
from rsviz.bounds.envelope import least_probability
from rsviz.errors import RsvizError
from rsviz.noise import NOISES

P = np.array([0.51, 0.6, 0.9, 0.99, 0.999999])


@pytest.mark.parametrize("noise", NOISES)
def test_starts_at_p_a_and_meets_one_half_at_the_tight_radius(noise):
    assert least_probability(noise, P, 0.0, 0.5) == pytest.approx(P, rel=1e-12)
    for p_a in P:
        radius = next(iter(radii(noise, p_a, 1 - p_a, scale=0.5, dim=10).values()))
        assert least_probability(noise, p_a, radius, 0.5) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("noise", NOISES)
def test_falls_and_stays_a_probability(noise):
    envelope = least_probability(noise, P[:, None], np.linspace(0, 20, 101), 0.7)
    assert (np.diff(envelope, axis=1) <= 0).all()
    assert ((envelope >= 0) & (envelope <= 1)).all()


def test_a_half_space_attains_the_gaussian_envelope():
    sigma, offset, moves = 0.5, 0.4, np.linspace(0, 2, 9)
    share = ndtr((offset - moves) / sigma)  # of noise on the near side of the half-space
    assert least_probability("gaussian", ndtr(offset / sigma), moves, sigma) == pytest.approx(share)


def test_a_half_line_attains_the_laplace_envelope():
    scale, offset, moves = 0.5, 0.4, np.linspace(0, 2, 9)

    def distribution(z):
        return np.where(z < 0, np.exp(z / scale) / 2, 1 - np.exp(-z / scale) / 2)

    found = least_probability("laplace", distribution(offset), moves, scale)
    assert found == pytest.approx(distribution(offset - moves))


def test_certainty_and_impossibility_stay():
    assert least_probability("gaussian", 1.0, 3.0, 0.5) == 1.0
    assert least_probability("laplace", [0.0, 1.0], 3.0, 0.5).tolist() == [0.0, 1.0]
    assert ndtri(1.0) == np.inf


BAD = [("none", 0.9, 1, 1), ("gaussian", 1.1, 1, 1), ("gaussian", 0.9, -1, 1), ("laplace", 0.9, 1, 0)]


@pytest.mark.parametrize("arguments", BAD)
def test_bad_input_is_named(arguments):
    with pytest.raises(RsvizError, match=r"must|lie"):
        least_probability(*arguments)
