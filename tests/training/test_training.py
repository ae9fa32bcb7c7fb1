"""Objectives are the papers' formulas; the loop learns, repeats itself, and leaves nothing half done."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rsviz.checkpoints import CheckpointError, list_cards, load_checkpoint, load_survey
from rsviz.checkpoints.storage import names_in
from rsviz.data import load
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.generators import mapped, returned
from rsviz.noise import Gaussian
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS, TrainingError, measure
from rsviz.training.loop import train
from rsviz.training.prepare import Images, flipped, shifted
from tests.training.by_hand import BY_HAND

QUICK = {"dataset": "digits", "precision": "float32", "device": "cpu", "name": "quick"}


def loss_of(method, f, x, y, noise, seed=3):
    objective = METHODS[method]
    outcome = objective.loss(
        f,
        x,
        y,
        noise=noise,
        parameters=objective.parameters(),
        generator=torch.Generator().manual_seed(seed),
    )
    return outcome.total, outcome.logits


def by_hand(logits, y):
    """Mean of -log softmax in float64, image by image."""
    rows = [
        math.log(sum(math.exp(value) for value in row)) - row[label]
        for row, label in zip(logits.double().tolist(), y.tolist(), strict=True)
    ]
    return sum(rows) / len(rows)


@pytest.fixture
def linear():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn((4, 6), generator=generator)
    return lambda x: x.flatten(1) @ weight.T


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.rand((5, 1, 2, 3), generator=generator), torch.tensor([0, 3, 1, 2, 3])


def test_the_plain_objective_is_the_cross_entropy_of_the_clean_images(linear, batch):
    loss, logits = loss_of("plain", linear, *batch, noise=None)
    assert torch.equal(logits, linear(batch[0]))
    assert loss.item() == pytest.approx(by_hand(logits, batch[1]), rel=1e-6)


def test_the_gaussian_objective_is_the_cross_entropy_at_the_noisy_copy(linear, batch):
    x, y = batch
    epsilon = 0.7 * torch.randn(x.shape, generator=torch.Generator().manual_seed(3))
    loss, logits = loss_of("gaussian", linear, x, y, Gaussian(0.7))
    torch.testing.assert_close(logits, linear(x + epsilon))
    assert loss.item() == pytest.approx(by_hand(linear(x + epsilon), y), rel=1e-5)


def test_the_gaussian_objective_tends_to_the_plain_one_as_sigma_vanishes(linear, batch):
    plain, _ = loss_of("plain", linear, *batch, noise=None)
    nearly, _ = loss_of("gaussian", linear, *batch, Gaussian(1e-6))
    assert nearly.item() == pytest.approx(plain.item(), abs=1e-4)


def test_shifts_move_whole_images_and_bring_in_zeros():
    x = torch.arange(1.0, 1 + 200 * 2 * 5 * 4).reshape(200, 2, 5, 4)
    moved = shifted(x, 2, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(x, (2, 2, 2, 2))
    seen = set()
    for image, out in zip(padded, moved, strict=True):
        matches = [
            (row, column)
            for row in range(5)
            for column in range(5)
            if torch.equal(image[:, row : row + 5, column : column + 4], out)
        ]
        assert len(matches) == 1
        seen.update(matches)
    assert len(seen) == 25
    assert shifted(x, 0, None) is x


def test_flips_mirror_about_half_of_the_images_and_leave_the_others():
    x = torch.arange(1.0, 1 + 400 * 2 * 3 * 4).reshape(400, 2, 3, 4)
    out = flipped(x, torch.Generator().manual_seed(0))
    mirrored = (out == x.flip(3)).all((1, 2, 3))
    assert torch.equal(out[~mirrored], x[~mirrored])
    # 200 expected, standard deviation 10.
    assert 150 < int(mirrored.sum()) < 250


def test_without_a_flip_nothing_is_drawn_for_it():
    x, generator = torch.rand((4, 1, 8, 8)), torch.Generator().manual_seed(0)
    before, rows = generator.get_state(), torch.arange(4)
    images = Images(x, torch.zeros(4, dtype=torch.int64))
    assert torch.equal(images.batch(rows, 0, False, generator)[0], x)
    assert torch.equal(generator.get_state(), before)
    images.batch(rows, 0, True, generator)
    assert not torch.equal(generator.get_state(), before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of some seconds, with 100 certificates in place of all 500: (reports, card, folder)."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "FINAL", dataclasses.replace(measure.FINAL, images=100))
        reports = []
        card = returned(mapped(reports.append, train(TrainRequest(**QUICK, sigma=0.25, epochs=15), folder)))
        return reports, card, folder


def test_the_loop_learns_the_digits(trained):
    reports, card, _ = trained
    assert card.metrics["clean_accuracy"].value >= 0.93
    assert card.metrics["noisy_accuracy"].value >= 0.85
    losses = [report.loss for report in reports if report.phase == "train"]
    assert losses[-1] < math.log(10) / 3  # a third of that of guessing


def test_progress_counts_up_to_the_announced_end(trained):
    reports, _, _ = trained
    steps = [report.step for report in reports if report.phase == "train"]
    assert steps == sorted(set(steps))
    assert steps[-1] == reports[0].steps == 15 * math.ceil(len(load("digits", "train")) / 128)


def test_certified_accuracy_falls_with_the_radius_and_says_how_it_was_measured(trained):
    metric = trained[1].metrics["certified_accuracy"]
    values = [metric.value[radius] for radius in ("0", "0.25", "0.5", "0.75", "1")]
    assert values == sorted(values, reverse=True) and 0.7 < values[0] <= 1
    # sigma * Phi^-1(alpha^(1/n)) = 0.25 * 2.46: nothing can be certified at 0.75 with 1,000 votes.
    assert values[3] == values[4] == 0
    for words in ("first 100 test images", "n0 = 100, n = 1000, alpha = 0.001", "l2"):
        assert words in metric.how


def test_the_saved_checkpoint_is_the_network_that_was_measured(trained):
    module, card = load_checkpoint(trained[2] / "quick.safetensors")
    test = load("digits")
    with torch.inference_mode():
        right = module(torch.from_numpy(test.pixels(slice(None)))).argmax(1).numpy() == test.labels
    # The card's number may come from bfloat16: a few logits within rounding may differ.
    assert right.mean() == pytest.approx(card.metrics["clean_accuracy"].value, abs=0.006)
    assert (card.noise, card.scale, card.seed, card.hyperparameters["epochs"]) == ("gaussian", 0.25, 0, 15)


def test_the_survey_tells_the_votes_of_the_saved_weights(trained):
    _, card, folder = trained
    survey = load_survey(folder / "quick.safetensors")
    assert survey["index"] == list(range(100))
    assert survey["label"] == load("digits").labels[:100].tolist()
    shares = np.array(survey["share"])
    assert ((shares >= 0.1) & (shares <= 1)).all() and survey["draws"] == 1000
    right = np.array(survey["predicted"]) == np.array(survey["label"])
    noisy = card.metrics["noisy_accuracy"].value
    # The vote share of the true class lies between that of the right winners and that plus the losers' rest.
    assert (shares * right).mean() <= noisy + 1e-9 <= (np.where(right, shares, 1 - shares)).mean() + 2e-9


def weights_after(seed, folder, interrupt=False, **settings):
    """The weights after two epochs, from the state that the run saves when it is closed at the end."""
    request = TrainRequest(**QUICK, sigma=0.25, epochs=2, seed=seed, **settings)
    run = train(request, folder / "out", run=folder / f"{seed}-{interrupt}")
    for report in run:
        if interrupt:
            torch.randn(17)  # somebody else uses the global generator between two reports
        if report.phase == "validate" and report.step == report.steps:
            run.close()
    tensors = load_file(folder / f"{seed}-{interrupt}" / "state.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors) if name.startswith("module.")])


def test_the_same_seed_gives_the_same_weights_whatever_happens_between_the_steps(tmp_path):
    torch.manual_seed(5)
    first = weights_after(1, tmp_path, shift=1)
    torch.manual_seed(6)
    assert torch.equal(first, weights_after(1, tmp_path, shift=1, interrupt=True))
    assert not torch.equal(first, weights_after(2, tmp_path, shift=1))


def test_training_leaves_the_global_generator_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    weights_after(1, tmp_path)
    assert torch.equal(torch.randn(3), expected)


@pytest.mark.parametrize("phase", ["train", "measure"])
def test_a_cancelled_run_leaves_nothing_behind(tmp_path, phase):
    run = train(TrainRequest(**QUICK, sigma=0.25, epochs=1), tmp_path)
    next(report for report in run if report.phase == phase)
    run.close()
    assert list(tmp_path.rglob("*")) == []


def test_a_loss_that_is_not_finite_stops_the_run_with_a_sentence(tmp_path):
    request = TrainRequest(**QUICK, method="plain", optimizer="sgd", learning_rate=1e12, epochs=3)
    with pytest.raises(
        TrainingError, match=r"stopped in epoch \d of 3: .* learning rate 1e\+12 is too high"
    ) as caught:
        list(train(request, tmp_path))
    assert "\n" not in str(caught.value) and list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"dataset": "imagenet64"}, "dataset"),
        ({"method": "magic", "sigma": 0.5}, "method"),
        ({"method": "gaussian"}, "sigma is 0"),
        ({"method": "plain", "sigma": 0.5}, "without noise"),
        ({"sigma": float("nan")}, "sigma"),
        ({"sigma": float("inf")}, "sigma"),
        ({"sigma": -1}, "sigma"),
        ({"sigma": 0.5, "epochs": 0}, "epochs"),
        ({"sigma": 0.5, "learning_rate": 0}, "learning_rate"),
        ({"sigma": 0.5, "architecture": "li-mnist"}, "shape"),
        ({"sigma": 0.5, "architecture": "vgg"}, "vgg"),
        ({"sigma": 0.5, "parameters": {"lbd": 1}}, "lbd"),
        ({"sigma": 0.5, "name": "../../etc/passwd"}, "name"),
        ({"sigma": 0.5, "nmae": "typo"}, "nmae"),
        ({"sigma": 0.5, "dataset": "folder:/tmp"}, "architecture"),
        ({"sigma": 0.5, "seed": -1}, "seed"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_one_sentence(values, words):
    with pytest.raises(TrainingError, match=words) as caught:
        TrainRequest.make(**values)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_requests_and_the_zoo_load_without_torch():
    code = "import sys, rsviz.training, rsviz.tasks.train.zoo; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_shipped_is_what_the_zoo_declares():
    from rsviz.tasks.train.zoo import ZOO, missing

    shipped = names_in(SHIPPED_CHECKPOINTS)
    assert set(shipped) == set(ZOO) - set(missing())
    cards = list_cards()
    for name in shipped:
        card, request = cards[name], ZOO[name]
        assert (card.dataset, card.method, card.scale) == (request.dataset, request.method, request.sigma)
        assert (card.architecture, card.seed) == (request.chosen_architecture, request.seed)
        settings = {
            setting: getattr(request, setting)
            for setting in ("epochs", "batch_size", "learning_rate", "schedule", "shift", "stored")
        }
        settings |= METHODS[request.method].parameters(**request.parameters).model_dump()
        assert {key: card.hyperparameters[key] for key in settings} == settings, name


def test_the_zoo_declares_every_method_on_the_small_and_the_three_layer_network():
    from rsviz.tasks.train.zoo import ZOO

    for dataset, architecture in (("digits", "digits-cnn"), ("mnist", "three-layer-cnn-elu")):
        methods = {r.method for r in ZOO.values() if r.chosen_architecture == architecture}
        assert methods >= set(BY_HAND)
        assert {r.dataset for r in ZOO.values() if r.chosen_architecture == architecture} == {dataset}


def test_the_shipped_weights_are_small():
    sizes = [path.stat().st_size for path in SHIPPED_CHECKPOINTS.glob("*.safetensors")]
    assert sum(sizes) <= 40_000_000 and max(sizes) <= 8_000_000


def test_a_foreign_name_is_told_what_there_is():
    with pytest.raises(CheckpointError, match="digits-plain"):
        load_checkpoint("no-such-thing")
