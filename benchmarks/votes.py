"""Votes per second: rsviz, plain forward passes, and the loop of Cohen et al., interleaved in one run.

    python -m benchmarks.votes [rounds]

Forward passes are of the same network in the same precision on a batch that is already there in that
precision, at the best batch size of those tried here: no vote can be faster. The loop of Cohen et al. draws
batches of 1000, repeats the image, adds noise, runs float32 and counts in NumPy. Ratios are medians over
rounds, each round timing all of them one after the other, since the machine may be shared.
"""

import statistics
import sys
import time

import numpy as np
import torch

from rsviz.checkpoints import load_checkpoint
from rsviz.execution import CANDIDATE_BATCHES, PRECISIONS, Runner
from rsviz.noise import Gaussian
from rsviz.programs import keep_memory
from rsviz.smoothing import SmoothedClassifier

CASES = {
    "digits": ("digits-gaussian-0.25", 100_000, 20_000),
    "mnist": ("mnist-gaussian-0.70", 20_000, 2_000),
}
"""Name -> checkpoint, votes a measurement, votes of one by the slow loop."""


def main(rounds: int) -> None:
    keep_memory()
    print(f"{torch.get_num_threads()} threads; torch {torch.__version__}; {rounds} rounds, medians")
    for name, (checkpoint, n, n_loop) in CASES.items():
        network, card = load_checkpoint(checkpoint)
        x = torch.rand(card.input_shape)
        smoothed = SmoothedClassifier(network, Gaussian(0.25), card.num_classes, precision="auto")
        plan = smoothed.plan(x.shape)
        runner = Runner(network, "cpu", plan.precision)
        best = max(CANDIDATE_BATCHES[:8], key=lambda batch: forward(runner, x.shape, batch, n // 10))
        timings = {"forward": [], "rsviz": [], "loop": []}
        for _ in range(rounds):
            timings["forward"].append(forward(runner, x.shape, best, n))
            timings["rsviz"].append(votes(smoothed, x, n))
            timings["loop"].append(loop_of_cohen(network, x, 0.25, n_loop, card.num_classes))
        rate = {key: statistics.median(values) for key, values in timings.items()}
        to_forward, to_loop = (
            statistics.median(np.divide(timings["rsviz"], timings[key])) for key in ("forward", "loop")
        )
        print(
            f"{name}: {plan.precision}, batch {plan.batch}: {rate['rsviz']:,.0f} votes/s "
            f"(n = 100,000 in {100_000 / rate['rsviz']:.2f} s); forward passes {rate['forward']:,.0f}/s "
            f"at batch {best}, ratio {to_forward:.3f}; loop of Cohen et al. {rate['loop']:,.0f}/s, "
            f"ratio {to_loop:.1f}"
        )


@torch.inference_mode()
def forward(runner, shape, batch, n) -> float:
    """Images per second of bare passes on one resident batch."""
    images = torch.rand((batch, *shape)).to(PRECISIONS[runner.precision])
    runner(images)
    passes = max(1, n // batch)
    start = time.perf_counter()
    for _ in range(passes):
        runner(images)
    return passes * batch / (time.perf_counter() - start)


def votes(smoothed, x, n) -> float:
    """Votes per second of a whole certificate, everything included."""
    start = time.perf_counter()
    smoothed.certify(x, n0=100, n=n)
    return (n + 100) / (time.perf_counter() - start)


@torch.no_grad()
def loop_of_cohen(network, x, sigma, n, num_classes, batch=1000) -> float:
    """Votes per second of the published loop's scheme: batches of 1000, float32, counting on the host."""
    counts = np.zeros(num_classes, dtype=int)
    start = time.perf_counter()
    for _ in range(n // batch):
        images = x.repeat((batch, 1, 1, 1))
        predictions = network(images + torch.randn_like(images) * sigma).argmax(1)
        for index in predictions.cpu().numpy():
            counts[index] += 1
    return n // batch * batch / (time.perf_counter() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
