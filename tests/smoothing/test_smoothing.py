"""The smoothed classifier: what it proves, votes as a function of the seed, and what it refuses."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from rsviz.confidence import clopper_pearson_lower
from rsviz.errors import RsvizError
from rsviz.execution import Runner
from rsviz.noise import Gaussian
from rsviz.smoothing import ABSTAIN, CertifyVotes, SmoothedClassifier
from tests.networks import SHAPE, ShortOfMemory, X, half_space


def network(classes=10, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(288, classes)
    )


def smoothed(f=None, sigma=0.5, classes=3, **settings):
    return SmoothedClassifier(f or half_space(0.9), Gaussian(sigma), classes, **{"batch": 64} | settings)


def test_the_radius_of_a_half_space_approaches_the_true_distance():
    p, sigma, n = 0.95, 0.5, 50_000
    certificate = smoothed(half_space(p, sigma)).certify(X, n=n, alpha=0.001)
    assert certificate.predicted == 0
    assert certificate.p_a_lower == clopper_pearson_lower(certificate.counts[0], n, 0.001)
    assert certificate.radius == pytest.approx(sigma * norm.ppf(certificate.p_a_lower))
    # The true distance of X to the boundary is sigma * ppf(p); the certificate stays below, and close.
    assert 0.95 * sigma * norm.ppf(p) < certificate.radius < sigma * norm.ppf(p)


def test_counts_add_up_and_the_two_streams_share_no_noise():
    certificate = smoothed(half_space(0.6)).certify(X, n0=2000, n=2000)
    assert sum(certificate.counts0) == sum(certificate.counts) == 2000
    assert certificate.counts0 != certificate.counts


def test_every_rigorous_bound_is_listed_the_tight_one_first_and_largest():
    certificate = smoothed().certify(X, n=5000)
    keys = list(certificate.radii)
    assert keys[0] == "cohen-l2"
    assert certificate.radius == certificate.radii["cohen-l2"] > 0
    assert all(certificate.radii[key] <= certificate.radius for key in keys if key.endswith("l2"))
    assert "dmr-l2" not in keys


def test_it_abstains_where_nothing_is_proved():
    certificate = smoothed(half_space(0.5)).certify(X, n=1000)
    assert certificate.abstained
    assert certificate.predicted == ABSTAIN
    assert certificate.radius == 0
    assert set(certificate.radii.values()) == {0}


def test_predict_abstains_at_a_tie_and_answers_when_sure():
    tie = half_space(0.5, classes=2)
    assert smoothed(tie, classes=2).predict(X, n=1000) == ABSTAIN
    assert smoothed(half_space(0.9)).predict(X, n=1000) == 0


def test_coverage_over_two_thousand_certificates_of_known_probability():
    """The certificate of a half-space is wrong just when its radius exceeds the distance to the boundary."""
    p, sigma, alpha, runs = 0.8, 0.5, 0.05, 2000
    g = smoothed(half_space(p, sigma, classes=2), classes=2, batch=256)
    true_radius = sigma * norm.ppf(p)
    wrong = sum(
        g.certify(X, n0=10, n=200, alpha=alpha, seed=seed).radius > true_radius for seed in range(runs)
    )
    assert wrong <= runs * alpha + 3 * np.sqrt(runs * alpha * (1 - alpha))
    assert wrong > 0  # of 2,000 at 5%: a procedure that never fails would be giving radius away


@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_counts_do_not_depend_on_the_batch(batch):
    f, n = network(), 4000
    counts = [
        np.array(smoothed(f, classes=10, batch=size).certify(X, n0=10, n=n, seed=3).counts)
        for size in (batch, 256)
    ]
    # Only logits that tie within rounding may fall the other way: at most 1 vote in 10,000.
    assert np.abs(counts[0] - counts[1]).sum() / 2 <= np.ceil(n / 10_000)


def test_counts_do_not_depend_on_stops():
    f = network()
    undisturbed = smoothed(f, classes=10).certify(X, n0=150, n=3000, seed=5)
    stops = 0
    resume = None
    while True:
        stream = smoothed(f, classes=10).stream(X, n0=150, n=3000, seed=5, resume=resume, every=1e-4)
        for _ in range(2):
            snapshot = next(stream)
            if snapshot.certificate:
                break
        if snapshot.certificate:
            break
        resume = CertifyVotes.from_json(snapshot.votes.to_json())
        stops += 1
    assert stops >= 3
    assert snapshot.certificate.counts0 == undisturbed.counts0
    assert snapshot.certificate.counts == undisturbed.counts


def test_only_the_last_snapshot_is_a_certificate():
    snapshots = list(smoothed().stream(X, n0=100, n=2000, every=1e-4))
    assert len(snapshots) > 3
    assert [s.certificate is not None for s in snapshots] == [False] * (len(snapshots) - 1) + [True]
    drawn = [s.votes.drawn for s in snapshots]
    assert drawn == sorted(drawn)


def test_examples_are_the_first_estimating_draws():
    f = half_space(0.7)
    noisy, votes = smoothed(f).examples(X, count=50, seed=9)
    first = smoothed(f, batch=50).certify(X, n0=1, n=50, seed=9)
    assert noisy.shape == (50, *SHAPE)
    assert np.bincount(votes, minlength=3).tolist() == list(first.counts)


def test_noisy_inputs_are_never_clipped():
    seen = []

    def f(batch):
        seen.append((batch.min().item(), batch.max().item()))
        return torch.zeros(len(batch), 2)

    smoothed(f, sigma=2.0, classes=2).certify(X, n=500)
    assert min(low for low, _ in seen) < -1
    assert max(high for _, high in seen) > 2


def test_running_out_of_memory_halves_the_batch_and_takes_the_same_draws():
    f = network()

    certificate = smoothed(ShortOfMemory(f), classes=10, batch=64).certify(X, n0=10, n=1000, seed=2)
    assert certificate.batch == 16
    assert certificate.counts == smoothed(f, classes=10, batch=16).certify(X, n0=10, n=1000, seed=2).counts


def test_dropout_is_off_and_the_network_given_is_left_alone():
    f = torch.nn.Sequential(torch.nn.Dropout(0.5), network())
    f.train()
    runner = Runner(f, "cpu", "bfloat16")
    batch = torch.rand(5, *SHAPE)
    assert torch.equal(runner(batch), runner(batch))
    assert f.training
    assert next(f.parameters()).dtype == torch.float32


def test_precision_is_recorded_and_the_same_for_predicting_and_certifying():
    g = smoothed(network(), classes=10, precision="bfloat16")
    certificate = g.certify(X, n=500)
    assert certificate.precision == "bfloat16"
    assert g.predict(X) in (certificate.counts.index(max(certificate.counts)), ABSTAIN)
    assert g.plan(SHAPE).precision == "bfloat16"


def test_the_batch_is_measured_once_where_none_is_given():
    g = smoothed(network(), classes=10, batch=None, precision="auto")
    plan = g.plan(SHAPE)
    assert plan.batch >= 1
    assert plan.precision in ("float32", "bfloat16")
    assert g.plan(SHAPE) is plan


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": 10.5}, "n is 10.5"),
        ({"n0": -1}, "n0 is -1"),
        ({"alpha": 0}, "alpha is 0"),
        ({"alpha": 1}, "alpha is 1"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is"),
        ({"procedure": "magic"}, "procedure is 'magic'"),
    ],
)
def test_absurd_settings_are_refused_by_name(settings, named):
    with pytest.raises(RsvizError, match=named):
        smoothed().certify(X, **settings)


@pytest.mark.parametrize(
    "x",
    [torch.full(SHAPE, 1.5), torch.full(SHAPE, float("nan")), torch.zeros(8, 8), torch.zeros(SHAPE).int()],
)
def test_an_image_that_is_none_is_refused(x):
    with pytest.raises(RsvizError, match=r"^x (has|holds)"):
        smoothed().certify(x)


def test_a_network_that_gives_nan_or_another_shape_is_refused():
    with pytest.raises(RsvizError, match="NaN"):
        smoothed(lambda batch: torch.full((len(batch), 3), torch.nan)).certify(X)
    with pytest.raises(RsvizError, match="must have shape"):
        smoothed(lambda batch: torch.zeros(len(batch), 5)).certify(X)


def test_a_run_goes_on_only_on_the_kind_of_device_where_it_began():
    snapshot = next(smoothed().stream(X, n0=10, n=1000))
    elsewhere = CertifyVotes.from_json(
        snapshot.votes.to_json() | {"plan": {"device": "cuda", "precision": "float32", "batch": 64}}
    )
    with pytest.raises(RsvizError, match="began on cuda"):
        next(smoothed().stream(X, n0=10, n=1000, resume=elsewhere))
