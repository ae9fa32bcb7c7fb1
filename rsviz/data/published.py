"""Datasets that are downloaded as published files and prepared once as arrays that can be memory-mapped.

Published files are kept below files.data_root(), the prepared arrays below files.home().
"""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rsviz import files
from rsviz.data.base import SPLITS, ArrayDataset, DataError, DatasetInfo, Progress

Arrays = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""(images, labels) by split. images: uint8 (N, H, W) or (N, H, W, 3); labels: int64 (N,)."""

COPY_NOTE = "copy.txt"
"""File of a prepared dataset with the words of ArrayDataset.copy."""

SECONDS_UNTIL_STALE = 3600
"""Age at which an unfinished folder is taken for the remains of a killed process."""

# NumPy reads a header with Python's parser, which in CPython 3.11 sometimes fails when threads share it.
_reading = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class PublishedDataset(DatasetInfo):
    """A dataset with published files that torchvision knows. A subclass reads their format.

    folder: where torchvision puts the files, below files.data_root(). torchvision_class: name in
    torchvision.datasets of the class that holds the addresses and MD5 sums. published_sha256: of the bytes
    of the training images and labels, as prepared from the published files; empty if not known.
    """

    folder: str = ""
    torchvision_class: str = ""
    published_sha256: str = ""

    embedded = False

    def has_files(self, folder: Path) -> bool:
        """Whether every published file is in `folder`."""
        raise NotImplementedError

    def read_files(self, folder: Path) -> Arrays:
        """The arrays in the published files; raises OSError or ValueError if a file is damaged."""
        raise NotImplementedError

    def fetch_files(self, publication: Any, progress: Progress) -> None:
        """Download the published files. publication: the class of torchvision that knows the addresses."""
        raise NotImplementedError

    @property
    def raw_folder(self) -> Path:
        """Folder of the published files."""
        return files.data_root() / self.folder

    @property
    def prepared_folder(self) -> Path:
        """Folder of the prepared arrays."""
        return files.home() / "datasets" / self.key

    def available(self) -> bool:
        return self.prepared_folder.is_dir() or self.has_files(self.raw_folder)

    def load(self, split: str) -> ArrayDataset:
        if not self.prepared_folder.is_dir():
            if not self.available():
                raise DataError(
                    f"{self.title} is not on this machine; "
                    f"`python -m rsviz data download {self.key}` downloads it."
                )
            self.prepare()
        try:
            with _reading:
                images = np.load(self.prepared_folder / f"{split}-images.npy", mmap_mode="r")
                labels = np.load(self.prepared_folder / f"{split}-labels.npy")
            note = self.prepared_folder / COPY_NOTE
            copy = note.read_text(encoding="utf-8") if note.is_file() else ""
        except (OSError, ValueError, EOFError) as error:
            raise DataError(
                f"The prepared copy of {self.title} in {self.prepared_folder} is damaged; "
                f"delete that folder and it is prepared anew."
            ) from error
        return ArrayDataset(self.key, split, images, labels, self.classes, copy)

    def download(self, progress: Progress) -> None:
        if not self.available():
            from torchvision import datasets

            try:
                self.fetch_files(getattr(datasets, self.torchvision_class), progress)
            except (OSError, tarfile.TarError) as error:
                raise DataError(f"{self.title} cannot be stored in {self.raw_folder} ({error}).") from error
        if not self.prepared_folder.is_dir():
            self.prepare()

    def describe_copy(self, dataset: ArrayDataset) -> str:
        if dataset.copy:
            return dataset.copy
        digest = hashlib.sha256(np.ascontiguousarray(dataset.images))
        digest.update(np.ascontiguousarray(dataset.labels, dtype="<i8"))
        if digest.hexdigest() == self.published_sha256:
            return f"{self.title}, files with the published MD5 sums"
        return f"training arrays with SHA-256 {digest.hexdigest()}"

    def prepare(self) -> None:
        """Write the arrays of the published files below files.home(), so that `load` can map them."""
        try:
            splits = self.read_files(self.raw_folder)
        except (OSError, ValueError) as error:
            raise DataError(f"{self.title} cannot be read: {error}.") from error
        self.store(splits)

    def store(self, splits: Arrays, copy: str = "") -> None:
        """Write the prepared arrays of both splits, completely or not at all.

        copy: in words, how these arrays differ from the published files; written on cards of checkpoints.
        Raises DataError if shapes, types or labels are not those of the dataset, or the disk refuses.
        """
        for split in SPLITS:
            self._check(split, *splits[split])
        target = self.prepared_folder
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_stale(target)
            temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{self.key}.", suffix=".part"))
            try:
                for split in SPLITS:
                    for what, array in zip(("images", "labels"), splits[split], strict=True):
                        save_array(temporary / f"{split}-{what}.npy", array)
                if copy:
                    (temporary / COPY_NOTE).write_text(copy, encoding="utf-8")
                temporary.chmod(0o755)
                try:
                    os.rename(temporary, target)
                except OSError:
                    if not target.is_dir():  # otherwise another process was faster
                        raise
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        except OSError as error:
            raise DataError(
                f"{self.title} cannot be prepared in {target.parent} ({error.strerror})."
            ) from error

    def _check(self, split, images, labels):
        channels, height, width = self.shape
        shape = (self.sizes[split], height, width) + ((channels,) if channels > 1 else ())
        if images.shape != shape or images.dtype != np.uint8:
            raise DataError(
                f"The {split} images of {self.title} are {images.dtype} {images.shape}; "
                f"allowed is uint8 {shape}."
            )
        if labels.shape != shape[:1] or labels.min() < 0 or labels.max() >= len(self.classes):
            raise DataError(
                f"The {split} labels of {self.title} are not {shape[0]} numbers below {len(self.classes)}."
            )


def save_array(path: Path, array: np.ndarray) -> None:
    """Write `array` to `path` in NumPy's format, and wait until it is on the disk."""
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array))
        file.flush()
        os.fsync(file.fileno())


def _remove_stale(target):
    """Remove unfinished folders of killed processes; a young one may still be written to."""
    for leftover in target.parent.glob(f".{target.name}.*.part"):
        with contextlib.suppress(FileNotFoundError):  # its process has just finished
            if time.time() - leftover.stat().st_mtime > SECONDS_UNTIL_STALE:
                shutil.rmtree(leftover, ignore_errors=True)
