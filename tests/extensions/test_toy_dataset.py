"""A new dataset is one file and one line: shell, pages and the tests of the room follow by themselves."""

import datetime
import json

import numpy as np
import pytest
import torch

from rsviz import data, jobs
from rsviz.checkpoints import Card, save_checkpoint
from rsviz.data import DATASETS
from rsviz.models import build
from tests.data import test_records as records
from tests.extensions.toy_dataset import STRIPES

KEY = STRIPES.key


@pytest.fixture(autouse=True)
def registered(register):
    register(DATASETS, KEY, STRIPES)


@pytest.fixture
def checkpoint(still_home):
    """A checkpoint of the user for the toy dataset."""
    mean, std = STRIPES.normalisation
    torch.manual_seed(0)
    module = build("digits-cnn", num_classes=2, input_shape=STRIPES.shape, mean=mean, std=std)
    card = Card(
        name="stripes-cnn",
        architecture="digits-cnn",
        dataset=KEY,
        classes=STRIPES.classes,
        input_shape=STRIPES.shape,
        mean=mean,
        std=std,
        method="gaussian",
        noise="gaussian",
        scale=0.25,
        date=datetime.date(2026, 1, 1),
    )
    return save_checkpoint(module, card)


def shell(capsys, *arguments):
    from rsviz.cli import main

    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    assert stop.value.code == 0
    return capsys.readouterr().out


def job_of(app):
    job_id = app.query_params["job"]
    return jobs.get(job_id[0] if isinstance(job_id, list) else job_id)


def pressed(app, label):
    app = next(found for found in app.button if found.label == label).click().run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize(
    "claim",
    [
        records.test_a_record_is_complete_and_speaks_of_itself,
        records.test_the_normalisation_is_possible_for_pixels_between_0_and_1,
        records.test_the_normalisation_is_near_the_moments_of_the_training_pixels,
    ],
)
def test_it_passes_the_tests_of_every_record(claim):
    claim(KEY)


@pytest.mark.parametrize("split", ["train", "test"])
def test_its_images_are_those_of_its_record(split):
    records.test_images_and_labels_are_those_of_the_record(KEY, split)


def test_the_shell_lists_and_shows_it(capsys):
    rows = {row["key"]: row for row in json.loads(shell(capsys, "data", "list", "--json"))["datasets"]}
    assert rows[KEY]["title"] == STRIPES.title and rows[KEY]["available"]
    assert STRIPES.title in shell(capsys, "data", "list")
    shown = json.loads(shell(capsys, "data", "show", KEY, 1, "--json"))
    assert shown["label_name"] == "column"


def test_an_unknown_name_is_told_that_it_exists():
    with pytest.raises(data.DataError, match=f"allowed are .*{KEY}"):
        data.load("strips")


def test_the_train_page_offers_it_with_its_usual_epochs(open_page):
    app = open_page("train")
    app.selectbox(key="dataset").set_value(KEY).run()
    assert not app.exception, app.exception
    assert app.number_input(key="epochs").value == STRIPES.epochs
    request = job_of(pressed(app, "Train")).request
    assert (request["dataset"], request["epochs"]) == (KEY, STRIPES.epochs)


def test_a_link_opens_the_train_page_on_it(open_page):
    app = open_page("train", t_dataset=KEY)
    assert not app.exception, app.exception
    assert app.selectbox(key="dataset").value == KEY


def test_the_certify_page_picks_its_images(open_page, checkpoint):
    app = open_page("certify", checkpoint=checkpoint.name, index=31)
    assert not app.exception, app.exception
    assert app.number_input(key="index").max == STRIPES.sizes["test"] - 1
    request = job_of(pressed(app, "Certify")).request
    assert request["image"] == {"kind": "dataset", "dataset": KEY, "index": 31}


def test_the_evaluate_page_counts_over_its_images(open_page, checkpoint):
    app = open_page("evaluate", checkpoint=checkpoint.name)
    assert job_of(pressed(app, "Evaluate")).request["dataset"] == KEY


def test_its_copy_is_described_on_cards():
    assert data.describe_copy(data.load(KEY, "train")) == STRIPES.title


def test_images_of_one_batch_are_those_one_by_one():
    found = data.load(KEY)
    assert np.array_equal(found.pixels([1, 5]), np.stack([found.image(1), found.image(5)]))
