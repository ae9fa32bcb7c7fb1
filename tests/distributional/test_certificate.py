"""From the ends of ascents to certificates: the theory, and where the printed theorem is below the truth."""

import numpy as np
import pytest
from scipy.stats import norm

from rsviz.distributional import PopulationError, concave_from, epsilon
from rsviz.distributional.certificate import (
    AscentResults,
    attained,
    certificate,
    dual_lines,
    envelope,
    false_stretches,
    printed,
    surrogates,
)

GAMMAS = np.array([0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])


def exact_results(x0, smoothed, noiseless, sigma, gammas=GAMMAS, bound=1.0, reach=6.0):
    """AscentResults of a perfect ascent on the line: the best of a fine grid around every x0."""
    moves = np.linspace(-reach, reach, 4801)  # steps of 1 / 400
    cost, loss, naked = [], [], []
    for gamma in gammas:
        gain = smoothed(x0[:, None] + moves) - gamma * moves**2
        best = moves[gain.argmax(1)]
        cost.append(best**2)
        loss.append(smoothed(x0 + best))
        naked.append(noiseless(x0 + best))
    shape = (len(gammas), len(x0))
    return AscentResults(
        gammas=np.asarray(gammas),
        cost=np.reshape(cost, shape),
        loss=np.reshape(loss, shape),
        noiseless=np.reshape(naked, shape),
        slope=np.zeros(shape),
        clean=smoothed(x0),
        noiseless_clean=noiseless(x0),
        dim=1,
        scale=sigma,
        bound=bound,
    )


def random_results(seed=0, images=300, bound=1.0, scale=0.5):
    random = np.random.default_rng(seed)
    shape = (len(GAMMAS), images)
    return AscentResults(
        gammas=GAMMAS,
        cost=random.exponential(1, shape) / GAMMAS[:, None],
        loss=random.beta(2, 2, shape),
        noiseless=random.beta(2, 2, shape),
        slope=random.normal(1e-4, 1e-4, shape),
        clean=random.beta(1, 5, images),
        noiseless_clean=random.beta(1, 5, images),
        dim=4,
        scale=scale,
        bound=bound,
    )


def test_the_printed_theorem_is_false_for_a_population_of_smoothed_inputs():
    # P0 = N(0, 1), P = N(0, 3/4), sigma = 1/2: then S = P0, W_c(S, P0) = 0, and E_S 1{s > 0} = 1/2.
    sigma, rho, true = 0.5, 0.1, 0.5
    x0 = norm.ppf((np.arange(400) + 0.5) / 400)
    results = exact_results(x0, lambda x: norm.cdf(x / sigma), lambda x: (x > 0).astype(float), sigma)
    drawn = dual_lines(results)
    claimed = printed(drawn.gammas, drawn.intercept, [rho], results.noise_budget, results.bound)
    assert claimed[0] == pytest.approx(-0.975, abs=0.02)  # as the line of gamma = 10 has it
    assert claimed[0] < true - 1
    repaired, _ = envelope(drawn.gammas, drawn.intercept, [rho], results.bound)
    assert repaired[0] >= true
    # A population that the repaired budget allows: all moved by sqrt(rho).
    moved = norm.cdf(np.sqrt(rho) / np.sqrt(1 + sigma**2))
    assert repaired[0] >= moved
    assert certificate(results).printed_false[0][0] == 0.0


def test_the_printed_theorem_is_false_for_any_other_population():
    # delta_1 against delta_0, and a loss of 1 within 0.01 of 1: the mean loss there is 1.
    sigma, width, rho = 0.5, 0.01, 1.0

    def smoothed(x):
        return norm.cdf((x - 1 + width) / sigma) - norm.cdf((x - 1 - width) / sigma)

    gammas = np.array([1e-6, 1e-3, 0.1, 1.0, 10.0])

    def noiseless(x):
        return (abs(x - 1) < width).astype(float)

    results = exact_results(np.zeros(2), smoothed, noiseless, sigma, gammas)
    drawn = dual_lines(results)
    claimed = printed(drawn.gammas, drawn.intercept, [rho], results.noise_budget, results.bound)
    assert claimed[0] == pytest.approx(0.016, abs=5e-4) and claimed[0] < 1
    repaired, _ = envelope(drawn.gammas, drawn.intercept, [rho], results.bound)
    assert repaired[0] >= smoothed(1.0) - 1e-12  # what it is a certificate for: the smoothed loss at 1


def test_the_envelope_is_concave_and_nondecreasing():
    for seed in range(20):
        drawn = dual_lines(random_results(seed))
        rho = np.linspace(0, 30, 500)
        curve, place = envelope(drawn.gammas, drawn.intercept, rho, 1.0)
        assert (np.diff(curve) >= 0).all()
        assert (np.diff(curve, 2) <= 1e-12).all()
        assert (curve <= 1.0).all()
        used = place[place >= 0]
        assert (np.diff(drawn.gammas[used]) <= 0).all()  # large budgets take small gammas
        assert place[-1] == -1  # at last only the bound of the loss says anything


def test_a_certificate_is_below_no_worst_case_that_was_reached():
    for seed in range(20):
        for bound in (1.0, None):
            results = random_results(seed, bound=bound)
            found = certificate(results)
            at, reached = (np.array(part) for part in found.attained)
            curve = np.interp(at, found.rho, found.certificate)
            assert (curve >= reached - 1e-12).all()
            assert false_stretches(found.rho, found.certificate, at, reached) == []


def test_surrogates_fall_with_gamma_and_are_no_less_than_the_unmoved_loss():
    results = random_results()
    values = surrogates(results)
    assert (np.diff(values, axis=0) <= 1e-12).all()
    assert (values >= results.clean).all()


def test_points_lie_below_their_line():
    results = random_results()
    for point in certificate(results).points:
        line = point.intercept + point.gamma * point.rho
        assert point.loss <= line + 1e-12
        assert point.band_low <= point.intercept - point.gap <= point.band_high


def test_phi_pays_for_the_noise_only_if_asked():
    results = random_results()
    with_noise = certificate(results).points
    without = certificate(results, noise_in_cost=False).points
    for one, other in zip(with_noise, without, strict=True):
        assert one.phi == pytest.approx(other.phi - one.gamma * 4 * 0.25)
        assert one.intercept == other.intercept


def test_proved_is_what_the_corrected_constant_says():
    results = random_results(scale=0.5)
    expected = concave_from(1.0, 0.5)
    assert expected == pytest.approx(0.2419707245 / 0.25)
    drawn = dual_lines(results)
    assert (drawn.proved == (drawn.gammas > expected)).all()
    assert not dual_lines(random_results(bound=None)).proved.any()
    assert concave_from(1.0, 0.0) == concave_from(None, 0.5) == np.inf


def test_the_corrected_constant_is_reached_and_not_passed():
    # l = 1 where |z| > sigma bends the smoothed loss as much as any loss in [0, 1] can.
    sigma, h = 0.5, 1e-3

    def smoothed(x):
        return norm.sf((sigma - x) / sigma) + norm.cdf((-sigma - x) / sigma)

    bend = (smoothed(h) - 2 * smoothed(0.0) + smoothed(-h)) / h**2
    assert bend == pytest.approx(2 * concave_from(1.0, sigma), rel=1e-4)


@pytest.mark.parametrize("bound", [1.0, None])
def test_the_band_covers_the_mean_as_often_as_it_says(bound):
    random = np.random.default_rng(3)
    trials, covered = 400, 0
    for _ in range(trials):
        clean = random.beta(1, 3, 200)
        zeros = np.zeros((1, 200))
        results = AscentResults(np.array([1.0]), zeros, zeros, zeros, zeros, clean, clean, 4, 0.5, bound)
        drawn = dual_lines(results, alpha=0.1)
        covered += drawn.low[0] <= 0.25 <= drawn.high[0]
    assert covered >= 0.9 * trials - 3 * np.sqrt(0.09 * trials)
    if bound:
        assert covered == trials  # empirical Bernstein at 200 images is wide


def test_attained_starts_at_the_unmoved_images_and_rises_in_cost():
    at, reached = attained([[4.0, 6.0], [1.0, 1.0]], [[0.9, 0.7], [0.4, 0.4]], [0.1, 0.3])
    assert at.tolist() == [0.0, 1.0, 5.0]
    assert reached.tolist() == pytest.approx([0.2, 0.4, 0.8])


def test_false_stretches_compares_with_all_that_is_within_the_budget():
    rho = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    claimed = np.array([0.0, 0.2, 0.2, 0.9, 0.3])
    assert false_stretches(rho, claimed, np.array([0.0, 1.5]), np.array([0.1, 0.5])) == [
        [0, 0],
        [2, 2],
        [4, 4],
    ]


def test_without_noise_nothing_printed_is_false():
    results = random_results(scale=0.0)
    assert certificate(results).printed_false == []
    assert certificate(results).printed == certificate(results).certificate


def test_a_negative_budget_is_refused():
    with pytest.raises(PopulationError, match="at least 0"):
        envelope([1.0], [0.5], [-0.1])
    with pytest.raises(PopulationError, match="at least 0"):
        epsilon(-1)
    with pytest.raises(PopulationError, match="at least 0"):
        epsilon(float("nan"))
    assert epsilon(0.25) == 0.5
