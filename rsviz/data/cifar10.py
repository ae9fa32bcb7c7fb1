"""CIFAR-10, read from its Python batches without torch, and without running code that they might hold."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rsviz.data.base import Progress
from rsviz.data.downloads import fetch_archive
from rsviz.data.published import Arrays, PublishedDataset

TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH = "test_batch"


@dataclass(frozen=True)
class Cifar10(PublishedDataset):
    """Six pickled batches in one archive."""

    def has_files(self, folder: Path) -> bool:
        return all((folder / name).is_file() for name in (*TRAIN_BATCHES, TEST_BATCH))

    def read_files(self, folder: Path) -> Arrays:
        train = [_read_batch(folder / name) for name in TRAIN_BATCHES]
        return {
            "train": tuple(np.concatenate(parts) for parts in zip(*train, strict=True)),
            "test": _read_batch(folder / TEST_BATCH),
        }

    def fetch_files(self, publication: Any, progress: Progress) -> None:
        fetch_archive(self, publication.url, publication.tgz_md5, progress)


class _ArraysOnly(pickle.Unpickler):
    """The batches are pickles, which can run any code; this one can only build NumPy arrays."""

    ALLOWED = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _read_batch(path):
    """(images uint8 (N, 32, 32, 3), labels int64 (N,)) of one batch."""
    try:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
        pixels, labels = batch[b"data"], np.asarray(batch[b"labels"], dtype=np.int64)
        return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels
    except OSError:
        raise
    except Exception as error:  # a damaged pickle raises nearly everything
        raise ValueError(f"{path} is not a CIFAR-10 batch ({error})") from error


CIFAR10 = Cifar10(
    key="cifar10",
    title="CIFAR-10",
    classes=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    shape=(3, 32, 32),
    sizes={"train": 50_000, "test": 10_000},
    # The rounded constants of Cohen et al.; their deviations are means of per-image deviations.
    normalisation=((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    epochs=10,
    source="Krizhevsky 2009, Learning multiple layers of features from tiny images",
    licence="Not stated by its authors, who ask for a citation",
    folder="cifar-10-batches-py",
    torchvision_class="CIFAR10",
)
