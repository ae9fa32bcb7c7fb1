"""Gradients averaged over noise: those of a brute force, however the draws are folded into batches."""

import itertools
import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from rsviz.attacks import Victim
from rsviz.errors import RsvizError
from rsviz.noise import NOISES, Gaussian
from rsviz.norms import NORMS
from rsviz.smoothing import ABSTAIN, SmoothedClassifier, predict_from_counts
from rsviz.smoothing.gradients import LOSSES, Goal

SHAPE, CLASSES, DRAWS = (1, 4, 4), 4, 6


def network(seed=0):
    generator = torch.Generator().manual_seed(seed)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 5, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(20, CLASSES)
    )
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return layers


def images(count=5, seed=1):
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(seed))


def goal(targeted, count=5):
    labels = torch.arange(count) % CLASSES
    return Goal(labels, (labels + 1) % CLASSES if targeted else None)


def brute_force(name, f, x, noise, goal):
    """(loss, gradient) of one image after the other, draw by draw, in float64, from the formulas."""
    f = f.double()
    losses, gradients = [], []
    for image, own in zip(x.double(), goal.classes.tolist(), strict=True):
        image = image.clone().requires_grad_()
        logits = [f((image + draw)[None])[0] for draw in noise.double()]
        softmax = sum(torch.softmax(z, 0) for z in logits) / len(logits)
        others = [c for c in range(CLASSES) if c != own]
        value = {
            "mean-loss": lambda z=logits, c=own: (
                sum(cross_entropy(d[None], torch.tensor([c])) for d in z) / len(z)
            ),
            "log-mean": lambda p=softmax, c=own: -p[c].log(),
            "margin": lambda z=logits, c=own, o=others: sum(d[o].max() - d[c] for d in z) / len(z),
            "log-margin": lambda p=softmax, c=own, o=others: p[o].log().max() - p[c].log(),
        }[name]() * goal.sign
        losses.append(value.detach())
        gradients.append(torch.autograd.grad(value, image)[0])
    f.float()
    return torch.stack(losses), torch.stack(gradients)


@pytest.mark.parametrize(
    ("name", "targeted", "batch"), list(itertools.product(LOSSES, (False, True), (1, 4, 12, 1000)))
)
def test_the_gradient_is_that_of_the_formula(name, targeted, batch):
    """Batches smaller than the draws of one image, batches of two images and of all."""
    f, x = network(), images()
    noise = 0.5 * torch.randn((DRAWS, *SHAPE), generator=torch.Generator().manual_seed(2))
    measured = Victim(f, Gaussian(0.5), CLASSES, batch=batch).measure(
        x, noise, LOSSES[name], goal(targeted), gradient=True
    )
    loss, gradient = brute_force(name, f, x, noise, goal(targeted))
    torch.testing.assert_close(measured.loss.double(), loss, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(measured.gradient.double(), gradient, rtol=1e-3, atol=1e-5)
    assert measured.votes.sum(1).tolist() == [DRAWS] * len(x)


def test_more_draws_than_a_graph_holds_give_the_same_gradient():
    f, x = network(), images(2)
    noise = 0.5 * torch.randn((5000, *SHAPE), generator=torch.Generator().manual_seed(3))
    measured = [
        Victim(f, Gaussian(0.5), CLASSES, batch=batch).measure(
            x, noise, LOSSES["log-mean"], goal(False, 2), gradient=True
        )
        for batch in (1000, 5000)
    ]
    torch.testing.assert_close(measured[0].gradient, measured[1].gradient, rtol=1e-3, atol=1e-6)


def test_the_two_losses_differ_and_jensen_orders_them():
    f, x = network(), images()
    noise = torch.randn((DRAWS, *SHAPE), generator=torch.Generator().manual_seed(4))
    mean_loss, log_mean = (
        Victim(f, Gaussian(1.0), CLASSES, batch=64).measure(
            x, noise, LOSSES[name], goal(False), gradient=True
        )
        for name in ("mean-loss", "log-mean")
    )
    assert (log_mean.loss < mean_loss.loss).all()
    cosine = torch.nn.functional.cosine_similarity(
        mean_loss.gradient.flatten(1), log_mean.gradient.flatten(1), dim=1
    )
    assert (cosine < 0.999).all()


def test_one_draw_makes_the_losses_one():
    f, x = network(), images()
    losses = {
        name: Victim(f, None, CLASSES, batch=64).measure(x, None, LOSSES[name], goal(False), gradient=True)
        for name in LOSSES
    }
    for first, second in (("mean-loss", "log-mean"), ("margin", "log-margin")):
        torch.testing.assert_close(losses[first].gradient, losses[second].gradient, rtol=1e-4, atol=1e-6)


def test_a_network_that_is_very_sure_does_not_mask_its_gradient():
    """Softmax of logits 100 apart is 1 in float32 and the gradient of the plain loss is 0."""
    f, x = network(), images()
    sure = Victim(lambda batch: 100 * f(batch), None, CLASSES, batch=64)
    true = Goal(sure.measure(x).votes.argmax(1))
    plain = x.clone().requires_grad_()
    loss = cross_entropy(100 * f(plain), true.labels, reduction="sum")
    hidden = torch.autograd.grad(loss, plain)[0].flatten(1).abs().amax(1) == 0
    assert hidden.any()
    gradient = sure.measure(x, None, LOSSES["mean-loss"], true, gradient=True).gradient
    assert (gradient.flatten(1).abs().amax(1) > 0).all()
    # Far from the boundary the loss rises where the best other logit gains on the true one.
    margin = sure.measure(x, None, LOSSES["margin"], true, gradient=True).gradient
    cosine = (NORMS["l2"].step(gradient, 1.0) * NORMS["l2"].step(margin, 1.0)).flatten(1).sum(1)
    assert (cosine[hidden] > 0.999).all()


@pytest.mark.parametrize("key", NOISES)
def test_every_mechanism_can_be_attacked(key):
    f, x = network(), images()
    v = Victim(f, NOISES[key](0.3), CLASSES, batch=64)
    draws = v.draws(SHAPE, 5, 32)
    measured = v.measure(x, draws.take(0, DRAWS), LOSSES["log-mean"], goal(False), gradient=True)
    _, gradient = brute_force("log-mean", f, x, draws.take(0, DRAWS), goal(False))
    torch.testing.assert_close(measured.gradient.double(), gradient, rtol=1e-3, atol=1e-5)
    assert torch.equal(draws.take(3, 2), draws.take(0, 8)[3:5])


def test_the_network_given_is_left_alone_and_dropout_is_off():
    f = torch.nn.Sequential(torch.nn.Dropout(0.5), network())
    f.train()
    v = Victim(f, None, CLASSES, batch=64)
    first, again = (v.measure(images(), None, LOSSES["margin"], goal(False)).loss for _ in range(2))
    assert torch.equal(first, again)
    assert f.training
    assert all(parameter.requires_grad for parameter in f.parameters())


def test_precision_and_batch_are_measured_where_none_is_given():
    v = Victim(network(), Gaussian(0.5), CLASSES, precision="auto")
    plan = v.plan(SHAPE)
    assert plan.batch >= 1
    assert plan.precision in ("float32", "bfloat16")
    assert v.plan(SHAPE) is plan
    plain = Victim(lambda batch: network()(batch), Gaussian(0.5), CLASSES, precision="auto")
    assert plain.plan(SHAPE).precision == "float32"


def test_votes_decide_as_predict_does():
    """The same test that SmoothedClassifier.predict makes, on the same votes."""
    half = torch.full(SHAPE, 0.5)

    def f(batch):
        return torch.stack([0.55 - batch[:, 0, 0, 0], torch.zeros(len(batch)), batch[:, 0, 0, 1] - 0.9], 1)

    g = SmoothedClassifier(f, Gaussian(0.25), 3, batch=64)
    answers = [g.predict(half, n=n, alpha=alpha) for n in (10, 100, 1000) for alpha in (0.001, 0.5)]
    assert ABSTAIN in answers
    assert len(set(answers)) > 1
    counts = torch.tensor([[6, 4, 0], [60, 40, 0], [600, 400, 0], [0, 3, 3], [10, 0, 0], [0, 0, 11]])
    assert predict_from_counts(counts.numpy(), 0.001).tolist() == [ABSTAIN, ABSTAIN, 0, ABSTAIN, ABSTAIN, 2]
    # 2 * 2^-n <= alpha for n agreeing votes.
    n = math.ceil(1 - math.log2(0.001))
    assert predict_from_counts([[n - 1, 0], [n, 0]], 0.001).tolist() == [ABSTAIN, 0]


def test_nan_and_wrong_shapes_are_told():
    with pytest.raises(RsvizError, match="NaN"):
        Victim(lambda batch: torch.full((len(batch), 3), torch.nan), None, 3, batch=8).measure(images())
    with pytest.raises(RsvizError, match=r"must have shape \(5, 3\)"):
        Victim(lambda batch: torch.zeros(len(batch), 2), None, 3, batch=8).measure(images())
