"""One attack from request to result: what is said of it, against independent recomputation."""

import numpy as np
import pytest

from rsviz.attacks import AttackError, Victim, verdicts
from rsviz.bounds import BOUNDS
from rsviz.checkpoints import load_checkpoint
from rsviz.data.images import to_png
from rsviz.noise import NOISES, Gaussian
from rsviz.smoothing import SmoothedClassifier
from rsviz.tasks.attack import AttackProgress, AttackRequest, run
from rsviz.tasks.attack.messages import gap_sentence, promise, verdict_sentence
from rsviz.tasks.attack.run import on_the_way
from rsviz.tasks.image import store_upload
from tests.here import last
from tests.tasks.samples import QUICK

BASE = QUICK["attack"] | {"votes": 300, "path_votes": 100, "seed": 5}
BASE |= {"parameters": {"epsilon": 1.0, "steps": 8, "draws": 8}}


def request(**changes):
    return AttackRequest.make(**BASE | changes)


def made(asked, progress=None):
    return last(run(asked, resume=progress))


@pytest.fixture(scope="module")
def finished():
    return made(request())


def test_the_verdict_is_that_of_the_library(finished):
    network, card = load_checkpoint("digits-gaussian-0.25")
    victim = Victim(network, NOISES["gaussian"](0.25), card.num_classes, batch=64)
    pictures, result = finished.pictures, finished.result
    (verdict,) = verdicts(
        victim, pictures.x[None], pictures.adversarial[None], [result.label], votes=300, seed=5
    )
    assert result.verdict == verdict.verdict
    assert result.counts_before == list(verdict.counts_before)
    assert result.counts_after == list(verdict.counts_after)
    assert result.distance_l2 == pytest.approx(verdict.l2, abs=1e-12)
    assert result.distance_linf == pytest.approx(verdict.linf, abs=1e-12)


def test_the_certificate_is_that_of_the_original_alone(finished):
    network, card = load_checkpoint("digits-gaussian-0.25")
    smoothed = SmoothedClassifier(network, NOISES["gaussian"](0.25), card.num_classes, batch=64)
    proved = smoothed.certify(finished.pictures.x, n0=100, n=1000, procedure="split", seed=5)
    result = finished.result
    assert result.certificate.counts == proved.counts
    assert result.radii == proved.radii
    for key, radius in result.radii_in_norm.items():
        here = {"l2": 1.0, "linf": 1.0, "l1": 64**-0.5}[BOUNDS[key].norm] * proved.radii[key]
        assert radius == pytest.approx(here)


def test_the_image_and_distances_are_what_was_asked(finished):
    x, adversarial = finished.pictures.x, finished.pictures.adversarial
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    assert 0 < np.linalg.norm((adversarial - x).astype(float).ravel()) <= 1.0
    assert finished.result.eot == 8
    assert finished.result.steps == 8
    assert [row[0] for row in finished.history] == list(range(1, 10))


def test_the_path_leads_from_one_image_to_the_other_above_its_envelope(finished):
    path, pictures = finished.result.path, finished.pictures
    points = on_the_way(pictures.x, pictures.adversarial)
    np.testing.assert_array_equal(points[0], pictures.x)
    np.testing.assert_array_equal(points[-1], pictures.adversarial)
    assert np.sum(path.counts, axis=1).tolist() == [100] * 21
    p_a = finished.result.certificate.p_a_lower
    expected = Gaussian(0.25).least_probability(p_a, np.array(path.distance))
    np.testing.assert_allclose(path.envelope, expected)
    # each upper limit fails with probability alpha / 2, the envelope with alpha: 21 points and a bound
    assert (np.array(path.upper) >= path.envelope).all()
    assert path.distance[-1] == pytest.approx(finished.result.distance_l2)


@pytest.mark.parametrize("stage", ["attacking", "judging", "certifying", "path"])
def test_a_run_that_was_interrupted_ends_with_the_same(finished, stage):
    asked = request()
    for progress in run(asked):
        if progress.phase == stage and progress.plans:
            break
    again = AttackProgress.from_bytes(progress.to_bytes(), asked)
    ended = made(asked, again)
    assert ended.result.counts_after == finished.result.counts_after
    assert ended.result.path == finished.result.path
    assert ended.result.history == finished.result.history
    assert list(ended.result.radii.items()) == list(finished.result.radii.items())
    np.testing.assert_array_equal(ended.pictures.adversarial, finished.pictures.adversarial)


def test_the_base_classifier_has_no_certificate():
    progress = made(request(scale=0.0))
    result = progress.result
    assert result.noise is None
    assert result.radii == {}
    assert result.certificate is None
    assert result.path.envelope is None
    assert result.votes == 1
    assert result.eot == 1
    # the answers of f are the largest of its softmax
    assert result.before == int(np.argmax(result.softmax_before))
    assert result.after == int(np.argmax(result.softmax_after))
    assert "nothing here is proved" in gap_sentence(result)
    assert promise(result) == ""


def test_inside_the_certified_radius_nothing_changes(finished):
    """EOT-PGD at its strongest in the certified ball of several digits: a change would be a bug."""
    radius = finished.result.best_radius[1]
    for index in range(3, 7):
        image = {"kind": "dataset", "dataset": "digits", "index": index}
        inside = {"epsilon": 0.99 * radius, "steps": 15, "draws": 16}
        result = made(request(image=image, parameters=inside)).result
        if result.inside:
            assert result.after in (None, result.certificate.predicted)
            assert not result.contradicts


def test_an_uploaded_image_is_labelled_by_the_votes(finished):
    sha256 = store_upload(to_png(finished.pictures.x, 8))
    upload = {"kind": "upload", "sha256": sha256}
    result = made(request(image=upload)).result
    assert result.label_from == "votes"
    assert result.label == finished.result.label
    with pytest.raises(AttackError, match="which is the image's label"):
        made(request(image=upload, target=result.label))


def test_a_target_equal_to_the_dataset_s_label_is_refused(finished):
    with pytest.raises(AttackError, match="it must be another class"):
        made(request(target=finished.result.label))


def test_transfer_runs_on_the_surrogate_and_is_judged_on_the_victim():
    inner = {"attack": "eot-pgd", "parameters": {"epsilon": 1.5, "steps": 8, "draws": 8}}
    asked = request(attack="transfer", surrogate="digits-plain", parameters=inner)
    result = made(asked).result
    assert result.surrogate == "digits-plain"
    assert result.eot == 1  # trained without noise, so attacked without
    assert sum(result.counts_after) == 300
    assert result.distance_l2 <= 1.5


def test_an_attack_that_finds_nothing_says_so():
    progress = made(request(attack="cw", parameters={"steps": 1, "searches": 1, "draws": 4}))
    result = progress.result
    assert result.found is False
    assert result.distance_l2 == 0
    assert verdict_sentence(result).startswith("The attack found nothing")


def test_what_is_saved_comes_back(finished):
    again = AttackProgress.from_json(finished.to_json())
    assert again.request == finished.request
    assert again.result.verdict == finished.result.verdict
    assert again.result.counts_after == finished.result.counts_after
    np.testing.assert_array_equal(again.pictures.adversarial, finished.pictures.adversarial)
    with pytest.raises(AttackError, match="attack --save"):
        AttackProgress.from_json("{}")
