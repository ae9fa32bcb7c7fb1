"""MNIST, and the IDX file format that it shares with Fashion-MNIST. Read without torch."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rsviz.data.base import Progress, Shape
from rsviz.data.downloads import fetch_file
from rsviz.data.published import Arrays, PublishedDataset

PREFIXES = {"train": "train", "test": "t10k"}
IMAGES, LABELS = "{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"


@dataclass(frozen=True, kw_only=True)
class IdxDataset(PublishedDataset):
    """Four IDX files of the sizes of MNIST, compressed (.gz) or not."""

    shape: Shape = (1, 28, 28)
    sizes: Mapping[str, int] = field(default_factory=lambda: {"train": 60_000, "test": 10_000})
    epochs: int = 5

    def has_files(self, folder: Path) -> bool:
        names = [name.format(prefix) for prefix in PREFIXES.values() for name in (IMAGES, LABELS)]
        return all(_compressed_or_not(folder, name) for name in names)

    def read_files(self, folder: Path) -> Arrays:
        return {
            split: (
                read_idx(_compressed_or_not(folder, IMAGES.format(prefix))),
                read_idx(_compressed_or_not(folder, LABELS.format(prefix))).astype(np.int64),
            )
            for split, prefix in PREFIXES.items()
        }

    def fetch_files(self, publication: Any, progress: Progress) -> None:
        for name, md5 in publication.resources:
            addresses = [mirror + name for mirror in publication.mirrors]
            fetch_file(self, addresses, self.raw_folder / name, md5, progress)


def _compressed_or_not(folder, name):
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array in an IDX file: 0, 0, 8 (unsigned bytes), number of dimensions, sizes, data."""
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


MNIST = IdxDataset(
    key="mnist",
    title="MNIST",
    classes=tuple("0123456789"),
    normalisation=((0.1307,), (0.3081,)),
    source="LeCun, Cortes and Burges 1998, The MNIST database of handwritten digits",
    licence="Not stated with the files; Keras gives CC BY-SA 3.0, copyright LeCun and Cortes",
    folder="MNIST/raw",
    torchvision_class="MNIST",
    published_sha256="d18cfd466eb143ac1097fde604dba9eec4116885869d04cc648b510949f9e88c",
)
