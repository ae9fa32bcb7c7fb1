"""The published files of the datasets, as torchvision lays them out, read without torch."""

import functools
import gzip
import importlib.util
import pickle
import zlib
from pathlib import Path

import numpy as np

DIGITS_IN_TRAIN = 1297


@functools.cache
def read_digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """scikit-learn's bundled digits, 1,297 to train and 500 to test: float32 (N, 8, 8), sixteenths in [0, 1].

    Read from the packaged file, because importing sklearn.datasets takes seconds on a small machine.
    scikit-learn defines no split. Ours orders the digits by the raw words of PCG64 seeded with 0, a stream
    that NumPy promises never to change, and takes the first 1,297 to train.
    """
    with gzip.open(digits_file(), "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 8, 8) / np.float32(16), rows[:, -1].astype(np.int64)
    order = np.argsort(np.random.PCG64(0).random_raw(len(rows)))
    train, test = order[:DIGITS_IN_TRAIN], order[DIGITS_IN_TRAIN:]
    images.flags.writeable = labels.flags.writeable = False  # everybody gets these same arrays
    return {"train": (images[train], labels[train]), "test": (images[test], labels[test])}


def digits_file() -> Path | None:
    """The file inside the installed scikit-learn, found without importing it; None where there is none."""
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


def read_mnist(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """MNIST or Fashion-MNIST from its four files, packed (.gz) or not: uint8 (N, 28, 28) and labels."""
    return {
        split: (
            _read_idx(_packed_or_not(folder, f"{prefix}-images-idx3-ubyte")),
            _read_idx(_packed_or_not(folder, f"{prefix}-labels-idx1-ubyte")).astype(np.int64),
        )
        for split, prefix in (("train", "train"), ("test", "t10k"))
    }


def has_mnist(folder: Path) -> bool:
    """Whether all four files are there, packed or not."""
    names = (
        f"{part}-ubyte"
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    )
    return all(_packed_or_not(folder, name) for name in names)


def read_cifar10(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """CIFAR-10 from its python batches: uint8 (N, 32, 32, 3) and labels."""
    train = [_read_batch(folder / f"data_batch_{number}") for number in range(1, 6)]
    return {
        "train": tuple(np.concatenate(parts) for parts in zip(*train, strict=True)),
        "test": _read_batch(folder / "test_batch"),
    }


def has_cifar10(folder: Path) -> bool:
    """Whether all six batches are there."""
    return all(
        (folder / name).is_file() for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
    )


def _packed_or_not(folder, name):
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read_idx(path):
    """An array of bytes in the IDX format: 0, 0, 8 (unsigned bytes), number of dimensions, sizes, data."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{path} is cut off or damaged") from error
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes")
    dimensions = content[3]
    sizes = np.frombuffer(content, dtype=">u4", count=dimensions, offset=4).astype(int)
    data = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions)
    if data.size != np.prod(sizes):
        raise ValueError(f"{path} holds {data.size} bytes where its header says {np.prod(sizes)}")
    return data.reshape(sizes)


class _ArraysOnly(pickle.Unpickler):
    """The batches are pickles, which may run any code; these may only build NumPy arrays."""

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
    try:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
        pixels, labels = batch[b"data"], np.asarray(batch[b"labels"], dtype=np.int64)
        return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels
    except OSError:
        raise
    except Exception as error:  # a damaged pickle raises nearly everything
        raise ValueError(f"{path} is not a CIFAR-10 batch ({error})") from error
