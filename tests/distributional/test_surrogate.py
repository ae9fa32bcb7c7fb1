"""The ascent on problems whose supremum is known."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from rsviz.distributional.certificate import AscentResults, certificate, dual_lines
from rsviz.distributional.surrogate import Problem, ascend, cost, squared_slope
from rsviz.noise import NOISES
from rsviz.noise.streams import MEASURE

SHAPE, DIM = (1, 2, 3), 6
SIGMA = 0.5
NOISE = NOISES["gaussian"](SIGMA)


def images(count, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).uniform(0, 1, (count, *SHAPE)).astype(np.float32))


def climbed(problem, gamma, steps, draws, step_size=None):
    *_, x = ascend(problem, gamma, steps=steps, draws=draws, step_size=step_size or 0.5 / gamma)
    return x


def measured(problem, x, draws=20_000):
    return problem.mean_losses(x, problem.draws(MEASURE, draws), draws, 1000)


def quadratic(a, centre):
    return lambda noisy: a * (noisy - centre).square().sum((2, 3, 4))


@pytest.mark.parametrize(("a", "gamma"), [(0.3, 1.0), (1.0, 4.0), (-1.0, 0.5)])
def test_quadratic_loss_reaches_its_closed_form(a, gamma):
    # sup_x a ||x - c||^2 + a d sigma^2 - gamma ||x - x0||^2
    #     = a d sigma^2 + a gamma / (gamma - a) ||x0 - c||^2
    x0, centre = images(20), torch.full(SHAPE, 0.5)
    problem = Problem(x0, tuple(range(20)), NOISE, quadratic(a, centre))
    step_size = 0.1
    x = climbed(problem, gamma, steps=60, draws=200, step_size=step_size)
    reached = measured(problem, x) - gamma * cost(x, x0)
    away = (x0 - centre).double().square().sum((1, 2, 3))
    exact = a * DIM * SIGMA**2 + a * gamma / (gamma - a) * away
    # Of the mean of ||z||^2 over the draws, and of the cross term of z with x - c.
    error = abs(a) * np.sqrt(
        (2 * DIM * SIGMA**4 + 4 * SIGMA**2 * float(cost(x, x0 * 0 + centre).max())) / 20_000
    )
    np.testing.assert_allclose(reached, exact, atol=5 * error)
    best = (gamma * x0 - a * centre) / (gamma - a)
    assert float((x - best).abs().max()) < 0.05


def probit(weights, offset):
    """A linear two-class classifier whose smoothed loss is known: Phi(-(w s + b)), at most 1."""

    def losses(noisy):
        return torch.special.ndtr(-((noisy * weights).sum((2, 3, 4)) + offset))

    return losses


@pytest.fixture(scope="module")
def linear():
    random = np.random.default_rng(5)
    weights = torch.from_numpy(random.normal(0, 1, SHAPE).astype(np.float32))
    return weights, 0.4, float(weights.norm())


def exact_linear(x0, weights, offset, length, gamma):
    """sup over a move t along -w of Phi((t ||w|| - m) / s) - gamma t^2, s^2 = 1 + sigma^2 ||w||^2."""
    spread = np.sqrt(1 + SIGMA**2 * length**2)
    found = []
    for margin in ((x0 * weights).sum((1, 2, 3)) + offset).numpy():
        tries = np.linspace(0, 20, 400)
        values = norm.cdf((tries * length - margin) / spread) - gamma * tries**2
        near = tries[values.argmax()]
        best = minimize_scalar(
            lambda t, m=margin: gamma * t**2 - norm.cdf((t * length - m) / spread),
            bounds=(max(0, near - 0.1), near + 0.1),
            method="bounded",
        )
        found.append(-best.fun)
    return np.array(found)


def test_linear_classifier_reaches_its_supremum(linear):
    weights, offset, length = linear
    x0 = images(30)
    problem = Problem(x0, tuple(range(30)), NOISE, probit(weights, offset))
    for gamma in (1.5, 3.0, 10.0):  # proved concave: above 0.242 / 0.25
        x = climbed(problem, gamma, steps=80, draws=100)
        reached = (measured(problem, x) - gamma * cost(x, x0)).numpy()
        exact = exact_linear(x0, weights, offset, length, gamma)
        error = 0.5 / np.sqrt(20_000)
        assert (reached <= exact + 5 * error).all()
        np.testing.assert_allclose(reached, exact, atol=5 * error)


def test_the_certificate_of_a_linear_classifier_holds_the_truth(linear):
    weights, offset, length = linear
    x0, gammas = images(60), [1.5, 2.0, 5.0]
    problem = Problem(x0, tuple(range(60)), NOISE, probit(weights, offset))
    rows = []
    for gamma in gammas:
        x = climbed(problem, gamma, steps=40, draws=50)
        slope = squared_slope(problem, x, gamma, 50)
        noiseless = problem.losses(x[:, None])[:, 0].double()
        rows.append([part.numpy() for part in (cost(x, x0), measured(problem, x, 4000), noiseless, slope)])
    where, loss, noiseless, slope = (np.array(column) for column in zip(*rows, strict=True))
    clean = measured(problem, x0, 4000).numpy()
    results = AscentResults(np.array(gammas), where, loss, noiseless, slope, clean, clean, DIM, SIGMA, 1.0)
    drawn = dual_lines(results)
    assert drawn.proved.all()
    exact = np.array([exact_linear(x0, weights, offset, length, gamma).mean() for gamma in gammas])
    np.testing.assert_allclose(drawn.intercept, exact, atol=0.01)
    assert (drawn.low <= exact).all() and (exact <= drawn.high).all()
    assert (drawn.gap < 0.005).all()
    found = certificate(results)
    at, reached = found.attained
    assert (np.interp(at, found.rho, found.certificate) >= np.array(reached) - 1e-9).all()


def test_more_steps_never_lower_what_is_reached_beyond_noise(linear):
    weights, offset, _ = linear
    x0, gamma = images(50), 1.5
    problem = Problem(x0, tuple(range(50)), NOISE, probit(weights, offset))
    source = problem.draws(MEASURE, 4000)
    values = [problem.mean_losses(x0, source, 4000, 1000)]
    for x in ascend(problem, gamma, steps=30, draws=50, step_size=0.1):
        values.append(problem.mean_losses(x, source, 4000, 1000) - gamma * cost(x, x0))
    means = torch.stack(values).mean(1)
    assert float(means.diff().min()) > -2e-3
    assert float(means[-1] - means[0]) > 0.02


def test_the_squared_slope_is_not_raised_by_its_noise():
    # l = a ||s - c||^2: the gradient at x is 2a (x - c) - 2 gamma (x - x0), the draws only disturb it.
    x0, centre, a, gamma, count = images(1), torch.full(SHAPE, 0.2), 2.0, 1.0, 3000
    repeated = x0.expand(count, *SHAPE)
    problem = Problem(repeated, tuple(range(count)), NOISE, quadratic(a, centre))
    x = repeated + 0.3
    exact = (2 * a * (x[0] - centre) - 2 * gamma * (x[0] - x0[0])).double().square().sum()
    found = squared_slope(problem, x, gamma, 4)
    error = found.std() / count**0.5
    assert abs(float(found.mean() - exact)) < 5 * float(error)
    assert float(found.var()) > 0


def test_an_image_is_climbed_from_as_if_it_were_alone(linear):
    weights, offset, _ = linear
    x0 = images(5)
    together = climbed(Problem(x0, (7, 8, 9, 10, 11), NOISE, probit(weights, offset)), 1.5, 5, 4)
    alone = climbed(Problem(x0[2:3], (9,), NOISE, probit(weights, offset)), 1.5, 5, 4)
    np.testing.assert_allclose(together[2], alone[0], atol=1e-6)


def test_without_noise_one_step_is_plain_gradient_ascent():
    x0, centre, a, gamma = images(3), torch.full(SHAPE, 0.5), 0.3, 1.0
    problem = Problem(x0, (0, 1, 2), None, quadratic(a, centre))
    x = climbed(problem, gamma, steps=1, draws=1)
    np.testing.assert_allclose(x, x0 + 0.5 / gamma * 2 * a * (x0 - centre), atol=1e-6)
    slope = squared_slope(problem, x, gamma, 4)
    exact = (2 * a * (x - centre) - 2 * gamma * (x - x0)).double().square().sum((1, 2, 3))
    np.testing.assert_allclose(slope, exact, rtol=1e-5)
