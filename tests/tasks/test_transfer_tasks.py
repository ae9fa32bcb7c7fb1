"""Download and import as tasks: what they refuse, what they report, and what they leave behind."""

import pytest
import torch

from rsviz import data
from rsviz.checkpoints import CheckpointError, load_card, load_checkpoint
from rsviz.data import DATASETS, DataError
from rsviz.models import ARCHITECTURES, build
from rsviz.tasks import download, import_weights
from rsviz.tasks.import_weights.result import ACCURACY
from rsviz.tasks.spellings import command_line, from_query, to_query

IMPORT = import_weights.ImportRequest
DOWNLOAD = download.DownloadRequest


@pytest.fixture
def weights(tmp_path, still_home):
    """A file with weights of the digits network, beside an empty RSVIZ_HOME."""
    module = build("digits-cnn", num_classes=10, input_shape=(1, 8, 8), mean=(0.5,), std=(0.25,))
    torch.save(module.network.state_dict(), tmp_path / "some weights.pt")
    return tmp_path / "some weights.pt"


def test_a_download_reports_every_file_and_ends_with_its_result(monkeypatch):
    def two_files(name, progress):
        progress(5, 5, "images")
        progress(3, None, "labels")

    monkeypatch.setattr("rsviz.data.download", two_files)
    *_, last = download.run(DOWNLOAD(dataset="mnist"))
    assert last.files == {"images": (5, 5), "labels": (3, None)}
    assert last.current == ("labels", 3, None)
    assert last.result.dataset == "mnist" and last.result.sizes == dict(DATASETS["mnist"].sizes)
    assert last.result.folder == str(DATASETS["mnist"].prepared_folder)


def test_an_embedded_dataset_needs_no_download_and_no_job():
    *_, last = download.run(DOWNLOAD(dataset="digits"))
    assert last.result.folder is None and not last.files
    with pytest.raises(DataError, match="'digits' cannot be downloaded; mnist"):
        DOWNLOAD(dataset="digits").check_job()


def test_a_download_is_a_positional_argument_of_the_shell():
    assert command_line(DOWNLOAD(dataset="mnist")) == "python -m rsviz data download mnist"
    with pytest.raises(DataError, match='no dataset "letters"; allowed are digits'):
        DOWNLOAD.make(dataset="letters")


def test_imported_weights_become_a_checkpoint(weights):
    request = IMPORT.make(file=str(weights), name="mine", noise="gaussian", scale=0.5, mean=[0.3], std=[0.4])
    *before, last = import_weights.run(request)
    assert before and all(progress.result is None for progress in before)
    card = load_card("mine")
    assert last.result.card == card
    assert (card.noise, card.scale, card.mean, card.std) == ("gaussian", 0.5, (0.3,), (0.4,))
    assert card.hyperparameters["file"] == weights.name


def test_imported_weights_are_tried_at_once_and_a_wrong_normalisation_is_warned_of(tmp_path, still_home):
    module, card = load_checkpoint("digits-gaussian-0.25")
    torch.save(module.network.state_dict(), tmp_path / "a.pt")

    def imported(**values):
        *_, last = import_weights.run(IMPORT.make(file=str(tmp_path / "a.pt"), **values))
        return last.result

    right = imported(name="right", mean=card.mean, std=card.std)
    assert right.card.metrics[ACCURACY].value > 0.9 and not right.warning()
    assert load_card("right") == right.card
    assert "Normalisation: mean 0.3" in " ".join(right.sentences()), right.sentences()
    wrong = imported(name="wrong", mean=[5.0], std=[1.0])
    assert wrong.card.metrics[ACCURACY].value < 0.3
    assert "guessing gives 10 %. Normalisation" in wrong.warning()


def test_a_scale_alone_means_gaussian_noise(weights):
    assert IMPORT.make(file=str(weights), scale=0.5).noise == "gaussian"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "either the file .* or the name of an upload"),
        ({"file": "a.pt", "upload": "b"}, "either the file .* or the name of an upload"),
        ({"file": "a.pt", "architecture": "vgg"}, "architecture is 'vgg'.*digits-cnn"),
        ({"file": "a.pt", "noise": "pink"}, "noise is 'pink'.*gaussian"),
        ({"file": "a.pt", "scale": 50}, "scale is 50.*less than or equal to 10"),
        ({"file": "a.pt", "mean": [float("nan")]}, "mean.*finite"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_a_sentence(values, words):
    with pytest.raises(CheckpointError, match=words):
        IMPORT.make(**values)


def test_a_job_imports_uploads_only(weights):
    with pytest.raises(CheckpointError, match="a job takes uploaded files"):
        IMPORT.make(file=str(weights)).check_job()
    for name in ("nothing.pt", "../jobs.sqlite", "..", "a\0b"):
        with pytest.raises(CheckpointError, match="There is no uploaded file"):
            IMPORT.make(upload=name).check_job()


@pytest.mark.parametrize(
    "request_",
    [
        DOWNLOAD(dataset="cifar10"),
        IMPORT(file="some weights.pt", architecture="resnet50", mean=(0.1, 0.2, 0.3), std=(1.0, 1.0, 0.5)),
        IMPORT(upload="0" * 64, shown_as="mine.pt", dataset="svhn", noise="laplace", scale=0.25, name="mine"),
    ],
)
def test_a_link_and_json_mean_the_same_request(request_):
    assert from_query(type(request_), to_query(request_)) == request_
    assert type(request_).model_validate_json(request_.model_dump_json()) == request_


def test_choices_follow_the_tables(monkeypatch):
    fields = IMPORT.fields() | DOWNLOAD.fields()
    assert fields["architecture"].options == tuple(ARCHITECTURES)
    assert DOWNLOAD.fields()["dataset"].options == tuple(data.DATASETS)
