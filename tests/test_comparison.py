"""Bounds side by side: settings, votes, conversions, winners, and the counter-example."""

import numpy as np
import pytest
from scipy.stats import norm

from rsviz.bounds import BOUNDS
from rsviz.comparison import (
    ExpectedVotes,
    Setting,
    at_point,
    cells,
    deviation,
    line,
    radius,
    ratio,
    winners,
)
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.reference.counter_example import counter_example


def test_cells_fill_the_triangle_and_keep_off_its_edges():
    p_a, p_b, side = cells(100)
    assert side == 0.01
    assert ((p_a > p_b) & (p_a + p_b <= 1) & (p_b > 0) & (p_a < 1)).all()
    assert len(p_a) * side**2 == pytest.approx(0.25, rel=0.02)
    for key in BOUNDS:
        assert np.isfinite(radius(key, p_a, p_b, Setting())).all()


def test_line_stays_in_the_domain_for_every_share():
    for share in (0.05, 0.5, 1.0):
        p_a, p_b = line(share)
        assert (np.diff(p_a) > 0).all()
        assert ((p_b <= p_a) & (p_a + p_b <= 1)).all()
        BOUNDS["cohen-l2"].radius(p_a, p_b)


@pytest.mark.parametrize("procedure", [key for key, value in PROCEDURES.items() if value.valid])
def test_radius_from_votes_stays_below_the_exact_one_and_approaches_it(procedure):
    p_a, p_b, _ = cells(20)
    settings = [Setting(votes=ExpectedVotes(n, 0.001, procedure)) for n in (100, 1_000_000)]
    for setting in settings:
        assert (radius("cohen-l2", p_a, p_b, setting) <= radius("cohen-l2", p_a, p_b, Setting())).all()
    p_a = np.linspace(0.6, 0.99, 12)
    exact = radius("cohen-l2", p_a, 1 - p_a, Setting())
    few, many = (radius("cohen-l2", p_a, 1 - p_a, setting) for setting in settings)
    assert (few < many).all()
    assert many == pytest.approx(exact, rel=0.05)


def test_votes_that_prove_nothing_give_no_radius():
    assert radius("cohen-l2", 0.52, 0.48, Setting(votes=ExpectedVotes(100))) == 0
    low, high = ExpectedVotes(100).limits(np.array([0.52]), np.array([0.48]))
    assert low[0] == high[0] == 0


def test_votes_add_up_also_where_the_rest_is_dust():
    low, high = ExpectedVotes(1000).limits(np.array([0.9, 0.6, 1.0]), np.array([0.0, 1e-9, 0.0]))
    assert (low > high).all()
    assert low[2] == pytest.approx(0.001 ** (1 / 1000))


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_equal_deviation_gives_every_noise_the_same_standard_deviation(dim):
    generator = np.random.default_rng(1)
    size = 400_000
    samples = {
        "gaussian": generator.normal(size=size),
        "laplace": generator.laplace(size=size),
        "uniform": generator.uniform(-1, 1, size=size),
        "linf-exponential": generator.gamma(dim + 1, size=size) * generator.uniform(-1, 1, size=size),
    }
    for noise, sample in samples.items():
        assert sample.std() == pytest.approx(deviation(noise, dim), rel=0.02)
        assert Setting(scale=0.5, equal_deviation=True, dim=dim).scale_of(noise) * sample.std() == (
            pytest.approx(0.5, rel=0.02)
        )


def test_a_norm_of_its_own_changes_nothing_and_another_is_marked():
    own = {row.bound.key: row for row in at_point(0.9, 0.05, Setting())}
    in_l2 = {row.bound.key: row for row in at_point(0.9, 0.05, Setting(norm="l2", dim=100))}
    assert not any(row.converted for row in own.values())
    assert in_l2["laplace-l1"].converted
    assert in_l2["laplace-l1"].radius == pytest.approx(own["laplace-l1"].radius / 10)
    assert in_l2["exponential-linf"].radius == own["exponential-linf"].radius
    assert not in_l2["cohen-l2"].converted


def test_at_point_compares_each_bound_with_the_tight_one():
    for row in at_point(0.9, 0.05, Setting()):
        assert row.of_tight is not None
        assert row.of_tight <= 1 + 1e-12 or row.refuted
    dmr = next(row for row in at_point(0.1, 0.02, Setting()) if row.bound.key == "dmr-l2")
    assert dmr.refuted


def test_ratio_and_winner_agree():
    p_a, p_b, _ = cells(60)
    keys = ["li-l2", "pixeldp-l2"]
    won_by_li = winners(keys, p_a, p_b, Setting()) == 0
    assert (won_by_li == (ratio(*keys, p_a, p_b, Setting()) >= 1 - 1e-9)).all()
    assert 0 < (~won_by_li).sum() < len(p_a) / 50


def test_the_tight_bound_wins_against_all_of_its_noise_and_norm():
    p_a, p_b, _ = cells(60)
    keys = ["li-l2", "renyi-l2", "pixeldp-l2", "zcdp-l2", "cohen-l2"]
    assert (winners(keys, p_a, p_b, Setting()) == 4).all()


def test_nobody_wins_where_the_votes_abstain():
    assert winners(["cohen-l2"], np.array([0.5]), np.array([0.49]), Setting(votes=ExpectedVotes(10)))[0] == -1


@pytest.mark.parametrize(("p_a", "p_b", "c"), [(0.1, 0.02, 1.0), (0.004, 0.002, 3.0), (0.999999, 1e-9, 1.0)])
def test_counter_example_changes_its_class_inside_the_claimed_radius(p_a, p_b, c):
    example = counter_example(p_a, p_b, scale=0.7, c=c)
    assert example.tight < example.step < example.claimed
    assert norm.cdf(example.edge_a, scale=0.7) == pytest.approx(p_a)
    assert norm.sf(example.edge_b, scale=0.7) == pytest.approx(p_b)
    assert example.moved_p_b > example.moved_p_a
    of_a, of_b = example.probabilities([0.999 * example.tight, 1.001 * example.tight])
    assert of_a[0] > of_b[0]
    assert of_a[1] < of_b[1]


def test_there_is_no_counter_example_where_the_claim_is_small():
    assert counter_example(0.9, 0.1) is None
    assert counter_example(0.9, 0.0) is None


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Setting(scale=0), "scale"),
        (lambda: Setting(scale=float("nan")), "scale"),
        (lambda: Setting(dim=0), "dim"),
        (lambda: Setting(dim=None), "dim"),
        (lambda: Setting(norm="l3"), "other"),
        (lambda: Setting(c=99), "c"),
        (lambda: ExpectedVotes(0), "n"),
        (lambda: ExpectedVotes(10**9), "n"),
        (lambda: ExpectedVotes(10, alpha=1), "alpha"),
        (lambda: ExpectedVotes(10, procedure="guess"), "procedure"),
        (lambda: cells(7), "steps"),
        (lambda: line(0), "share"),
        (lambda: radius("nobody", 0.9, 0.1, Setting()), "nobody"),
        (lambda: radius("cohen-l2", 0.9, 0.2, Setting(votes=ExpectedVotes(10))), "p_b"),
        (lambda: at_point(0.9, 0.2, Setting()), "p_b"),
    ],
)
def test_bad_input_names_the_argument(make, named):
    with pytest.raises(RsvizError, match=f"^{named} "):
        make()
