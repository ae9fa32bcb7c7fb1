"""Datasets: what load() gives, what is refused, and that nothing half-done stays behind."""

import dataclasses
import gzip
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsviz.cli import main
from rsviz.data import DATASETS, DataError, available, download, downloads, load, published
from rsviz.data.digits import digits_file
from tests import materials


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """An empty RSVIZ_HOME and RSVIZ_DATA for one test."""
    home, data = tmp_path / "home", tmp_path / "data"
    monkeypatch.setenv("RSVIZ_HOME", str(home))
    monkeypatch.setenv("RSVIZ_DATA", str(data))
    return home, data


SMALL = {"train": 30, "test": 20}


@pytest.fixture
def small(monkeypatch):
    """The datasets with few images, so that files in their layouts can be made in a test."""

    def shrink(name):
        monkeypatch.setitem(DATASETS, name, dataclasses.replace(DATASETS[name], sizes=SMALL))

    return shrink


def idx(array):
    sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def mnist_files(seed=0):
    rng = np.random.default_rng(seed)
    contents = {}
    for prefix, count in (("train", SMALL["train"]), ("t10k", SMALL["test"])):
        contents[f"{prefix}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (count, 28, 28)))
        contents[f"{prefix}-labels-idx1-ubyte"] = idx(rng.integers(0, 10, count))
    return contents


def write(folder, contents, packed=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)


def cifar_batches():
    rng = np.random.default_rng(1)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    counts = [SMALL["train"] // 5] * 5 + [SMALL["test"]]
    return {
        name: pickle.dumps(
            {
                b"data": rng.integers(0, 256, (count, 3072), dtype=np.uint8),
                b"labels": rng.integers(0, 10, count).tolist(),
            },
            protocol=2,
        )
        for name, count in zip(names, counts, strict=True)
    }


def left_behind(*folders):
    return [path for folder in folders for path in folder.rglob("*") if path.name.startswith(".")]


# --- digits


def test_digits_are_scikit_learns_and_split_once_and_for_all():
    from sklearn.datasets import load_digits

    theirs = load_digits()
    train, test = load("digits", "train"), load("digits")
    assert (len(train), len(test)) == (1297, 500)
    images = np.concatenate([train.images, test.images]).reshape(1797, 64) * 16
    labels = np.concatenate([train.labels, test.labels])
    wanted = sorted((*row, label) for row, label in zip(theirs.data, theirs.target, strict=True))
    assert sorted((*row, label) for row, label in zip(images, labels, strict=True)) == wanted
    assert test.labels[:12].tolist() == [0, 7, 1, 8, 1, 4, 8, 8, 6, 6, 1, 7]
    assert np.bincount(test.labels).min() >= 35


def test_digits_need_neither_torch_nor_scikit_learn():
    code = (
        "import sys, rsviz.data as d; d.load('digits');"
        "print(sorted({'torch', 'torchvision', 'sklearn', 'streamlit'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


def test_an_image_is_what_a_model_takes():
    digits = load("digits")
    x = digits.image(3)
    assert x.shape == DATASETS["digits"].shape and x.dtype == np.float32 and x.flags.c_contiguous
    assert x.min() >= 0 and x.max() == 1
    assert np.array_equal(digits.pixels([1, 3])[1], x)
    assert np.array_equal(digits.pixels(slice(2, 5))[1], x)
    assert digits.classes[digits.labels[3]] == str(digits.labels[3])


# --- published files


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_is_prepared_from_its_files_packed_or_not(folders, small, packed):
    small("mnist")
    home, data = folders
    contents = mnist_files()
    assert not available("mnist")
    write(data / "MNIST" / "raw", contents, packed)
    assert available("mnist")
    for split, prefix in (("train", "train"), ("test", "t10k")):
        found = load("mnist", split)
        assert isinstance(found.images, np.memmap) and found.images.dtype == np.uint8
        assert found.images.tobytes() == contents[f"{prefix}-images-idx3-ubyte"][16:]
        assert found.labels.dtype == np.int64
        assert found.labels.tolist() == list(contents[f"{prefix}-labels-idx1-ubyte"][8:])
        assert np.array_equal(found.image(7), found.images[7][None] / np.float32(255))
    assert not left_behind(home, data)


def test_prepared_sets_outlive_their_files_and_load_without_torch(folders, small):
    small("mnist")
    _, data = folders
    write(data / "MNIST" / "raw", mnist_files())
    first = load("mnist").image(0)
    for path in (data / "MNIST" / "raw").iterdir():
        path.unlink()
    assert np.array_equal(load("mnist").image(0), first)
    code = "import sys, rsviz.data as d; d.load('mnist').image(0); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_cifar10_is_prepared_from_its_batches(folders, small):
    small("cifar10")
    _, data = folders
    batches = cifar_batches()
    write(data / "cifar-10-batches-py", batches)
    second = pickle.loads(batches["data_batch_2"])
    found = load("cifar10", "train")
    assert found.images.shape == (30, 32, 32, 3)
    index = 6 + 4  # the fifth of the second batch, which stores channels first
    assert np.array_equal(found.image(index), second[b"data"][4].reshape(3, 32, 32) / np.float32(255))
    assert found.labels[index] == second[b"labels"][4]


def test_batches_that_want_to_run_code_are_refused(folders, small, tmp_path):
    small("cifar10")
    home, data = folders
    trace = tmp_path / "trace"

    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(trace),)

    write(
        data / "cifar-10-batches-py", {**cifar_batches(), "data_batch_3": pickle.dumps({b"data": Hostile()})}
    )
    with pytest.raises(DataError, match=r"CIFAR-10 cannot be read: .*data_batch_3 is not a CIFAR-10 batch"):
        load("cifar10")
    assert not trace.exists()
    assert not (home / "datasets").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t10k-images-idx3-ubyte", b"", "is not an IDX file"),
        ("t10k-images-idx3-ubyte", b"<html>not found</html>", "is not an IDX file"),
        (
            "t10k-images-idx3-ubyte",
            mnist_files()["t10k-images-idx3-ubyte"][:-100],
            "where its header says 15680",
        ),
        ("t10k-images-idx3-ubyte", idx(np.zeros((19, 28, 28))), r"allowed is uint8 \(20, 28, 28\)"),
        ("t10k-labels-idx1-ubyte", idx(np.full(20, 10)), "are not 20 numbers below 10"),
        ("t10k-images-idx3-ubyte.gz", gzip.compress(bytes(999), mtime=0)[:-9], "is cut off or damaged"),
        ("t10k-images-idx3-ubyte.gz", b"no gzip", "cannot be read"),
    ],
)
def test_damaged_files_are_refused_and_nothing_stays(folders, small, name, content, words):
    small("mnist")
    home, data = folders
    contents = mnist_files()
    contents.pop(name.removesuffix(".gz"))
    write(data / "MNIST" / "raw", {**contents, name: content})
    with pytest.raises(DataError, match=words) as caught:
        load("mnist")
    assert "\n" not in str(caught.value)
    assert not (home / "datasets" / "mnist").exists() and not left_behind(home)


def test_a_prepared_copy_that_was_damaged_is_named(folders, small):
    small("mnist")
    home, data = folders
    write(data / "MNIST" / "raw", mnist_files())
    load("mnist")
    (home / "datasets" / "mnist" / "test-images.npy").write_bytes(b"junk")
    with pytest.raises(DataError, match="delete that folder"):
        load("mnist")


def test_a_kill_while_preparing_leaves_no_copy_and_is_swept_later(folders, small, monkeypatch):
    small("mnist")
    home, data = folders
    write(data / "MNIST" / "raw", mnist_files())
    stale = home / "datasets" / ".mnist.killed.part"
    stale.mkdir(parents=True)
    os.utime(stale, (time.time() - 9999,) * 2)
    with monkeypatch.context() as patch:
        patch.setattr(published, "save_array", lambda path, array: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            load("mnist")
    assert not (home / "datasets" / "mnist").exists() and not left_behind(home)
    assert len(load("mnist")) == 20


def test_two_that_prepare_at_once_both_succeed(folders, small):
    small("mnist")
    home, data = folders
    write(data / "MNIST" / "raw", mnist_files())
    found, failures = [], []

    def work():
        try:
            found.append(load("mnist").image(0))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and len(found) == 6
    assert not left_behind(home)


# --- refusals


def test_a_set_that_is_not_there_names_the_command_that_downloads_it(folders):
    for name in ("mnist", "fashion-mnist", "cifar10"):
        assert not available(name)
        with pytest.raises(DataError, match=f"`python -m rsviz data download {name}`"):
            load(name)


@pytest.mark.parametrize("ask", [load, available, download])
def test_unknown_names_are_refused(ask):
    with pytest.raises(DataError, match=r'no dataset "../mnist"; allowed are digits, mnist'):
        ask("../mnist")


def test_unknown_splits_and_indices_are_refused():
    with pytest.raises(DataError, match='not "validation"'):
        load("digits", "validation")
    for index in (-1, 500):
        with pytest.raises(DataError, match=f"Image {index} of digits .* allowed are 0 to 499"):
            load("digits").image(index)


# --- downloads


class Mirror:
    """Stands for the network: addresses and what they give; every other address fails."""

    def __init__(self, monkeypatch, contents):
        self.contents, self.asked = contents, []
        monkeypatch.setattr(downloads.urllib.request, "urlopen", self.open)

    def open(self, url, timeout):
        self.asked.append(url)
        content = self.contents.get(url)
        if content is None:
            raise downloads.urllib.error.URLError("no such host")
        answer = io.BytesIO(content)
        answer.headers = {"Content-Length": str(len(content))}
        return answer


def publish(monkeypatch, contents):
    """Let torchvision publish these MNIST files; (address -> content) of its second mirror."""
    from torchvision.datasets import MNIST

    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in contents.items()}
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(MNIST, "resources", sums)
    return {MNIST.mirrors[1] + name: content for name, content in packed.items()}


def test_download_checks_stores_prepares_and_reports(folders, small, monkeypatch):
    small("mnist")
    home, data = folders
    contents = mnist_files()
    mirror = Mirror(monkeypatch, publish(monkeypatch, contents))
    seen = []
    download("mnist", lambda *progress: seen.append(progress))
    assert load("mnist").images.tobytes() == contents["t10k-images-idx3-ubyte"][16:]
    assert len(mirror.asked) == 8  # each file: the first mirror fails, the second answers
    sizes = {Path(url).name: len(content) for url, content in mirror.contents.items()}
    assert {what: done for done, total, what in seen if done == total} == sizes
    assert not left_behind(home, data)
    download("mnist")
    assert len(mirror.asked) == 8


def test_download_without_a_network_is_one_sentence_and_leaves_nothing(folders, monkeypatch):
    Mirror(monkeypatch, {})
    for name in ("mnist", "fashion-mnist", "cifar10"):
        with pytest.raises(
            DataError, match=r"cannot be downloaded .*no such host.*; connect to the network"
        ) as caught:
            download(name)
        assert "\n" not in str(caught.value)
    assert not [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_a_download_that_breaks_off_or_is_wrong_leaves_nothing(folders, small, monkeypatch):
    small("mnist")
    _, data = folders
    contents = publish(monkeypatch, mnist_files())
    name = next(iter(contents))
    Mirror(monkeypatch, {**contents, name: contents[name][:-50]})
    with pytest.raises(DataError, match="does not have the published MD5 sum"):
        download("mnist")
    assert not [path for path in data.rglob("*") if path.is_file()]
    assert not available("mnist")

    def stop(done, total, what):
        raise KeyboardInterrupt

    Mirror(monkeypatch, contents)
    with pytest.raises(KeyboardInterrupt):
        download("mnist", stop)
    assert not [path for path in data.rglob("*") if path.is_file()]


def test_download_of_an_archive_appears_all_at_once(folders, small, monkeypatch):
    from torchvision.datasets import CIFAR10

    small("cifar10")
    _, data = folders
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in cifar_batches().items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    Mirror(monkeypatch, {CIFAR10.url: packed.getvalue()})
    with pytest.raises(DataError, match="MD5"):
        download("cifar10")
    assert list(data.iterdir()) == []
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
    download("cifar10")
    assert len(load("cifar10")) == 20
    assert [path.name for path in data.iterdir()] == ["cifar-10-batches-py"]


def test_the_command_draws_a_bar_on_standard_error_and_prints_only_json(folders, small, monkeypatch, capsys):
    small("mnist")
    Mirror(monkeypatch, publish(monkeypatch, mnist_files()))
    with pytest.raises(SystemExit) as stop:
        main(["data", "download", "mnist", "--json"])
    out, err = capsys.readouterr()
    assert stop.value.code == 0
    assert json.loads(out) == {
        "key": "mnist",
        "sizes": SMALL,
        "available": True,
        "folder": str(folders[0] / "datasets" / "mnist"),
    }
    for name in mnist_files():
        assert f"{name}.gz: 100%" in err


def test_digits_need_no_download(folders, monkeypatch):
    mirror = Mirror(monkeypatch, {})
    download("digits")
    assert not mirror.asked


# --- folders


def paint(path, colour, size=(20, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_folder_of_class_folders(tmp_path):
    paint(tmp_path / "dog" / "b.png", (0, 0, 255))
    paint(tmp_path / "cat" / "deep" / "a.png", (255, 0, 0), size=(6, 9))
    paint(tmp_path / "cat" / "z.BMP", (0, 255, 0))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    name = f"folder:{tmp_path}"
    assert available(name)
    for split in ("train", "test"):
        found = load(name, split, shape=(3, 8, 8))
        assert found.classes == ("cat", "dog") and found.labels.tolist() == [0, 0, 1]
        assert [found.image(i)[:, 0, 0].argmax() for i in range(3)] == [0, 1, 2]
        assert found.pixels(slice(None)).shape == (3, 3, 8, 8)
        assert found.images.shape == (3, 8, 8, 3)
    own_size = load(name)
    assert own_size.image(0).shape == (3, 9, 6)
    with pytest.raises(DataError, match="load it with a shape"):
        _ = own_size.images


def test_folder_order_is_that_of_torchvision(tmp_path):
    from torchvision.datasets import ImageFolder

    for name in ("b/2.png", "b/10.png", "a/x.png", "a/sub/y.png", "C/q.png"):
        paint(tmp_path / name, (1, 2, 3))
    theirs, ours = ImageFolder(tmp_path), load(f"folder:{tmp_path}")
    assert list(ours.classes) == theirs.classes
    assert sorted(map(str, ours.paths)) == sorted(path for path, _ in theirs.samples)
    assert {str(path): label for path, label in zip(ours.paths, ours.labels, strict=True)} == dict(
        theirs.samples
    )


def test_folder_with_train_and_test(tmp_path):
    paint(tmp_path / "train" / "a" / "1.png", (1, 1, 1))
    paint(tmp_path / "train" / "b" / "1.png", (2, 2, 2))
    paint(tmp_path / "test" / "b" / "2.png", (3, 3, 3))
    name = f"folder:{tmp_path}"
    assert load(name, "train").labels.tolist() == [0, 1]
    test = load(name, "test")
    assert test.classes == ("a", "b") and test.labels.tolist() == [1]


def test_a_broken_image_in_a_folder_is_named_when_it_is_asked_for(tmp_path):
    paint(tmp_path / "a" / "1.png", (1, 1, 1))
    (tmp_path / "a" / "2.png").write_bytes(b"%PDF-1.7")
    found = load(f"folder:{tmp_path}")
    assert found.image(0).shape == (3, 10, 20)
    with pytest.raises(DataError, match=r"2\.png in folder:.*a PDF document"):
        found.image(1)


def test_folders_without_images_are_refused(tmp_path):
    assert not available(f"folder:{tmp_path / 'nowhere'}")
    with pytest.raises(DataError, match="is no folder"):
        load(f"folder:{tmp_path / 'nowhere'}")
    assert not available(f"folder:{tmp_path}")
    with pytest.raises(DataError, match="holds no images in class folders"):
        load(f"folder:{tmp_path}")


# --- the true datasets


def test_mnist_is_the_published_one(mnist):
    assert mnist.images.shape == (10_000, 28, 28) and isinstance(mnist.images, np.memmap)
    assert mnist.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(mnist.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert len(load("mnist", "train")) == 60_000
    assert round(float(mnist.pixels(slice(0, 10_000)).mean()), 4) == 0.1325


def test_cifar10_has_its_classes_in_equal_numbers(cifar10):
    assert cifar10.images.shape == (10_000, 32, 32, 3)
    assert np.bincount(cifar10.labels).tolist() == [1000] * 10
    assert np.bincount(load("cifar10", "train").labels).tolist() == [5000] * 10
    mean = cifar10.pixels(slice(0, 10_000)).mean(axis=(0, 2, 3))
    assert np.allclose(mean, [0.494, 0.485, 0.450], atol=0.002)  # published: 0.4942, 0.4851, 0.4504


def test_missing_materials_skip_here_and_fail_on_ci(folders, monkeypatch):
    monkeypatch.setattr(materials, "ROOTS", (folders[1],))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="set RSVIZ_DATA"):
        materials.require("mnist")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="set RSVIZ_DATA"):
        materials.require("mnist")


def test_the_digits_file_is_in_the_installed_package():
    assert digits_file().name == "digits.csv.gz"
