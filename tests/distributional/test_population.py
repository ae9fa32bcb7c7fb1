"""A certificate from request to curves: what it must obey, and that breaks do not change it."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest

from rsviz.distributional import PopulationError, at_budget
from rsviz.errors import RsvizError
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.tasks.population import PopulationRequest, PopulationResult, run, shipped_example
from tests.here import last
from tests.tasks.samples import QUICK

BASE = QUICK["population"] | {"images": 110, "gammas": [1.0, 5.0], "K": 3, "measured": 8, "n": 100}


def request(**changes):
    return PopulationRequest.make(**BASE | changes)


def curves(asked, done):
    return PopulationResult.of_parts(asked, done).curves


def made(asked, done=None):
    return last(run(asked, done))


@pytest.fixture(scope="module")
def finished():
    return made(request())


def test_every_part_is_there_and_is_plain(finished):
    assert set(finished.done) == {*finished.request.part_keys(), "plans"}
    assert json.loads(json.dumps(finished.done)) == finished.done
    # Two chunks of clean and of two gammas, and under noise of radii
    assert finished.parts == len(finished.done) - 1 == 2 * (3 + 4)


def test_a_break_after_any_part_changes_nothing(finished):
    reached = run(request())
    for count in (1, 3, 6):
        while True:
            state = next(reached)
            if state.new and len(state.done) - 1 >= count:
                break
        reached.close()
        reached = run(request(), json.loads(json.dumps(state.done)))
    *_, last = reached
    assert last.done == finished.done


def test_curves_obey_the_theory(finished):
    for one in curves(finished.request, finished.done):
        curve, at = np.array(one.certificate), np.array(one.rho)
        slope = np.diff(curve) / np.diff(at)
        assert (slope >= -1e-9).all() and (np.diff(slope) <= 1e-6).all()
        reached_at, reached = one.attained
        assert (np.interp(reached_at, at, curve) >= np.array(reached) - 1e-12).all()
        assert all(point.concave == "not proved" for point in one.points)  # cross-entropy has no bound


def test_radii_are_per_image_and_only_under_noise(finished):
    noiseless, noisy = curves(finished.request, finished.done)
    assert noiseless.radii is None and noiseless.scale == 0.0
    assert len(noisy.radii) == 110
    assert {radius for radius in noisy.radii if radius < 0} <= {-1.0}
    # Of 100 draws without a wrong one: p_A >= alpha^(1/100) at most, and R = sigma Phi^-1(p_A)
    assert 0.25 < max(noisy.radii) <= 0.25 * 1.5002


def test_unfinished_series_are_left_out(finished):
    part = {key: value for key, value in finished.done.items() if "0.25 3 2 5.0" not in key}
    assert [one.scale for one in curves(finished.request, part)] == [0.0]
    part = {key: value for key, value in finished.done.items() if "radius" not in key}
    assert curves(finished.request, part)[1].radii is None


def test_an_image_does_not_depend_on_the_others(finished):
    few = made(request(images=12, scales=[0.25], batch=32)).done
    for key in few:
        if key != "plans":
            for name, values in few[key].items():
                np.testing.assert_allclose(values, finished.done[key][name][:12], atol=2e-4, rtol=2e-4)


def test_a_checkpoint_of_ones_own_goes_by_its_path(tmp_path, finished):
    shipped = SHIPPED_CHECKPOINTS / "digits-nal-0.25"
    card = json.loads(shipped.with_name("digits-nal-0.25.json").read_text()) | {"name": "my-own"}
    (tmp_path / "my-own.json").write_text(json.dumps(card))
    shutil.copy(shipped.with_name("digits-nal-0.25.safetensors"), tmp_path / "my-own.safetensors")
    path = str(tmp_path / "my-own.safetensors")
    asked = request(checkpoints=[path], images=12, scales=[0.25], gammas=[2.0], batch=32)
    (one,) = curves(asked, made(asked).done)
    assert one.checkpoint == path
    np.testing.assert_allclose(one.clean_loss, np.mean(_clean(finished)[:12]), atol=2e-4)


def _clean(finished):
    return finished.done[finished.request.series[1].key("clean", 0)]["loss"]


def test_bounded_losses_are_bounded_and_may_be_proved():
    for loss, bound in (("error", None), ("generalised-cross-entropy", 2.0)):
        asked = request(loss=loss, bound=bound, gammas=[0.5, 20.0], scales=[0.25], images=20, n=0)
        (one,) = curves(asked, made(asked).done)
        assert [point.concave for point in one.points] == ["not proved", "proved"]
        assert 0 <= one.clean_loss <= max(one.certificate) <= one.bound == (bound or 1.0)
        assert one.radii is None
        assert one.points[1].gap >= 0


def test_several_efforts_share_what_does_not_depend_on_them():
    asked = request(K=[1, 3], r=[2, 4], images=10, gammas=[2.0])
    assert [(one.scale, one.K, one.r) for one in asked.series] == [
        (0.0, 1, 2),
        (0.0, 3, 2),
        *((0.25, K, r) for K in (1, 3) for r in (2, 4)),
    ]
    last = made(asked)
    found = curves(asked, last.done)
    assert last.parts == len(last.done) - 1 == 2 + 1 + 2 + 4  # clean twice, radius once, six ascents
    assert len({one.clean_loss for one in found if one.scale}) == 1
    assert len({one.points[0].loss for one in found}) == 6


def test_a_curve_is_read_at_any_budget(finished):
    _, noisy = curves(finished.request, finished.done)
    zero, there, far = at_budget(noisy, [0.0, noisy.points[0].rho, 1e6])
    assert zero.certificate == pytest.approx(noisy.certificate[0])
    assert zero.epsilon == 0.0 and far.epsilon == 1000.0
    assert there.certificate >= noisy.points[0].loss
    assert there.low <= there.certificate <= there.high
    (moved,) = at_budget(noisy, [there.rho + 64 * 0.25**2])
    assert moved.printed == pytest.approx(there.certificate)
    with pytest.raises(PopulationError, match="at least 0"):
        at_budget(noisy, [-0.1])


def test_the_losses_are_what_they_say():
    torch = pytest.importorskip("torch")
    from rsviz.distributional import LOSSES

    share = torch.tensor([0.9, 0.1, 1e-30])
    np.testing.assert_allclose(LOSSES["error"].of(share.log(), None), 1 - share)
    np.testing.assert_allclose(LOSSES["cross-entropy"].of(share.log(), None), -share.log())
    general = LOSSES["generalised-cross-entropy"].of
    np.testing.assert_allclose(general(share.log(), 3.0), 3 * (1 - share ** (1 / 3)), atol=1e-6)
    np.testing.assert_allclose(general(share.log(), 1.0), 1 - share, atol=1e-6)


def test_more_steps_do_not_lower_phi_beyond_noise():
    values = []
    for steps in (1, 5, 25):
        asked = request(K=steps, r=8, measured=64, gammas=[2.0], scales=[0.25], images=60, n=0)
        reached = made(asked).done
        key = asked.series[0].key
        values.append(np.array(reached[key("2.0", 0)]["loss"]) - 2 * np.array(reached[key("2.0", 0)]["cost"]))
    for fewer, more in pairwise(values):
        gain = more - fewer
        assert gain.mean() > -3 * gain.std(ddof=1) / np.sqrt(len(gain))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gammas": [0.0]}, "gammas"),
        ({"gammas": [-1.0]}, "gammas"),
        ({"gammas": [float("nan")]}, "gammas"),
        ({"gammas": []}, "gammas"),
        ({"gammas": [1.0, 1.0]}, "gammas names one value twice"),
        ({"K": 0}, "K"),
        ({"K": [5, 5]}, "K names one value twice"),
        ({"K": [1, 2, 3, 4, 5], "r": [1, 2, 3, 4]}, "up to 16"),
        ({"r": 0}, "r"),
        ({"scales": [-0.1]}, "scales"),
        ({"scales": [0.25, 0.25]}, "scales names one value twice"),
        ({"images": 1}, "images"),
        ({"checkpoints": []}, "checkpoints"),
        ({"checkpoints": ["digits-nal-0.25"] * 2}, "twice"),
        ({"loss": "hinge"}, "cross-entropy, error, generalised-cross-entropy"),
        ({"loss": "generalised-cross-entropy"}, "bound is missing"),
        ({"bound": 3.0}, "cross-entropy has none"),
        ({"loss": "error", "bound": 3.0}, "bounded by 1"),
        ({"eta1": 0.0}, "eta1"),
        ({"alpha": 1.0}, "alpha"),
        ({"colour": 1}, "colour"),
    ],
)
def test_bad_input_gets_one_sentence(changes, words):
    with pytest.raises(PopulationError, match=words) as caught:
        request(**changes)
    assert str(caught.value).count("\n") == 0 and str(caught.value).endswith(".")


def test_an_unbounded_loss_is_refused_where_a_bound_is_needed():
    with pytest.raises(PopulationError, match="cross-entropy, which has no bound"):
        request().check_provable()
    assert request(loss="error").check_provable().loss_bound == 1.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checkpoints": ["digits-nal-0.25", "mnist-cnn-nal-0.25"]}, "same images"),
        ({"checkpoints": ["no-such"]}, "no-such"),
        ({"images": 100_000}, "test part of digits has"),
        ({"checkpoints": ["../digits-nal-0.25"]}, "name of a checkpoint"),
    ],
)
def test_what_a_job_cannot_run_is_refused_before_it_starts(changes, words):
    with pytest.raises(RsvizError, match=words):
        PopulationRequest.for_job(BASE | changes)


def test_the_shipped_example_is_finished_and_of_its_request():
    asked, result = shipped_example()
    found = result.curves
    assert [(one.checkpoint, one.scale) for one in found] == [
        (series.checkpoint, series.scale) for series in asked.series
    ]
    assert {one.method for one in found} == {"nal", "wrm", "stn", "smoothadv", "trades"}
    for one in found:
        assert one.images == asked.images
        assert [point.gamma for point in one.points] == list(asked.gammas)
        reached_at, reached = one.attained
        curve = np.interp(reached_at, one.rho, one.certificate)
        assert (curve >= np.array(reached) - 1e-9).all()
