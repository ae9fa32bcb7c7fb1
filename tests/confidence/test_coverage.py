"""How often limits fail, where the truth is known: never beyond alpha where that is promised.

The tolerance is the exact binomial tail: a procedure that fails with alpha, and no more, passes a setting
with probability 1 - 1e-6. What is not promised is shown to fail more often.
"""

import numpy as np
import pytest
from scipy import stats

from rsviz.confidence import PROCEDURES, clopper_pearson_lower, log_evidence, sequence_lower, sequence_upper
from rsviz.simulation import Experiment, class_probabilities, peeking, radius, same_votes

RUNS = 20_000
VALID = [key for key, procedure in PROCEDURES.items() if procedure.valid]
FIXED = [key for key in VALID if not PROCEDURES[key].always]
TRUTHS = {
    "two classes at 1/2": class_probabilities(0.5, 2, 1.0),
    "two classes near 1/2": class_probabilities(0.51, 2, 1.0),
    "two classes at 0.9": class_probabilities(0.9, 2, 1.0),
    "two classes at 0.999": class_probabilities(0.999, 2, 1.0),
    "three classes near 1/2": np.array([0.5, 0.49, 0.01]),
    "ten classes, 1/2 and an even rest": class_probabilities(0.5, 10, 1e-9),
    "ten classes, 0.9 and an even rest": class_probabilities(0.9, 10, 1e-9),
    "ten classes, 0.9 and one opponent": class_probabilities(0.9, 10, 0.9),
    "ten classes, 0.999": class_probabilities(0.999, 10, 0.5),
    "ten equal classes": np.full(10, 0.1),
}


def most_failures(runs, alpha):
    return int(stats.binom.ppf(1 - 1e-6, runs, alpha))


def surely_more(failures, runs, alpha):
    return stats.binom.sf(failures - 1, runs, alpha) < 1e-6


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("n", [100, 1_000, 10_000])
def test_valid_procedures_fail_with_at_most_alpha(truth, n):
    for alpha in (0.05, 0.01, 0.001):
        outcomes = Experiment(tuple(TRUTHS[truth]), n=n, alpha=alpha, runs=RUNS, seed=n).outcomes(VALID)
        for key, outcome in outcomes.items():
            assert outcome.limits_fail.sum() <= most_failures(RUNS, alpha), (key, alpha)
            assert outcome.certificate_fails.sum() <= most_failures(RUNS, alpha), (key, alpha)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("n", [100, 1_000, 10_000])
def test_clopper_pearson_and_its_split_cover_exactly_in_two_classes(p, n):
    votes = np.arange(n + 1)
    counts = np.stack([votes, n - votes], -1)
    weight = stats.binom.pmf(votes, n, p)
    for alpha in (0.05, 0.01, 0.001):
        for key in FIXED:
            p_a_lower, p_b_upper = PROCEDURES[key].limits(counts, 0, alpha)
            failure = weight[(p_a_lower > p) | (p_b_upper < 1 - p - 1e-15)].sum()
            assert failure <= alpha * (1 + 1e-9)


def paths_of_votes(truth, looks, seed):
    """Votes (looks, runs, classes) of RUNS watchers after each number of votes in `looks`."""
    random = np.random.default_rng(seed)
    counts = np.zeros((RUNS, len(truth)), dtype=np.int64)
    for before, now in zip([0, *looks[:-1]], looks, strict=True):
        if now - before == 1:
            drawn = np.searchsorted(np.cumsum(truth), random.random(RUNS), side="right")
            counts[np.arange(RUNS), np.minimum(drawn, len(truth) - 1)] += 1
        else:
            counts += random.multinomial(now - before, truth, RUNS)
        yield now, counts


GRID = [*range(1, 101), *np.unique(np.geomspace(101, 10_000, 60).astype(int)).tolist()]


@pytest.mark.parametrize(
    "truth",
    [name for name in TRUTHS if "opponent" not in name and "three" not in name and "near" not in name],
)
def test_the_confidence_sequence_holds_at_every_look_at_once(truth):
    """20,000 watchers who look after every vote up to 100 and then at a geometric grid up to 10,000."""
    alpha, p = 0.05, TRUTHS[truth]
    p_b = np.sort(p)[-2] if p.argmax() == 0 else p.max()
    misled = np.zeros(RUNS, dtype=bool)
    proved_too_much = np.zeros(RUNS, dtype=bool)
    for _, counts in paths_of_votes(p, GRID, seed=7):
        p_a_lower, p_b_upper = PROCEDURES["anytime"].limits(counts, 0, alpha)
        misled |= (p_a_lower > p[0]) | (p_b_upper < p_b - 1e-15)
        proved_too_much |= (p_a_lower > p_b_upper) & (p[0] <= p_b)
    assert misled.sum() <= most_failures(RUNS, alpha)
    assert proved_too_much.sum() <= most_failures(RUNS, alpha)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.999])
def test_peeking_after_every_vote_exactly(p, alpha):
    """Probability of having been misled by 5,000 votes: below alpha with one limit, not with the other."""
    misled = peeking(p, 5_000, alpha)
    assert misled["anytime"][-1] <= alpha
    assert (np.diff(misled["anytime"]) >= 0).all()
    if p < 0.99:  # next to 1 most of what misleads comes later
        assert misled["cohen"][-1] > 5 * alpha


def test_peeking_agrees_with_the_errata_and_with_simulated_watchers():
    assert peeking(0.9, 1_000, 0.001)["cohen"][-1] == pytest.approx(9.93 * 0.001, abs=5e-6)
    assert peeking(0.5, 10_000, 0.05)["cohen"][-1] == pytest.approx(8.88 * 0.05, abs=3e-4)
    alpha, p, n = 0.05, 0.8, 300
    exact = peeking(p, n, alpha)
    votes = (np.random.default_rng(3).random((RUNS, n)) < p).cumsum(-1)
    looks = np.arange(1, n + 1)
    for key, limit in (("cohen", clopper_pearson_lower), ("anytime", sequence_lower)):
        table = limit(np.minimum(np.arange(n + 1)[:, None], looks), looks, alpha) > p
        misled = table[votes, looks - 1][:, 9:].any(-1).mean()
        assert misled == pytest.approx(exact[key][-1], abs=4 * np.sqrt(exact[key][-1] / RUNS))


def test_the_evidence_against_the_truth_is_one_on_average():
    """M_n(p) is a martingale that starts at 1: its mean stays 1, exactly."""
    for p in (0.3, 0.9):
        for n in (1, 10, 200):
            votes = np.arange(n + 1)
            mean = (stats.binom.pmf(votes, n, p) * np.exp(log_evidence(votes, n, p))).sum()
            assert mean == pytest.approx(1, rel=1e-9)


def test_sequences_are_mirror_images():
    assert sequence_upper(30, 100, 0.01) == pytest.approx(1 - sequence_lower(70, 100, 0.01), rel=1e-14)


def test_li_fails_more_often_than_it_says_where_many_classes_are_equal():
    li = Experiment((0.1,) * 10, n=100, alpha=0.05, runs=RUNS).outcomes(["li"])["li"]
    assert li.limits_fail.mean() == pytest.approx(0.194, abs=4 * np.sqrt(0.19 / RUNS))
    assert surely_more(li.limits_fail.sum(), RUNS, 0.05)
    assert li.certificate_fails.sum() <= most_failures(RUNS, 0.05)


def test_sison_glaz_fails_more_often_than_it_says_next_to_one():
    """Exact, two classes and 100 votes, the class being the one with more of them."""
    votes = np.arange(75, 101)  # fewer come with probability 1e-5
    counts = np.stack([votes, 100 - votes], -1)
    top = counts.argmax(-1)
    p_a_lower, p_b_upper = PROCEDURES["sison-glaz"].limits(counts, top, 0.05)
    for p, known in ((0.9, 0.117), (0.95, 0.081)):
        p_a = np.where(top == 0, p, 1 - p)
        false = (p_a_lower > p_a + 1e-12) | (p_b_upper < 1 - p_a - 1e-12)
        assert stats.binom.pmf(votes, 100, p)[false].sum() == pytest.approx(known, abs=5e-4)


def test_tcertify_limits_fail_with_more_than_alpha_and_its_radius_does_not():
    """Exact over three classes: the sum over all votes, where a search found the most failures."""
    n, alpha = 100, 0.05
    votes = np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)])
    low, high = PROCEDURES["tcertify"].limits(votes, 0, alpha)
    # a limit is false just beside the values that limits take
    p_a = low[np.abs(low - 0.80128).argmin()] - 1e-12
    p_b = high[np.abs(high - 0.17663).argmin()] + 1e-12
    weight = stats.multinomial.pmf(votes, n, [p_a, p_b, 1 - p_a - p_b])
    assert weight[(low > p_a) | (high < p_b)].sum() == pytest.approx(1.07 * alpha, abs=0.01 * alpha)
    assert weight[radius(low, high) > radius(p_a, p_b)].sum() <= alpha


@pytest.mark.parametrize(
    ("n", "alpha", "known"),
    [
        (100, 0.05, 1.773),
        (100, 0.001, 1.790),
        (1_000, 0.01, 1.766),
        (100_000, 0.05, 1.989),
        (100_000, 0.001, 1.962),
    ],
)
def test_choosing_the_class_on_the_same_votes_fails_with_nearly_two_alpha(n, alpha, known):
    failures = same_votes([0.5, 0.6], n, alpha)
    assert failures["same"][0] / alpha == pytest.approx(known, abs=6e-4)
    assert failures["other"][0] == pytest.approx(failures["same"][0] / 2)
    assert (failures["other"] <= alpha).all()
    assert (failures["same"] <= 2 * alpha).all()


def test_the_same_votes_in_simulation():
    """What `same_votes` computes is what happens: the class that leads, certified on the votes it leads."""
    n, alpha, p = 100, 0.05, 0.52
    votes = np.random.default_rng(1).binomial(n, p, RUNS)
    counts = np.stack([votes, n - votes], -1)
    top = counts.argmax(-1)
    low, high = PROCEDURES["cohen"].limits(counts, top, alpha)
    false = (low > high) & ((top == 1) | (low > p))
    exact = float(same_votes([p], n, alpha)["same"][0])
    assert false.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact / RUNS))
    assert surely_more(false.sum(), RUNS, alpha)
