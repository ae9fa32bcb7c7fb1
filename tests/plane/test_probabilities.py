"""g is exact: probabilities, their gradient and the maps against integrals that share no code with them."""

import numpy as np
import pytest
from scipy import stats

from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.plane import CENTRES, EDGES, SCENES, SIDE, ClassMap, SmoothedPlane
from tests.plane.random_maps import KINDS, random_map

KEYS = list(NOISES)
each_noise = pytest.mark.parametrize("key", KEYS)
MARGINALS = {"gaussian": stats.norm, "laplace": stats.laplace, "uniform": stats.uniform(-1, 2)}
ENDS = np.concatenate([[-np.inf], EDGES[1:-1], [np.inf]])


def masses_by_scipy(key, scale, x):
    """Mass on each cell of an axis, from the tail on which it has all its digits."""
    at, marginal = (ENDS - x) / scale, MARGINALS[key]
    return np.where(at[:-1] > 0, marginal.sf(at[:-1]) - marginal.sf(at[1:]), np.diff(marginal.cdf(at)))


def probabilities_by_integral(key, scale, f, point):
    """P(f(x + z) = k), for the dependent noise as an integral over uniform squares of half-width Gamma(3)."""
    x, y = point
    if key in MARGINALS:
        across, up = masses_by_scipy(key, scale, x), masses_by_scipy(key, scale, y)
        return np.array([up @ (f.cells == k) @ across for k in range(f.classes)])
    nodes, weights = np.polynomial.legendre.leggauss(12)
    kinks = np.unique(np.abs(np.concatenate([EDGES[1:-1] - x, EDGES[1:-1] - y])))
    kinks = np.concatenate([[0.0], kinks, kinks[-1] + scale * np.array([2, 6, 14, 30, 60])])
    half, middle = np.diff(kinks)[:, None] / 2, (kinks[1:] + kinks[:-1])[:, None] / 2
    r, weight = (middle + half * nodes).ravel(), (half * weights).ravel()
    weight = weight * stats.gamma.pdf(r, 3, scale=scale)

    def shares(at):
        ends = np.clip(ENDS - at, -r[:, None], r[:, None])
        return np.diff(ends, axis=1) / (2 * r[:, None])

    joint = shares(y).T @ (weight[:, None] * shares(x))
    return np.array([joint[f.cells == k].sum() for k in range(f.classes)])


@each_noise
@pytest.mark.parametrize("scale", [0.05, 0.5, 2.0])
def test_probabilities_are_the_masses_of_the_cells(key, scale):
    rng = np.random.default_rng(1)
    for kind in KINDS:
        f = random_map(kind, rng)
        points = rng.uniform(-2, 2, (4, 2))
        found = SmoothedPlane(f, NOISES[key](scale)).probabilities(points)
        for point, p in zip(points, found, strict=True):
            expected = probabilities_by_integral(key, scale, f, point)
            # relative where a probability is tiny: radii need the digits of 1 - p_A
            assert p == pytest.approx(expected, rel=1e-9, abs=1e-290)
        assert found.sum(-1) == pytest.approx(1, abs=1e-13)


@each_noise
def test_probabilities_are_the_shares_of_votes_under_drawn_noise(key):
    rng, votes = np.random.default_rng(2), 200_000
    for kind in ("stamps", "noises-0", "blobs"):
        f, noise, point = random_map(kind, rng), NOISES[key](0.4), rng.uniform(-1, 1, 2)
        share = np.bincount(f.at(point + noise.draw((votes, 2), rng)), minlength=f.classes) / votes
        p = SmoothedPlane(f, noise).probabilities(point)
        assert np.all(np.abs(share - p) <= 5 * np.sqrt(p * (1 - p) / votes) + 1e-12)


@each_noise
def test_the_border_cells_go_on_outwards(key):
    g = SmoothedPlane(SCENES["boundary"].class_map(), NOISES[key](0.5))
    far = g.probabilities([(-50.0, 0.0), (50.0, 0.0), (0.0, 1e6)])
    assert far[:2] == pytest.approx(np.array([(1, 0), (0, 1)]), abs=1e-15)
    assert far[2] == pytest.approx(g.probabilities((0.0, 0.0)), abs=1e-13)  # f does not depend on y


@each_noise
@pytest.mark.parametrize("kind", ["blobs", "stamps", "sectors-0"])
def test_gradient_is_that_of_the_probabilities(key, kind):
    rng, step = np.random.default_rng(3), 1e-6
    g = SmoothedPlane(random_map(kind, rng), NOISES[key](0.35))
    points = rng.uniform(-2, 2, (40, 2))
    found = g.gradient(points)
    for axis, along in enumerate(np.eye(2) * step):
        difference = (g.probabilities(points + along) - g.probabilities(points - along)) / (2 * step)
        # the second derivative jumps by at most 1 / scale^2 where x crosses an edge
        assert found[..., axis] == pytest.approx(difference, abs=1e-8)
    assert found.sum(-2) == pytest.approx(0, abs=1e-12)


@each_noise
def test_maps_hold_the_probabilities_at_the_centres_of_the_cells(key):
    rng = np.random.default_rng(4)
    for kind in KINDS:
        g = SmoothedPlane(random_map(kind, rng), NOISES[key](float(rng.uniform(0.05, 2))))
        row, column = rng.integers(0, SIDE, (2, 12))
        row[:4], column[:4] = (0, 0, SIDE - 1, SIDE - 1), (0, SIDE - 1, 0, SIDE - 1)
        points = np.stack([CENTRES[column], CENTRES[row]], -1)
        p = g.probabilities(points)
        at_centres = g.probability_maps[:, row, column].T
        assert at_centres == pytest.approx(p, abs=2e-13)
        clear = np.ptp(np.sort(p, -1)[:, -2:], -1) > 1e-12
        assert np.array_equal(g.map[row, column][clear], g.classify(points)[clear])


def test_a_map_of_one_class_leaves_no_doubt():
    f = ClassMap(np.full((SIDE, SIDE), 2), 3)
    for key in KEYS:
        g = SmoothedPlane(f, NOISES[key](1.0))
        assert g.probabilities((0.3, -0.7)) == pytest.approx([0, 0, 1], abs=1e-15)
        assert not g.gradient((0.3, -0.7)).any()
        assert (g.map == 2).all()


def test_shapes_follow_the_points():
    g = SmoothedPlane(SCENES["sectors"].class_map(), NOISES["linf-exponential"](0.5))
    assert g.probabilities(np.zeros((2, 5, 2))).shape == (2, 5, 3)
    assert g.gradient(np.zeros(2)).shape == (3, 2)
    assert g.probabilities(np.zeros((0, 2))).shape == (0, 3)


@pytest.mark.parametrize("points", [1.0, [1.0, 2.0, 3.0], [np.nan, 0.0], [[0.0, np.inf]]])
def test_what_is_no_point_is_refused_with_one_sentence(points):
    g = SmoothedPlane(SCENES["island"].class_map(), NOISES["gaussian"](0.5))
    for method in (g.probabilities, g.gradient, g.classify):
        with pytest.raises(RsvizError, match=r"^points has shape .* its last axis\.$"):
            method(points)
