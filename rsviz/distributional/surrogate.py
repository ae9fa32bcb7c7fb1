"""The robust surrogate phi_gamma(x0) = sup_x E_Z[l(x + Z) - gamma c(x + Z, x0)], c squared l2: its ascent.

With noise in the cost, E_Z c(x + Z, x0) = ||x - x0||^2 + d sigma^2: the noise changes phi by a constant, and
leaves the maximiser as it is. Therefore the ascent climbs E_Z[l(x + Z)] - gamma ||x - x0||^2, and
`certificate` subtracts the cost of the noise. If gamma is not above `losses.concave_from`, an ascent finds a
lower bound of the supremum.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from rsviz.noise import Draws
from rsviz.noise.streams import ASCENT, SLOPE
from rsviz.smoothing.gradients import gradient


@dataclass(frozen=True)
class Problem:
    """Images and their losses.

    x: float32 (B, C, H, W) in [0, 1]. seeds: of the noise of each image. noise: a mechanism, None for none.
    losses: noisy images (B, draws, C, H, W) -> float32 or float64 (B, draws).
    kept: sources of noise by seed, stream and number of draws, for further ascents from the same images;
    None to draw them again.
    """

    x: torch.Tensor
    seeds: tuple[int, ...]
    noise: object
    losses: Callable
    kept: dict | None = None

    def draws(self, stream: int, stop: int) -> "list[Draws] | None":
        """The noise of every image from one stream, of which `stop` draws will be used."""
        if self.noise is None:
            return None
        return [self._source(seed, stream, stop) for seed in self.seeds]

    def _source(self, seed, stream, stop):
        key = (seed, stream, stop)
        source = None if self.kept is None else self.kept.get(key)
        if source is None:
            source = Draws(self.noise, self.x.shape[1:], seed, stream, self.x.device, stop=stop)
            if self.kept is not None:
                self.kept[key] = source
        return source

    def noisy(self, x, draws, start: int, count: int):
        """x_i + z_ij for draws [start, start + count) of every image: (B, count, C, H, W)."""
        if draws is None:
            return x[:, None].expand(-1, count, *x.shape[1:])
        z = torch.empty((len(x), count, *x.shape[1:]), device=x.device)
        for row, one in enumerate(draws):
            one.fill(z[row], start)
        return x[:, None] + z.to(x.dtype)

    def slope(self, x, draws, start: int, count: int):
        """The gradient of mean_j l(x + z_ij) by each image, (B, C, H, W)."""
        return gradient(lambda images: self.losses(self.noisy(images, draws, start, count)).mean(1), x)

    @torch.no_grad()
    def mean_losses(self, x, draws, count: int, at_once: int):
        """mean_j l(x + z_ij) over the first `count` draws, float64 (B,), in passes of `at_once` draws."""
        total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
        for start in range(0, count, at_once):
            part = min(at_once, count - start)
            total += self.losses(self.noisy(x, draws, start, part)).double().sum(1)
        return total / count


def ascend(
    problem: Problem, gamma: float, *, steps: int, draws: int, step_size: float
) -> Iterator[torch.Tensor]:
    """x_0 = x, x_{k+1} = x_k + step_size (1/r sum_j grad l(x_k + z_kj) - 2 gamma (x_k - x_0)).

    Yields x_1, ..., x_K, each (B, C, H, W). steps: K. draws: r, fresh at every step, the same for all gamma.
    Source: Algorithm 1 of the NAL paper, with the cost's exact gradient in place of one over the draws: that
    one holds -2 gamma times their mean, which at step_size 0.5 / gamma would move x by exactly that noise.
    """
    source = problem.draws(ASCENT, steps * draws)
    x = problem.x
    for step in range(steps):
        uphill = problem.slope(x, source, step * draws, draws)
        x = x + step_size * (uphill - 2 * gamma * (x - problem.x))
        yield x


def cost(x, x0) -> torch.Tensor:
    """||x - x0||_2^2 of every image, float64 (B,)."""
    return (x - x0).double().square().sum((1, 2, 3))


def squared_slope(problem: Problem, x, gamma: float, draws: int) -> torch.Tensor:
    """An unbiased estimate of ||grad_x (E l(x + Z) - gamma ||x - x0||^2)||^2, float64 (B,); may be below 0.

    It is the product of two gradients over `draws` independent draws each: the square of a single one would
    add its variance.
    """
    if problem.noise is None:
        half = problem.slope(x, None, 0, 1) - 2 * gamma * (x - problem.x)
        return half.double().square().sum((1, 2, 3))
    source = problem.draws(SLOPE, 2 * draws)
    first, second = (
        (problem.slope(x, source, start, draws) - 2 * gamma * (x - problem.x)).double()
        for start in (0, draws)
    )
    return (first * second).sum((1, 2, 3))
