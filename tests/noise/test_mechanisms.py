"""The four mechanisms: draws against distribution, density against draws, norms, and the special cases."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from rsviz.bounds import certifying
from rsviz.errors import RsvizError
from rsviz.noise import NOISES, Gaussian, Laplace, LinfExponential

SCALE = 0.4
KEYS = list(NOISES)
NORMS = {"l1": 1, "l2": 2, "linf": np.inf}
RARE = 1e-4
"""How often a test that draws may fail by chance; the seeds are fixed, so what passed stays so."""


KNOWN = [-0.306559, -0.002329, 0.385489, -0.116417]
"""The first Gaussian draws of scale 0.25 and torch's seed 2024, as the shipped certificates had them."""


def by_torch(noise, shape, seed):
    return noise.sample(shape, torch.Generator().manual_seed(seed)).numpy().astype(np.float64)


def by_numpy(noise, shape, seed):
    return noise.draw(shape, np.random.default_rng(seed))


drawn_by = pytest.mark.parametrize("draw", [by_torch, by_numpy])
each_noise = pytest.mark.parametrize("key", KEYS)


def plane(noise, nodes=120):
    """Points (n, 2) and weights that integrate over the plane: each octant, in which densities are smooth."""
    reach = float(noise.level_size(math.exp(-45)))
    u, w = np.polynomial.legendre.leggauss(nodes)
    u, w = (u + 1) / 2, w / 2
    # x = reach a^2, y = b x: nodes close together at 0, where the density is
    a, b = (grid.ravel() for grid in np.meshgrid(u, u))
    x = reach * a**2
    weights = np.outer(w, w).ravel() * x * 2 * reach * a
    octants = [(i * p, j * q) for i in (1, -1) for j in (1, -1) for p, q in ((x, b * x), (b * x, x))]
    return np.concatenate([np.stack(pair, 1) for pair in octants]), np.tile(weights, 8)


@each_noise
def test_density_integrates_to_one_in_the_plane(key):
    noise = NOISES[key](SCALE)
    points, weights = plane(noise)
    assert noise.density(points) @ weights == pytest.approx(1, abs=1e-9)


@each_noise
@pytest.mark.parametrize("norm", NORMS)
def test_expected_norm_is_the_integral_of_the_density_in_the_plane(key, norm):
    noise = NOISES[key](SCALE)
    points, weights = plane(noise)
    integral = (noise.density(points) * np.linalg.norm(points, NORMS[norm], axis=1)) @ weights
    assert float(noise.expected_norm(norm, 2)) == pytest.approx(integral, rel=1e-8)


@each_noise
def test_deviation_is_that_of_the_density_in_the_plane(key):
    noise = NOISES[key](SCALE)
    points, weights = plane(noise)
    assert (noise.density(points) * points[:, 0] ** 2) @ weights == pytest.approx(
        noise.deviation(2) ** 2, rel=1e-8
    )


@each_noise
@pytest.mark.parametrize("t", [-0.9, -0.1, 0.0, 0.3, 0.7])
def test_marginal_is_the_density_with_the_other_coordinate_integrated_out(key, t):
    noise = NOISES[key](SCALE)
    u, w = np.polynomial.legendre.leggauss(400)
    reach = float(noise.level_size(math.exp(-50)))
    edges = np.clip([0.0, abs(t), max(abs(t), SCALE), reach], 0.0, reach)
    other = np.concatenate([low + (high - low) * (u + 1) / 2 for low, high in itertools.pairwise(edges)])
    weights = np.concatenate([(high - low) * w / 2 for low, high in itertools.pairwise(edges)])
    integral = 2 * noise.density(np.stack([np.full_like(other, t), other], 1)) @ weights
    assert float(noise.marginal_density(t, 2)) == pytest.approx(integral, rel=1e-8, abs=1e-12)


@each_noise
@pytest.mark.parametrize("dim", [1, 2, 30, 3072])
def test_marginal_cdf_is_the_integral_of_the_marginal_density(key, dim):
    noise = NOISES[key].with_deviation(1.0, dim)
    t = np.linspace(-4, 4, 40_001)
    density, cdf = noise.marginal_density(t, dim), noise.marginal_cdf(t, dim)
    middles = (density[1:] + density[:-1]) / 2 * (t[1] - t[0])
    # The trapezoidal rule misses up to half a step of height 1/2 at the edges of the uniform density
    assert np.cumsum(middles) == pytest.approx(cdf[1:] - cdf[0], abs=2e-4)
    assert np.all(np.diff(cdf) >= -1e-12) and np.all((cdf >= 0) & (cdf <= 1))
    assert float(noise.marginal_cdf(0.0, dim)) == pytest.approx(0.5)


@drawn_by
@each_noise
@pytest.mark.parametrize("dim", [1, 2, 30, 784])
def test_one_coordinate_of_the_draws_has_the_marginal_distribution(key, dim, draw):
    noise = NOISES[key](SCALE)
    draws = draw(noise, (4000, dim), seed=dim)
    result = stats.kstest(draws[:, dim // 2], lambda t: noise.marginal_cdf(t, dim))
    assert result.pvalue > RARE


@drawn_by
@each_noise
@pytest.mark.parametrize("dim", [1, 2, 30, 784])
def test_the_largest_coordinate_has_its_quantiles(key, dim, draw):
    noise = NOISES[key](SCALE)
    count = 4000
    largest = np.abs(draw(noise, (count, dim), seed=100 + dim)).max(1)
    for q in (0.01, 0.1, 0.5, 0.9, 0.99):
        below = int((largest <= noise.linf_quantile(q, dim)).sum())
        assert stats.binomtest(below, count, q).pvalue > RARE / 5


@drawn_by
@each_noise
@pytest.mark.parametrize("dim", [1, 2, 7, 64, 3072])
@pytest.mark.parametrize("norm", NORMS)
def test_sampled_norms_agree_with_the_exact_expectation(key, dim, norm, draw):
    noise = NOISES[key](SCALE)
    lengths = np.linalg.norm(draw(noise, (2000, dim), seed=200 + dim), NORMS[norm], axis=1)
    error = lengths.std() / math.sqrt(len(lengths))
    assert abs(lengths.mean() - float(noise.expected_norm(norm, dim))) < 4.2 * error


@drawn_by
@each_noise
def test_sampled_norms_agree_in_the_dimension_of_imagenet(key, draw):
    noise = NOISES[key](SCALE)
    draws = draw(noise, (12, 3, 224, 224), seed=5).reshape(12, -1)
    for norm, order in NORMS.items():
        exact = float(noise.expected_norm(norm, 150_528))
        lengths = np.linalg.norm(draws, order, axis=1)
        # Twelve lengths: Student's t instead of the normal distribution
        statistic = (lengths.mean() - exact) / (lengths.std(ddof=1) / math.sqrt(12))
        # The distance of the uniform maximum from its limit is as small as a rounding in float32
        assert abs(statistic) < stats.t.isf(RARE, 11) or lengths.mean() == pytest.approx(exact, rel=1e-6)
    assert draws.std() == pytest.approx(noise.deviation(150_528), rel=0.01)


@drawn_by
def test_draws_of_the_exponential_mechanism_are_uniform_in_a_cube_of_their_own(draw):
    """Given the largest coordinate the others are uniform, and the largest is Gamma(d, sigma)."""
    dim = 6
    draws = draw(LinfExponential(SCALE), (8000, dim), seed=9)
    largest = np.abs(draws).argmax(1)
    lengths = np.abs(draws[np.arange(len(draws)), largest])
    other = draws[np.arange(len(draws)), (largest + 1) % dim] / lengths
    assert stats.kstest(lengths, stats.gamma(dim, scale=SCALE).cdf).pvalue > RARE
    assert stats.kstest(other, stats.uniform(-1, 2).cdf).pvalue > RARE
    assert stats.spearmanr(lengths, other).pvalue > RARE
    assert stats.chisquare(np.bincount(largest, minlength=dim)).pvalue > RARE


@drawn_by
@pytest.mark.parametrize("key", ["gaussian", "laplace", "uniform"])
def test_coordinates_of_the_others_are_uncorrelated_and_so_are_their_sizes(key, draw):
    draws = draw(NOISES[key](SCALE), (20_000, 4), seed=11)
    for values in (draws, np.abs(draws)):
        correlation = np.corrcoef(values.T)[np.triu_indices(4, 1)]
        assert np.abs(correlation).max() < 4.4 / math.sqrt(len(draws))


@pytest.mark.parametrize("t", [[0.0], [0.3], [-1.7]])
def test_in_one_dimension_the_exponential_mechanism_is_laplace(t):
    one, other = LinfExponential(SCALE), Laplace(SCALE)
    assert float(one.log_density(t)) == pytest.approx(float(other.log_density(t)))
    assert float(one.marginal_cdf(t[0], 1)) == pytest.approx(float(other.marginal_cdf(t[0], 1)))
    assert one.deviation(1) == pytest.approx(other.deviation(1))
    for norm in NORMS:
        assert float(one.expected_norm(norm, 1)) == pytest.approx(float(other.expected_norm(norm, 1)))


@drawn_by
def test_in_one_dimension_the_draws_of_the_exponential_mechanism_are_laplace(draw):
    one, other = draw(LinfExponential(SCALE), (6000, 1), 12), draw(Laplace(SCALE), (6000, 1), 13)
    assert stats.ks_2samp(one.ravel(), other.ravel()).pvalue > RARE


@each_noise
def test_in_one_dimension_all_norms_agree(key):
    values = [float(NOISES[key](SCALE).expected_norm(norm, 1)) for norm in NORMS]
    assert values == pytest.approx([values[0]] * 3, rel=1e-10)


@each_noise
def test_expected_norms_are_ordered_and_below_what_jensen_allows(key):
    dims = np.unique(np.geomspace(1, 2_000_000, 60).astype(int))
    noise = NOISES[key](SCALE)
    l1, l2, linf = (noise.expected_norm(norm, dims) for norm in NORMS)
    deviations = np.array([noise.deviation(int(dim)) for dim in dims])
    assert np.all(linf <= l2 * (1 + 1e-9)) and np.all(l2 <= l1 * (1 + 1e-9))
    assert np.all(l2 <= deviations * np.sqrt(dims)) and np.all(np.diff(linf) > 0)


def test_the_exponential_mechanism_has_the_expected_norm_of_theorem_15():
    dims = np.array([1, 2, 784, 150_528])
    assert LinfExponential(SCALE).expected_norm("linf", dims) == pytest.approx(SCALE * dims, rel=1e-12)


def test_the_largest_of_many_normal_coordinates_follows_its_known_limits():
    """E max|z| lies between the median and sqrt(2 log 2d), and its ratio to the latter goes to 1."""
    dims = np.array([10, 1000, 10**5, 10**7])
    mean, limit = Gaussian(1.0).expected_norm("linf", dims), np.sqrt(2 * np.log(2 * dims))
    assert np.all((Gaussian(1.0).linf_quantile(0.5, dims) < mean) & (mean < limit))
    assert np.all(np.diff(mean / limit) > 0)


def test_gaussian_draws_stay_what_certificates_were_counted_with():
    drawn = Gaussian(0.25).sample((2, 1, 8, 8), torch.Generator().manual_seed(2024))
    assert drawn.flatten()[:4].tolist() == pytest.approx(KNOWN, abs=1e-6)
    plain = torch.empty(2, 1, 8, 8).normal_(0.0, 0.25, generator=torch.Generator().manual_seed(2024))
    assert torch.equal(drawn, plain)


@each_noise
def test_samples_are_float32_on_the_generators_device_and_fill_what_is_given(key):
    noise, out = NOISES[key](SCALE), torch.empty(5, 3, 4, 4)
    fresh = noise.sample((5, 3, 4, 4), torch.Generator().manual_seed(1))
    assert noise.sample(out.shape, torch.Generator().manual_seed(1), out=out) is out
    assert fresh.dtype == torch.float32 and torch.equal(fresh, out) and fresh.isfinite().all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@each_noise
def test_draws_on_the_accelerator_have_the_same_distribution(key):
    noise = NOISES[key](SCALE)
    drawn = noise.sample((4000, 784), torch.Generator("cuda").manual_seed(3))
    assert drawn.is_cuda and drawn.dtype == torch.float32 and bool(drawn.isfinite().all())
    draws = drawn.double().cpu().numpy()
    assert stats.kstest(draws[:, 7], lambda t: noise.marginal_cdf(t, 784)).pvalue > RARE
    largest = np.abs(draws).max(1)
    for q in (0.1, 0.5, 0.9):
        below = int((largest <= noise.linf_quantile(q, 784)).sum())
        assert stats.binomtest(below, 4000, q).pvalue > RARE
    again = noise.sample((4000, 784), torch.Generator("cuda").manual_seed(3))
    assert torch.equal(drawn, again)


def test_laplace_noise_stays_finite_at_the_ends_of_the_uniform_numbers(monkeypatch):
    ends = torch.tensor([-1.0, 0.0, 1.0 - 2.0**-24, 1.0])
    monkeypatch.setattr(torch.Tensor, "uniform_", lambda self, *_, **__: self.copy_(ends))
    drawn = Laplace(1.0).sample((4,), torch.Generator())
    assert drawn.isfinite().all()
    assert drawn.tolist() == pytest.approx([-24 * math.log(2), 0.0, 24 * math.log(2), 24 * math.log(2)])


@each_noise
@pytest.mark.parametrize("dim", [1, 2, 3072])
def test_with_deviation_gives_the_mechanism_of_that_deviation(key, dim):
    assert NOISES[key].with_deviation(0.3, dim).deviation(dim) == pytest.approx(0.3)


@each_noise
def test_a_mechanism_names_itself_and_the_norm_it_certifies_best(key):
    noise = NOISES[key](SCALE)
    assert (noise.key, noise.scale) == (key, SCALE)
    best = certifying(key)[0]
    assert best.tight and (best.noise, best.norm) == (key, noise.norm)
    assert best.scale_symbol == noise.latex


@each_noise
@pytest.mark.parametrize("scale", [0, -0.5, float("nan"), float("inf"), True, "0.5", None])
def test_a_scale_that_is_no_scale_is_refused(key, scale):
    with pytest.raises(RsvizError, match=r"scale is .*; it must be a positive, finite number"):
        NOISES[key](scale)


def test_a_norm_or_dimension_that_is_none_is_refused():
    with pytest.raises(RsvizError, match="norm is 'l3'"):
        Gaussian(1.0).expected_norm("l3", 5)
    for dim in (0, 2.5, float("nan")):
        with pytest.raises(RsvizError, match="dim is"):
            Laplace(1.0).expected_norm("l1", dim)
