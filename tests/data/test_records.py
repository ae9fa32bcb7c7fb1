"""What holds for every dataset in the table: its images are what its record says."""

import numpy as np
import pytest

from rsviz.data import DATASETS, SPLITS, available, load, normalisation
from tests import materials


def loaded(key, split="test"):
    if not (available(key) or materials.prepare(key)):
        pytest.skip(f"{DATASETS[key].title} is not on this machine")
    return load(key, split)


@pytest.mark.parametrize("key", DATASETS)
def test_a_record_is_complete_and_speaks_of_itself(key):
    info = DATASETS[key]
    assert info.key == key and info.title and info.source and info.licence
    assert len(info.shape) == 3 and info.shape[0] in (1, 3) and min(info.shape) > 0
    assert len(set(info.classes)) == len(info.classes) >= 2
    assert set(info.sizes) == {"train", "test"} and min(info.sizes.values()) > 0
    assert info.epochs >= 1
    assert normalisation(key) == info.normalisation


@pytest.mark.parametrize("key", DATASETS)
def test_the_normalisation_is_possible_for_pixels_between_0_and_1(key):
    mean, std = DATASETS[key].normalisation
    assert len(mean) == len(std) == DATASETS[key].shape[0]
    for m, s in zip(mean, std, strict=True):
        assert 0 < m < 1 and 0 < s <= np.sqrt(m * (1 - m))  # the largest deviation, that of black and white


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("key", DATASETS)
def test_images_and_labels_are_those_of_the_record(key, split):
    info, found = DATASETS[key], loaded(key, split)
    assert (found.name, found.split, found.classes) == (key, split, info.classes)
    assert len(found) == info.sizes[split] == len(found.images)
    assert set(np.unique(found.labels)) == set(range(len(info.classes)))
    x = found.pixels(slice(0, 50))
    assert x.shape[1:] == info.shape and x.dtype == np.float32 and x.flags.c_contiguous
    assert 0 <= x.min() < x.max() <= 1
    assert np.array_equal(found.image(3), x[3])


@pytest.mark.parametrize("key", DATASETS)
def test_the_normalisation_is_near_the_moments_of_the_training_pixels(key):
    x = loaded(key, "train").pixels(slice(0, 5000))
    mean, std = DATASETS[key].normalisation
    assert np.allclose(x.mean(axis=(0, 2, 3)), mean, atol=0.02)
    # Some published deviations are means of per-image deviations, which are smaller.
    assert (np.array(std) > 0.97 * x.std(axis=(2, 3)).mean(axis=0)).all()
    assert (np.array(std) < 1.03 * x.std(axis=(0, 2, 3))).all()
