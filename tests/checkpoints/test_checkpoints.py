"""A checkpoint is a pair that belongs together: it comes back as it was saved, or not at all."""

import contextlib
import datetime
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from rsviz import files
from rsviz.checkpoints import (
    Card,
    CheckpointError,
    list_cards,
    load_card,
    load_checkpoint,
    load_survey,
    save_checkpoint,
    save_survey,
    storage,
    stored_module,
)
from rsviz.checkpoints.weights import build_network
from rsviz.data import load


def card_for(name="toy", **changes):
    values = {
        "name": name,
        "architecture": "digits-cnn",
        "dataset": "digits",
        "classes": tuple("0123456789"),
        "input_shape": (1, 8, 8),
        "mean": (0.3,),
        "std": (0.4,),
        "method": "plain",
        "date": datetime.date(2026, 11, 21),
    }
    return Card(**(values | changes))


def network(seed=0, card=None):
    card = card or card_for()
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return build_network(card).eval()


@pytest.fixture
def images():
    return torch.rand((4, 1, 8, 8), generator=torch.Generator().manual_seed(0))


def test_float32_weights_come_back_bit_for_bit(tmp_path, images):
    module = network()
    saved = save_checkpoint(module, card_for(), tmp_path, dtype="float32")
    loaded, card = load_checkpoint(tmp_path / "toy.safetensors")
    assert card == saved == load_card(tmp_path / "toy.json")
    assert torch.equal(loaded(images), module(images))
    assert not loaded.training and all(p.dtype == torch.float32 for p in loaded.parameters())


def test_float16_weights_come_back_as_the_network_that_was_measured(tmp_path, images):
    module, card = network(), card_for()
    announced = stored_module(module, card, "float16")
    save_checkpoint(module, card, tmp_path, dtype="float16")
    loaded, _ = load_checkpoint(tmp_path / "toy.safetensors")
    assert torch.equal(loaded(images), announced(images))
    half = {name: parameter.half().float() for name, parameter in module.named_parameters()}
    assert all(torch.equal(parameter, half[name]) for name, parameter in loaded.named_parameters())
    # The normalisation is not rounded: the pixels keep their meaning.
    assert loaded.normalize.mean.item() == torch.tensor(0.3).item()


def test_batch_norm_statistics_survive(tmp_path):
    card = card_for(
        architecture="cifar_resnet20",
        dataset="cifar10",
        input_shape=(3, 32, 32),
        mean=(0.5,) * 3,
        std=(0.2,) * 3,
    )
    module = network(card=card).train()
    x = torch.rand((4, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    module(x)
    module.eval()
    save_checkpoint(module, card, tmp_path, dtype="float32")
    assert torch.equal(load_checkpoint(tmp_path / "toy.safetensors")[0](x), module(x))


def test_the_card_holds_the_sha256_of_the_weights(tmp_path):
    card = save_checkpoint(network(), card_for(), tmp_path)
    assert card.weights_sha256 == hashlib.sha256((tmp_path / "toy.safetensors").read_bytes()).hexdigest()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.json", "toy.safetensors"]


def test_weights_that_were_changed_do_not_load(tmp_path):
    save_checkpoint(network(), card_for(), tmp_path)
    path = tmp_path / "toy.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256"):
        load_checkpoint(path)


def test_a_network_that_holds_nan_is_not_saved(tmp_path):
    module = network()
    module.network.fc2.weight.data[0, 0] = float("nan")
    with pytest.raises(CheckpointError, match="NaN"):
        save_checkpoint(module, card_for(), tmp_path)
    module.network.fc2.weight.data[0, 0] = 1e6  # beyond float16
    with pytest.raises(CheckpointError, match="infinite"):
        save_checkpoint(module, card_for(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_normalisation_must_be_that_of_the_card(tmp_path):
    with pytest.raises(CheckpointError, match="mean of its first layer"):
        save_checkpoint(network(), card_for(mean=(0.31,)), tmp_path)


def test_weights_without_a_card_and_cards_without_weights_do_not_load(tmp_path):
    save_checkpoint(network(), card_for(), tmp_path)
    (tmp_path / "toy.safetensors").rename(tmp_path / "alone.safetensors")
    with pytest.raises(CheckpointError, match="no card"):
        load_checkpoint(tmp_path / "alone.safetensors")
    with pytest.raises(CheckpointError, match="no file"):
        load_checkpoint(tmp_path / "toy.json")


@pytest.mark.parametrize("kill_after", range(4))
def test_a_replacement_that_stops_after_any_step_leaves_the_old_or_the_new(tmp_path, monkeypatch, kill_after):
    old, new = network(1), network(2)
    save_checkpoint(old, card_for(seed=1), tmp_path, "float32")
    steps = 0

    class Killed(BaseException):
        pass

    def counted(function):
        def call(*arguments):
            nonlocal steps
            if steps == kill_after:
                raise Killed
            steps += 1
            return function(*arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomically", counted(files.write_atomically))
        patch.setattr(os, "replace", counted(os.replace))
        with contextlib.suppress(Killed):
            save_checkpoint(new, card_for(seed=2), tmp_path, "float32")
    module, card = load_checkpoint(tmp_path / "toy.safetensors")
    expected = {1: old, 2: new}[card.seed]
    assert torch.equal(module.network.fc2.weight, expected.network.fc2.weight)
    assert load_card(tmp_path / "toy.json") == card
    save_checkpoint(old, card_for(seed=3), tmp_path, "float32")
    assert load_checkpoint(tmp_path / "toy.safetensors")[1].seed == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.json", "toy.safetensors"]


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from test_checkpoints import card_for, network
from rsviz.checkpoints import save_checkpoint
modules = [network(seed) for seed in (0, 1)]
print("ready", flush=True)
for number in range(10**6):
    save_checkpoint(modules[number % 2], card_for(seed=number % 2), {folder!r}, "float32")
"""


def test_kill_9_while_writing_leaves_a_checkpoint_that_loads(tmp_path):
    save_checkpoint(network(0), card_for(seed=0), tmp_path, "float32")
    code = WRITER.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    heads = [network(seed).network.fc2.weight for seed in (0, 1)]
    for attempt in range(3):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(0.11 + 0.037 * attempt)
            os.kill(writer.pid, signal.SIGKILL)
        module, card = load_checkpoint(tmp_path / "toy.safetensors")
        assert torch.equal(module.network.fc2.weight, heads[card.seed])


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/b",
        "/etc/passwd",
        "",
        ".",
        "..",
        ".hidden",
        "a\0b",
        "a\nb",
        "x" * 81,
        "a ",
        "ünlaut",
        "-dash",
        "a.",
    ],
)
def test_names_that_could_lead_elsewhere_are_refused(name):
    with pytest.raises(ValidationError, match="name"):
        card_for(name)
    with pytest.raises(CheckpointError) as caught:
        storage.checked_name(name)
    assert "\n" not in str(caught.value) and "\0" not in str(caught.value)


def test_lists_are_read_without_torch_and_leave_out_broken_cards(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    save_checkpoint(network(), card_for("mine"))
    (tmp_path / "checkpoints" / "broken.json").write_text("{")
    assert "mine" in list_cards() and "broken" not in list_cards()
    assert "broken.json" in caplog.text
    code = (
        "import sys; from rsviz.checkpoints import list_cards, load_card, load_survey; "
        "assert 'mine' in list_cards(); load_card('mine'); load_survey('mine'); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


GOOD = card_for(weights_sha256="0" * 64).to_json()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("[]", "not valid"),
        ("null", "not valid"),
        ("[" * 100_000, "JSON"),
        (GOOD.replace('"scale": 0.0', '"scale": NaN'), "JSON"),
        (GOOD.replace('"scale": 0.0', '"scale": 1e999'), "scale"),
        (GOOD.replace('"scale": 0.0', '"scale": 0.5'), "noise"),
        (GOOD.replace('"scale": 0.0', '"scale": -1'), "scale"),
        (GOOD.replace('"scale": 0.0', '"scale": 0.0, "scale": 1.0'), "each key once"),
        (GOOD.replace('"toy"', '"../toy"'), "name"),
        (GOOD.replace('"toy"', '"other"'), "agree"),
        (GOOD.replace('"source"', '"sauce"'), "sauce"),
        (GOOD.replace("0" * 64, ""), "weights_sha256"),
        (GOOD.replace("0" * 64, "xyz"), "weights_sha256"),
        (GOOD + " " * 1_000_001, "larger"),
        ("\ufeff\ud800", "UTF-8"),
    ],
)
def test_broken_cards_are_refused_in_one_sentence(tmp_path, text, words):
    (tmp_path / "toy.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CheckpointError, match=words) as caught:
        load_card(tmp_path / "toy.json")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_survey_belongs_to_the_weights_it_was_made_with(tmp_path):
    card = save_checkpoint(network(1), card_for(), tmp_path)
    columns = {"index": [0, 1], "label": [3, 4], "predicted": [3, 9], "share": [0.9, 0.4]}
    assert load_survey(tmp_path / "toy.json") is None
    save_survey(tmp_path, "toy", columns | {"weights_sha256": card.weights_sha256})
    assert load_survey(tmp_path / "toy.json")["predicted"] == [3, 9]
    save_checkpoint(network(2), card_for(), tmp_path)
    assert load_survey(tmp_path / "toy.json") is None
    save_survey(tmp_path, "toy", columns | {"label": [1]})
    with pytest.raises(CheckpointError, match="different lengths"):
        load_survey(tmp_path / "toy.json")


SHIPPED = sorted(path.stem for path in files.SHIPPED_CHECKPOINTS.glob("*.json"))


def test_the_promised_checkpoints_are_shipped():
    assert set(SHIPPED) >= {
        *("digits-plain", "digits-gaussian-0.25", "digits-gaussian-0.50"),
        *("mnist-gaussian-0.70", "mnist-stn-0.70"),
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_those_of_their_cards(name):
    _, card = load_checkpoint(name)
    assert card.name == name and card.metrics["clean_accuracy"].how and card.data_copy and card.versions
    assert (card.noise is None) == ("certified_accuracy" not in card.metrics)
    survey = load_survey(name)
    assert len(survey["index"]) == min(1000, 500 if card.dataset == "digits" else 1000)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("digits")])
def test_shipped_digits_checkpoints_are_as_accurate_as_their_cards_say(name):
    module, card = load_checkpoint(name)
    check_accuracy(module, card, load("digits"), len(load("digits")))


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("mnist")])
def test_shipped_mnist_checkpoints_are_as_accurate_as_their_cards_say(name, mnist):
    module, card = load_checkpoint(name)
    check_accuracy(module, card, mnist, 1000)


def check_accuracy(module, card, dataset, count):
    with torch.inference_mode():
        logits = torch.cat(
            [module(part) for part in torch.from_numpy(dataset.pixels(slice(0, count))).split(100)]
        )
    accuracy = (logits.argmax(1).numpy() == dataset.labels[:count]).mean()
    claimed = card.metrics["clean_accuracy"].value
    # Three deviations of a sample of `count` images, and what another precision can move.
    tolerance = 3 * (claimed * (1 - claimed) / count) ** 0.5 if count < len(dataset) else 0.0
    assert accuracy == pytest.approx(claimed, abs=tolerance + 0.006)


def test_the_cards_are_readable_for_people():
    for name in SHIPPED:
        text = (files.SHIPPED_CHECKPOINTS / f"{name}.json").read_text()
        assert json.loads(text)["weights_sha256"] and text.count("\n") > 20
