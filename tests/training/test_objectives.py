"""Each objective is its paper's formula: value and gradient against NumPy, one image and copy at a time."""

import numpy as np
import pytest
import torch

from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.training import METHODS
from tests.training.by_hand import BY_HAND, Tiny

SIGMA, SEED, SHAPE = 0.4, 7, (1, 2, 3)

CASES = {
    "plain": ("plain", {}),
    "gaussian": ("gaussian", {}),
    "stn": ("stn", {"gamma": 0.7}),
    "stn, paper": ("stn", {}),
    "adre": ("adre", {"k": 3, "lam": 0.3}),
    "adre, one copy": ("adre", {"k": 1, "lam": 0.2}),
    "smoothadv": ("smoothadv", {"m": 3, "epsilon": 0.6, "steps": 3}),
    "adre-adv": ("adre-adv", {"k": 3, "lam": 0.8, "epsilon": 0.6, "steps": 3}),
    "nal": ("nal", {"K": 3, "r": 2, "gamma": 0.9}),
    "nal, own step": ("nal", {"K": 2, "r": 3, "gamma": 0.4, "eta1": 0.25}),
    "nal, noise not in the cost": ("nal", {"K": 3, "r": 2, "gamma": 0.9, "noise_in_cost": False}),
    "wrm": ("wrm", {"K": 4, "gamma": 0.6, "eta1": 0.3}),
    "trades, linf": ("trades", {"beta": 2.5, "epsilon": 0.2, "steps": 4}),
    "trades, l2": ("trades", {"norm": "l2", "beta": 0.5, "epsilon": 0.7, "steps": 3}),
    "pgd-at, linf": ("pgd-at", {"epsilon": 0.2, "steps": 4, "step_size": 0.07}),
    "pgd-at, l2": ("pgd-at", {"norm": "l2", "epsilon": 0.7, "steps": 3, "step_size": 0.4}),
    "pgd-at, from x": ("pgd-at", {"epsilon": 0.2, "steps": 2, "step_size": 0.07, "random_start": False}),
}


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    x = torch.rand((3, *SHAPE), generator=generator, dtype=torch.float64)
    answers = Tiny().module()(x).argmax(1)
    return x, (answers + torch.tensor([0, 1, 0])) % 4  # right, wrong, right


def evaluated(method, f, x, y, parameters, sigma=SIGMA, seed=SEED):
    """The Outcome of a method at a batch."""
    objective = METHODS[method]
    return objective.loss(
        f,
        x,
        y,
        noise=NOISES["gaussian"](sigma) if objective.needs_noise and sigma else None,
        parameters=objective.parameters(**parameters),
        generator=torch.Generator().manual_seed(seed),
    )


def drawn(method, p, batch_size):
    """What the objective draws at this seed, in its order: arrays (B, pixels) or (B, copies, pixels)."""
    generator = torch.Generator().manual_seed(SEED)
    if method == "trades":
        return [torch.randn((batch_size, *SHAPE), generator=generator).flatten(1).double().numpy()]
    if method == "pgd-at":
        start = NORMS[p.norm].random((batch_size, *SHAPE), p.epsilon, generator)
        return [start.flatten(1).double().numpy()]
    times = p.K + 1 if method == "nal" else 1
    copies = {"adre": "k", "adre-adv": "k", "smoothadv": "m", "nal": "r"}
    shape = (batch_size, getattr(p, copies[method])) if method in copies else (batch_size,)
    return [
        torch.empty((*shape, *SHAPE)).normal_(0, SIGMA, generator=generator).flatten(-3).double().numpy()
        for _ in range(times)
    ]


def by_hand(method, parameters, x, y):
    p = METHODS[method].parameters(**parameters)
    return BY_HAND[method](x.flatten(1).numpy(), y.tolist(), p, drawn(method, p, len(y)))


def test_the_keys_are_the_contract():
    keys = ["plain", "gaussian", "stn", "adre", "smoothadv", "adre-adv", "nal", "wrm", "trades", "pgd-at"]
    assert [key for key in METHODS if key in BY_HAND] == list(BY_HAND) == keys
    assert set(keys) == {method for method, _ in CASES.values()}


@pytest.mark.parametrize("case", CASES)
def test_an_objective_is_the_formula_of_its_paper(case, batch):
    method, parameters = CASES[case]
    tiny = Tiny()
    expected = by_hand(method, parameters, *batch)
    value = evaluated(method, tiny.module(), *batch, parameters).total
    assert value.dtype == torch.float64
    assert value.item() == pytest.approx(expected.loss(tiny, expected.search(tiny)), abs=1e-10, rel=0)


@pytest.mark.parametrize("case", CASES)
def test_its_gradient_is_that_of_the_loss_with_the_attacked_images_held_fixed(case, batch):
    method, parameters = CASES[case]
    tiny = Tiny()
    expected = by_hand(method, parameters, *batch)
    images = expected.search(tiny)
    module = tiny.module()
    evaluated(method, module, *batch, parameters).total.backward()
    differences = tiny.gradient(lambda other: expected.loss(other, images))
    for parameter, gradient in zip(module.parameters(), differences, strict=True):
        np.testing.assert_allclose(parameter.grad.numpy(), gradient, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_the_terms_add_up_to_the_total_and_are_for_display_only(case, batch):
    method, parameters = CASES[case]
    result = evaluated(method, Tiny().module(), *batch, parameters)
    assert sum(term.item() for term in result.terms.values()) == pytest.approx(result.total.item(), abs=1e-12)
    assert result.total.shape == () and result.total.requires_grad
    assert result.logits.shape == (3, 4) and not result.logits.requires_grad
    assert all(term.shape == () and not term.requires_grad for term in result.terms.values())


def test_the_weighted_terms_have_names_of_their_own(batch):
    names = {method: list(evaluated(method, Tiny().module(), *batch, {}).terms) for method in METHODS}
    assert names["stn"] == ["cross-entropy", "stability"]
    assert names["adre"] == names["adre-adv"] == ["cross-entropy", "adre"]
    assert names["trades"] == ["cross-entropy", "divergence"]
