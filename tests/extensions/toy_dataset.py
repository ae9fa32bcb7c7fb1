"""A dataset as a newcomer adds it: one file with a record. The test writes the line in the table."""

from dataclasses import dataclass

import numpy as np

from rsviz.data import ArrayDataset, DatasetInfo


@dataclass(frozen=True)
class Stripes(DatasetInfo):
    """Images with one bright row or one bright column."""

    def load(self, split: str) -> ArrayDataset:
        labels = np.arange(self.sizes[split]) % 2
        images = np.zeros((len(labels), *self.shape[1:]), dtype=np.float32)
        for index, label in enumerate(labels):
            line = index // 2 % self.shape[1]
            images[index][(line, slice(None)) if label == 0 else (slice(None), line)] = 1
        return ArrayDataset(self.key, split, images, labels, self.classes)


STRIPES = Stripes(
    key="stripes",
    title="Stripes (toy)",
    classes=("row", "column"),
    shape=(1, 8, 8),
    sizes={"train": 64, "test": 32},
    normalisation=((0.125,), (0.3307,)),
    epochs=3,
    source="the tests of rsviz",
    licence="MIT",
)
