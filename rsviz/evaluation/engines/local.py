"""The engines of one machine: this process alone, or a team of processes, each with a device of its own."""

import contextlib
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection

from rsviz.errors import RsvizError
from rsviz.evaluation.engines import POLL, Given, Waiting
from rsviz.files import IDLE_THREADS

log = logging.getLogger("rsviz.evaluation")


def devices(name: str | None, workers: int | None) -> list[str]:
    """Where to count: the device called `name`, or all of the fastest kind; each as often as workers need."""
    from rsviz.execution import pick_device

    first = pick_device(name)
    names = [str(first)]
    if first.type == "cuda" and first.index is None:
        import torch

        names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    workers = len(names) if workers is None else workers
    return [names[index % len(names)] for index in range(workers)]


class Alone:
    """This process counts."""

    def __init__(self, task, device: str):
        from rsviz.evaluation.counting import Counter

        self._counter = Counter(replace(task, device=device))

    def plan(self):
        return (yield from self._counter.plan())

    def run(self, units, used) -> Iterator:
        for unit, pixels in units:
            counting = self._counter.count(unit, pixels, used)
            while True:
                try:
                    drawn = next(counting)
                except StopIteration as end:
                    yield end.value
                    break
                yield Waiting(drawn)

    def close(self) -> None:
        """Nothing was started."""


@dataclass
class Worker:
    """A process of a team, and what it was given last."""

    device: str
    cores: tuple[int, ...]
    process: multiprocessing.Process
    pipe: connection.Connection
    given: Given | None = None


class Team:
    """A process for each device; on a CPU, each with its share of the cores to itself.

    A process that dies is replaced, and what it was counting is given to another. The processes end with
    this one, however it ends: each waits on a pipe of which no other holds the end.
    """

    def __init__(self, task, names: list[str]):
        self._task, self._context = task, multiprocessing.get_context("spawn")
        self._workers = [self._start(name, cores) for name, cores in zip(names, _shares(names), strict=True)]
        self._again: deque[Given] = deque()

    def plan(self):
        """Measured by one of the workers, as all of them will run."""
        self._give(self._workers[0], Given("plan", ()))
        while True:
            for answer in self._answers():
                return answer
            yield

    def run(self, units, used) -> Iterator:
        units = iter(units)
        while True:
            for worker in self._workers:
                if worker.given is None and (given := self._next(units, used)):
                    self._give(worker, given)
            if all(worker.given is None for worker in self._workers):
                return
            answers = self._answers()
            yield from answers
            if not answers:
                yield Waiting(0, elsewhere=True)

    def close(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _next(self, units, used):
        if self._again:
            return self._again.popleft()
        for unit, pixels in units:
            return Given("count", (unit, pixels, used))
        return None

    def _start(self, device, cores):
        pipe, other = self._context.Pipe()
        arguments = (self._task, device, cores, other)
        process = self._context.Process(target=_serve, args=arguments, daemon=True)
        process.start()
        other.close()
        return Worker(device, cores, process, pipe)

    def _give(self, worker, given):
        given.begin()
        worker.given = given
        with contextlib.suppress(OSError):  # it died: its pipe will say so
            worker.pipe.send((given.what, given.arguments))

    def _answers(self) -> list:
        """What workers have finished within POLL seconds; the dead are replaced and their work is kept."""
        answers = []
        busy = {worker.pipe: worker for worker in self._workers if worker.given}
        for pipe in connection.wait(list(busy), timeout=POLL):
            worker = busy[pipe]
            try:
                kind, answer = pipe.recv()
            except (EOFError, OSError):
                self._replace(worker)
                continue
            worker.given = None
            if kind == "refused":
                raise RsvizError(answer)
            if kind == "failed":
                raise RuntimeError(f"a worker process failed:\n{answer}")
            answers.append(answer)
        return answers

    def _replace(self, worker):
        worker.process.join()
        log.warning("worker %s on %s ended (%s)", worker.process.pid, worker.device, worker.process.exitcode)
        worker.pipe.close()
        lost, new = worker.given, self._start(worker.device, worker.cores)
        self._workers[self._workers.index(worker)] = new
        if lost.what == "plan":
            self._give(new, lost)
        else:
            self._again.append(lost)


def _shares(names) -> list[tuple[int, ...]]:
    """The cores of each worker: an equal share of those of this process where it counts on them, else all."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not cores or names[0] != "cpu":
        return [tuple(cores)] * len(names)
    if len(names) > len(cores):
        raise RsvizError(f"workers is {len(names)}; this machine lends {len(cores)} cores, one for each.")
    size = len(cores) // len(names)
    return [tuple(cores[index * size : (index + 1) * size]) for index in range(len(names))]


def _serve(task, device, cores, pipe) -> None:
    """A worker process: answer what comes through the pipe until it closes."""
    os.environ |= IDLE_THREADS | os.environ  # before torch is imported
    if cores and device == "cpu":
        os.sched_setaffinity(0, cores)
    import signal
    import traceback

    import torch

    from rsviz.evaluation.counting import Counter, last

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    if cores and device == "cpu":
        torch.set_num_threads(len(cores))
    counter = None
    while True:
        try:
            what, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            counter = counter or Counter(replace(task, device=device))
            answer = last(getattr(counter, what)(*arguments))
            message = ("done", answer)
        except RsvizError as error:
            message = ("refused", str(error))
        except Exception:
            message = ("failed", traceback.format_exc())
        try:
            pipe.send(message)
        except OSError:
            return
