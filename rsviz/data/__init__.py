"""Datasets and images: reading, checking, downloading. Importing it loads neither torch nor sklearn.

A new dataset is one file with its record, and one line in DATASETS.
"""

from collections.abc import Mapping

from rsviz.data.base import SPLITS, ArrayDataset, DataError, Dataset, DatasetInfo, Progress, Shape
from rsviz.data.cifar10 import CIFAR10
from rsviz.data.digits import DIGITS
from rsviz.data.fashion_mnist import FASHION_MNIST
from rsviz.data.folder import IMAGENET, FolderDataset, folder_available, is_folder, load_folder
from rsviz.data.mnist import MNIST

__all__ = [
    "DATASETS",
    "IMAGENET",
    "SPLITS",
    "ArrayDataset",
    "DataError",
    "Dataset",
    "DatasetInfo",
    "FolderDataset",
    "available",
    "describe_copy",
    "download",
    "find",
    "is_folder",
    "load",
    "normalisation",
]

DATASETS: Mapping[str, DatasetInfo] = {
    info.key: info
    for info in (
        DIGITS,
        MNIST,
        FASHION_MNIST,
        CIFAR10,
    )
}


def load(name: str, split: str = "test", shape: Shape | None = None) -> Dataset:
    """The images and labels of a dataset.

    name: a key of DATASETS, or "folder:PATH" with one folder of images per class below PATH, or below
    PATH/train and PATH/test.
    split: "train" or "test"; a folder without these two is used for both.
    shape: for folders, the (C, H, W) to which images are fitted.
    Raises DataError, one sentence, if the dataset is unknown, missing or damaged.
    """
    if split not in SPLITS:
        raise DataError(f'A split is "train" or "test", not "{split}".')
    return load_folder(name, split, shape) if is_folder(name) else find(name).load(split)


def available(name: str) -> bool:
    """Whether load(name) would find its files. Looks at names of files only."""
    return folder_available(name) if is_folder(name) else find(name).available()


def download(name: str, progress: Progress | None = None) -> None:
    """Fetch a published dataset, check the MD5 sums that torchvision knows, and prepare it for `load`.

    progress: called with (bytes so far, bytes in total or None, name of the file) as data arrives.
    Does nothing if the dataset is available. Raises DataError, one sentence, without a network.
    """
    find(name).download(progress or (lambda done, total, what: None))


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """(mean, standard deviation) by channel that networks for this dataset usually get; None if unknown."""
    imagenet, constants = IMAGENET
    if name in DATASETS:
        return DATASETS[name].normalisation
    return constants if name == imagenet else None


def title(name: str) -> str:
    """A dataset as a person calls it: CIFAR-10, ImageNet; the name itself where it is none that is known."""
    if name in DATASETS:
        return DATASETS[name].title
    return "ImageNet" if name == IMAGENET[0] else name


def describe_copy(dataset: Dataset) -> str:
    """Which copy of the training data this is, in words. dataset: its training split."""
    if is_folder(dataset.name):
        return f"{len(dataset):,} images of a folder"
    return DATASETS[dataset.name].describe_copy(dataset)


def find(name: str) -> DatasetInfo:
    """The record of a dataset; raises DataError if there is none of this name."""
    if name not in DATASETS:
        raise DataError(f'There is no dataset "{name}"; allowed are {", ".join(DATASETS)} and folder:PATH.')
    return DATASETS[name]
