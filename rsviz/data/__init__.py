"""Datasets and images: reading, checking, downloading. Importing it loads neither torch nor sklearn."""

from rsviz.data.datasets import (
    DATASETS,
    ArrayDataset,
    DataError,
    Dataset,
    DatasetInfo,
    FolderDataset,
    available,
    download,
    load,
)

__all__ = [
    "DATASETS",
    "ArrayDataset",
    "DataError",
    "Dataset",
    "DatasetInfo",
    "FolderDataset",
    "available",
    "download",
    "load",
]
