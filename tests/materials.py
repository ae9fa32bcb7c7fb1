"""Datasets for tests and training that the project does not contain: found, and prepared below RSVIZ_HOME.

Looked for in RSVIZ_DATA, then in ../shared/data beside the checkout. There CIFAR-10 may be a copy in JPEG
(cifar10/cifar10_{train,test}_jpeg.npz), a layout that the product does not know. To train on that copy:

    RSVIZ_HOME=FOLDER python -c "from tests.materials import prepare; prepare('cifar10')"
    RSVIZ_HOME=FOLDER python -m rsviz train --dataset cifar10 ...

The card of a checkpoint then tells that the images are JPEG copies.
"""

import io
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsviz.data import DATASETS, SPLITS, load
from rsviz.files import data_root

# Taken when the tests are collected: during the run both variables point to folders of the run.
ROOTS = (data_root(), Path(__file__).resolve().parents[2] / "shared" / "data")
JPEG_COPY = "CIFAR-10, JPEG-compressed copies of the images: pixels differ slightly from the published ones"


def require(name):
    """The test split of a dataset. Skips the test where its files are not there; on CI that is a failure."""
    if not prepare(name):
        reason = f"{DATASETS[name].title} is in none of {', '.join(map(str, ROOTS))}; set RSVIZ_DATA"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return load(name)


def prepare(name) -> bool:
    """Prepare a dataset below RSVIZ_HOME from the first of ROOTS that holds it; False where none does."""
    if DATASETS[name].prepared_folder.is_dir():
        return True
    return any(_prepare_from(root, name) for root in ROOTS)


def _prepare_from(root, name):
    info = DATASETS[name]
    for folder in (root / info.folder, root / name / info.folder):
        if info.has_files(folder):
            info.store(info.read_files(folder))
            return True
    copies = {split: root / "cifar10" / f"cifar10_{split}_jpeg.npz" for split in SPLITS}
    if name == "cifar10" and all(path.is_file() for path in copies.values()):
        info.store({split: read_jpeg_copy(path) for split, path in copies.items()}, JPEG_COPY)
        return True
    return False


def read_jpeg_copy(path):
    """Images (N, 32, 32, 3) and labels of one split of the JPEG copy of CIFAR-10."""
    with np.load(path) as arrays:
        data, offsets, labels = arrays["jpeg"].tobytes(), arrays["offsets"], arrays["labels"]
        classes = tuple(str(name) for name in arrays["classes"])
    if classes != DATASETS["cifar10"].classes:
        raise ValueError(f"{path} has other classes: {classes}")
    images = np.empty((len(labels), 32, 32, 3), dtype=np.uint8)
    for index, (start, end) in enumerate(pairwise(offsets)):
        images[index] = Image.open(io.BytesIO(data[start:end]))
    return images, labels.astype(np.int64)
