"""Nothing proved is false: balls, radii, worst cases and attacks, on random maps and those of the scenes."""

import numpy as np
import pytest
from scipy import integrate, stats

from rsviz.bounds import certifying
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.plane import (
    CELL,
    SCENES,
    SIDE,
    ClassMap,
    SmoothedPlane,
    attack_point,
    certified_radii,
    certify_point,
    nearest_change,
    true_radius,
    worst_case,
)
from rsviz.plane.geometry import distances
from tests.plane.random_maps import KINDS, RANDOM, distance_to_another_class, random_map

KEYS = list(NOISES)
each_noise = pytest.mark.parametrize("key", KEYS)
POINTS = {"linf-exponential": 40}
"""Points a map; with dependent coordinates each costs a mass for every cell."""


@each_noise
def test_no_certified_ball_reaches_a_cell_centre_of_another_class(key):
    rng, proved = np.random.default_rng(5), 0
    for kind in (*RANDOM, *KINDS):
        g = SmoothedPlane(random_map(kind, rng), NOISES[key](float(np.exp(rng.uniform(-3, 0.7)))))
        points = rng.uniform(-2, 2, (POINTS.get(key, 1_500), 2))
        radii, distance = certified_radii(g, points), distance_to_another_class(g, points)
        assert np.all(radii <= distance + 1e-9)
        proved += int((radii > CELL).sum())
    assert proved > 200


@each_noise
def test_a_certificate_of_the_rest_never_proves_more_than_one_of_the_runner_up(key):
    rng = np.random.default_rng(6)
    for kind in KINDS:
        g = SmoothedPlane(random_map(kind, rng, classes=3), NOISES[key](0.4))
        points = rng.uniform(-2, 2, (10, 2))
        for point, radius in zip(points, certified_radii(g, points), strict=True):
            measured, rest = (certify_point(g, point, way) for way in ("measured", "rest"))
            assert rest.radius <= measured.radius + 1e-12
            assert measured.radius == pytest.approx(radius, abs=1e-12)
            assert (measured.top, measured.base) == (int(g.classify(point)), int(g.f.at(point)))
            assert measured.p_b <= rest.p_b == pytest.approx(1 - rest.p_a, abs=1e-12)


@each_noise
def test_the_radius_is_that_of_the_tight_bound(key):
    rng = np.random.default_rng(7)
    for kind in ("blobs", "dust", "sectors-0"):
        g = SmoothedPlane(random_map(kind, rng), NOISES[key](0.6))
        for point in rng.uniform(-2, 2, (10, 2)):
            found = certify_point(g, point)
            bound = certifying(key)[0]
            if found.p_a < 0.999:
                expected = bound.radius(found.p_a, found.p_b, scale=0.6)
                assert found.radius == pytest.approx(float(expected), abs=1e-10)


@pytest.mark.parametrize("key", ["gaussian", "laplace", "uniform"])
@pytest.mark.parametrize("scale", [0.05, 0.1, 0.3, 0.7, 1.3, 2.0])
@pytest.mark.parametrize("axis", [0, 1])
def test_at_a_half_plane_the_radius_is_the_distance(key, scale, axis):
    border = 0.75
    g = SmoothedPlane(_half_plane(axis), NOISES[key](scale))
    along = np.linspace(-2, 2, 81)
    points = np.stack([along, np.full_like(along, 0.1)], -1)
    points = points if axis == 0 else points[:, ::-1]
    reach = {"gaussian": 36 * scale, "laplace": np.inf, "uniform": scale}[key]
    distance = np.abs(along - border)
    near = distance < reach
    radii = certified_radii(g, points)
    assert radii[near] == pytest.approx(distance[near], rel=1e-9, abs=1e-9)
    assert np.all(radii[~near] <= distance[~near])
    assert near.sum() > 1
    for point, high in zip(points[::9], distance[::9], strict=True):
        assert true_radius(g, point, certifying(key)[0].norm)[1] >= high


def _half_plane(axis):
    return ClassMap.of(lambda x, y: (x, y)[axis] > 0.75)


@pytest.mark.parametrize("scale", [0.05, 0.1, 0.2])
def test_a_diagonal_border_is_where_the_bound_of_the_cube_comes_close(scale):
    """Steps of the cells aside, the bound is tight there; at a border along an axis it is not."""
    noise = NOISES["linf-exponential"](scale)
    diagonal = SmoothedPlane(ClassMap.of(lambda x, y: x + y > 0), noise)
    straight = SmoothedPlane(_half_plane(0), noise)
    for far in (0.1, 0.3):
        radius = certify_point(diagonal, (-far, -far)).radius
        assert radius == pytest.approx(far, abs=0.5 * CELL)
        assert certify_point(straight, (0.75 - far, 0.0)).radius < 0.95 * far


def below_by_integral(noise, normal, end):
    """P(normal . z <= end), from the law of the noise and not from its bound."""
    if noise.key == "gaussian":
        return stats.norm.cdf(end, scale=noise.scale * np.hypot(*normal))
    if noise.key == "linf-exponential":  # uniform on squares of half-width Gamma(3): a triangle of that width
        assert np.abs(normal) == pytest.approx(0.5)
        triangle = stats.triang(0.5, loc=-1, scale=2)
        kinks = [abs(end)] if end else None
        value, _ = integrate.quad(
            lambda r: triangle.cdf(end / r) * stats.gamma.pdf(r, 3, scale=noise.scale),
            1e-12, abs(end) + 60 * noise.scale, points=kinks, epsabs=1e-12, limit=400,
        )  # fmt: skip
        return value
    assert sorted(np.abs(normal)) == [0, 1]
    return float(noise.marginal_cdf(end, 2))


@each_noise
@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.3, -0.8), (-1.0, 1e-9)])
def test_the_worst_case_has_these_probabilities_and_breaks_at_the_radius(key, direction):
    noise, bound = NOISES[key](0.37), certifying(key)[0]
    for p_a, p_b in [(0.55, 0.45), (0.9, 0.05), (0.4, 0.35), (0.7, 0.3), (0.999, 1e-4)]:
        worst = worst_case(noise, p_a, p_b, direction)
        end, start = worst.end_a, worst.start_b
        assert below_by_integral(noise, worst.normal, end) == pytest.approx(p_a, abs=1e-8)
        assert below_by_integral(noise, worst.normal, -start) == pytest.approx(p_b, abs=1e-8)
        assert end <= start + 1e-12  # the two half-planes do not overlap
        assert worst.radius == pytest.approx(float(bound.radius(p_a, p_b, scale=0.37)), abs=1e-9)
        assert distances(bound.norm, worst.towards) == pytest.approx(1)
        assert np.dot(worst.normal, worst.towards) == pytest.approx(1)
        # a step of the radius along `towards` makes both as likely: the bound is attained
        moved = [
            below_by_integral(noise, worst.normal, at) for at in (end - worst.radius, worst.radius - start)
        ]
        assert moved[0] == pytest.approx(moved[1], abs=1e-8)


@each_noise
@pytest.mark.parametrize("kind", ["blobs", "stamps", "sectors-0", "noises-0", "island-0"])
def test_an_attack_stays_outside_the_certified_ball_and_ends_where_it_says(key, kind):
    rng, changed = np.random.default_rng(8), 0
    g = SmoothedPlane(random_map(kind, rng, classes=3), NOISES[key](0.3))
    for point in rng.uniform(-1.2, 1.2, (2, 2)):
        certificate, attack = certify_point(g, point), attack_point(g, point)
        path = attack.path
        assert np.array_equal(path[0], point)
        assert attack.distance == pytest.approx(float(distances(certificate.norm, path[-1] - point)))
        inside = distances(certificate.norm, path - point) < certificate.radius - 1e-9
        assert (g.classify(path[inside]) == certificate.top).all()
        assert (g.classify(path[-1]) != certificate.top) == attack.changed
        if attack.changed:
            assert attack.distance >= certificate.radius - 1e-9
        changed += attack.changed
    assert changed or kind != "sectors-0" or key == "uniform"  # whose slope is 0 in places


def test_an_attack_on_a_half_plane_goes_straight_to_it():
    g = SmoothedPlane(_half_plane(0), NOISES["gaussian"](0.5))
    attack = attack_point(g, (0.1, 0.4))
    assert attack.changed
    assert attack.distance == pytest.approx(0.65, abs=1e-9)
    assert attack.path[:, 1] == pytest.approx(0.4, abs=1e-9)


@each_noise
def test_the_bracket_holds_the_true_radius(key):
    rng, norm = np.random.default_rng(9), certifying(key)[0].norm
    for kind in ("blobs", "boundary-0", "boundary-1", "corridor-0"):
        g = SmoothedPlane(random_map(kind, rng), NOISES[key](0.4))
        points = rng.uniform(-1.5, 1.5, (4, 2))
        nearest = distance_to_another_class(g, points)
        for point, far in zip(points, nearest, strict=True):
            low, high = true_radius(g, point, norm)
            assert high == pytest.approx(far) or high == far == np.inf
            assert low <= high
            if low > 0 and np.isfinite(low):  # g keeps its class on spheres just inside the bracket
                angle = np.linspace(0, 2 * np.pi, 48)
                unit = np.stack([np.cos(angle), np.sin(angle)], -1)
                sphere = point + (low - 1e-9) * unit / distances(norm, unit)[:, None]
                assert (g.classify(sphere) == g.classify(point)).all()


@each_noise
def test_the_nearest_change_of_f_is_nearer_than_any_found_by_search(key):
    rng, norm = np.random.default_rng(10), certifying(key)[0].norm
    for kind in KINDS:
        f = random_map(kind, rng)
        for point in rng.uniform(-2.5, 2.5, (4, 2)):
            found = nearest_change(f, point, norm)
            if found is None:
                assert (f.cells == f.at(point)).all()
                continue
            far, place = found
            assert far == pytest.approx(float(distances(norm, np.subtract(place, point))))
            tried = point + rng.uniform(-1.2, 1.2, (2_000, 2)) * max(far, 1e-3)
            other = f.at(tried) != f.at(point)
            assert not (distances(norm, tried[other] - point) < far - 1e-12).any()
            step = np.subtract(place, point)
            beyond = np.asarray(place) + 1e-7 * np.array([(a, b) for a in (-1, 1) for b in (-1, 1)])
            assert (f.at(beyond) != f.at(point)).any() or not step.any()


def test_f_that_never_changes_has_no_nearest_change_and_no_end_of_the_true_radius():
    f = ClassMap(np.zeros((SIDE, SIDE), int), 2)
    g = SmoothedPlane(f, NOISES["laplace"](0.5))
    assert nearest_change(f, (0, 0), "l1") is None
    assert true_radius(g, (0, 0), "l1") == (np.inf, np.inf)
    assert certify_point(g, (0, 0)).radius == np.inf
    assert not attack_point(g, (0, 0)).changed


def test_an_unknown_way_to_find_the_runner_up_is_refused():
    g = SmoothedPlane(SCENES["island"].class_map(), NOISES["gaussian"](0.5))
    with pytest.raises(RsvizError, match=r"^runner_up is 'guessed'; it must be one of: measured, rest\.$"):
        certify_point(g, (0, 0), "guessed")
