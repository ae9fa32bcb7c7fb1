"""Named datasets as arrays: digits at once, the others from torchvision's files, prepared once as .npy."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from rsviz import files
from rsviz.data import raw
from rsviz.data.images import ImageError, decode, fit
from rsviz.errors import RsvizError

SPLITS = ("train", "test")

COPY = "copy.txt"
"""File of a prepared dataset that tells which copy it is, where it does not come from the published files."""


class DataError(RsvizError):
    """A dataset that is unknown, not there, damaged, or cannot be downloaded."""


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset before any file is read. shape: (C, H, W); sizes: images by split."""

    key: str
    title: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    sizes: Mapping[str, int]
    embedded: bool = False
    folder: str = ""  # torchvision's folder below files.data_root()
    reader: Callable[[Path], dict] | None = field(default=None, repr=False)
    complete: Callable[[Path], bool] | None = field(default=None, repr=False)

    @property
    def raw_folder(self) -> Path:
        return files.data_root() / self.folder

    @property
    def prepared_folder(self) -> Path:
        return files.home() / "datasets" / self.key


_DIGIT_NAMES = tuple("0123456789")
_FASHION_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_CIFAR10_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
_SIZES_OF_MNIST = MappingProxyType({"train": 60_000, "test": 10_000})

DATASETS: Mapping[str, DatasetInfo] = MappingProxyType(
    {
        info.key: info
        for info in (
            DatasetInfo(
                "digits",
                "Digits (scikit-learn, 8 x 8)",
                _DIGIT_NAMES,
                (1, 8, 8),
                MappingProxyType({"train": raw.DIGITS_IN_TRAIN, "test": 500}),
                embedded=True,
            ),
            DatasetInfo(
                "mnist",
                "MNIST",
                _DIGIT_NAMES,
                (1, 28, 28),
                _SIZES_OF_MNIST,
                folder="MNIST/raw",
                reader=raw.read_mnist,
                complete=raw.has_mnist,
            ),
            DatasetInfo(
                "fashion-mnist",
                "Fashion-MNIST",
                _FASHION_NAMES,
                (1, 28, 28),
                _SIZES_OF_MNIST,
                folder="FashionMNIST/raw",
                reader=raw.read_mnist,
                complete=raw.has_mnist,
            ),
            DatasetInfo(
                "cifar10",
                "CIFAR-10",
                _CIFAR10_NAMES,
                (3, 32, 32),
                MappingProxyType({"train": 50_000, "test": 10_000}),
                folder="cifar-10-batches-py",
                reader=raw.read_cifar10,
                complete=raw.has_cifar10,
            ),
        )
    }
)


class Dataset:
    """Labelled images: len(), labels int64, classes, image(i) and pixels(indices) as inputs of a model."""

    name: str
    split: str
    classes: tuple[str, ...]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, index: int) -> np.ndarray:
        """Image `index` as float32 (C, H, W) in [0, 1]."""
        raise NotImplementedError

    def pixels(self, indices) -> np.ndarray:
        """Images of a slice or a sequence of indices as float32 (N, C, H, W) in [0, 1]."""
        chosen = range(len(self))[indices] if isinstance(indices, slice) else indices
        return np.stack([self.image(int(index)) for index in chosen])

    def check_index(self, index: int) -> int:
        """The index itself, or DataError where there is no such image."""
        if not 0 <= index < len(self):
            raise DataError(
                f"Image {index} of {self.name} ({self.split}) is not there; allowed are 0 to {len(self) - 1}."
            )
        return index


@dataclass(frozen=True, eq=False)
class ArrayDataset(Dataset):
    """A dataset in one array, memory-mapped where it is large.

    images: (N, H, W) or (N, H, W, C); integers count up to the largest of their type, floats are in [0, 1].
    copy: which copy of the published dataset this is, in words, where it is not the published files.
    """

    name: str
    split: str
    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    copy: str = ""

    def image(self, index):
        return self.pixels([self.check_index(index)])[0]

    def pixels(self, indices):
        chosen = np.asarray(self.images[indices])
        white = np.float32(np.iinfo(chosen.dtype).max if chosen.dtype.kind == "u" else 1)
        chosen = chosen[:, None] if chosen.ndim == 3 else chosen.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(chosen, dtype=np.float32) / white


@dataclass(frozen=True, eq=False)
class FolderDataset(Dataset):
    """Images in one folder a class (torchvision's ImageFolder layout), decoded when they are asked for.

    shape: (C, H, W) that each image is cropped and resized to; None keeps each image's own size, in RGB.
    """

    name: str
    split: str
    paths: tuple[Path, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    shape: tuple[int, int, int] | None = None

    def image(self, index):
        path = self.paths[self.check_index(index)]
        try:
            picture = decode(path.read_bytes())
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}).") from error
        except ImageError as error:
            raise DataError(f"{path.name} in {self.name}: {error}") from error
        return fit(picture, self.shape or (3, *picture.shape[:2]))

    @cached_property
    def images(self) -> np.ndarray:
        """All images, read into memory: float32 (N, H, W, C) in [0, 1]. Needs a shape."""
        if self.shape is None:
            raise DataError(
                f"{self.name} holds images of any size; load it with a shape to have them as one array."
            )
        return self.pixels(slice(None)).transpose(0, 2, 3, 1)


# NumPy reads a header with Python's parser, which in CPython 3.11 fails now and then where threads share it.
_reading = threading.Lock()


def load(name: str, split: str = "test", shape: tuple[int, int, int] | None = None) -> Dataset:
    """The images and labels of a dataset.

    name: a key of DATASETS, or "folder:PATH" with one folder of images a class below PATH, or below
    PATH/train and PATH/test. split: "train" or "test"; a folder without these two serves as both.
    shape: for folders, the (C, H, W) to fit the images to.
    Raises DataError, one sentence, where the dataset is unknown, not there or damaged.
    """
    if split not in SPLITS:
        raise DataError(f'A split is "train" or "test", not "{split}".')
    if name.startswith("folder:"):
        try:
            return _load_folder(name, split, shape)
        except OSError as error:
            raise DataError(f"{name.removeprefix('folder:')} cannot be read ({error.strerror}).") from error
    info = _info(name)
    if name == "digits":
        if not available(name):
            raise DataError(
                "The digits come with scikit-learn, which is not installed; run scripts/app to set up."
            )
        images, labels = raw.read_digits()[split]
        return ArrayDataset(name, split, images, labels, info.classes)
    if not info.prepared_folder.is_dir():
        if not available(name):
            raise DataError(
                f"{info.title} is not on this machine; `python -m rsviz data download {name}` downloads it."
            )
        prepare(name)
    try:
        with _reading:
            images = np.load(info.prepared_folder / f"{split}-images.npy", mmap_mode="r")
            labels = np.load(info.prepared_folder / f"{split}-labels.npy")
        note = info.prepared_folder / COPY
        copy = note.read_text(encoding="utf-8") if note.is_file() else ""
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"The prepared copy of {info.title} in {info.prepared_folder} is damaged; "
            f"delete that folder and it is prepared anew."
        ) from error
    return ArrayDataset(name, split, images, labels, info.classes, copy)


def available(name: str) -> bool:
    """Whether load(name) would find its files. Looks at names only."""
    if name.startswith("folder:"):
        folder = Path(name.removeprefix("folder:")).expanduser()
        try:
            return folder.is_dir() and bool(_class_folders(folder))
        except OSError:
            return False
    info = _info(name)
    if info.embedded:
        file = raw.digits_file()
        return file is not None and file.is_file()
    return info.prepared_folder.is_dir() or info.complete(info.raw_folder)


def download(name: str, progress: Callable[[int, int | None, str], None] | None = None) -> None:
    """Fetch a dataset from where torchvision finds it, check torchvision's MD5 sums, prepare it for load().

    progress(done_bytes, total_bytes or None, file name) is called as data arrives.
    Does nothing where the dataset is there. Raises DataError, one sentence, without a network.
    """
    info = _info(name)
    if info.embedded:
        return
    if not available(name):
        from rsviz.data import downloads

        downloads.fetch(info, progress or (lambda done, total, what: None))
    if not info.prepared_folder.is_dir():
        prepare(name)


def prepare(name: str) -> None:
    """Write the arrays of a dataset's published files below files.home(), so that load() can map them."""
    info = _info(name)
    try:
        splits = info.reader(info.raw_folder)
    except (OSError, ValueError) as error:
        raise DataError(f"{info.title} cannot be read: {error}.") from error
    store(name, splits)


def store(name: str, splits: Mapping[str, tuple[np.ndarray, np.ndarray]], copy: str = "") -> None:
    """Write {"train": (images, labels), "test": ...} as the prepared copy of a dataset, whole or not at all.

    images: uint8 (N, H, W[, C]) as the dataset's shape says; labels: (N,) in the range of its classes.
    copy: what sets these arrays apart from the published files, in words; cards of checkpoints tell it.
    """
    info = _info(name)
    for split in SPLITS:
        images, labels = splits[split]
        _check(info, split, images, labels)
    target = info.prepared_folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{name}.", suffix=".part"))
        try:
            for split in SPLITS:
                for what, array in zip(("images", "labels"), splits[split], strict=True):
                    _save(temporary / f"{split}-{what}.npy", np.ascontiguousarray(array))
            if copy:
                (temporary / COPY).write_text(copy, encoding="utf-8")
            temporary.chmod(0o755)
            try:
                os.rename(temporary, target)
            except OSError:
                if not target.is_dir():  # otherwise another process was faster
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise DataError(f"{info.title} cannot be prepared in {target.parent} ({error.strerror}).") from error


def _info(name):
    if name not in DATASETS:
        raise DataError(f'There is no dataset "{name}"; allowed are {", ".join(DATASETS)} and folder:PATH.')
    return DATASETS[name]


def _check(info, split, images, labels):
    channels, height, width = info.shape
    shape = (info.sizes[split], height, width) + ((channels,) if channels > 1 else ())
    if images.shape != shape or images.dtype != np.uint8:
        raise DataError(
            f"The {split} images of {info.title} are {images.dtype} {images.shape}; allowed is uint8 {shape}."
        )
    if labels.shape != shape[:1] or labels.min() < 0 or labels.max() >= len(info.classes):
        raise DataError(
            f"The {split} labels of {info.title} are not {shape[0]} numbers below {len(info.classes)}."
        )


def _save(path, array):
    with path.open("wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())


def _sweep(target):
    """Remove what a killed process left behind, if it is too old to be at work still."""
    for leftover in target.parent.glob(f".{target.name}.*.part"):
        with contextlib.suppress(FileNotFoundError):  # its owner was done just now
            if time.time() - leftover.stat().st_mtime > 3600:
                shutil.rmtree(leftover, ignore_errors=True)


_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def _class_folders(folder):
    """Folders of classes below `folder`, or below its train folder where the two splits are there."""
    inner = folder / "train" if all((folder / split).is_dir() for split in SPLITS) else folder
    return sorted(path for path in inner.iterdir() if path.is_dir() and not path.name.startswith("."))


def _load_folder(name, split, shape):
    root = Path(name.removeprefix("folder:")).expanduser()
    if not root.is_dir():
        raise DataError(f"{root} is no folder; folder:PATH names one that holds a folder of images a class.")
    # The training folder says which classes there are, so that labels mean the same in both splits.
    classes = tuple(path.name for path in _class_folders(root))
    if all((root / part).is_dir() for part in SPLITS):
        root = root / split
    paths, labels = [], []
    for label, class_name in enumerate(classes):
        found = sorted(p for p in (root / class_name).rglob("*") if p.suffix.lower() in _IMAGE_SUFFIXES)
        paths += found
        labels += [label] * len(found)
    if not paths:
        raise DataError(
            f"{root} holds no images in class folders; allowed are PNG, JPEG, WebP, BMP and TIFF files."
        )
    return FolderDataset(name, split, tuple(paths), np.array(labels, dtype=np.int64), classes, shape)
