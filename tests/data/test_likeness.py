"""A picture unlike the training images is known by simple statistics, with few false alarms."""

import json

import numpy as np
import pytest

from rsviz import data
from rsviz.data.images import decode, fit, prepare
from rsviz.data.likeness import FILE, NAMES, familiar_with, measured, statistics
from rsviz.data.samples import SAMPLES, samples_for
from tests.materials import require
from tests.strokes import PHOTOGRAPHED, photograph

STORED = json.loads(FILE.read_text("utf-8"))
DIGITS = tuple("0123456789")


@pytest.mark.parametrize("dataset", STORED)
def test_what_is_no_picture_of_the_kind_is_beyond_the_limit(dataset):
    shape = tuple(STORED[dataset]["shape"])
    familiar = familiar_with(dataset, shape)
    board = np.broadcast_to(np.indices(shape[1:]).sum(0) % 2, shape).astype(float)
    noise = np.random.default_rng(0).random(shape)
    found = familiar.distances(np.stack([noise, board, np.ones(shape), np.zeros(shape)]))
    assert (found > 1.4 * familiar.limit).all()


def test_paper_is_unlike_mnist_until_it_is_corrected():
    familiar = familiar_with("mnist", (1, 28, 28))
    for digit, strokes in PHOTOGRAPHED.items():
        picture = decode(photograph(strokes, digit))
        assert familiar.distances(fit(picture, (1, 28, 28))[None])[0] > 10 * familiar.limit
        assert familiar.distances(prepare(picture, (1, 28, 28), way="paper").x[None])[0] < familiar.limit
    name, value, mean, deviation = familiar.farthest(fit(picture, (1, 28, 28)))
    assert name in NAMES and value > mean + 3 * deviation


def test_samples_are_like_the_training_images_and_a_silhouette_is_not():
    mnist, cifar = familiar_with("mnist", (1, 28, 28)), familiar_with("cifar10", (3, 32, 32))
    for sample in samples_for((1, 28, 28), DIGITS).values():
        assert mnist.distances(sample.prepared((1, 28, 28)).x[None])[0] < mnist.limit
    for key, like in {"cat": True, "temple": True, "horse": False}.items():
        x = SAMPLES[key].prepared((3, 32, 32)).x
        assert (cifar.distances(x[None])[0] < cifar.limit) == like


def test_the_stored_numbers_are_those_of_the_digits():
    train, test = data.load("digits", "train"), data.load("digits")
    held_out = np.arange(len(train)) % 6 == 5
    parts = (train.pixels(np.flatnonzero(part)) for part in (~held_out, held_out))
    again = measured("digits", *parts, test.pixels(slice(None)))
    for name, value in again.items():
        assert np.allclose(value, STORED["digits"][name], rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_about_one_test_image_in_a_hundred_is_a_false_alarm(dataset):
    test = require(dataset)
    familiar = familiar_with(dataset, tuple(STORED[dataset]["shape"]))
    found = (familiar.distances(test.pixels(slice(0, 2000))) > familiar.limit).mean()
    assert found < 0.01 + 4 * np.sqrt(0.01 / 2000)
    assert familiar.false_alarms < 0.02


def test_nothing_is_known_of_other_images():
    assert familiar_with("nobodys", (1, 28, 28)) is None
    assert familiar_with("mnist", (3, 28, 28)) is None


def test_every_statistic_is_of_its_own_image():
    images = np.random.default_rng(2).random((5, 3, 9, 7))
    assert np.allclose(statistics(images)[3], statistics(images[3:4])[0])
    assert statistics(images).shape == (5, len(NAMES))
