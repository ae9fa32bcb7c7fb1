"""What a dataset is: the record that is known before any file is read, and the labelled images."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rsviz.errors import RsvizError

SPLITS = ("train", "test")

Shape = tuple[int, int, int]
"""(channels, height, width) of one image."""

Progress = Callable[[int, int | None, str], None]
"""Called during a download with (bytes so far, bytes in total or None, name of the file)."""


class DataError(RsvizError):
    """A dataset that is unknown, missing or damaged, or that cannot be downloaded."""


class Dataset:
    """Labelled images of one split.

    name: a key of rsviz.data.DATASETS, or "folder:PATH". split: "train" or "test". classes: their names.
    labels: int64 (N,), indices into classes.
    """

    name: str
    split: str
    classes: tuple[str, ...]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, index: int) -> np.ndarray:
        """Image number `index` as float32 (C, H, W) in [0, 1]."""
        raise NotImplementedError

    def pixels(self, indices: slice | Iterable[int]) -> np.ndarray:
        """Images of a slice or a sequence of indices as float32 (N, C, H, W) in [0, 1]."""
        chosen = range(len(self))[indices] if isinstance(indices, slice) else indices
        return np.stack([self.image(int(index)) for index in chosen])

    def check_index(self, index: int) -> int:
        """The index itself; raises DataError if there is no such image."""
        if not 0 <= index < len(self):
            raise DataError(
                f"Image {index} of {self.name} ({self.split}) is not there; allowed are 0 to {len(self) - 1}."
            )
        return index


@dataclass(frozen=True, eq=False)
class ArrayDataset(Dataset):
    """A dataset in one array, memory-mapped if it is large.

    images: (N, H, W) or (N, H, W, C); integers range from 0 to the largest of their type, floats over [0, 1].
    copy: in words, how these arrays differ from the published files; empty if they do not.
    """

    name: str
    split: str
    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    copy: str = ""

    def image(self, index: int) -> np.ndarray:
        return self.pixels([self.check_index(index)])[0]

    def pixels(self, indices: slice | Iterable[int]) -> np.ndarray:
        chosen = np.asarray(self.images[indices])
        white = np.float32(np.iinfo(chosen.dtype).max if chosen.dtype.kind == "u" else 1)
        chosen = chosen[:, None] if chosen.ndim == 3 else chosen.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(chosen, dtype=np.float32) / white


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """A dataset that rsviz offers by name. A subclass says where the images come from.

    key: its name in the shell and in links. title: for a person. classes: their names, in order of label.
    shape: (C, H, W) of every image. sizes: number of images by split.
    normalisation: (mean, standard deviation) of the training pixels, one number a channel, in pixel units.
    epochs: passes over the training images with which a training run usually begins.
    source: who made the images, as a citation. licence: terms of the images, as their authors state them.
    embedded: whether the images are installed together with rsviz, so that nothing needs a download.
    """

    key: str
    title: str
    classes: tuple[str, ...]
    shape: Shape
    sizes: Mapping[str, int]
    normalisation: tuple[tuple[float, ...], tuple[float, ...]]
    epochs: int
    source: str
    licence: str

    embedded = True

    def available(self) -> bool:
        """Whether `load` would find its files. Looks at names of files only."""
        return True

    def load(self, split: str) -> ArrayDataset:
        """The images of "train" or "test"; raises DataError if they are missing or damaged."""
        raise NotImplementedError

    def download(self, progress: Progress) -> None:
        """Fetch the images, unless they are embedded or available; raises DataError if that fails."""

    def describe_copy(self, dataset: ArrayDataset) -> str:
        """Which copy of the training images this is, in words, for the card of a checkpoint."""
        return self.title
