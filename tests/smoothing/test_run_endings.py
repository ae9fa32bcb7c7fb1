"""How often a run ends with a false claim, whatever ends it; and when its rules end it."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import norm

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES, clopper_pearson_lower, sequence_lower
from rsviz.errors import RsvizError
from rsviz.noise import Gaussian
from rsviz.smoothing import CertifyVotes, SmoothedClassifier, Terms
from rsviz.smoothing.stopping import next_checkpoint
from tests.networks import X, half_space

SIGMA = 0.5


def smoothed(p, classes=3, batch=64):
    return SmoothedClassifier(half_space(p, SIGMA, classes), Gaussian(SIGMA), classes, batch=batch)


def simulated(p, n, runs, seed):
    """Votes for the top class of two after each of n draws, in `runs` runs: (runs, n)."""
    return np.cumsum(np.random.default_rng(seed).random((runs, n)) < p, axis=1)


def adversarial_failures(terms, p, runs=20_000, seed=0):
    """Share of runs that end with p_a_lower > p when each is stopped while its claim is false, if ever."""
    looks = np.unique(np.geomspace(5, terms.n - 1, 40).astype(int))
    votes = simulated(p, terms.n, runs, seed)
    early = sequence_lower(votes[:, looks - 1], looks, terms.alpha_before_n) > p
    last = np.stack([votes[:, -1], terms.n - votes[:, -1]], axis=-1)
    procedure = PROCEDURES["anytime" if terms.always else terms.procedure]
    final = procedure.limits(last, np.zeros(runs, int), terms.alpha_at_n)[0] > p
    return np.mean(early.any(1) | final), np.mean(final)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("p", [0.5, 0.9])
def test_a_stoppable_run_fails_with_at_most_alpha_however_it_is_stopped(alpha, p):
    failures, _ = adversarial_failures(Terms(n=500, alpha=alpha, stoppable=True), p)
    assert failures <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / 20_000)


def test_watching_without_a_share_of_alpha_kept_for_it_would_fail_more_often_than_promised():
    """What Terms guards against: `anytime` early, else Clopper-Pearson at n, both at the whole of alpha."""
    alpha, runs = 0.05, 20_000
    failures, at_n = adversarial_failures(Terms(n=500, alpha=alpha), 0.5, runs)
    noise = np.sqrt(alpha * (1 - alpha) / runs)
    assert failures > alpha + 5 * noise
    assert at_n <= alpha + 3 * noise  # alone, what is claimed at n is right: the union is not


@pytest.mark.parametrize("settings", [{"procedure": "anytime"}, {"until_radius": 0.1}, {"within": 5}])
def test_what_stands_on_anytime_throughout_needs_no_share(settings):
    terms = Terms(n=500, alpha=0.05, stoppable=True, **settings)
    assert terms.alpha_before_n == terms.alpha_at_n == 0.05
    assert terms.claim((450, 50), 0).procedure == "anytime"
    failures, _ = adversarial_failures(terms, 0.5)
    assert failures <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20_000)


def test_the_shares_of_alpha_never_add_up_to_more():
    for alpha in np.geomspace(1e-9, 0.999, 200):
        terms = Terms(alpha=float(alpha), stoppable=True)
        assert terms.alpha_before_n + terms.alpha_at_n <= alpha * (1 + 1e-15)
        assert Terms(alpha=float(alpha)).alpha_at_n == alpha


def test_a_run_to_n_gives_what_was_published_and_a_stoppable_one_nearly_that():
    plain = smoothed(0.9).certify(X, n=5000)
    *_, last = smoothed(0.9).stream(X, n=5000, stop=lambda snapshot: False)
    assert plain.p_a_lower == clopper_pearson_lower(plain.counts[0], 5000, 0.001)
    assert last.certificate.counts == plain.counts
    assert last.certificate.p_a_lower == clopper_pearson_lower(plain.counts[0], 5000, 0.001 - 0.0001)
    assert 0.995 * plain.radius < last.certificate.radius < plain.radius


def test_a_run_stopped_by_hand_keeps_what_is_proved_and_the_seed_repeats_it():
    stop = {"after": 700}
    *_, last = smoothed(0.9).stream(X, n=50_000, seed=3, stop=lambda s: s.votes.drawn >= stop["after"])
    kept = last.certificate
    assert kept.ended == "by hand"
    assert kept.procedure == "anytime"
    assert 700 <= kept.n == sum(kept.counts) < kept.n_planned == 50_000
    assert kept.alpha == 0.001
    assert kept.alpha_spent == pytest.approx(0.0001)
    assert 0 < kept.radius < SIGMA * norm.ppf(0.9)
    again = smoothed(0.9, batch=7).certify(X, n=kept.n, alpha=kept.alpha_spent, procedure="anytime", seed=3)
    assert (again.counts, again.p_a_lower, again.radius) == (kept.counts, kept.p_a_lower, kept.radius)


def test_until_radius_ends_early_where_the_radius_is_far_from_the_true_one():
    true = SIGMA * norm.ppf(0.9)
    proved = smoothed(0.9).certify(X, until_radius=true / 1.5)
    assert proved.ended == "proved"
    assert true / 1.5 <= proved.radius < true
    out_of_reach = smoothed(0.9).certify(X, until_radius=true / 0.5)
    assert out_of_reach.ended == "out of reach"
    assert out_of_reach.radius < true
    assert max(proved.n, out_of_reach.n) <= 10_000  # a tenth of the votes planned


def test_good_enough_ends_within_so_many_percent_of_what_was_in_reach():
    certificate = smoothed(0.9).certify(X, within=20)
    assert certificate.ended == "good enough"
    assert certificate.n < 100_000
    whole = smoothed(0.9).certify(X, procedure="anytime")
    assert certificate.counts[0] <= whole.counts[0]
    assert certificate.radius >= 0.8 * whole.radius


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_rule_ends_after_the_same_votes_whatever_the_batch(batch):
    one, other = (smoothed(0.8, batch=size).certify(X, until_radius=0.3, seed=2) for size in (batch, 64))
    assert (one.n, one.counts, one.ended) == (other.n, other.counts, other.ended)


def test_breaks_change_nothing_of_a_run_with_a_rule():
    settings = {"n": 20_000, "seed": 4, "within": 10}
    undisturbed = smoothed(0.85).certify(X, **settings)
    votes, breaks = None, 0
    while True:
        snapshots = smoothed(0.85).stream(X, **settings, resume=votes, every=1e-4)
        snapshot = next(snapshots)
        if snapshot.certificate is None:
            snapshot = next(snapshots)
        if snapshot.certificate is not None:
            break
        votes, breaks = CertifyVotes.from_json(snapshot.votes.to_json()), breaks + 1
    assert breaks >= 3
    assert snapshot.certificate.n == undisturbed.n
    assert snapshot.certificate.counts == undisturbed.counts


def test_votes_taken_up_at_the_end_of_a_run_end_it_again():
    """A worker killed after it had stored the last votes, and before it stored the certificate."""
    *_, last = smoothed(0.9).stream(X, until_radius=0.3)
    first = next(smoothed(0.9).stream(X, until_radius=0.3, resume=last.votes))
    assert first.certificate.counts == last.certificate.counts
    assert first.certificate.ended == last.certificate.ended == "proved"


def test_split_certifies_a_class_below_one_half_and_says_what_cohen_proves():
    def f(batch):  # classes 1 and 2 share what is right of the threshold: p_A = 0.4 against 0.3 and 0.3
        noise = (batch[:, 0, 0, 0] - 0.5) / SIGMA
        side = (batch[:, 0, 0, 1] > 0.5).float()
        top = (norm.ppf(0.4) > noise).float()
        return torch.stack([2 * top, side, 1 - side], dim=1)

    g = SmoothedClassifier(f, Gaussian(SIGMA), 3, batch=500)
    split = g.certify(X, n=20_000, procedure="split")
    assert split.predicted == 0
    assert split.p_a_lower < 0.5
    assert 0 < split.radius == split.radii["cohen-l2"]
    assert split.radius < BOUNDS["cohen-l2"].radius(0.4, 0.3, scale=SIGMA)
    assert split.radius_cohen == 0
    assert g.certify(X, n=20_000, procedure="cohen").abstained
    assert g.certify(X, n=20_000, procedure="cohen").radius_cohen is None


def test_checkpoints_are_few_and_begin_early():
    points = [next_checkpoint(0)]
    while points[-1] < 1_000_000:
        points.append(next_checkpoint(points[-1]))
    assert points[0] == 16
    assert len(points) < 100
    assert all(b - a <= max(16, a / 8) for a, b in itertools.pairwise(points))
    assert next_checkpoint(17) == next_checkpoint(31) == 32


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"until_radius": 0}, "until_radius is 0"),
        ({"until_radius": float("inf")}, "until_radius is inf"),
        ({"until_radius": float("nan")}, "until_radius is nan"),
        ({"within": 0}, "within is 0"),
        ({"within": 100}, "within is 100"),
        ({"within": 5, "until_radius": 0.1}, "until_radius and within are both given"),
        ({"procedure": "li"}, "procedure is 'li', which makes no certificate: .* cohen, split, anytime"),
        ({"procedure": "tcertify"}, "which makes no certificate"),
        ({"procedure": "sison-glaz"}, "which makes no certificate"),
    ],
)
def test_terms_that_prove_nothing_are_refused(settings, named):
    with pytest.raises(RsvizError, match=named):
        Terms(**settings)
