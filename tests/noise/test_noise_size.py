"""What a certificate takes in noise: rules, orders of growth, slopes, and which mechanism wins where."""

import numpy as np
import pytest

from rsviz.bounds import BOUNDS, certifying
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.noise_size import (
    DIMENSIONS,
    HOLDS,
    SLOPES,
    EqualDeviation,
    EqualRadius,
    EqualScale,
    certified,
    expected_norms,
    largest_dimension_won,
    radius_against_dimension,
    sampled_norms,
    scales,
)
from rsviz.norms import NORMS

PROBABILITIES = [(0.99, 0.01), (0.6, 0.1), (0.999, 1e-5)]
DIMS = np.unique(np.geomspace(2, 150_528, 25).astype(int))


def slope(dims, values):
    """Of a line through the last two points, both axes logarithmic."""
    return float(np.log(values[-1] / values[-2]) / np.log(dims[-1] / dims[-2]))


@pytest.mark.parametrize("key", NOISES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("p_a", "p_b"), PROBABILITIES)
def test_no_rigorous_bound_certifies_more_than_the_one_that_is_chosen(key, norm, p_a, p_b):
    best = certified(NOISES[key](0.5), norm, p_a, p_b, 784)
    for bound in certifying(key):
        assert bound.radius_in(norm, p_a, p_b, 0.5, 784) <= best.radius * (1 + 1e-12)
    assert best.radius == pytest.approx(float(best.bound.radius_in(norm, p_a, p_b, 0.5, 784)))


def test_what_is_called_tight_is_so_in_the_norm_of_the_noise_and_for_gaussian_noise_in_every_norm():
    tight = {
        (key, norm)
        for key in NOISES
        for norm in NORMS
        if certified(NOISES[key](1.0), norm, 0.9, 0.05, 100).tight
    }
    own = {(key, noise.norm) for key, noise in NOISES.items()}
    assert tight == own | {("gaussian", norm) for norm in NORMS}


@pytest.mark.parametrize("key", NOISES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dim", [1, 64, 150_528])
def test_equal_radius_gives_the_scale_that_certifies_it(key, norm, dim):
    noise = EqualRadius(0.02, norm, 0.95, 0.02).noise(key, dim)
    assert certified(noise, norm, 0.95, 0.02, dim).radius == pytest.approx(0.02, rel=1e-12)


@pytest.mark.parametrize("key", NOISES)
@pytest.mark.parametrize("dim", [1, 64, 150_528])
def test_equal_deviation_and_equal_scale_are_what_they_say(key, dim):
    assert EqualDeviation(0.3).noise(key, dim).deviation(dim) == pytest.approx(0.3)
    assert EqualScale(0.3).noise(key, dim).scale == 0.3


@pytest.mark.parametrize(("p_a", "p_b"), [(0.5, 0.5), (1.0, 0.0)])
def test_probabilities_that_no_scale_turns_into_the_radius_are_refused(p_a, p_b):
    with pytest.raises(RsvizError, match=f"p_a is {p_a}"):
        EqualRadius(0.1, "l2", p_a, p_b).noise("gaussian", 10)


def test_for_one_linf_radius_exponential_noise_grows_as_d_and_gaussian_as_root_d_log_d():
    """Table 1 of the Unified framework, with the tight bounds in place of its own."""
    rule = EqualRadius(1 / 255, "linf", 0.99, 0.01)
    exponential = expected_norms(rule, "linf-exponential", "linf", DIMS)
    gaussian = expected_norms(rule, "gaussian", "linf", DIMS)
    assert exponential / DIMS == pytest.approx(np.full(len(DIMS), exponential[0] / DIMS[0]))
    order = gaussian / np.sqrt(DIMS * np.log(DIMS))
    assert np.ptp(np.log(order[DIMS > 1000])) < 0.05
    assert slope(DIMS, exponential) == pytest.approx(1)
    assert 0.5 < slope(DIMS, gaussian) < 0.56


def test_the_bound_that_is_better_shifts_the_line_and_does_not_turn_it():
    ours, published = (
        radius_against_dimension(BOUNDS[key], "linf", 0.99, 0.01, DIMS, 1.0, "linf")
        for key in ("exponential-linf", "dinf-linf")
    )
    assert np.all(ours > published)
    assert ours / published == pytest.approx(np.full(len(DIMS), ours[0] / published[0]))


@pytest.mark.parametrize("hold", HOLDS)
@pytest.mark.parametrize(
    ("key", "norm"), [("cohen-l2", "linf"), ("cohen-l2", "l2"), ("exponential-linf", "linf")]
)
def test_radius_against_dimension_is_that_of_the_noise_of_this_size(hold, key, norm):
    bound, dim, size = BOUNDS[key], 3072, 0.7
    radius = radius_against_dimension(bound, norm, 0.9, 0.05, [dim], size, hold)[0]
    unit = NOISES[bound.noise](1.0)
    scale = size / (float(unit.expected_norm("linf", dim)) if hold == "linf" else unit.deviation(dim))
    assert radius == pytest.approx(float(bound.radius_in(norm, 0.9, 0.05, scale, dim)))
    noise = NOISES[bound.noise](scale)
    held = float(noise.expected_norm("linf", dim)) if hold == "linf" else noise.deviation(dim)
    assert held == pytest.approx(size)


@pytest.mark.parametrize("item", SLOPES, ids=lambda item: item.theorem)
def test_no_mechanism_falls_slower_than_the_theorems_allow_and_the_near_optimal_ones_fall_like_them(item):
    """Radii at fixed E||z||_inf; Gaussian is off by the root of the logarithm, exponential by nothing."""
    key = "exponential-linf" if item.notion == "D_∞" else "cohen-l2"
    radii = radius_against_dimension(BOUNDS[key], item.norm, 0.99, 0.01, DIMS, 1.0, "linf")
    steepness = -slope(DIMS, radii)
    assert item.power <= steepness + 1e-9
    assert steepness == pytest.approx(item.power, abs=1e-9 if item.notion == "D_∞" else 0.06)


@pytest.mark.parametrize("hold", HOLDS)
@pytest.mark.parametrize(("p_a", "p_b"), [(0.9, 0.1), (0.99, 0.01), (0.999, 5e-5)])
def test_exponential_noise_wins_up_to_the_dimension_that_is_told_and_never_after(hold, p_a, p_b):
    arguments = ("linf", p_a, p_b)
    last = largest_dimension_won(BOUNDS["exponential-linf"], BOUNDS["cohen-l2"], *arguments, hold)
    dims = np.concatenate([np.arange(2, 400), [784, 3072, 10**5, 10**7]])
    one, other = (
        radius_against_dimension(BOUNDS[key], *arguments, dims, 1.0, hold)
        for key in ("exponential-linf", "cohen-l2")
    )
    assert np.array_equal(one > other, dims <= (last or 0))


def test_the_dimensions_of_the_datasets_are_products_of_their_sides():
    assert list(DIMENSIONS.values()) == [28 * 28, 3 * 32**2, 3 * 64**2, 3 * 224**2]


@pytest.mark.parametrize("key", NOISES)
def test_sampled_norms_scatter_around_the_exact_ones(key):
    dims = (2, 64, 3072)
    rule = EqualScale(0.5)
    found = sampled_norms(key, dims, seed=4)
    for i, norm in enumerate(NORMS):
        exact = expected_norms(rule, key, norm, dims) / scales(rule, key, dims)
        for draws, mean in zip(found, exact, strict=True):
            error = draws[:, i].std(ddof=1) / np.sqrt(len(draws))
            assert abs(draws[:, i].mean() - mean) < 5 * error


def test_sampled_norms_repeat_with_the_seed_and_change_with_it():
    one, again, other = (sampled_norms("laplace", (8,), seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_a_size_that_is_not_known_is_refused():
    with pytest.raises(RsvizError, match="hold is 'l7'"):
        radius_against_dimension(BOUNDS["cohen-l2"], "l2", 0.9, 0.1, [2], 1.0, "l7")
