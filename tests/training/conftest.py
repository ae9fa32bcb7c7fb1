"""A small dataset of pictures, so that runs and their measurements take moments."""

import numpy as np
import pytest

from rsviz.data import load
from rsviz.data.images import to_png


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """folder:PATH with three digits as classes: 60 images to train on, 12 to test, each 8x8 and grey."""
    root = tmp_path_factory.mktemp("pictures")
    digits = load("digits", "train")
    for label in range(3):
        rows = np.flatnonzero(digits.labels == label)
        for split, chosen in (("train", rows[:20]), ("test", rows[20:24])):
            folder = root / split / str(label)
            folder.mkdir(parents=True)
            for row in chosen:
                (folder / f"{row}.png").write_bytes(to_png(digits.image(int(row)), enlarge=1))
    return f"folder:{root}"


@pytest.fixture
def request_of(pictures):
    """Makes requests for the pictures."""
    from rsviz.training import TrainRequest

    def make(**values):
        settings = {"sigma": 0.25, "epochs": 4, "batch_size": 16, "precision": "float32", "device": "cpu"}
        settings |= {"dataset": pictures, "architecture": "digits-cnn", "name": "toy", "stored": "float32"}
        return TrainRequest(**settings | values)

    return make
