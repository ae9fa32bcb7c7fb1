"""Objectives that must coincide do; attacks attack, and leave the network as they found it; limits hold."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

from rsviz.noise import NOISES
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS, TrainingError

SIGMA, SEED = 0.4, 7

ATTACKED = {
    "smoothadv": {"m": 4, "epsilon": 0.5, "steps": 3},
    "adre-adv": {"k": 4, "lam": 0.1, "epsilon": 0.5, "steps": 3},
    "nal": {"K": 3, "r": 4, "gamma": 1.0},
    "wrm": {"K": 3, "gamma": 1.0},
    "trades": {"epsilon": 0.1, "steps": 3},
    "pgd-at": {"epsilon": 0.1, "steps": 3},
}


def network(seed=0, *layers):
    """A convolution and a linear layer for images (2, 4, 5), float64, with layers in between."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(2, 6, 3, padding=1), *layers, nn.ELU(), nn.Flatten(), nn.Linear(120, 5)
        ).double()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    x = torch.rand((6, 2, 4, 5), generator=generator, dtype=torch.float64)
    return x, torch.tensor([2, 0, 3, 4, 1, 0])


def evaluated(method, f, x, y, noise="as needed", **parameters):
    objective = METHODS[method]
    if noise == "as needed":
        noise = NOISES["gaussian"](SIGMA) if objective.needs_noise else None
    return objective.loss(
        f,
        x,
        y,
        noise=noise,
        parameters=objective.parameters(**parameters),
        generator=torch.Generator().manual_seed(SEED),
    )


def assert_the_same(first, second, batch):
    """Two (method, keywords) give the same total and the same gradients, float64 rounding apart."""
    results = []
    for method, keywords in (first, second):
        f = network()
        outcome = evaluated(method, f, *batch, **keywords)
        outcome.total.backward()
        results.append((outcome.total, *(p.grad for p in f.parameters())))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("stn", {"gamma": 0}), ("plain", {})),
        (("trades", {"beta": 0, "steps": 2}), ("plain", {})),
        (("wrm", {"K": 0}), ("plain", {})),
        (("pgd-at", {"steps": 0, "random_start": False}), ("plain", {})),
        (("pgd-at", {"epsilon": 0, "steps": 3}), ("plain", {})),
        (("adre", {"k": 1, "lam": 0}), ("gaussian", {})),
        (("smoothadv", {"m": 1, "steps": 0}), ("gaussian", {})),
        (("smoothadv", {"m": 3, "epsilon": 0, "steps": 2}), ("adre", {"k": 3, "lam": 0})),
        (("nal", {"K": 0, "r": 3}), ("adre", {"k": 3, "lam": 0})),
        (("adre-adv", {"k": 3, "lam": 0.3, "steps": 0}), ("adre", {"k": 3, "lam": 0.3})),
        (
            ("adre-adv", {"k": 3, "lam": 0, "epsilon": 0.7, "steps": 2}),
            ("smoothadv", {"m": 3, "epsilon": 0.7, "steps": 2}),
        ),
        (
            ("nal", {"noise": None, "r": 1, "K": 5, "gamma": 0.4}),
            ("wrm", {"K": 5, "gamma": 0.4}),
        ),
        (
            ("nal", {"noise": None, "r": 3, "K": 2, "gamma": 0.4, "eta1": 0.1, "noise_in_cost": False}),
            ("wrm", {"K": 2, "gamma": 0.4, "eta1": 0.1}),
        ),
    ],
    ids=lambda case: " ".join((case[0], *(f"{key}={value}" for key, value in case[1].items()))),
)
def test_special_cases_coincide(first, second, batch):
    assert_the_same(first, second, batch)


def test_adre_without_its_weight_is_gaussian_augmentation_with_k_copies(batch):
    x, y = batch
    f = network()
    adre = evaluated("adre", f, x, y, k=4, lam=0)
    copies = evaluated("gaussian", f, x.repeat_interleave(4, 0), y.repeat_interleave(4))
    assert adre.total.item() == pytest.approx(copies.total.item(), rel=1e-12)
    torch.testing.assert_close(adre.logits, copies.logits[::4])


def test_nal_tends_to_wrm_as_sigma_vanishes(batch):
    f = network()
    wrm = evaluated("wrm", f, *batch, K=4, gamma=0.5).total.item()
    distances = [
        abs(evaluated("nal", f, *batch, noise=NOISES["gaussian"](s), r=1, gamma=0.5).total.item() - wrm)
        for s in (0.1, 0.001, 0.00001)
    ]
    assert distances[0] > 10 * distances[1] > 100 * distances[2]


def test_the_ablation_of_the_cost_changes_nal(batch):
    f = network()
    both = [evaluated("nal", f, *batch, noise_in_cost=count).total.item() for count in (True, False)]
    assert abs(both[0] - both[1]) > 1e-4


def test_adre_has_no_lower_bound_where_every_copy_is_answered_right(batch):
    class Sure(nn.Module):
        """Logits of the given size for the right class of each image, whatever the noise."""

        def __init__(self, size):
            super().__init__()
            self.size = size

        def forward(self, x):
            return self.size * one_hot(batch[1].repeat_interleave(len(x) // 6), 5).double()

    losses = [evaluated("adre", Sure(size), *batch, k=4, lam=0.1).total.item() for size in (100, 200, 400)]
    # The cross-entropy is 0, and -lambda times the margin is left.
    assert losses == pytest.approx([-10, -20, -40])


@pytest.mark.parametrize("method", ATTACKED)
def test_an_attack_raises_the_loss(method, batch):
    weaker = {"K": 0} if "K" in ATTACKED[method] else {"steps": 0}
    f = network()
    attacked = evaluated(method, f, *batch, **ATTACKED[method])
    spared = evaluated(method, f, *batch, **(ATTACKED[method] | weaker))
    assert attacked.total.item() > spared.total.item() + 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_only_the_minimised_loss_touches_gradients_and_batch_norm(method, batch):
    f = network(0, nn.BatchNorm2d(6), nn.Dropout(0.5)).train()
    outcome = evaluated(method, f, *batch, **ATTACKED.get(method, {}))
    assert all(parameter.grad is None for parameter in f.parameters())
    assert f[1].num_batches_tracked == 1
    assert all(module.training for module in f.modules())
    outcome.total.backward()
    assert all(parameter.grad.isfinite().all() for parameter in f.parameters())


@pytest.mark.parametrize("method", ATTACKED)
def test_attacks_run_in_evaluation_mode_and_give_every_part_its_mode_back(method, batch):
    f = network(0, nn.BatchNorm2d(6), nn.Dropout(0.5)).train()
    f[1].eval()  # somebody has frozen the statistics
    modes = []
    f[2].register_forward_hook(lambda module, *_: modes.append(module.training))
    evaluated(method, f, *batch, **ATTACKED[method])
    # Every pass but the last, which is the one that is differentiated by the weights.
    assert modes[-1] and not any(modes[:-1]) and len(modes) >= 4
    assert [module.training for module in f] == [True, False, True, True, True, True]


def test_a_failing_network_gets_its_mode_back_too(batch):
    f = network().train()
    with pytest.raises(RuntimeError):
        evaluated("wrm", f, batch[0][:, :1], batch[1])
    assert all(module.training for module in f.modules())


@pytest.mark.parametrize("method", METHODS)
def test_losses_of_a_bfloat16_network_are_float32(method, batch):
    class Autocast(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                return self.module(x)

    x, y = batch[0].float(), batch[1]
    exact = network().float()
    rough = evaluated(method, Autocast(copy.deepcopy(exact)), x, y, **ATTACKED.get(method, {}))
    assert rough.total.dtype == rough.logits.dtype == torch.float32
    rough.total.backward()
    expected = evaluated(method, exact, x, y, **ATTACKED.get(method, {})).total.item()
    # bfloat16 has 8 bits: logits of size about 1 are off by up to 0.01.
    assert rough.total.item() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_the_generator_decides_all_noise(method, batch):
    f = network()
    torch.manual_seed(1)
    first = evaluated(method, f, *batch).total.item()
    torch.manual_seed(2)
    assert evaluated(method, f, *batch).total.item() == first


def test_logits_so_far_apart_that_softmax_is_0_give_finite_losses_and_gradients(batch):
    f = network()
    with torch.no_grad():
        f[-1].weight *= 1e5
    for method in METHODS:
        f.zero_grad()
        outcome = evaluated(method, f, *batch, **ATTACKED.get(method, {}))
        outcome.total.backward()
        assert outcome.total.isfinite(), method
        assert all(parameter.grad.isfinite().all() for parameter in f.parameters()), method


@pytest.mark.parametrize("method", METHODS)
def test_every_hyper_parameter_has_a_line_and_a_lawful_default(method):
    parameters = METHODS[method].parameters
    assert parameters().model_config["frozen"]
    for name, field in parameters.model_fields.items():
        assert field.description and "\n" not in field.description and field.description.endswith("."), name
        assert len(field.description) <= 100, name
    assert parameters(**parameters().model_dump()) == parameters()


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("stn", {"gamma": -1}, "gamma is -1"),
        ("stn", {"gamma": float("nan")}, "gamma"),
        ("adre", {"k": 0}, "k is 0"),
        ("adre", {"k": 2.5}, "k is 2.5"),
        ("adre", {"lam": float("inf")}, "lam"),
        ("smoothadv", {"epsilon": -0.5}, "epsilon is -0.5"),
        ("smoothadv", {"steps": -1}, "steps is -1"),
        ("adre-adv", {"lambda": 1}, "lambda"),
        ("nal", {"gamma": 0}, "gamma is 0"),
        ("nal", {"eta1": 0}, "eta1"),
        ("nal", {"K": 10**9}, "K is 1000000000"),
        ("nal", {"noise_in_cost": "perhaps"}, "noise_in_cost"),
        ("wrm", {"r": 4}, "r is 4"),
        ("trades", {"norm": "l1"}, "norm is 'l1'"),
        ("pgd-at", {"step_size": "fast"}, "step_size"),
    ],
)
def test_a_hyper_parameter_out_of_range_is_refused_in_one_sentence(method, parameters, words):
    sigma = 0.25 if METHODS[method].needs_noise else 0.0
    with pytest.raises(TrainingError, match=words) as caught:
        TrainRequest.make(method=method, sigma=sigma, parameters=parameters)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
