"""Measures anew what rsviz/data/likeness.json stores: python -m benchmarks.likeness [NAME ...]

Five sixths of the training images give mean and covariance, the others the limit; the test images tell how
often it is a false alarm.
"""

import json
import sys

import numpy as np

from rsviz import data
from rsviz.data.likeness import FILE, measured


def main(names):
    stored = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    for name in names or [key for key in data.DATASETS if data.available(key)]:
        train, test = data.load(name, "train"), data.load(name, "test")
        held_out = np.arange(len(train)) % 6 == 5
        parts = (np.flatnonzero(~held_out), np.flatnonzero(held_out), range(len(test)))
        images = (train.pixels(parts[0]), train.pixels(parts[1]), test.pixels(parts[2]))
        stored[name] = measured(name, *images)
        FILE.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
        print(f"{name}: limit {stored[name]['limit']:.3f}, false alarms {stored[name]['false_alarms']:.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
