"""A small dataset of pictures as a folder, so that training runs and their measurements take moments."""

import numpy as np

from rsviz.data import load
from rsviz.data.images import to_png

SETTINGS = {
    "architecture": "digits-cnn",
    "sigma": 0.25,
    "epochs": 4,
    "batch_size": 16,
    "precision": "float32",
    "device": "cpu",
    "stored": "float32",
    "name": "toy",
}
"""Of a run of 16 steps on 60 images."""


def write_pictures(root) -> str:
    """folder:PATH with three digits as classes: 60 images to train on, 12 to test, each 8x8 and grey."""
    digits = load("digits", "train")
    for label in range(3):
        rows = np.flatnonzero(digits.labels == label)
        for split, chosen in (("train", rows[:20]), ("test", rows[20:24])):
            folder = root / split / str(label)
            folder.mkdir(parents=True)
            for row in chosen:
                (folder / f"{row}.png").write_bytes(to_png(digits.image(int(row)), enlarge=1))
    return f"folder:{root}"
