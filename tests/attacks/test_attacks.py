"""Every attack: how strong it is, that it repeats and resumes, and what it refuses."""

import itertools

import numpy as np
import pytest
import torch

from rsviz.attacks import ATTACKS, State, Victim, attack, make_parameters, verdicts
from rsviz.attacks.cw import behind, pixels
from rsviz.errors import RsvizError
from rsviz.noise import Gaussian
from rsviz.norms import NORMS
from tests.attacks.common import digits, half_space, last, victim

SMALL = {
    "eot-pgd": {"epsilon": 1.0, "steps": 5, "draws": 4, "restarts": 2},
    "cw": {"steps": 6, "searches": 3, "draws": 4, "votes": 20},
    "boundary": {"steps": 15, "votes": 20},
    "transfer": {"attack": "cw", "parameters": {"steps": 5, "searches": 2, "draws": 4, "votes": 20}},
}


def extra(key):
    return {"surrogate": victim("digits-gaussian-0.50", 0.25)} if key == "transfer" else {}


def flat(dim=16, seed=0):
    """A flat boundary, images, and the exact distance |<w, x> + b| / ||w|| of each; the box is far away."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(dim, generator=generator)
    x = 0.4 + 0.2 * torch.rand((8, 1, 4, dim // 4), generator=generator)
    bias = -0.5 * weights.sum()
    score = x.flatten(1) @ weights + bias
    return half_space(weights, bias), x, (score > 0).long(), score.abs() / weights.norm()


def is_wrong(on, points, labels):
    return on.measure(points).votes.argmax(1) != labels


@pytest.mark.parametrize(
    ("key", "settings", "slack"),
    [
        ("cw", {"steps": 150, "searches": 12, "learning_rate": 0.01, "constant": 0.01}, 1.02),
        ("boundary", {"steps": 1000}, 1.01),
    ],
)
def test_the_least_distortion_of_a_flat_boundary_is_approached_and_never_beaten(key, settings, slack):
    on, x, labels, distance = flat()
    state = last(key, on, x, labels, **settings)
    assert state.found.all()
    assert is_wrong(on, state.best, labels).all()
    assert (state.distance >= distance * (1 - 1e-4)).all()
    assert (state.distance / distance).median() <= slack


def test_pgd_breaks_a_flat_boundary_just_beyond_its_distance_and_never_within():
    """From x itself: a random start leaves the steps a little askew of the normal."""
    on, x, labels, distance = flat()
    for factor, expected in ((0.999, False), (1.001, True)):
        state = last("eot-pgd", on, x, labels, epsilons=distance * factor, steps=20, random_start=False)
        assert (state.found == expected).all()
        assert (is_wrong(on, state.best, labels) == expected).all()


def test_pgd_in_linf_breaks_a_flat_boundary_just_beyond_its_distance():
    on, x, labels, distance = flat()
    weights = flat()[0].network.__closure__[1].cell_contents
    linf = distance * weights.norm() / weights.abs().sum()  # |<w, x> + b| / ||w||_1
    for factor, expected in ((0.999, False), (1.001, True)):
        state = last("eot-pgd", on, x, labels, norm="linf", epsilons=linf * factor, steps=20)
        assert (state.found == expected).all()


@pytest.mark.parametrize(("key", "sigma"), list(itertools.product(("eot-pgd", "cw", "boundary"), (0, 0.25))))
def test_an_attack_without_a_bound_beats_every_image_that_is_classified(key, sigma):
    """Where none succeeds, gradients are masked."""
    on, (x, labels) = victim(sigma=sigma), digits(12)
    settings = {
        "eot-pgd": {"epsilon": 8.0, "steps": 20, "draws": 8, "restarts": 2},
        "cw": {"steps": 25, "searches": 6, "draws": 8, "votes": 50},
        "boundary": {"steps": 5, "votes": 50},
    }[key]
    state = last(key, on, x, labels, **settings)
    judged = list(verdicts(on, x, state.best, labels, votes=300))
    classified = [v for v in judged if v.before == v.label]
    assert len(classified) >= 10
    assert all(v.wrong and v.verdict == "changed" for v in classified)


@pytest.mark.parametrize("sigma", [0, 0.25])
def test_more_steps_and_more_draws_do_not_lower_success(sigma):
    """Beyond noise: of 60 images two may fall the other way."""
    on, (x, labels) = victim(sigma=sigma), digits(60)
    wrong = {}
    for steps, draws in ((1, 1), (1, 16), (10, 16)):
        state = last("eot-pgd", on, x, labels, epsilon=0.8, steps=steps, draws=draws, random_start=False)
        wrong[steps, draws] = sum(v.wrong for v in verdicts(on, x, state.best, labels, votes=200))
    assert wrong[1, 1] <= wrong[1, 16] + 2
    assert wrong[1, 16] <= wrong[10, 16] + 2
    assert wrong[10, 16] > 10


def test_restarts_keep_the_best_of_all_starts():
    on, (x, labels) = victim(sigma=0), digits(30)
    losses = {}
    for restarts in (1, 4):
        state = last("eot-pgd", on, x, labels, epsilon=0.5, steps=3, restarts=restarts)
        losses[restarts] = state.memory["loss"]
        measured = on.measure(state.best).votes.argmax(1)
        assert ((measured != labels) == state.found).all()
    assert (losses[4] >= losses[1]).all()
    assert (losses[4] > losses[1]).any()


@pytest.mark.parametrize("key", ["eot-pgd", "cw", "boundary"])
def test_targets_are_reached(key):
    on, (x, labels) = victim(sigma=0), digits(12)
    targets = (labels + 3) % 10
    others, theirs = digits(100, start=100)
    starts = torch.stack([others[(theirs == c).nonzero()[0, 0]] for c in range(10)])
    settings = {
        "eot-pgd": {"epsilon": 5.0, "steps": 30},
        "cw": {"steps": 40, "searches": 5},
        "boundary": {"steps": 50},
    }[key]
    state = last(key, on, x, labels, targets=targets, starts=starts, **settings)
    assert state.found.sum() >= 11
    hit = [v.hit for v in verdicts(on, x, state.best, labels, targets=targets)]
    assert hit == state.found.tolist()


def test_boundary_without_a_start_says_so():
    """No pattern of its own is in the target class of a network that never names it."""
    on = Victim(
        lambda batch: torch.stack([batch.flatten(1).sum(1), 0 * batch[:, 0, 0, 0]], 1), None, 2, batch=64
    )
    x = torch.rand((2, 1, 3, 3))
    states = list(attack(on, x, [0, 0], make_parameters("boundary", steps=5), targets=1))
    assert not states[-1].found.any()
    assert torch.equal(states[-1].best, x)
    assert states[-1].done


@pytest.mark.parametrize("x", [torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), torch.rand(1, 1, 2, 2)])
def test_the_change_of_variables_reproduces_the_image(x):
    assert (pixels(behind(x)) - x).abs().max() < 1e-6


def test_pixels_at_0_and_1_move():
    weights = torch.tensor([1.0, -1.0, 1.0, -1.0])
    on = half_space(weights, torch.tensor(-0.5))
    x = torch.tensor([0.0, 1.0, 0.0, 1.0]).reshape(1, 1, 2, 2)
    for key, settings in (("cw", {"steps": 100, "learning_rate": 0.02}), ("eot-pgd", {"epsilon": 1.5})):
        state = last(key, on, x, [0], **settings)
        moved = (state.best - x).flatten()
        assert state.found.all()
        assert (moved[[0, 2]] > 0.3).all()
        assert (moved[[1, 3]] < -0.3).all()
    assert last("cw", on, x, [0], steps=100, learning_rate=0.02).distance.item() == pytest.approx(
        1.25, rel=0.02
    )


def test_cw_with_a_budget_stops_where_it_is_kept():
    on, (x, labels) = victim(sigma=0), digits(16)
    least = last("cw", on, x, labels, steps=40)
    epsilon = least.distance.median().item() * 1.1
    states = list(attack(on, x, labels, make_parameters("cw", steps=40, epsilon=epsilon)))
    assert states[-1].done
    assert len(states) <= 9 * 40
    beaten = states[-1].found & (states[-1].distance <= epsilon)
    assert beaten[least.distance <= epsilon].all()
    assert 8 <= beaten.sum() < 16
    assert (states[-1].distance[beaten] > least.distance[beaten]).any()  # no further search for these


@pytest.mark.parametrize(("key", "sigma"), list(itertools.product(ATTACKS, (0, 0.25))))
def test_states_keep_their_promises(key, sigma):
    on, (x, labels) = victim(sigma=sigma), digits(5)
    parameters = make_parameters(key, **SMALL[key])
    states = list(attack(on, x, labels, parameters, seed=3, **extra(key)))
    assert [s.step for s in states] == sorted({s.step for s in states})
    assert [s.done for s in states] == [False] * (len(states) - 1) + [True]
    for s in states:
        for images in (s.current, s.best):
            assert images.dtype == torch.float32
            assert images.shape == x.shape
            assert images.min() >= 0
            assert images.max() <= 1
        delta = (s.current - x).flatten(1)
        torch.testing.assert_close(s.l2, delta.norm(dim=1))
        torch.testing.assert_close(s.linf, delta.abs().amax(1))
        torch.testing.assert_close(s.distance, NORMS[parameters.norm].length(s.best - x))
        assert ((s.share >= 0) & (s.share <= 1)).all()
        assert s.loss.shape == (5,)
        assert s.loss.isfinite().all()


@pytest.mark.parametrize(
    ("norm", "loss"), list(itertools.product(("l2", "linf"), ("log-mean", "mean-loss", "margin")))
)
def test_pgd_stays_in_its_ball_and_its_box(norm, loss):
    on, (x, labels) = victim(), digits(10)
    epsilon = 0.3 if norm == "linf" else 1.2
    for s in attack(
        on, x, labels, make_parameters("eot-pgd", norm=norm, loss=loss, epsilon=epsilon, steps=4)
    ):
        assert (NORMS[norm].length(s.current.double() - x.double()) <= epsilon).all()


@pytest.mark.parametrize(("key", "sigma"), list(itertools.product(ATTACKS, (0, 0.25))))
def test_a_seed_fixes_the_result_and_another_gives_another(key, sigma):
    on, (x, labels) = victim(sigma=sigma), digits(4)
    first, again, other = (
        last(key, on, x, labels, seed=seed, **SMALL[key], **extra(key)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.best, again.best)
    assert torch.equal(first.current, again.current)
    if sigma or key in ("eot-pgd", "boundary"):
        assert not torch.equal(first.current, other.current)


@pytest.mark.parametrize(("key", "sigma"), list(itertools.product(ATTACKS, (0, 0.25))))
def test_a_stopped_attack_goes_on_as_if_it_had_not_been(key, sigma):
    on, (x, labels) = victim(sigma=sigma), digits(4)
    parameters = make_parameters(key, **SMALL[key])
    undisturbed = list(attack(on, x, labels, parameters, seed=1, **extra(key)))
    for stop in (0, 1, len(undisturbed) // 2, len(undisturbed) - 1):
        kept = State.from_bytes(undisturbed[stop].to_bytes())
        resumed = list(attack(on, x, labels, parameters, seed=1, resume=kept, **extra(key)))
        assert [s.step for s in resumed] == [s.step for s in undisturbed[stop + 1 :]] or kept.done
        for name in ("best", "current", "found", "loss", "share", "distance"):
            assert torch.equal(getattr(resumed[-1], name), getattr(undisturbed[-1], name)), name


def test_an_image_fares_alone_as_in_company():
    """Up to the rounding of batched passes: the draws do not depend on the neighbours."""
    on, (x, labels) = victim(), digits(6)
    together = last("eot-pgd", on, x, labels, epsilon=1.0, steps=5, draws=8)
    alone = last("eot-pgd", on, x[3:4], labels[3:4], epsilon=1.0, steps=5, draws=8)
    assert (together.best[3:4] - alone.best).abs().max() < 1e-3


def test_transfer_replays_what_it_found_on_the_surrogate():
    on, surrogate, (x, labels) = victim(), victim("digits-gaussian-0.50", 0.25), digits(8)
    inner = {"epsilon": 1.5, "steps": 8, "draws": 8}
    direct = last("eot-pgd", surrogate, x, labels, seed=4, **inner)
    moved = last("transfer", on, x, labels, seed=4, surrogate=surrogate, attack="eot-pgd", parameters=inner)
    assert torch.equal(direct.best, moved.best)
    own = last("eot-pgd", on, x, labels, seed=4, **inner)
    before = torch.tensor([v.share_after for v in verdicts(on, x, x, labels, votes=300)])
    shares = [
        torch.tensor([v.share_after for v in verdicts(on, x, s.best, labels, votes=300)]).mean()
        for s in (moved, own)
    ]
    # A surrogate helps, and knowing the victim helps more.
    assert shares[1] < shares[0] < before.mean()


def test_closing_an_attack_ends_it():
    on, (x, labels) = victim(), digits(2)
    running = attack(on, x, labels, make_parameters("eot-pgd", steps=1000))
    next(running)
    running.close()
    assert list(running) == []


DIGIT = {"x": torch.full((2, 1, 8, 8), 0.5), "labels": [1, 2]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"x": torch.full((2, 1, 8, 8), 1.5)}, "x holds values from 1.5 to 1.5; pixels are given in"),
        ({"x": torch.full((2, 1, 8, 8), torch.nan)}, "x holds NaN"),
        ({"x": torch.full((2, 1, 28, 28), 0.5)}, r"shape \(1, 28, 28\); this checkpoint takes \(1, 8, 8\)"),
        ({"x": torch.full((1, 8, 8), 0.5)}, r"it must be float \(B, C, H, W\)"),
        ({"x": torch.zeros((2, 1, 8, 8), dtype=torch.uint8)}, "must be float"),
        ({"labels": [1]}, "labels holds 1 classes for 2 images"),
        ({"labels": [1, 10]}, "labels holds 10; classes are 0 to 9"),
        ({"labels": [0.5, 1]}, "labels must hold class indices"),
        ({"targets": [3, 2]}, "target of image 1 is 2, its label"),
        ({"targets": -1}, "targets holds -1"),
        ({"seed": -1}, "seed is -1"),
        ({"epsilon": [0.5, 0.0]}, "epsilon must hold 2 positive, finite sizes"),
        ({"epsilon": [0.5]}, "epsilon must hold 2"),
        ({"surrogate": "given"}, "one is given to eot-pgd"),
        ({"starts": torch.full((1, 1, 8, 8), -1.0)}, "starts holds values"),
    ],
)
def test_bad_input_gets_one_sentence(changes, sentence):
    values = DIGIT | changes
    if values.get("surrogate"):
        values["surrogate"] = victim("digits-gaussian-0.50", 0.25)
    with pytest.raises(RsvizError, match=sentence) as caught:
        attack(victim(), values.pop("x"), values.pop("labels"), make_parameters("eot-pgd"), **values)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("attack_key", "values", "sentence"),
    [
        ("eot-pgd", {"epsilon": 0}, "epsilon is 0"),
        ("eot-pgd", {"epsilon": -1}, "epsilon is -1"),
        ("eot-pgd", {"epsilon": float("nan")}, "epsilon is nan"),
        ("cw", {"epsilon": 0}, "epsilon is 0"),
        ("eot-pgd", {"steps": 0}, "steps is 0"),
        ("eot-pgd", {"draws": 0}, "draws is 0"),
        ("boundary", {"votes": 0}, "votes is 0"),
        ("cw", {"alpha": 1}, "alpha is 1"),
        ("cw", {"kappa": -1}, "kappa is -1"),
        ("eot-pgd", {"norm": "l1"}, "norm is 'l1'; eot-pgd works in l2 and linf"),
        ("cw", {"norm": "linf"}, "norm is 'linf'; cw works in l2"),
        ("boundary", {"norm": "linf"}, "norm is 'linf'; boundary works in l2"),
        ("eot-pgd", {"loss": "hinge"}, "loss is 'hinge'"),
        ("eot-pgd", {"sped": 1}, "sped"),
        ("fgsm", {}, "attack is 'fgsm'; it must be one of eot-pgd, cw, boundary, transfer"),
        ("transfer", {"attack": "transfer"}, "attack is 'transfer'"),
        ("transfer", {"parameters": {"steps": 0}}, "steps"),
    ],
)
def test_bad_settings_get_one_sentence(attack_key, values, sentence):
    with pytest.raises(RsvizError, match=sentence) as caught:
        make_parameters(attack_key, **values)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_transfer_needs_a_surrogate_of_the_same_kind():
    on, (x, labels) = victim(), digits(2)
    with pytest.raises(RsvizError, match="transfer needs a surrogate"):
        attack(on, x, labels, make_parameters("transfer"))
    two = Victim(lambda batch: batch.flatten(1)[:, :2], Gaussian(0.25), 2, batch=8)
    with pytest.raises(RsvizError, match="the surrogate knows 2 classes and the victim 10"):
        attack(on, x, labels, make_parameters("transfer"), surrogate=two)


def test_verdicts_refuse_what_makes_no_sense():
    on, (x, labels) = victim(), digits(2)
    for changes, sentence in (
        ({"votes": 0}, "votes is 0"),
        ({"alpha": 1.0}, "alpha is 1.0"),
        ({"adversarial": x[:1]}, "labels holds 2 classes for 1 images"),
    ):
        values = {"x": x, "adversarial": x, "labels": labels} | changes
        with pytest.raises(RsvizError, match=sentence):
            verdicts(on, **values)


def test_verdicts_take_fresh_votes_of_their_seed():
    on, (x, labels) = victim(), digits(3)
    first, again, other = (list(verdicts(on, x, x, labels, votes=500, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert [v.counts_before for v in first] != [v.counts_before for v in other]
    # The same image before and after, on other draws.
    assert any(v.counts_before != v.counts_after for v in first)
    assert all(sum(v.counts_before) == sum(v.counts_after) == 500 for v in first)
    for v in first:
        assert v.verdict == "unchanged"
        assert v.l2 == v.linf == 0.0


def test_verdicts_on_f_are_its_argmax():
    on, (x, labels) = victim(sigma=0), digits(20)
    state = last("eot-pgd", on, x, labels, epsilon=1.0)
    for row, v in enumerate(verdicts(on, x, state.best, labels)):
        assert v.votes == 1
        assert v.before == int(on.network(x[row : row + 1]).argmax())
        assert v.after == int(on.network(state.best[row : row + 1]).argmax())
        assert v.verdict == ("unchanged" if v.before == v.after else "changed")
        delta = (state.best[row] - x[row]).double().numpy()
        assert v.l2 == pytest.approx(np.linalg.norm(delta))
        assert v.linf == pytest.approx(np.abs(delta).max())


def test_a_tie_is_an_abstention():
    on = Victim(
        lambda batch: torch.stack([batch[:, 0, 0, 0], torch.full((len(batch),), 0.5)], 1),
        Gaussian(0.2),
        2,
        batch=64,
    )
    half, one = torch.full((1, 1, 2, 2), 0.5), torch.full((1, 1, 2, 2), 1.0)
    (tie,) = verdicts(on, one, half, [0], votes=200)
    assert (tie.before, tie.after, tie.verdict, tie.wrong) == (0, -1, "abstained", False)
    (changed,) = verdicts(on, one, 0 * half, [0], votes=200)
    assert (changed.before, changed.after, changed.verdict, changed.wrong) == (0, 1, "changed", True)
