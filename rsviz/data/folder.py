"""Images of one's own in one folder per class: the name "folder:PATH" in place of a dataset's key.

ImageNet is read this way; rsviz knows its normalisation and does not download it.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rsviz.data.base import SPLITS, DataError, Dataset, Shape
from rsviz.data.images import LISTED, SUFFIXES, ImageError, decode, fit

PREFIX = "folder:"

IMAGENET = ("imagenet", ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
"""Name on cards, and (mean, standard deviation) of the training pixels by channel."""


@dataclass(frozen=True, eq=False)
class FolderDataset(Dataset):
    """Images in one folder per class (the layout of torchvision's ImageFolder), decoded on demand.

    shape: (C, H, W) to which each image is cropped and resized; None keeps each image's own size, in RGB.
    """

    name: str
    split: str
    paths: tuple[Path, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    shape: Shape | None = None

    def image(self, index: int) -> np.ndarray:
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


def is_folder(name: str) -> bool:
    """Whether `name` is "folder:PATH" rather than the key of a dataset."""
    return name.startswith(PREFIX)


def folder_available(name: str) -> bool:
    """Whether the folder exists and has folders of classes in it."""
    try:
        return _root(name).is_dir() and bool(_class_folders(_root(name)))
    except OSError:
        return False


def load_folder(name: str, split: str, shape: Shape | None) -> FolderDataset:
    """The images below PATH, or below PATH/train and PATH/test if both exist. name: "folder:PATH"."""
    try:
        return _load(name, split, shape)
    except OSError as error:
        raise DataError(f"{name.removeprefix(PREFIX)} cannot be read ({error.strerror}).") from error


def _root(name):
    return Path(name.removeprefix(PREFIX)).expanduser()


def _has_splits(root):
    return all((root / split).is_dir() for split in SPLITS)


def _class_folders(root):
    inner = root / "train" if _has_splits(root) else root
    return sorted(path for path in inner.iterdir() if path.is_dir() and not path.name.startswith("."))


def _load(name, split, shape):
    root = _root(name)
    if not root.is_dir():
        raise DataError(f"{root} is no folder; folder:PATH names one that has a folder of images per class.")
    # Classes are those of the training folder, so that labels mean the same in both splits.
    classes = tuple(path.name for path in _class_folders(root))
    if _has_splits(root):
        root = root / split
    paths, labels = [], []
    for label, class_name in enumerate(classes):
        found = sorted(p for p in (root / class_name).rglob("*") if p.suffix.lower()[1:] in SUFFIXES)
        paths += found
        labels += [label] * len(found)
    if not paths:
        raise DataError(f"{root} holds no images in class folders; allowed are {LISTED} files.")
    return FolderDataset(name, split, tuple(paths), np.array(labels, dtype=np.int64), classes, shape)
