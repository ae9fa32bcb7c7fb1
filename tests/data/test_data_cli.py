"""python -m rsviz data: what it prints, what it refuses, what it exits with."""

import json

import numpy as np
import pytest

from rsviz.cli import main
from rsviz.data import DATASETS, downloads, load
from rsviz.data.images import decode, digest


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the command line with folders of its own; (exit status, standard output, standard error)."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RSVIZ_DATA", str(tmp_path / "data"))

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["data", *map(str, arguments)])
        return stop.value.code, *capsys.readouterr()

    return call


def test_list_names_every_dataset(run):
    status, out, err = run("list", "--json")
    found = {row["key"]: row for row in json.loads(out)["datasets"]}
    assert (status, err) == (0, "")
    assert list(found) == list(DATASETS)
    assert found["cifar10"]["shape"] == [3, 32, 32] and found["cifar10"]["classes"][3] == "cat"
    assert found["digits"]["sizes"] == {"train": 1297, "test": 500}
    assert [key for key, row in found.items() if row["available"]] == ["digits"]


def test_list_in_words_says_how_to_get_what_is_missing(run):
    _, out, _ = run("list")
    lines = out.splitlines()
    assert len(lines) == len(DATASETS)
    assert lines[0].endswith("here")
    assert lines[1].endswith("python -m rsviz data download mnist")


def test_show_prints_the_label_and_the_digest_and_writes_the_image(run, tmp_path):
    path = tmp_path / "new" / "seven.png"
    status, out, err = run("show", "digits", 1, "--json", "--out", path)
    shown = json.loads(out)
    x = load("digits").image(1)
    assert (status, err) == (0, "")
    assert (shown["label"], shown["label_name"], shown["shape"]) == (7, "7", [1, 8, 8])
    assert shown["sha256"] == digest(x)
    picture = decode(path.read_bytes())
    assert picture.shape == (512, 512, 3)
    assert np.array_equal(picture[::64, ::64, 0], np.round(x[0] * 255))


def test_show_draws_the_image_in_characters(run):
    status, out, _ = run("show", "digits", 1, "--split", "train")
    lines = out.rstrip("\n").split("\n")
    x = load("digits", "train").image(1)[0]
    assert status == 0
    assert lines[0].startswith("digits train 1: ")
    drawn = np.array([list(line) for line in lines[2:]])
    assert drawn.shape == (8, 16)
    assert np.array_equal(drawn[:, ::2] == "@", x >= 0.9) and np.array_equal(drawn[:, ::2] == " ", x < 0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "digits", 500), "Image 500 of digits (test) is not there; allowed are 0 to 499."),
        (("show", "letters", 0), 'There is no dataset "letters"; allowed are digits, mnist,'),
        (("show", "mnist", 0), "`python -m rsviz data download mnist` downloads it."),
        (("show", "folder:/nowhere/at/all", 0), "/nowhere/at/all is no folder"),
        (("show", "digits", "three"), "'three' is not a valid integer"),
        (("show", "digits", 0, "--split", "all"), "'all' is not one of"),
        (("show", "digits", 0, "--out", "/proc/none/x.png"), "/proc/none/x.png cannot be written"),
        (("download", "letters"), 'There is no dataset "letters"'),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(run, arguments, words):
    for extra in ((), ("--json",)):
        status, out, err = run(*arguments, *extra)
        assert (status, out) == (2, "")
        assert words in err and err.startswith("rsviz: ") and err.count("\n") == 1


def test_download_without_a_network_is_one_sentence(run, monkeypatch):
    def no_network(url, timeout):
        raise downloads.urllib.error.URLError("no such host")

    monkeypatch.setattr(downloads.urllib.request, "urlopen", no_network)
    status, out, err = run("download", "fashion-mnist", "--json")
    assert (status, out) == (2, "")
    assert "Fashion-MNIST cannot be downloaded" in err and err.count("\n") == 1


def test_download_of_what_is_there_says_so(run):
    status, out, _ = run("download", "digits", "--json")
    assert status == 0
    assert json.loads(out) == {
        "key": "digits",
        "sizes": {"train": 1297, "test": 500},
        "available": True,
        "folder": None,
    }
