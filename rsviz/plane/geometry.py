"""What can be said about one point of the plane: certificate, true radius, worst case, attack."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.bounds import Bound, certifying
from rsviz.errors import RsvizError, short
from rsviz.noise.base import Noise
from rsviz.norms import NORMS
from rsviz.plane.class_map import CELL, CENTRES, EDGES, HALF, ClassMap, Floats
from rsviz.plane.smoothing import SmoothedPlane, check_points

SMALLEST = 1e-300
"""Below it a probability has lost digits; a larger one in its place proves less."""
RUNNER_UPS = ("measured", "rest")
STEP = CELL / 2
MOST_STEPS = 400
HALVINGS = 40
RINGS = (1.0, 2.0, 3.0)
"""Where an attack begins again, in proved radii from the point."""


@dataclass(frozen=True)
class PointCertificate:
    """Prediction and certificate at one point.

    probabilities: of each class. top: class of g. runner_up: the largest other class. base: class of f.
    p_a: of the top class. rest: 1 - p_a, exact where it is tiny. p_b: of the runner-up, or the rest. radius:
    proved, in `norm`, in units of the plane.
    """

    base: int
    top: int
    runner_up: int
    probabilities: tuple[float, ...]
    p_a: float
    rest: float
    p_b: float
    radius: float
    norm: str


def certify_point(g: SmoothedPlane, point: ArrayLike, runner_up: str = "measured") -> PointCertificate:
    """The certificate of g at a point (2,) from its exact probabilities, by the tight bound for the noise.

    runner_up: "measured", p_b is the probability of the runner-up; "rest", p_b is 1 - p_a, as in CERTIFY.
    """
    if runner_up not in RUNNER_UPS:
        raise RsvizError(f"runner_up is {short(runner_up)}; it must be one of: {', '.join(RUNNER_UPS)}.")
    p = g.probabilities(point)
    order = np.argsort(-p, kind="stable")
    top, second = int(order[0]), int(order[1])
    rest = float(np.delete(p, top).sum())
    p_b = float(p[second]) if runner_up == "measured" else rest
    bound = plane_bound(g.noise)
    return PointCertificate(
        base=int(g.f.at(point)),
        top=top,
        runner_up=second,
        probabilities=tuple(map(float, p)),
        p_a=float(p[top]),
        rest=rest,
        p_b=p_b,
        radius=float(_radius(g, p[top], p_b, rest)),
        norm=bound.norm,
    )


def certified_radii(g: SmoothedPlane, points: ArrayLike) -> Floats:
    """Radii of `certify_point` with the measured runner-up at points (..., 2)."""
    p = np.sort(g.probabilities(points), -1)
    return _radius(g, p[..., -1], p[..., -2], p[..., :-1].sum(-1))


def _radius(g, p_a, p_b, rest) -> Floats:
    """`exact_radius`, and inf where f has one class everywhere."""
    if (g.f.cells == g.f.cells[0, 0]).all():
        return np.full(np.shape(p_a), np.inf)
    return exact_radius(plane_bound(g.noise), g.noise.scale, p_a, p_b, rest)


def plane_bound(noise: Noise) -> Bound:
    """The tight bound for the noise, in the norm of its ball."""
    return certifying(noise.key)[0]


def exact_radius(bound: Bound, scale: float, p_a: ArrayLike, p_b: ArrayLike, rest: ArrayLike) -> Floats:
    """The bound's radius where 1 - p_a is known better than p_a itself, as for p_a = 1 - 1e-40.

    A tight bound is half the difference of two quantiles, and a quantile of p_a is minus that of 1 - p_a.
    So R(p_a, p_b) = R(1/2, p_b) + R(1/2, 1 - p_a) for p_a >= 1/2.

    rest: 1 - p_a. A probability below 1e-300, also 0, counts as 1e-300, which proves less: far away
    Gaussian noise has probabilities that round to 0.
    """
    p_a, p_b, rest = np.broadcast_arrays(*(np.asarray(value, float) for value in (p_a, p_b, rest)))
    p_b, rest = np.maximum(p_b, SMALLEST), np.maximum(rest, SMALLEST)
    high = p_a >= 0.5
    half = np.full(p_a.shape, 0.5)
    far = bound.radius(half, np.minimum(np.where(high, p_b, 0.5), 0.5), scale=scale)
    far = far + bound.radius(half, np.minimum(np.where(high, rest, 0.5), 0.5), scale=scale)
    near = bound.certified_radius(np.where(high, 0.5, p_a), np.where(high, 0.5, p_b), scale=scale)
    return np.where(high, np.where(p_b < p_a, far, 0.0), near)


def distances(norm: str, offsets: ArrayLike) -> Floats:
    """Norms of offsets (..., 2)."""
    return np.linalg.norm(np.asarray(offsets, float), NORMS[norm].order, axis=-1)


def true_radius(g: SmoothedPlane, point: ArrayLike, norm: str) -> tuple[float, float]:
    """(low, high): g's own radius at a point, as far as a grid of cells tells.

    high is the distance to the nearest cell centre of another class of g, inf where the picture has none; low
    is less by the diagonal of a cell, in the norm: so far may a centre be from where g changes.
    """
    other = g.map != g.classify(point)
    if not other.any():
        return np.inf, np.inf
    row, column = np.nonzero(other)
    centres = np.stack([CENTRES[column], CENTRES[row]], -1)
    high = float(distances(norm, centres - check_points(point)).min())
    return max(high - float(distances(norm, (CELL, CELL))), 0.0), high


def nearest_change(f: ClassMap, point: ArrayLike, norm: str) -> tuple[float, tuple[float, float]] | None:
    """(distance, point): where f first changes its class, seen from a point (2,); None if never."""
    point = check_points(point)
    row, column = np.nonzero(f.cells != f.at(point))
    if not len(row):
        return None
    low = np.stack([_outwards(EDGES[column], column, -np.inf, 0), _outwards(EDGES[row], row, -np.inf, 0)], -1)
    high = np.stack(
        [_outwards(EDGES[1:][at], at, np.inf, len(CENTRES) - 1) for at in (column, row)],
        -1,
    )
    near = np.clip(point, low, high)
    far = distances(norm, near - point)
    best = int(far.argmin())
    return float(far[best]), (float(near[best, 0]), float(near[best, 1]))


def _outwards(edges, cells, end, last):
    """The border cells go on without end."""
    return np.where(cells == last, end, edges)


@dataclass(frozen=True)
class HalfPlanes:
    """The worst base classifier with the same p_a and p_b: two half-planes, seen from the point.

    f is the top class where normal . z <= end_a, the runner-up where normal . z >= start_b, z the offset from
    the point. towards: unit step, in the norm of the noise, along which g changes soonest: at `radius`.
    """

    normal: tuple[float, float]
    towards: tuple[float, float]
    end_a: float
    start_b: float

    @property
    def radius(self) -> float:
        return (self.end_a + self.start_b) / 2


def worst_case(
    noise: Noise, p_a: float, p_b: float, direction: ArrayLike = (1.0, 0.0), rest: float | None = None
) -> HalfPlanes:
    """The half-planes that attain the tight bound: no class of probability p_a survives a longer step.

    Gaussian: any normal. Laplace and uniform: along an axis. l_inf-exponential: diagonal, because
    (z_1 + z_2) / 2 is Laplace noise.
    direction: (2,), from the point to where the picture should have them. rest: 1 - p_a, where it is known
    better than p_a.
    """
    x, y = np.asarray(direction, float)
    norm = plane_bound(noise).norm
    size = np.hypot(x, y)
    towards = (x / size, y / size) if size > 0 else (1.0, 0.0)
    if norm == "linf":
        towards = (np.copysign(1.0, x), np.copysign(1.0, y))
    elif norm == "l1":
        towards = (np.copysign(1.0, x), 0.0) if abs(x) >= abs(y) else (0.0, np.copysign(1.0, y))
    share = 0.5 if norm == "linf" else 1.0
    return HalfPlanes(
        normal=(float(share * towards[0]), float(share * towards[1])),
        towards=(float(towards[0]), float(towards[1])),
        end_a=_quantile(noise, p_a, 1 - p_a if rest is None else rest),
        start_b=-_quantile(noise, p_b, 1 - p_b),
    )


def _quantile(noise: Noise, p: float, rest: float) -> float:
    """Where normal . z lies below with probability p. rest: 1 - p, which counts where p > 1/2."""
    beyond = max(min(p, rest), SMALLEST)
    size = 2 * float(plane_bound(noise).radius(0.5, beyond, scale=noise.scale))
    return size if p >= 0.5 else -size


@dataclass(frozen=True, eq=False)
class PlaneAttack:
    """path: points (steps, 2), the first is where it began. changed: whether g has another class at its end.

    distance: from the first point to the last, in the norm of the noise.
    """

    path: NDArray[np.float64]
    changed: bool
    distance: float


def attack_point(g: SmoothedPlane, point: ArrayLike) -> PlaneAttack:
    """Steepest descent of p_A - p_B on g, with the exact gradient, until g changes its class.

    Each step has the length of half a cell in the norm of the noise; the last one is halved until it ends at
    the boundary. A descent ends without a change where the slope is 0 or the picture ends. Then it begins
    again from 8 directions: at the edge of the proved ball, as nothing inside succeeds, then further out.
    """
    x = check_points(point)
    certificate = certify_point(g, x)
    first = _descend(g, [x], certificate.top)
    if first.changed or not 0 < certificate.radius < np.inf:
        return first
    for times in RINGS:
        starts = x + times * certificate.radius * _directions(certificate.norm)
        inside = [start for start in starts if np.abs(start).max() <= HALF]
        found = [attack for start in inside if (attack := _descend(g, [x, start], certificate.top)).changed]
        if found:
            return min(found, key=lambda attack: attack.distance)
    return first


def _directions(norm) -> Floats:
    """Steps of length 1 in `norm`, 8 of them."""
    angle = np.arange(8) * np.pi / 4
    unit = np.stack([np.cos(angle), np.sin(angle)], -1)
    return unit / distances(norm, unit)[:, None]


def _descend(g, path, top) -> PlaneAttack:
    """The attack that goes on from the end of `path`. top: the class to leave."""
    norm, path = plane_bound(g.noise).norm, list(path)

    def end(changed):
        return PlaneAttack(np.array(path), changed, float(distances(norm, path[-1] - path[0])))

    def leave(start, whole):
        """Where the segment of offsets `whole` from `start` first leaves the class."""
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            stays = int(g.classify(start + middle * whole)) == top
            low, high = (middle, high) if stays else (low, middle)
        return start + high * whole

    x = path[-1]
    if int(g.classify(x)) != top:
        path[-1] = leave(path[0], x - path[0])
        return end(True)
    for _ in range(MOST_STEPS):
        p, slopes = g.probabilities(x), g.gradient(x)
        second = next(k for k in np.argsort(-p, kind="stable") if k != top)
        step = _steepest(norm, slopes[second] - slopes[top])
        if step is None or np.abs(x + STEP * step).max() > HALF:
            return end(False)
        if int(g.classify(x + STEP * step)) != top:
            path.append(leave(x, STEP * step))
            return end(True)
        x = x + STEP * step
        path.append(x)
    return end(False)


def _steepest(norm, slope):
    """The step of length 1 in `norm` along which a linear function rises most; None where it is flat."""
    size = np.abs(slope).max()
    if size < 1e-300:
        return None
    if norm == "l2":
        return slope / size / np.hypot(*(slope / size))
    if norm == "linf":
        return np.sign(slope)
    axis = int(np.abs(slope).argmax())
    step = np.zeros(2)
    step[axis] = np.sign(slope[axis])
    return step
