"""Certificates of a population against bare forward-backward passes.

    python -m benchmarks.distribution [--checkpoint NAME] [--images 1000] [--rounds 3]

K = 15, r = 4, five values of gamma. A run's passes are those of its ascents; what it does beside them makes
it slower than bare passes, which take ready images and throw away what they find: drawing noise, the losses
where the ascents end (16 draws each), reading images. In blocks of 100 images, each block first run and then
bare, since the machine may be shared; the ratio is a median over blocks, with its quartiles. MNIST has to be
downloaded.
"""

import argparse
import statistics
import time
from collections import deque

import numpy as np
import torch

from rsviz import data
from rsviz.checkpoints import load_checkpoint
from rsviz.execution import ForwardBackward, Plan, Runner
from rsviz.programs import keep_memory
from rsviz.tasks.population import PopulationRequest, run
from rsviz.tasks.population.request import CHUNK

K, R, GAMMAS = 15, 4, (0.5, 1.0, 1.5, 3.0, 5.0)


def main(checkpoint: str, images: int, rounds: int) -> None:
    keep_memory()
    network, card = load_checkpoint(checkpoint)
    settings = {"checkpoints": [checkpoint], "scales": [card.scale], "gammas": GAMMAS, "K": K, "r": R, "n": 0}
    *_, first = run(PopulationRequest.make(images=10, device="cpu", **settings))
    plans = first.done["plans"]
    plan = Plan(**plans[checkpoint])
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; {checkpoint}, {plan}")
    bare = Runner(ForwardBackward(network), "cpu", plan.precision)
    pixels = torch.from_numpy(data.load(card.dataset).pixels(slice(0, CHUNK)))
    batch = pixels.repeat(-(-plan.batch // CHUNK), 1, 1, 1)[: plan.batch]
    passes = CHUNK * K * R * len(GAMMAS)
    times = {"run": [], "bare": []}
    for block in range(rounds * images // CHUNK):
        request = PopulationRequest.make(images=CHUNK, seed=block, device="cpu", **settings)
        times["run"].append(timed(lambda request=request: run(request, {"plans": plans})))
        times["bare"].append(timed(lambda: (bare(batch) for _ in range(passes // plan.batch))))
    ours = [passes / seconds for seconds in times["run"]]
    alone = [passes // plan.batch * plan.batch / seconds for seconds in times["bare"]]
    ratios = np.divide(ours, alone)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    print(
        f"{len(ratios)} blocks of {CHUNK} images x K {K} x r {R} x {len(GAMMAS)} gammas: "
        f"{statistics.median(ours):,.0f} passes/s, bare {statistics.median(alone):,.0f}; "
        f"ratio {middle:.2f} ({low:.2f} to {high:.2f})"
    )


def timed(work) -> float:
    begun = time.perf_counter()
    deque(work(), maxlen=0)
    return time.perf_counter() - begun


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", default="mnist-cnn-nal-0.25")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    main(**vars(parser.parse_args()))
