"""The ball that an attack may move in: steepest ascent, projection, uniform draws and length, for each norm.

Everything works on batches (B, C, H, W) image by image. epsilon and size are numbers in pixel units, or
tensors (B,) with one for each image. The box [0, 1] is not part of a norm: clip x + delta after `project`.
Since x lies in the box, clipping only brings x + delta nearer to x, and the ball is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch


@dataclass(frozen=True)
class L2:
    """||delta||_2 = sqrt(sum_i delta_i^2), over all pixels and channels."""

    key: str = "l2"
    title: str = "l2"

    def length(self, delta):
        """||delta|| of each image (B,), in delta's precision."""
        return torch.linalg.vector_norm(delta.flatten(1), dim=1)

    def step(self, gradient, size):
        """size * gradient / ||gradient||: the move of that length along which the loss rises fastest.

        Where the gradient is 0 nothing moves. A gradient too small to be squared keeps its direction: a
        network that is very sure must not look like one that cannot be attacked.
        """
        largest = gradient.abs().amax(dim=(1, 2, 3), keepdim=True)
        scaled = gradient / torch.where(largest > 0, largest, 1)
        length = per_image(self.length(scaled), gradient)
        return scaled * (per_image(size, gradient) / torch.where(length > 0, length, 1))

    def project(self, delta, epsilon):
        """The point of the ball ||delta|| <= epsilon that is nearest to delta."""
        length, epsilon = per_image(self.length(delta), delta), per_image(epsilon, delta)
        return torch.where(length > epsilon, delta * (epsilon / torch.where(length > 0, length, 1)), delta)

    def random(self, shape, epsilon, generator):
        """float32 (B, C, H, W), uniform in the ball: a uniform direction at length epsilon * U^(1/dim)."""
        delta = torch.randn(shape, generator=generator, device=generator.device)
        uniform = torch.rand(shape[0], generator=generator, device=generator.device)
        radius = uniform.double().pow(1 / delta[0].numel()).float() * _number(epsilon, delta)
        return delta * per_image(radius / self.length(delta), delta)


@dataclass(frozen=True)
class Linf:
    """||delta||_inf = max_i |delta_i|."""

    key: str = "linf"
    title: str = "l∞"

    def length(self, delta):
        """||delta|| of each image (B,), in delta's precision."""
        return delta.flatten(1).abs().amax(dim=1)

    def step(self, gradient, size):
        """size * sign(gradient): the move of that length along which the loss rises fastest."""
        return gradient.sign() * per_image(size, gradient)

    def project(self, delta, epsilon):
        """The point of the ball ||delta|| <= epsilon that is nearest to delta."""
        epsilon = per_image(epsilon, delta)
        return torch.minimum(torch.maximum(delta, -epsilon), epsilon)

    def random(self, shape, epsilon, generator):
        """float32 (B, C, H, W), uniform in the cube."""
        delta = torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        return delta * per_image(epsilon, delta)


NORMS: Mapping[str, L2 | Linf] = MappingProxyType({norm.key: norm for norm in (L2(), Linf())})


def per_image(value, like):
    """A number, or a tensor (B,), so that it broadcasts over `like` (B, C, H, W)."""
    return _number(value, like).reshape(-1, 1, 1, 1)


def _number(value, like):
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)
