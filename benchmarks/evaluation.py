"""Whole test sets: votes per second, processes against one, reading logs and stored votes anew.

    python -m benchmarks.evaluation [rounds] [ray]

Votes: 1,000 images (the 500 test digits twice) x 1,000 draws, in the voting of an evaluation and one
certificate after the other in one process; then an evaluation of the 500, file and all, by one process on one
core and by two on two, and with "ray" by a cluster of two CPUs that runs already. Ratios are medians over
rounds, each round timing all of them one after the other, since the machine may be shared.
"""

import os
import statistics
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

import numpy as np

from rsviz import data
from rsviz.checkpoints import load_checkpoint
from rsviz.evaluation import read_log, write_log
from rsviz.evaluation.units import Unit, UnitVotes
from rsviz.execution import Runner
from rsviz.noise import Gaussian
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.programs import keep_memory
from rsviz.smoothing import SmoothedClassifier
from rsviz.tasks.evaluate import EvaluateRequest, certificates, read_votes, run
from rsviz.tasks.evaluate.votes import Header, create
from rsviz.voting import Span, count_votes

CHECKPOINT = "digits-gaussian-0.25"
N0, N = 100, 1000


def main(rounds: int, ray: bool) -> None:
    keep_memory()
    folder = Path(tempfile.mkdtemp())
    print(f"{len(os.sched_getaffinity(0))} cores; {rounds} rounds, medians of ratios")
    counting(rounds)
    sharing(rounds, folder, ray)
    reading(rounds, folder)


def counting(rounds) -> None:
    """The voting of an evaluation against certifying one image after the other, in this process."""
    network, card = load_checkpoint(CHECKPOINT)
    images = np.concatenate([data.load("digits").pixels(slice(None))] * 2)
    noise = Gaussian(card.scale)
    g = SmoothedClassifier(network, noise, card.num_classes, precision="auto")
    used = g.plan(images.shape[1:])
    runner = Runner(network, "cpu", used.precision)
    spans = [
        Span(row, row, stream, 0, draws)
        for row in range(len(images))
        for stream, draws in ((SELECTION, N0), (ESTIMATION, N))
    ]
    rates = {"evaluation": [], "one by one": []}
    for _ in range(rounds):
        begun = time.perf_counter()
        deque(count_votes(runner, noise, card.num_classes, images, spans, used.batch), maxlen=0)
        rates["evaluation"].append(len(images) * (N0 + N) / (time.perf_counter() - begun))
        begun = time.perf_counter()
        for row, x in enumerate(images):
            g.certify(x, n0=N0, n=N, seed=row)
        rates["one by one"].append(len(images) * (N0 + N) / (time.perf_counter() - begun))
    print(f"{len(images)} images x {N} votes, {used.precision}, batch {used.batch}:")
    print(f"    {shown(rates, 'one by one')}")


def sharing(rounds, folder, ray) -> None:
    """Processes on cores of their own, each round a whole evaluation after one that started them."""
    ways = {"one core": {"workers": 1}, "two cores": {"workers": 2}}
    if ray:
        ways["ray"] = {"engine": "ray", "workers": 2}
    request = EvaluateRequest.make(
        checkpoint=CHECKPOINT, dataset="digits", n0=N0, n=4 * N, device="cpu", batch=128
    )
    rates = {name: [] for name in ways}
    cores = sorted(os.sched_getaffinity(0))
    for turn in range(rounds):
        for name, how in ways.items():
            os.sched_setaffinity(0, cores[:1] if name == "one core" else cores[:2])
            steps = list(run(request, folder / f"{name}-{turn}.jsonl", **how))
            voting = [step for step in steps if step.fresh]
            # From the first answer on: what it takes to start processes is no speed of voting.
            first, last = voting[0], voting[-1]
            rates[name].append((last.fresh - first.fresh) / (last.seconds - first.seconds))
    os.sched_setaffinity(0, cores)
    print(f"500 images x {4 * N} votes, batch 128: {shown(rates, 'one core')}")


def reading(rounds, folder) -> None:
    """10,000 rows: a log read, stored votes read, and read anew at another alpha, procedure and bound."""
    log, votes = folder / "log.tsv", folder / "votes.jsonl"
    invent(10_000, votes)
    stored = read_votes(votes)
    write_log(certificates(stored).log(), log)
    work = {
        "log read": lambda: read_log(log),
        "votes read": lambda: read_votes(votes),
        "votes at another alpha, split, every bound": lambda: certificates(stored, 0.01, "split"),
        "votes at another alpha, anytime, every bound": lambda: certificates(stored, 0.01, "anytime"),
    }
    for name, call in work.items():
        seconds = []
        for _ in range(rounds):
            begun = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begun)
        print(f"10,000 rows: {name}: {statistics.median(seconds):.3f} s")


def invent(images: int, path: Path) -> None:
    """A file of votes at n = 100,000 as an evaluation would write it, of images of every difficulty."""
    rng = np.random.default_rng(0)
    request = EvaluateRequest.make(checkpoint=CHECKPOINT, dataset="digits", n0=N0, n=100 * N)
    card = load_checkpoint(CHECKPOINT)[1]
    header = Header(
        request=request,
        name=card.name,
        weights_sha256=card.weights_sha256,
        classes=card.classes,
        shape=card.input_shape,
        size=images,
        block=4096,
        plan={"device": "cpu", "precision": "float32", "batch": 128},
    )
    chances = rng.dirichlet(np.full(card.num_classes, 0.15), images)
    unit = Unit(tuple(range(images)), N0, 0, request.n)
    counts0, counts = (rng.multinomial(draws, chances) for draws in (N0, request.n))
    file = create(path, header)
    file.add(UnitVotes(unit, counts0, counts, 1.0), chances.argmax(1))
    file.close()


def shown(rates, base) -> str:
    return "; ".join(
        f"{name} {statistics.median(values):,.0f} votes/s, "
        f"ratio {statistics.median(np.divide(values, rates[base])):.2f}"
        for name, values in rates.items()
    )


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    main(int(numbers[0]) if numbers else 5, "ray" in sys.argv[1:])
