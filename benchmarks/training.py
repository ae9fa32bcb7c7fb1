"""Training speed: the loop of rsviz against bare steps on a batch that is already there, interleaved.

    python -m benchmarks.training [rounds]

Bare: forward, cross-entropy, backward and optimizer step of the same network in the same precision and memory
layout at the same learning rate, always on the same batch, which has noise as in training: no loop can be
faster. (At another rate the network would soon be another one, and a step of a network that is hardly trained
takes a tenth longer than of one that knows its batch.) rsviz: the whole loop as a job runs it (the next
images taken, moved where the zoo moves them, noise drawn, records written, progress reported, states saved),
without the validations after an epoch, which are timed separately. Ratios are medians over rounds,
each round timing one after the other, since the machine may be shared. For the first column of images per
second, the plain setting that rsviz starts from: float32 in a contiguous layout.
"""

import copy
import statistics
import sys
import tempfile
import time
from collections import deque
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from rsviz.generators import returned
from rsviz.programs import keep_memory
from rsviz.tasks.train import TrainRequest
from rsviz.training.distributed import ALONE
from rsviz.training.loop import Steps, run_info
from rsviz.training.measure import Validator
from rsviz.training.prepare import prepare
from rsviz.training.run_folder import RunWriter
from rsviz.training.schedule import learning_rate
from rsviz.training.train_step import LAYOUTS, Network, PassSettings, choose_passes, make_optimizer

CASES = {
    "MNIST, network of Li 2019": ({"dataset": "mnist", "sigma": 0.5, "shift": 1}, 12),
    "digits, small network": ({"dataset": "digits", "sigma": 0.25}, 300),
}
"""Name -> request, steps a measurement."""

MANY = 10_000


def main(rounds: int) -> None:
    keep_memory()
    print(f"{torch.get_num_threads()} threads; torch {torch.__version__}; {rounds} rounds, medians")
    for name, (settings, steps) in CASES.items():
        request = TrainRequest(epochs=MANY, validate_every=MANY, device="cpu", **settings)
        prepared = prepare(request)
        passes = returned(choose_passes(request, prepared.module, prepared.images))
        start = PassSettings("float32", "contiguous")
        plain, bare = (_Bare(request, prepared, settings) for settings in (start, passes))
        with tempfile.TemporaryDirectory() as folder:
            loop, validator = _loop(request, prepared, passes, folder)
            began = time.perf_counter()
            deque(validator.validate(prepared.module, passes.precision, 0, 0), maxlen=0)
            validation = time.perf_counter() - began
            timings = [(plain(steps), bare(steps), loop(steps)) for _ in range(rounds)]
        rates = [statistics.median(column) for column in zip(*timings, strict=True)]
        ratio = statistics.median(ours / best for _, best, ours in timings)
        gain = statistics.median(best / start for start, best, _ in timings)
        epoch = len(prepared.images) / rates[2]
        print(
            f"{name} ({passes.precision}, {passes.layout}): images a second: float32 contiguous "
            f"{rates[0]:,.0f}, bare {rates[1]:,.0f} ({gain:.2f} times), rsviz {rates[2]:,.0f}: "
            f"{ratio:.3f} of bare; "
            f"a validation takes {validation:.1f} s after each epoch of {epoch:.1f} s"
        )


def _loop(request, prepared, passes, folder):
    """(a function of a number of steps that gives images per second, the run's Validator)."""
    validator = Validator(prepared.test, prepared.noise, prepared.device)
    info = run_info(request, prepared, passes, validator, "benchmark")
    writer = RunWriter(folder, request)
    writer.begin(info)
    steps = Steps(request, prepared, info, validator, writer, ALONE)
    run = steps.run()

    def speed(count):
        first, began = steps.step, time.perf_counter()
        while steps.step < first + count:
            next(run)
        seconds = time.perf_counter() - began
        return _images(steps.step, request, prepared, first) / seconds

    speed(3)
    return speed, validator


def _images(stop, request, prepared, start):
    """Images in steps [start, stop): the last batch of an epoch may be smaller."""
    images, size = len(prepared.images), request.batch_size
    an_epoch = -(-images // size)
    done = [step // an_epoch * images + step % an_epoch * size for step in (start, stop)]
    return done[1] - done[0]


class _Bare:
    """Steps on one resident batch."""

    def __init__(self, request, prepared, passes):
        module = copy.deepcopy(prepared.module).to(memory_format=LAYOUTS[passes.layout])
        self.network = Network(module, passes.precision).train()
        self.optimizer = make_optimizer(request, list(module.parameters()))
        size = request.batch_size
        self.x, self.y = prepared.images.x[:size].clone(), prepared.images.y[:size].clone()
        self.x += request.sigma * torch.randn_like(self.x)
        self.rate = partial(
            learning_rate,
            request.schedule,
            request.learning_rate,
            steps=MANY * -(-len(prepared.images) // size),
        )
        self.number = 0
        self(3)

    def __call__(self, steps):
        """Images per second."""
        began = time.perf_counter()
        for _ in range(steps):
            self.number += 1
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(self.number)
            self.optimizer.zero_grad(set_to_none=True)
            cross_entropy(self.network(self.x).float(), self.y).backward()
            self.optimizer.step()
        return steps * len(self.y) / (time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
