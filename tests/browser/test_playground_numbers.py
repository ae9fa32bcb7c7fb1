"""The browser's half of the plane's mathematics gives the numbers of Python's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import betaincc

from rsviz.confidence import PROCEDURES, log_evidence, sequence_lower
from rsviz.noise import NOISES
from rsviz.plane import (
    SIDE,
    ClassMap,
    SmoothedPlane,
    attack_point,
    certified_radii,
    certify_point,
    nearest_change,
    plane_bound,
    plane_draws,
    true_radius,
    worst_case,
)
from rsviz.ui.playground.component import script
from tests.browser.conftest import record_outside
from tests.plane.random_maps import random_map

KEYS = list(NOISES)
each_noise = pytest.mark.parametrize("key", KEYS)
MAPS = ("blobs", "stamps", "dust", "sectors-0")
POINTS, CLOSELY = 250, 10
"""Points a map, 1,000 for each noise; and of how many of them everything is compared."""
ATTACKED = {"noises-0": 1, "sectors-0": 2}
"""From how many of them a map is attacked."""
NEEDED = (
    "SmoothedPlane, NOISES, NORMS, readRuns, writeRuns, clippedCells, unitDraws, certifyPoint, trueRadius, "
    "nearestChange, worstCase, attackPoint, limits, logEvidence, firstFalse"
)
OF_POINTS = """({runs, classes, noise, scale, points, closely, attacked}) => {
  const g = new plane.SmoothedPlane(plane.readRuns(runs), classes, noise, scale)
  const each = points.map(([x, y], i) => {
    const measured = plane.certifyPoint(g, x, y, "measured"), rest = plane.certifyPoint(g, x, y, "rest")
    const basic = {p: [...measured.p], slope: g.gradient(x, y), radius: measured.radius, rest: rest.radius}
    if (i >= closely) return basic
    const worst = plane.worstCase(g, measured, x - 0.3, y + 0.1)
    return {
      ...basic, base: measured.base, top: measured.top, second: measured.second, norm: measured.norm,
      truth: plane.trueRadius(g, x, y, measured.top), change: plane.nearestChange(g, x, y),
      worst, attack: i < attacked ? plane.attackPoint(g, x, y) : null,
    }
  })
  return {each, map: [...g.map].join(""), maps: g.maps.map(map => map.join())}
}"""


@pytest.fixture(scope="module")
def plane(browser):
    """plane(function, argument) -> what a function of the browser's mathematics, `plane`, returns there."""
    context = browser.new_context()
    outside = record_outside(context)
    page = context.new_page()
    names = script(("mathematics", "point", "picture", "panels"), None)
    page.add_script_tag(content=f"(() => {{{names}\nglobalThis.plane = {{{NEEDED}}}}})()")
    yield page.evaluate
    context.close()
    assert not outside


@each_noise
def test_points_and_maps_are_the_same_in_the_browser(plane, key):
    rng = np.random.default_rng(1)
    for kind in MAPS:
        f = random_map(kind, rng)
        scale = float(np.exp(rng.uniform(np.log(0.05), np.log(2))))
        g, points = SmoothedPlane(f, NOISES[key](scale)), rng.uniform(-2, 2, (POINTS, 2))
        asked = {"runs": f.runs(), "classes": f.classes, "noise": key, "scale": scale}
        found = plane(
            OF_POINTS,
            asked | {"points": points.tolist(), "closely": CLOSELY, "attacked": ATTACKED.get(kind, 0)},
        )
        each = found["each"]
        assert_allclose([one["p"] for one in each], g.probabilities(points), rtol=1e-9, atol=1e-15)
        assert_allclose([one["slope"] for one in each], g.gradient(points), rtol=1e-9, atol=1e-11 / scale)
        maps = g.probability_maps.reshape(f.classes, -1)
        assert_allclose([np.fromstring(one, sep=",") for one in found["maps"]], maps, rtol=0, atol=1e-12)
        lead = np.ptp(np.sort(maps, 0)[-2:], 0)
        has_ties = (lead < 1e-12).any()
        assert np.array_equal(np.array([*found["map"]], int)[lead > 1e-12], g.map.ravel()[lead > 1e-12])
        assert_allclose([one["radius"] for one in each], certified_radii(g, points), rtol=0, atol=1e-9)
        for point, one in zip(points[:CLOSELY], each, strict=False):
            same_point(g, point, one, has_ties)
            if one["attack"]:
                same_attack(g, point, one["attack"])


def same_point(g, point, one, has_ties):
    measured, rest = certify_point(g, point), certify_point(g, point, "rest")
    assert one["radius"] == pytest.approx(measured.radius, abs=1e-9)
    assert one["rest"] == pytest.approx(rest.radius, abs=1e-9)
    assert one["base"] == measured.base
    assert one["norm"] == measured.norm
    if measured.p_a - measured.p_b > 1e-12:
        assert one["top"] == measured.top
    if not has_ties:  # the last digit would decide which class a cell has
        assert one["truth"] == pytest.approx(true_radius(g, point, measured.norm), abs=1e-12)
    change = nearest_change(g.f, point, measured.norm)
    assert (one["change"] is None) == (change is None)
    if change is not None:
        assert one["change"]["distance"] == pytest.approx(change[0], abs=1e-12)
    p = np.array(measured.probabilities)
    rest = float(np.delete(p, measured.top).sum())
    direction = point[0] - 0.3, point[1] + 0.1
    worst = worst_case(g.noise, measured.p_a, measured.p_b, direction, rest)
    assert one["worst"]["normal"] == pytest.approx(worst.normal, abs=1e-12)
    assert one["worst"]["towards"] == pytest.approx(worst.towards, abs=1e-12)
    assert one["worst"]["endA"] == pytest.approx(worst.end_a, abs=1e-9)
    assert one["worst"]["startB"] == pytest.approx(worst.start_b, abs=1e-9)


def same_attack(g, point, one):
    attack, certificate = attack_point(g, point), certify_point(g, point)
    if g.noise.key == "uniform":  # slopes tie in places, and then the last digit turns the path
        assert not one["changed"] or one["distance"] >= certificate.radius - 1e-9
        return
    assert one["changed"] == attack.changed
    assert one["distance"] == pytest.approx(attack.distance, abs=1e-9)
    assert one["path"][0] == pytest.approx(point)
    if one["changed"]:
        p = g.probabilities(one["path"][-1])
        assert np.delete(p, certificate.top).max() >= p[certificate.top] - 1e-9


@each_noise
def test_the_same_seed_gives_the_same_dots(plane, key):
    for seed, start in ((0, 0), (2**31 - 1, 2**27), (12345, 2**28)):
        found = plane(f"([seed, start]) => [...plane.unitDraws('{key}', seed, start, 500)]", [seed, start])
        expected = plane_draws(NOISES[key](1.0), seed, start, 500).ravel()
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_limits_from_votes_are_those_of_the_procedures(plane):
    rng = np.random.default_rng(2)
    cases = []
    for n in (10, 100, 1_000, 10_000, 100_000):
        counts = rng.multinomial(n, rng.dirichlet((3, 1, 1)), 10).tolist()
        cases += [*counts, [n, 0, 0], [0, n, 0], [n - 1, 0, 1]]
    for alpha in (0.1, 0.05, 0.01, 0.001):
        for way, key in (("rest", "cohen"), ("measured", "split")):
            call = "([cases, alpha, way]) => cases.map(counts => plane.limits(counts, 0, alpha, way))"
            found = np.array(plane(call, [cases, alpha, way]))
            expected = np.stack(PROCEDURES[key].limits(np.array(cases), 0, alpha), -1)
            assert found == pytest.approx(expected, abs=1e-11)


def test_evidence_and_the_first_false_count_are_those_of_the_confidence_sequence(plane):
    rng = np.random.default_rng(3)
    n = rng.integers(1, 10_000, 200)
    k, p = (n * rng.uniform(0, 1, 200)).astype(int), rng.uniform(0.02, 0.98, 200)
    found = plane(
        "cases => cases.map(([k, n, p]) => plane.logEvidence(k, n, p))",
        [list(map(float, case)) for case in zip(k, n, p, strict=True)],
    )
    expected = log_evidence(k, n, p)
    far = betaincc(k + 1, n - k + 1, p) < 1e-300  # beyond the numbers of a computer, and far from any limit
    assert np.array(found)[~far] == pytest.approx(expected[~far], rel=1e-9, abs=1e-9)
    assert np.all(np.array(found)[far] < 0)
    for votes, share, alpha in ((100, 0.5, 0.05), (1_000, 0.8, 0.01), (10_000, 0.93, 0.05)):
        call = """([n, p, alpha]) => plane.firstFalse(
          n, p, (k, m, p) => plane.logEvidence(k, m, p) > -Math.log(alpha))"""
        first = int(plane(call, [votes, share, alpha]))
        assert sequence_lower(first - 1, votes, alpha) <= share < sequence_lower(first, votes, alpha)


def test_maps_are_read_written_and_clipped_as_in_python(plane):
    rng = np.random.default_rng(4)
    for kind in MAPS:
        f = random_map(kind, rng)
        call = """runs => {
          const cells = plane.readRuns(runs)
          return [[...cells], plane.writeRuns(cells), plane.writeRuns(plane.clippedCells(cells))]
        }"""
        cells, runs, clipped = plane(call, f.runs())
        assert np.array_equal(np.reshape(cells, (SIDE, SIDE)), f.cells)
        assert runs == f.runs()
        assert clipped == f.clipped().runs()


@each_noise
def test_far_from_every_other_class_the_radius_stays_finite_and_below_the_distance(plane, key):
    f = ClassMap.of(lambda x, y: x > 0.75)
    asked = {"runs": f.runs(), "classes": 2, "noise": key, "scale": 0.05, "closely": 1, "attacked": 0}
    (one,) = plane(OF_POINTS, asked | {"points": [[-1.95, 0.3]]})["each"]
    g = SmoothedPlane(f, NOISES[key](0.05))
    assert one["radius"] == pytest.approx(certify_point(g, (-1.95, 0.3)).radius, abs=1e-9)
    assert 0 < one["radius"] <= 2.7 + 1e-9
    assert plane_bound(g.noise).norm == one["norm"]
