"""The ball of each norm: steepest ascent, projection, uniform draws."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from rsviz.norms import NORMS

SHAPE = (6, 3, 4, 5)
EPSILON = torch.tensor([0.01, 0.1, 0.5, 1.0, 2.0, 100.0])

pytestmark = pytest.mark.parametrize("norm", NORMS.values(), ids=list(NORMS))


def draw(seed=0, shape=SHAPE):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def numpy_length(norm, delta):
    order = {"l1": 1, "l2": 2, "linf": np.inf}[norm.key]
    return np.linalg.norm(delta.double().flatten(1).numpy(), ord=order, axis=1)


def test_length_is_the_norm_of_each_image(norm):
    delta = draw()
    np.testing.assert_allclose(norm.length(delta), numpy_length(norm, delta), rtol=1e-6)
    np.testing.assert_allclose(norm.length(delta.numpy()), numpy_length(norm, delta), rtol=1e-6)


def test_a_step_has_the_size_asked_for_and_no_other_of_that_size_rises_more(norm):
    gradient = draw(1)
    step = norm.step(gradient, EPSILON)
    np.testing.assert_allclose(norm.length(step), EPSILON, rtol=1e-6)
    rise = (step * gradient).flatten(1).sum(1)
    for seed in range(50):
        other = draw(seed + 2)
        other *= (EPSILON / norm.length(other)).reshape(-1, 1, 1, 1)
        assert ((other * gradient).flatten(1).sum(1) <= rise * (1 + 1e-6)).all()
    # Hoelder: the rise is size times the dual norm of the gradient, and no step can do better.
    dual = {"l1": np.inf, "l2": 2, "linf": 1}[norm.key]
    assert NORMS[norm.dual].order == dual
    bound = EPSILON * torch.linalg.vector_norm(gradient.flatten(1), ord=dual, dim=1)
    np.testing.assert_allclose(rise, bound, rtol=1e-5)


def test_zero_gradients_stay_and_the_tiniest_ones_move(norm):
    gradient = torch.zeros(3, 1, 2, 2)
    gradient[1, 0, 0, 0] = 1e-38
    gradient[2] = 1e30
    step = norm.step(gradient, 0.5)
    assert (step[0] == 0).all()
    assert step[1, 0, 0, 0] == 0.5
    assert norm.length(step)[2].item() == pytest.approx(0.5)


def test_projection_gives_the_nearest_point_of_the_ball(norm):
    delta = draw(3)
    projected = norm.project(delta, EPSILON)
    assert (norm.length(projected) <= EPSILON * (1 + 1e-6)).all()
    inside = norm.length(delta) <= EPSILON
    assert 0 < inside.sum() < len(delta)
    assert torch.equal(projected[inside], delta[inside])
    distance = (projected - delta).flatten(1).norm(dim=1)
    for seed in range(50):
        other = norm.random(SHAPE, EPSILON, torch.Generator().manual_seed(seed))
        assert ((other - delta).flatten(1).norm(dim=1) >= distance - 1e-5).all()


def test_projection_of_nothing_is_nothing(norm):
    assert torch.equal(norm.project(torch.zeros(2, 1, 2, 2), 0.1), torch.zeros(2, 1, 2, 2))


def test_clipping_to_the_box_after_projection_keeps_the_ball(norm):
    x = torch.rand(SHAPE, generator=torch.Generator().manual_seed(4))
    moved = (x + norm.project(3 * draw(5), EPSILON)).clamp(0, 1)
    rounding = 2**-24 * x[0].numel() if norm.key == "l1" else 0  # of every x + delta in float32
    assert (norm.length(moved - x) <= EPSILON * (1 + 1e-5) + rounding).all()


def test_random_is_uniform_in_the_ball(norm):
    count, epsilon = 4000, 0.7
    delta = norm.random((count, 1, 2, 3), epsilon, torch.Generator().manual_seed(6))
    # The part of a ball's volume within length r is (r / epsilon)^dim.
    volume = (numpy_length(norm, delta) / epsilon) ** 6
    assert kstest(volume, "uniform").pvalue > 0.01
    mean = delta.mean(0).abs().max().item()
    assert mean < 4 * delta.std().item() / count**0.5


def test_random_is_decided_by_the_generator(norm):
    first, again, other = (
        norm.random(SHAPE, EPSILON, torch.Generator().manual_seed(seed)) for seed in (7, 7, 8)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert (norm.length(first) <= EPSILON * (1 + 1e-6)).all()
