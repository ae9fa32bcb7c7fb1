"""scikit-learn's bundled digits: the dataset that is always there."""

import functools
import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rsviz.data.base import ArrayDataset, DataError, DatasetInfo

IMAGES_IN_TRAIN = 1297


@dataclass(frozen=True)
class Digits(DatasetInfo):
    """Read from the file inside the installed scikit-learn."""

    def available(self) -> bool:
        file = digits_file()
        return file is not None and file.is_file()

    def load(self, split: str) -> ArrayDataset:
        if not self.available():
            raise DataError(
                "The digits come with scikit-learn, which is not installed; run scripts/app to set up."
            )
        return ArrayDataset(self.key, split, *read_digits()[split], self.classes)

    def describe_copy(self, dataset: ArrayDataset) -> str:
        from importlib.metadata import version

        return f"digits bundled with scikit-learn {version('scikit-learn')}, split by rsviz.data"


@functools.cache
def read_digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(images, labels) by split: 1,297 to train, 500 to test; float32 (N, 8, 8), multiples of 1/16 in [0, 1].

    The packaged file is read directly, because importing sklearn.datasets takes seconds on a small machine.
    scikit-learn defines no split. Ours orders the digits by the raw words of PCG64 seeded with 0, a stream
    that NumPy promises never to change, and uses the first 1,297 for training.
    """
    with gzip.open(digits_file(), "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 8, 8) / np.float32(16), rows[:, -1].astype(np.int64)
    order = np.argsort(np.random.PCG64(0).random_raw(len(rows)))
    train, test = order[:IMAGES_IN_TRAIN], order[IMAGES_IN_TRAIN:]
    images.flags.writeable = labels.flags.writeable = False  # all callers share these arrays
    return {"train": (images[train], labels[train]), "test": (images[test], labels[test])}


def digits_file() -> Path | None:
    """The file inside the installed scikit-learn, found without importing it; None if it is not installed."""
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


DIGITS = Digits(
    key="digits",
    title="Digits (scikit-learn, 8 x 8)",
    classes=tuple("0123456789"),
    shape=(1, 8, 8),
    sizes={"train": IMAGES_IN_TRAIN, "test": 500},
    normalisation=((0.3052,), (0.3758,)),
    epochs=60,
    source="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, test part, UCI repository",
    licence="CC BY 4.0 (UCI Machine Learning Repository); packaged in scikit-learn, BSD-3-Clause",
)
