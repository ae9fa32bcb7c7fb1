"""The certificate against the attacks: inside a certified radius nothing may change the prediction of g."""

import numpy as np
import pytest
import torch

from rsviz.attacks import tally, verdicts
from rsviz.norms import NORMS
from rsviz.smoothing import SmoothedClassifier
from tests.attacks.common import digits, last, victim

IMAGES, ALPHA, VOTES = 64, 1e-4, 1000

LINF_OF_L2 = 1 / 8.0
"""An l-infinity ball of radius r lies in the l2 ball of radius r * sqrt(64) on images of 64 pixels."""

ATTACKS = {
    "eot-pgd-l2": ("eot-pgd", {"norm": "l2", "steps": 20, "draws": 16, "restarts": 2}),
    "eot-pgd-linf": ("eot-pgd", {"norm": "linf", "steps": 20, "draws": 16}),
    "cw": ("cw", {"steps": 30, "searches": 6, "draws": 16, "votes": 50}),
    "boundary": ("boundary", {"steps": 60, "votes": 50}),
}


@pytest.fixture(scope="module")
def certified():
    """(victim, x, labels, predicted, radii): images on which g does not abstain, with what is proved."""
    on, (x, labels) = victim(), digits(IMAGES + 8)
    g = SmoothedClassifier(on.network, on.noise, on.num_classes, batch=128)
    certificates = [g.certify(image, n0=100, n=2000, alpha=ALPHA, seed=1) for image in x]
    kept = [row for row, certificate in enumerate(certificates) if not certificate.abstained][:IMAGES]
    predicted = torch.tensor([certificates[row].predicted for row in kept])
    radii = torch.tensor([certificates[row].radius for row in kept], dtype=torch.float32)
    return on, x[kept], labels[kept], predicted, radii


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_inside_the_certified_radius_changes_the_prediction(certified, name):
    """A change would be a bug in the certificate or in the attack: each certificate, and each of the two
    answers of a verdict, is wrong with probability at most ALPHA."""
    on, x, labels, predicted, radii = certified
    assert len(x) >= 60
    assert radii.min() > 0
    key, settings = ATTACKS[name]
    inside = radii * (LINF_OF_L2 if settings.get("norm") == "linf" else 1.0)
    state = last(key, on, x, predicted, epsilons=inside, **settings)
    # What was found beyond the radius is brought back onto it: the nearest that the certificate speaks of.
    norm = NORMS[settings.get("norm", "l2")]
    within = (x + norm.project(state.best - x, inside * (1 - 1e-6))).clamp(0, 1)
    found = list(verdicts(on, x, within, labels, votes=VOTES, alpha=ALPHA))
    for v, radius in zip(found, radii.tolist(), strict=True):
        assert v.l2 <= radius
    assert tally(found)["changed"] == 0
    # The attacks are no dummies: they do what the certificate allows, and the votes feel it.
    fell = np.mean([v.share_before - v.share_after for v in found])
    assert fell > 0.01


def test_what_changes_a_prediction_lies_beyond_its_certificate(certified):
    """The least distortions that are found: never below the radius, and not all of them far above it."""
    on, x, labels, predicted, radii = certified
    rows = slice(0, 24)
    state = last("cw", on, x[rows], predicted[rows], steps=40, searches=7, draws=16, votes=100)
    assert state.found.all()
    judged = list(verdicts(on, x[rows], state.best, labels[rows], votes=VOTES, alpha=ALPHA))
    changed = torch.tensor([v.verdict == "changed" for v in judged])
    assert changed.sum() >= 20
    assert (state.distance[changed] > radii[rows][changed]).all()
    assert (state.distance / radii[rows]).median() < 4


def test_a_prediction_changes_where_the_radius_is_taken_too_large(certified):
    """The same attack at three times the radius: the test above can fail."""
    on, x, labels, predicted, radii = certified
    state = last("eot-pgd", on, x, predicted, epsilons=3 * radii, steps=20, draws=16)
    found = list(verdicts(on, x, state.best, labels, votes=VOTES, alpha=ALPHA))
    assert tally(found)["changed"] > IMAGES / 4
