"""Weights from elsewhere: what the field publishes comes in, what is odd or broken gets one sentence."""

import collections
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import pytest
import safetensors.torch
import torch

from rsviz.checkpoints import CheckpointError, import_weights, load_checkpoint, storage
from rsviz.models import build

SHAPES = {"digits-cnn": (1, 8, 8), "cifar_resnet20": (3, 32, 32), "cifar_resnet110": (3, 32, 32)}


def network(architecture, num_classes=10, mean=0.4, std=0.25):
    channels = SHAPES[architecture][0]
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        module = build(
            architecture,
            num_classes=num_classes,
            input_shape=SHAPES[architecture],
            mean=(mean,) * channels,
            std=(std,) * channels,
        )
        for layer in module.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
    return module.eval()


def state(architecture="digits-cnn", prefix=""):
    return {prefix + key: value for key, value in network(architecture).network.state_dict().items()}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def same_function(card, architecture):
    loaded, _ = load_checkpoint(card.name)
    original = network(architecture).network
    x = torch.rand((2, *SHAPES[architecture]), generator=torch.Generator().manual_seed(1))
    return torch.equal(loaded.network(x), original(x))


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("prefix", ["1.", "module.", "module.1.", "1.module.", ""])
def test_the_files_of_cohen_and_salman_come_in_under_every_wrapper(tmp_path, prefix, legacy):
    """torch before 1.6 wrote bare pickles; later versions write zips."""
    path = tmp_path / "checkpoint.pth.tar"
    value = {
        "epoch": 90,
        "arch": "cifar_resnet20",
        "state_dict": state("cifar_resnet20", prefix),
        "optimizer": {},
    }
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    card = import_weights(path, noise="gaussian", scale=0.25)
    assert (card.name, card.architecture, card.dataset) == ("checkpoint", "cifar_resnet20", "cifar10")
    assert (card.noise, card.scale, card.num_classes, card.method) == ("gaussian", 0.25, 10, "imported")
    # The constants of Cohen et al., whose files do not hold them.
    assert card.mean == (0.4914, 0.4822, 0.4465) and card.std == (0.2023, 0.1994, 0.2010)
    assert same_function(card, "cifar_resnet20")


def test_resnet110_comes_in_by_its_arch_entry(tmp_path):
    path = tmp_path / "noise_0.50.pth.tar"
    torch.save({"arch": "cifar_resnet110", "state_dict": state("cifar_resnet110", "1.")}, path)
    card = import_weights(path)
    assert (card.name, card.architecture) == ("noise_0.50", "cifar_resnet110")
    assert same_function(card, "cifar_resnet110")


def test_a_bare_state_dict_tells_its_architecture_by_names_and_shapes(tmp_path):
    torch.save(collections.OrderedDict(state()), tmp_path / "bare.pt")
    card = import_weights(tmp_path / "bare.pt")
    assert (card.architecture, card.dataset) == ("digits-cnn", "digits")
    assert same_function(card, "digits-cnn")


def test_a_normalisation_in_the_file_is_kept(tmp_path):
    torch.save(network("digits-cnn").state_dict(), tmp_path / "whole.pth")
    card = import_weights(tmp_path / "whole.pth")
    assert card.mean == (pytest.approx(0.4),) and card.std == (0.25,)


def test_a_safetensors_file_comes_in_and_half_precision_too(tmp_path):
    safetensors.torch.save_file(state(), tmp_path / "a.safetensors")
    assert same_function(import_weights(tmp_path / "a.safetensors"), "digits-cnn")
    safetensors.torch.save_file({k: v.bfloat16() for k, v in state().items()}, tmp_path / "b.safetensors")
    assert (
        load_checkpoint(import_weights(tmp_path / "b.safetensors").name)[0].network.fc2.weight.dtype
        == torch.float32
    )


def test_a_shipped_file_alone_tells_what_it_is(tmp_path):
    from rsviz.files import SHIPPED_CHECKPOINTS

    content = (SHIPPED_CHECKPOINTS / "digits-gaussian-0.25.safetensors").read_bytes()
    (tmp_path / "upload.bin").write_bytes(content)
    card = import_weights(tmp_path / "upload.bin", shown_as="my digits.safetensors")
    assert (card.name, card.noise, card.scale) == ("my-digits", "gaussian", 0.25)


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


class RunsCode:
    def __reduce__(self):
        return (os.system, ("touch /tmp/rsviz-was-here",))


def with_tensor(tensor, name="fc2.bias"):
    return {**state(), name: tensor}


def entry(**changes):
    """The digits network as safetensors, with the header entry of fc2.bias changed."""
    content = safetensors.torch.save(state())
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["fc2.bias"] |= changes
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def duplicate_key():
    content = safetensors.torch.save(state())
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].rstrip()
    one = json.dumps({"fc2.bias": json.loads(header)["fc2.bias"]})[1:-1].encode()
    text = header[:-1] + b"," + one + b"}"
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def flipped():
    content = bytearray(saved(state()))
    content[len(content) // 2] ^= 0x10
    return bytes(content)


def rezipped(compression=zipfile.ZIP_STORED, change=lambda name, content: content):
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(state()))) as source,
        zipfile.ZipFile(out, "w", compression) as target,
    ):
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return out.getvalue()


def bomb():
    zeros = state() | {"fc1.weight": torch.zeros(64, 1024)}
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(zeros))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name) if "data.pkl" in name else bytes(50_000_000))
    return out.getvalue()


def bias(**options):
    return torch.zeros(10, **options)


# One line a kind of file: how it is called, how it is made, a word that the sentence must hold.
BROKEN = {
    "empty.pth": (lambda: b"", "empty"),
    "text.pth": (lambda: b"These are not the weights you are looking for.\n" * 9, "neither"),
    "page.safetensors": (lambda: b"<!doctype html><title>404</title>" * 9, "web page"),
    "picture.pt": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(99), "neither"),
    "not-by-torch.pt": (lambda: pickle.dumps({"a": 1}, protocol=4), "neither"),
    "three-bytes.safetensors": (lambda: b"\x01\x02\x03", "neither"),
    "code.pth": (lambda: saved({"state_dict": RunsCode()}), "could run code"),
    "code-legacy.pth": (
        lambda: saved({"state_dict": RunsCode()}, _use_new_zipfile_serialization=False),
        "could run code",
    ),
    "whole-module.pth": (lambda: saved(network("digits-cnn").network), "could run code"),
    "cut.pth": (lambda: saved(state())[:-1000], "damaged"),
    "cut-legacy.pth": (lambda: saved(state(), _use_new_zipfile_serialization=False)[:-1000], "damaged"),
    "cut.safetensors": (lambda: safetensors.torch.save(state())[:-10], "damaged"),
    "cut-in-header.safetensors": (lambda: safetensors.torch.save(state())[:40], "cut short"),
    "flipped-bit.pth": (flipped, "checksum"),
    "bomb.pth": (bomb, "compressed"),
    "compressed.pth": (lambda: rezipped(zipfile.ZIP_DEFLATED), "compressed"),
    "lying-program.pth": (
        lambda: rezipped(change=lambda n, c: c.replace(b"M\x00\x04", b"M\x00\x08") if "data.pkl" in n else c),
        "damaged|shape",
    ),
    "garbage.pth": (
        lambda: rezipped(change=lambda n, c: b"\x80\x02" + b"(" * 99 if "data.pkl" in n else c),
        "damaged",
    ),
    "other.zip": (lambda: rezipped(change=lambda n, c: c).replace(b"data.pkl", b"tada.pkl"), "torch.save"),
    "nan.pth": (lambda: saved(with_tensor(bias() / 0)), "NaN"),
    "infinite.safetensors": (lambda: safetensors.torch.save(with_tensor(bias() + float("inf"))), "infinite"),
    "beyond-float32.pth": (lambda: saved(with_tensor(bias(dtype=torch.float64) + 1e300)), "infinite"),
    "stride-0.pth": (lambda: saved(with_tensor(torch.zeros(1).expand(10))), "claims"),
    "stride-0-huge.pth": (
        lambda: saved(with_tensor(torch.as_strided(torch.zeros(1), (2**20, 2**20), (0, 0)))),
        "claims",
    ),
    "sparse.pth": (lambda: saved(with_tensor(torch.ones(10).to_sparse())), "sparse"),
    "complex.pth": (lambda: saved(with_tensor(bias(dtype=torch.complex64))), "complex64"),
    "integers.pth": (lambda: saved(with_tensor(bias(dtype=torch.int64))), "the type of this layer"),
    "bytes.safetensors": (lambda: safetensors.torch.save(with_tensor(bias(dtype=torch.uint8))), "type"),
    "meta.pth": (lambda: saved(with_tensor(bias(device="meta"))), "no values"),
    "number.pth": (lambda: saved(with_tensor(3.0)), "not a tensor"),
    "numbered-names.pth": (lambda: saved({1: bias()}), "named by a int"),
    "list.pth": (lambda: saved([bias()]), "dictionary"),
    "no-tensors.pth": (lambda: saved({"state_dict": {}}), "no tensors"),
    "no-tensors.safetensors": (lambda: safetensors.torch.save({}), "no tensors"),
    "wrong-shape.pth": (
        lambda: saved({"arch": "digits-cnn", "state_dict": with_tensor(torch.zeros(11))}),
        "shape",
    ),
    "missing.pth": (
        lambda: saved({"arch": "digits-cnn", "state_dict": {"fc2.weight": torch.zeros(10, 64)}}),
        "missing",
    ),
    "extra.pth": (
        lambda: saved({"arch": "digits-cnn", "state_dict": with_tensor(bias(), "backdoor.weight")}),
        "unknown",
    ),
    "other-architecture.pth": (
        lambda: saved({"arch": "cifar_resnet20", "state_dict": state()}),
        "does not fit",
    ),
    "unknown-architecture.pth": (
        lambda: saved({"arch": "vgg16", "state_dict": state()}),
        "known are digits-cnn",
    ),
    "untold-architecture.pth": (lambda: saved({"a.weight": bias()}), "name one of digits-cnn"),
    "one-class.pth": (
        lambda: saved({**state(), "fc2.weight": torch.zeros(1, 64), "fc2.bias": torch.zeros(1)}),
        "name one of",
    ),
    "lying-shape.safetensors": (lambda: entry(shape=[10**9]), "damaged"),
    "absurd-shape.safetensors": (lambda: entry(shape=[2**62, 2**62]), "damaged"),
    "negative-shape.safetensors": (lambda: entry(shape=[-10]), "damaged"),
    "lying-offsets.safetensors": (lambda: entry(data_offsets=[0, 2**40]), "damaged"),
    "odd-type.safetensors": (lambda: entry(dtype="F8_E4M3"), "type"),
    "duplicate-key.safetensors": (duplicate_key, "each name once"),
    "huge-header.safetensors": (lambda: struct.pack("<Q", 95_000_000) + b"{" + b" " * 1000, "95,000,000"),
    "endless-header.safetensors": (lambda: struct.pack("<Q", 2**63) + b"{}", "announces"),
    "deep-header.safetensors": (lambda: struct.pack("<Q", 200_000) + b'{"a":' * 40_000, "JSON"),
    "negative-variance.pth": (
        lambda: saved({**state("cifar_resnet20"), "bn1.running_var": -torch.ones(16)}),
        "negative variance",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_odd_or_broken_file_gets_one_sentence_and_changes_nothing(tmp_path, home, name):
    make, word = BROKEN[name]
    (tmp_path / name).write_bytes(make())
    refused(tmp_path / name, word, home)


def refused(path, word, home, **options):
    marker = "/tmp/rsviz-was-here"
    assert not os.path.exists(marker)
    with pytest.raises(CheckpointError, match=word) as caught:
        import_weights(path, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and 15 < len(sentence) < 330
    for unsafe in ("weights_only", "torch.load", "pickle", "Traceback", "safe_globals"):
        assert unsafe not in sentence
    assert not os.path.exists(marker)
    assert not home.exists() or not [path for path in home.rglob("*") if path.is_file()]


def test_what_is_no_file_is_refused(tmp_path, home):
    (tmp_path / "folder.pth").mkdir()
    refused(tmp_path / "folder.pth", "folder", home)
    refused(tmp_path / "not-there.pth", "no file", home)
    os.mkfifo(tmp_path / "pipe.pth")
    refused(tmp_path / "pipe.pth", "no regular file", home)


def test_a_file_of_absurd_size_is_refused_unread(tmp_path, home):
    with (tmp_path / "huge.pth").open("wb") as file:
        file.truncate(2**40)
    refused(tmp_path / "huge.pth", "at most 1,024 MiB", home)


def test_what_is_said_about_the_weights_must_fit_them(tmp_path, home):
    torch.save(state(), tmp_path / "digits.pt")
    refused(tmp_path / "digits.pt", "10 classes, but 3", home, classes=("a", "b", "c"))
    refused(tmp_path / "digits.pt", "name", home, name="../../evil")
    refused(tmp_path / "digits.pt", "std", home, mean=(0.1,), std=(0.0,))
    refused(tmp_path / "digits.pt", "noise is cauchy", home, noise="cauchy", scale=1.0)
    refused(tmp_path / "digits.pt", "scale", home, noise="gaussian", scale=float("nan"))
    refused(tmp_path / "digits.pt", "no usual one", home, dataset="my own")


def test_an_import_never_takes_the_name_of_another_checkpoint(tmp_path):
    torch.save(state(), tmp_path / "digits-plain.pt")
    with pytest.raises(CheckpointError, match="already is a checkpoint called digits-plain"):
        import_weights(tmp_path / "digits-plain.pt")
    card = import_weights(tmp_path / "digits-plain.pt", name="other")
    with pytest.raises(CheckpointError, match="already"):
        import_weights(tmp_path / "digits-plain.pt", name=card.name)


@pytest.mark.parametrize(
    "shown_as", ["../../../etc/passwd.pth", "..\\..\\boot.pth", "\n\x1b[31m.pth", ".pth", "ä ö.pth.tar"]
)
def test_the_name_of_an_upload_cannot_lead_anywhere(tmp_path, home, shown_as):
    torch.save(state(), tmp_path / "upload")
    card = import_weights(tmp_path / "upload", shown_as=shown_as)
    written = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert sorted(map(str, written)) == [
        f"checkpoints/{card.name}.json",
        f"checkpoints/{card.name}.safetensors",
    ]
    assert storage.checked_name(card.name) and card.source.isprintable()


def test_the_command_line_refuses_with_status_2_and_one_line(tmp_path, home):
    path = tmp_path / "code.pth"
    path.write_bytes(saved({"state_dict": RunsCode()}))
    run = subprocess.run(
        [sys.executable, "-m", "rsviz", "checkpoints", "import", str(path), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr.startswith("rsviz: code.pth holds more than tensors") and run.stderr.count("\n") == 1
