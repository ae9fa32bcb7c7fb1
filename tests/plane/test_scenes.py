"""Each scene says what the mathematics gives."""

import re

import numpy as np
import pytest

from rsviz.bounds import certifying
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.plane import HALF, SCENES, SmoothedPlane, attack_point, certify_point, nearest_change, true_radius
from rsviz.plane.geometry import RUNNER_UPS, exact_radius
from rsviz.plane.scenes import ALPHAS, DIMENSIONS, LAYERS, NUMBERS_OF_VOTES, SCALES

each_scene = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
MOST_WORDS = 25
SWEEP = np.linspace(0.05, 2.0, 64)


def smoothed(key, variant=0, scale=None):
    scene = SCENES[key]
    noise = NOISES[scene.settings.noise](scale or scene.settings.scale)
    return SmoothedPlane(scene.class_map(variant), noise)


def start(key):
    return SCENES[key].settings.x, SCENES[key].settings.y


@each_scene
def test_a_scene_says_one_thing_in_few_words(scene):
    assert 5 < len(scene.says.split()) <= MOST_WORDS
    assert scene.says.endswith(".") and scene.act and scene.title


@each_scene
def test_the_settings_of_a_scene_are_among_those_that_can_be_chosen(scene):
    settings = scene.settings
    assert settings.noise in NOISES
    assert SCALES[0] <= settings.scale <= SCALES[1]
    assert settings.n in NUMBERS_OF_VOTES and settings.alpha in ALPHAS and settings.d in DIMENSIONS
    assert settings.runner_up in RUNNER_UPS and set(settings.show) <= set(LAYERS)
    assert max(abs(settings.x), abs(settings.y)) <= HALF
    assert scene.class_map(99) is scene.class_map(0)  # an unknown variant is the first
    for variant in range(len(scene.rules)):
        assert set(np.unique(scene.class_map(variant).cells)) == set(range(scene.classes))


@each_scene
def test_a_scene_opens_with_something_proved(scene):
    found = certify_point(smoothed(scene.key), start(scene.key), scene.settings.runner_up)
    assert found.radius > 0.01


def test_island_f_says_b_and_breaks_inside_the_ball_where_g_says_a():
    g, x = smoothed("island"), start("island")
    found = certify_point(g, x)
    assert (found.base, found.top) == (1, 0)
    far, _ = nearest_change(g.f, x, "l2")
    assert far < found.radius < true_radius(g, x, "l2")[1]
    rng = np.random.default_rng(1)
    angle, size = rng.uniform(0, 2 * np.pi, 2_000), found.radius * np.sqrt(rng.uniform(0, 1, 2_000))
    ball = x + size[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    assert len(np.unique(g.f.at(ball))) == 2
    assert (g.classify(ball) == found.top).all()


def test_line_the_proof_is_tight_at_every_scale():
    for scale in (0.05, 0.2, 0.5, 1.0, 2.0):
        g = smoothed("boundary", 0, scale)
        assert certify_point(g, (0, 0)).radius == pytest.approx(0.75, abs=1e-9)
        assert attack_point(g, (0, 0)).distance == pytest.approx(0.75, abs=1e-9)


def test_disc_the_words_name_what_is_proved_and_what_is_true():
    proved, true = numbers("boundary")
    g = smoothed("boundary", 1)
    assert f"{certify_point(g, (0, 0)).radius:.2f}" == proved
    low, high = true_radius(g, (0, 0), "l2")
    assert low < float(true) < high + 0.005  # the words are rounded
    x = np.linspace(0, 1.5, 15_001)
    p = g.probabilities(np.stack([x, np.zeros_like(x)], -1))
    assert f"{x[np.argmax(p[:, 1] > p[:, 0])]:.2f}" == true


def numbers(key):
    return re.findall(r"\d\.\d+", SCENES[key].says)


def test_corridor_the_radius_falls_slowly_then_collapses_then_g_flips():
    found = [certify_point(smoothed("corridor", 0, scale), (0, 0)) for scale in SWEEP]
    tops = np.array([one.top for one in found])
    flip = int(np.argmax(tops == 1))
    assert flip > 0 and (tops[:flip] == 0).all() and (tops[flip:] == 1).all()
    radii = np.array([one.radius for one in found[:flip]])
    assert np.all(np.diff(radii) < 1e-9)  # it never rises
    quarter = flip // 4
    assert radii[0] - radii[quarter] < radii[2 * quarter] - radii[3 * quarter]
    assert radii[-1] < 0.1 * radii[0]


def test_corridor_few_votes_are_best_at_another_scale_and_abstain_at_last():
    alpha, split = SCENES["corridor"].settings.alpha, PROCEDURES["split"]
    best, last = {}, {}
    for n in (100, 100_000):
        radii = []
        for scale in SWEEP:
            g = smoothed("corridor", 0, scale)
            found = certify_point(g, (0, 0))
            lower, upper = split.limits(
                np.round(np.array(found.probabilities) * n).astype(int), found.top, alpha
            )
            proved = exact_radius(certifying("gaussian")[0], scale, lower, upper, 1 - lower)
            radii.append(float(proved) if lower > upper and found.top == 0 else 0.0)
        best[n] = SWEEP[int(np.argmax(radii))]
        last[n] = SWEEP[np.nonzero(radii)[0][-1]]
        flips = next(
            scale for scale in SWEEP if certify_point(smoothed("corridor", 0, scale), (0, 0)).top == 1
        )
        assert max(radii) > 0 and last[n] < flips
    assert best[100_000] < 0.8 * best[100]
    assert last[100] < last[100_000]


def test_sectors_the_words_name_what_each_p_b_proves():
    g, x = smoothed("sectors"), start("sectors")
    proved = [f"{certify_point(g, x, way).radius:.2f}" for way in ("rest", "measured")]
    assert proved == numbers("sectors")
    assert SCENES["sectors"].settings.runner_up == "rest"


def test_four_noises_each_prove_a_ball_of_their_own_shape():
    scene = SCENES["noises"]
    found = [
        certify_point(SmoothedPlane(scene.class_map(), noise(scene.settings.scale)), start("noises"))
        for noise in NOISES.values()
    ]
    assert {one.norm for one in found} == {"l1", "l2", "linf"}
    assert all(one.radius > 0.1 for one in found)


def test_rain_g_is_unsure_enough_for_false_limits():
    assert 0.6 < certify_point(smoothed("rain"), start("rain")).p_a < 0.95
