"""Speed of the samplers on the CPU, as multiples of Gaussian noise.

    python -m benchmarks.noise [--rounds 25] [--json]

Processor time of one thread, the mechanisms taking turns on the same buffer of one block; medians are told.
"""

import argparse
import json
import statistics
import time

import torch

from rsviz.noise import NOISES, block_size

SHAPES = {"digits": (1, 8, 8), "MNIST": (1, 28, 28), "CIFAR-10": (3, 32, 32), "ImageNet": (3, 224, 224)}


def nanoseconds(noise, generator, out) -> float:
    """Per value of one block."""
    start = time.process_time()
    noise.sample(out.shape, generator, out=out)
    return 1e9 * (time.process_time() - start) / out.numel()


def measure(rounds) -> dict:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    found = {}
    for name, shape in SHAPES.items():
        out = torch.empty((block_size(shape), *shape))
        times = {key: [] for key in NOISES}
        for _ in range(rounds):
            for key, noise in NOISES.items():
                times[key].append(nanoseconds(noise(0.5), generator, out))
        medians = {key: statistics.median(values) for key, values in times.items()}
        found[name] = {
            "gaussian_ns_per_value": round(medians["gaussian"], 2),
            **{key: round(value / medians["gaussian"], 2) for key, value in medians.items()},
        }
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, row in found.items():
        print(f"{name:9s}", "  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
