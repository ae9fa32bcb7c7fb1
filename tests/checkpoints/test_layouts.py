"""Weight files as people have them: names, keys and values beside the weights; what is assumed is said."""

import argparse
import collections
import gzip
import io
import json
import pathlib
import sys
import tarfile
import types
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

from rsviz.checkpoints import WITHOUT_NOISE, CheckpointError, import_weights, load_card, load_checkpoint
from rsviz.models import build

MEAN, STD = 0.4, 0.25


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def network(architecture="digits-cnn", channels=1, size=8, num_classes=10):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        shape = (channels, size, size)
        module = build(
            architecture,
            num_classes=num_classes,
            input_shape=shape,
            mean=(MEAN,) * channels,
            std=(STD,) * channels,
        )
    return module.eval()


NETWORK = network()


def state(prefix=""):
    return {prefix + key: value for key, value in NETWORK.network.state_dict().items()}


def constants(mean_name, std_name, mean=MEAN, std=STD):
    return {mean_name: torch.full((1, 1, 1), mean), std_name: torch.full((1, 1, 1), std)}


PREFIXES = (
    *("", "module.", "model.", "net.", "network.", "1.", "module.1.", "1.module.", "_orig_mod."),
    *("_orig_mod.module.", "module._orig_mod.", "backbone.", "encoder.", "base_classifier.", "student."),
    *("model.net.", "classifier.", "f.", "module.model.1."),
)
KEYS = (
    *("state_dict", "model_state_dict", "model", "net", "ema", "params", "weights", "model_state", "network"),
    *("state_dict_ema", "student", "my_very_own_key"),
)
CONSTANTS = (
    *(("normalize.mean", "normalize.std"), ("normalize.means", "normalize.sds"), ("0.mean", "0.std")),
    *(("0.mu", "0.sigma"), ("mean", "std"), ("mu", "sigma"), ("normalizer.mean", "normalizer.std")),
    *(
        ("norm.mean", "norm.std"),
        ("module.0.means", "module.0.sds"),
        ("model.normalize._mean", "model.normalize._std"),
    ),
)


def imported(tmp_path, value, **options):
    torch.save(value, tmp_path / "weights.pt")
    return import_weights(tmp_path / "weights.pt", **options)


def same_function(card) -> bool:
    """Whether the checkpoint classifies as the network did that was saved, normalisation included."""
    loaded, _ = load_checkpoint(card.name)
    x = torch.rand((4, 1, 8, 8), generator=torch.Generator().manual_seed(1))
    return torch.allclose(loaded(x), NETWORK(x), atol=1e-6)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_common_prefix_is_taken_away(tmp_path, prefix):
    assert same_function(imported(tmp_path, state(prefix), mean=[MEAN], std=[STD]))


@pytest.mark.parametrize("key", KEYS)
def test_the_weights_are_found_under_the_keys_of_training_scripts(tmp_path, key):
    value = {"epoch": 90, key: state("module."), "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}}}
    assert same_function(imported(tmp_path, value, mean=[MEAN], std=[STD]))


def test_weights_as_they_were_trained_are_taken_before_their_average(tmp_path):
    averaged = {key: one * 0 for key, one in state().items()}
    value = {"state_dict_ema": averaged, "state_dict": state()}
    assert same_function(imported(tmp_path, value, mean=[MEAN], std=[STD]))


@pytest.mark.parametrize(("mean", "std"), CONSTANTS)
def test_a_normalisation_is_read_by_the_names_it_has(tmp_path, mean, std):
    card = imported(tmp_path, {**state("1."), **constants(mean, std)})
    assert same_function(card)
    assert "in the file" in card.hyperparameters["normalisation"]


def test_a_mean_alone_means_no_division(tmp_path):
    card = imported(tmp_path, {**state("1."), "0.mean": torch.tensor([0.3])})
    assert (card.mean, card.std) == ((pytest.approx(0.3),), (1.0,))
    assert "no division" in card.hyperparameters["normalisation"]


def test_constants_for_pixels_to_255_are_divided(tmp_path):
    card = imported(tmp_path, {**state("1."), **constants("0.mean", "0.std", 255 * MEAN, 255 * STD)})
    assert same_function(card)
    assert "divided by 255" in card.hyperparameters["normalisation"]


def test_a_sigma_without_a_mu_is_no_normalisation(tmp_path):
    with pytest.raises(CheckpointError, match="digits-cnn"):
        imported(tmp_path, {**state(), "sigma": torch.tensor(0.25)})


def test_a_normalisation_that_nobody_told_is_said_to_be_assumed(tmp_path):
    card = imported(tmp_path, state())
    assert card.hyperparameters["normalisation"].startswith("assumed: the usual one of digits")


BESIDE = {
    "a NumPy number": np.float64(0.93),
    "a NumPy integer": np.int64(7),
    "a NumPy array": np.arange(3),
    "options of a command line": argparse.Namespace(lr=0.1, arch="cifar", sigma=0.25),
    "a path": pathlib.PurePosixPath("/data"),
    "a simple namespace": types.SimpleNamespace(a=1),
    "a default dictionary": collections.defaultdict(list, {"loss": [0.1]}),
    "nothing": None,
}


@pytest.mark.parametrize("what", BESIDE)
def test_plain_values_beside_the_weights_do_no_harm(tmp_path, what):
    value = {"state_dict": state("module."), "best": BESIDE[what], "history": {"best": BESIDE[what]}}
    assert same_function(imported(tmp_path, value, mean=[MEAN], std=[STD]))


def test_what_lightning_saves_comes_in(tmp_path, monkeypatch):
    module = types.ModuleType("pytorch_lightning.utilities.parsing")
    module.AttributeDict = type("AttributeDict", (dict,), {"__module__": module.__name__})
    for name in ("pytorch_lightning", "pytorch_lightning.utilities"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    value = {
        "epoch": 3,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": {**state("model."), "criterion.weight": torch.ones(10)},
        "hyper_parameters": module.AttributeDict(lr=0.1),
        "callbacks": {},
    }
    assert same_function(imported(tmp_path, value, mean=[MEAN], std=[STD]))


def test_averaged_weights_of_torch_come_in(tmp_path):
    averaged = torch.optim.swa_utils.AveragedModel(NETWORK.network)
    assert same_function(imported(tmp_path, averaged.state_dict(), mean=[MEAN], std=[STD]))


def test_batch_normalisation_without_counters_comes_in(tmp_path):
    trained = network("cifar_resnet20", 3, 32)
    bare = {key: one for key, one in trained.network.state_dict().items() if "num_batches" not in key}
    card = imported(tmp_path, bare)
    x = torch.rand((1, 3, 32, 32))
    assert torch.equal(load_checkpoint(card.name)[0].network(x), trained.network(x))


def test_two_networks_in_one_file_are_refused_by_name(tmp_path):
    with pytest.raises(
        CheckpointError, match=r"several networks, under (student\., teacher\.|teacher\., student\.)"
    ):
        imported(tmp_path, {**state("student."), **state("teacher.")})
    with pytest.raises(CheckpointError, match="weights under generator, discriminator"):
        imported(tmp_path, {"generator": state(), "discriminator": state()})


def test_a_part_that_may_change_the_answer_is_not_left_out(tmp_path):
    with pytest.raises(CheckpointError, match=r"denoiser\.weight is unknown"):
        imported(tmp_path, {**state("1."), "0.denoiser.weight": torch.ones(3, 3)}, architecture="digits-cnn")


def test_classes_that_fit_no_data_set_name_none(tmp_path):
    two = network(num_classes=2).network.state_dict()
    card = imported(tmp_path, two)
    assert (card.dataset, card.num_classes) == ("unknown", 2)
    with pytest.raises(CheckpointError, match="has 2 classes; digits has 10"):
        imported(tmp_path, two, dataset="digits", name="other")


def zipped(names, content=b"1"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pt"))
    return buffer.getvalue()


def npz():
    buffer = io.BytesIO()
    np.savez(buffer, weight=np.zeros(3))
    return buffer.getvalue()


OTHER_KINDS = {
    "pointer.pth": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "pointer of Git LFS",
    ),
    "page.pth": (lambda: b"\n\n<!DOCTYPE html>\n<html><head></head></html>", "web page"),
    "page.pt": (lambda: b"\xef\xbb\xbf<HTML lang=en>", "web page"),
    "weights.pth.gz": (lambda: gzip.compress(b"1" * 99), "gzip archive"),
    "weights.7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(40), "7-Zip archive"),
    "weights.tar": (tarred, "tar archive"),
    "weights.zip": (lambda: zipped(["run/weights.pt"]), "zip archive with run/weights.pt"),
    "model.onnx": (lambda: b"\x08\x07\x12\x07pytorch\x1a\x051.9.0:\xff\x01" + bytes(50), "ONNX"),
    "model.h5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
    "model.keras": (lambda: zipped(["metadata.json", "config.json", "model.weights.h5"]), "Keras"),
    "weights.npz": (npz, "NumPy archive"),
    "weights.npy": (lambda: b"\x93NUMPY\x01\x00" + bytes(90), "NumPy array"),
    "scripted.pt": (lambda: zipped(["a/data.pkl", "a/code/__torch__.py", "a/constants.pkl"]), "TorchScript"),
}


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path, home, name):
    make, words = OTHER_KINDS[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(CheckpointError, match=words) as caught:
        import_weights(tmp_path / name)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert not list(home.rglob("*.json"))


@pytest.mark.parametrize(
    ("told", "known", "noise"),
    [
        ({}, False, None),
        ({"noise": WITHOUT_NOISE}, True, None),
        ({"noise": "laplace", "scale": 0.2}, True, "laplace"),
    ],
)
def test_a_card_tells_trained_without_noise_from_nobody_knows(tmp_path, told, known, noise):
    card = imported(tmp_path, state(), **told)
    assert (card.noise_known, card.noise) == (known, noise)
    assert load_card(card.name) == card


def test_a_card_of_an_older_import_says_that_nothing_is_known(tmp_path, home):
    card = imported(tmp_path, state())
    path = home / "checkpoints" / f"{card.name}.json"
    older = json.loads(path.read_text())
    del older["noise_known"]
    path.write_text(json.dumps(older))
    assert not load_card(card.name).noise_known


def test_a_file_of_rsviz_tells_its_training(tmp_path):
    from rsviz.files import SHIPPED_CHECKPOINTS

    for name, noise in (("digits-plain", None), ("digits-gaussian-0.25", "gaussian")):
        card = import_weights(SHIPPED_CHECKPOINTS / f"{name}.safetensors", name=f"my-{name}")
        assert (card.noise, card.noise_known) == (noise, True)
    safetensors.torch.save_file(state(), tmp_path / "bare.safetensors")
    assert not import_weights(tmp_path / "bare.safetensors").noise_known
