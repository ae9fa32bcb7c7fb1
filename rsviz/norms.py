"""The norms l1, l2 and linf: symbols, order, dual, conversion, and the moves of an attack in their balls.

Importing this module does not import torch; the methods on tensors do.
Tensors are batches (B, C, H, W) of images or perturbations, in pixel units. epsilon and size are numbers, or
tensors (B,) with one value for each image. The box [0, 1] is not part of a norm: clip x + delta after
`project`. Since x lies in the box, clipping only brings x + delta nearer to x, and the ball is kept.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rsviz.errors import RsvizError, short
from rsviz.lazy import lazy

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Size = float | Tensor
    Batch = TypeVar("Batch", Tensor, np.ndarray)

torch = lazy("torch")


@dataclass(frozen=True)
class Norm:
    """||delta||_p over all pixels and channels.

    key: its name in links, commands and tables; also for plain text. symbol, latex: for screens and formulas.
    order: p, as numpy.linalg.norm takes it. dual: key of the dual norm.
    """

    key: str
    symbol: str
    latex: str
    order: float
    dual: str

    @property
    def circle(self) -> np.ndarray:
        """The unit sphere in two dimensions, as a closed outline float64 (n, 2)."""
        angle = np.linspace(0, 2 * np.pi, 73)
        points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        if self.order == 2:
            return points
        corners = points[9:72:18] if self.order == math.inf else points[:72:18]
        closed = np.concatenate([corners, corners[:1]])
        return closed / np.linalg.norm(closed, self.order, axis=1, keepdims=True)

    def length(self, delta: "Batch") -> "Batch":
        """||delta|| of each image (B,), in delta's precision; delta: tensor or array (B, ...)."""
        if isinstance(delta, np.ndarray):
            return np.linalg.norm(delta.reshape(len(delta), -1), self.order, axis=1)
        return torch.linalg.vector_norm(delta.flatten(1), ord=self.order, dim=1)

    def step(self, gradient: "Tensor", size: "Size") -> "Tensor":
        """The move of length `size` along which the loss rises fastest; 0 where the gradient is 0."""
        raise NotImplementedError

    def project(self, delta: "Tensor", epsilon: "Size") -> "Tensor":
        """The point of the ball ||delta|| <= epsilon that is nearest to delta in l2."""
        raise NotImplementedError

    def random(self, shape: Sequence[int], epsilon: "Size", generator: "Generator") -> "Tensor":
        """float32 (B, C, H, W), uniform in the ball: a random direction at length epsilon * U^(1/dim)."""
        delta = self._directions(shape, generator)
        uniform = torch.rand(shape[0], generator=generator, device=generator.device)
        radius = uniform.double().pow(1 / delta[0].numel()).float() * _number(epsilon, delta)
        return delta * per_image(radius / self.length(delta), delta)

    def _directions(self, shape: Sequence[int], generator: "Generator") -> "Tensor":
        """Draws with a density that depends only on their norm."""
        raise NotImplementedError


class L1(Norm):
    """||delta||_1 = sum_i |delta_i|."""

    def step(self, gradient: "Tensor", size: "Size") -> "Tensor":
        flat = gradient.flatten(1)
        steepest = flat.abs().argmax(1, keepdim=True)
        move = torch.zeros_like(flat).scatter_(1, steepest, flat.gather(1, steepest).sign())
        return move.view_as(gradient) * per_image(size, gradient)

    def project(self, delta: "Tensor", epsilon: "Size") -> "Tensor":
        """Shrinks every value by one threshold (Duchi et al. 2008)."""
        largest_first = delta.flatten(1).abs().sort(dim=1, descending=True).values
        ranks = torch.arange(1, largest_first.shape[1] + 1, device=delta.device)
        excess = largest_first.cumsum(1) - _number(epsilon, delta).reshape(-1, 1)
        threshold = per_image((excess / ranks).amax(1).clamp(min=0), delta)
        return delta.sign() * (delta.abs() - threshold).clamp(min=0)

    def _directions(self, shape: Sequence[int], generator: "Generator") -> "Tensor":
        uniform = torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        return torch.copysign(torch.log1p(-uniform.abs()), uniform)


class L2(Norm):
    """||delta||_2 = sqrt(sum_i delta_i^2)."""

    def step(self, gradient: "Tensor", size: "Size") -> "Tensor":
        """size * gradient / ||gradient||.

        A gradient too small to be squared keeps its direction: a network that is very sure must not look
        like one that cannot be attacked.
        """
        largest = gradient.abs().amax(dim=(1, 2, 3), keepdim=True)
        scaled = gradient / torch.where(largest > 0, largest, 1)
        length = per_image(self.length(scaled), gradient)
        return scaled * (per_image(size, gradient) / torch.where(length > 0, length, 1))

    def project(self, delta: "Tensor", epsilon: "Size") -> "Tensor":
        length, epsilon = per_image(self.length(delta), delta), per_image(epsilon, delta)
        return torch.where(length > epsilon, delta * (epsilon / torch.where(length > 0, length, 1)), delta)

    def _directions(self, shape: Sequence[int], generator: "Generator") -> "Tensor":
        return torch.randn(shape, generator=generator, device=generator.device)


class Linf(Norm):
    """||delta||_inf = max_i |delta_i|."""

    def step(self, gradient: "Tensor", size: "Size") -> "Tensor":
        """size * sign(gradient)."""
        return gradient.sign() * per_image(size, gradient)

    def project(self, delta: "Tensor", epsilon: "Size") -> "Tensor":
        epsilon = per_image(epsilon, delta)
        return torch.minimum(torch.maximum(delta, -epsilon), epsilon)

    def random(self, shape: Sequence[int], epsilon: "Size", generator: "Generator") -> "Tensor":
        """float32 (B, C, H, W), uniform in the cube."""
        delta = torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        return delta * per_image(epsilon, delta)


NORMS: Mapping[str, Norm] = MappingProxyType(
    {
        "l1": L1("l1", "ℓ₁", r"\ell_1", order=1, dual="linf"),
        "l2": L2("l2", "ℓ₂", r"\ell_2", order=2, dual="l2"),
        "linf": Linf("linf", "ℓ∞", r"\ell_\infty", order=math.inf, dual="l1"),
    }
)
"""Every norm by its key, the largest first."""


def norm_symbol(key: str) -> str:
    """The symbol of a norm, for a widget's `format_func`."""
    return NORMS[key].symbol


def conversion(norm: str, other: str, dim: int | None = None) -> float:
    """Largest k such that the ball of `other` with radius k * r lies in the ball of `norm` with radius r.

    1 where the norms are equal or the ball of `other` is the smaller; 1/sqrt(dim) from l1 to l2 and from l2
    to linf; 1/dim from l1 to linf.
    norm, other: keys of NORMS. dim: number of input values, needed only where the result depends on it.
    Raises RsvizError for an unknown norm, or a dim that is missing or no integer >= 1.
    """
    for name, value in (("norm", norm), ("other", other)):
        if value not in NORMS:
            raise RsvizError(f"{name} is {value!r}; it must be one of: {', '.join(NORMS)}.")
    exponent = 1 / NORMS[norm].order - 1 / NORMS[other].order
    if exponent <= 0:
        return 1.0
    dim = check_dim(dim)
    if dim is None:
        raise RsvizError(
            f"dim is missing; a radius in {norm} is read in {other} only with the number of input values."
        )
    return float(dim**-exponent)


def check_dim(dim: int | float | None) -> int | None:
    """dim as an int >= 1, or None; RsvizError for anything else."""
    if dim is None:
        return None
    array = np.asarray(dim)
    if (
        array.ndim
        or array.dtype.kind not in "fiu"
        or not np.isfinite(array)
        or array != int(array)
        or array < 1
    ):
        raise RsvizError(f"dim is {short(dim)}; it must be one integer >= 1, the number of input values.")
    return int(array)


def per_image(value: "Size", like: "Tensor") -> "Tensor":
    """A number, or a tensor (B,), so that it broadcasts over `like` (B, C, H, W)."""
    return _number(value, like).reshape(-1, 1, 1, 1)


def _number(value: "Size", like: "Tensor") -> "Tensor":
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)
