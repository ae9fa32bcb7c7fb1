"""The engines of one machine: this process alone, or a pool of processes with a device each."""

import contextlib
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection

from rsviz.errors import RsvizError
from rsviz.evaluation.engines import POLL, Waiting, WorkItem
from rsviz.generators import mapped, returned
from rsviz.programs import IDLE_THREADS

log = logging.getLogger("rsviz.evaluation")


def devices(name: str | None, workers: int | None) -> list[str]:
    """The device of each worker: the one called `name`, or all of the fastest kind in turn."""
    from rsviz.execution import pick_device

    first = pick_device(name)
    names = [str(first)]
    if first.type == "cuda" and first.index is None:
        import torch

        names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    workers = len(names) if workers is None else workers
    return [names[index % len(names)] for index in range(workers)]


class InProcess:
    """This process counts by itself."""

    def __init__(self, settings, device: str):
        from rsviz.evaluation.counting import Counter

        self._counter = Counter(replace(settings, device=device))

    def plan(self):
        return (yield from self._counter.plan())

    def run(self, units, used) -> Iterator:
        for unit, pixels in units:
            yield (yield from mapped(Waiting, self._counter.count(unit, pixels, used)))

    def close(self) -> None:
        """There is no process to end."""


@dataclass
class Worker:
    """One process of the pool. item: its unfinished work item, if any."""

    device: str
    cores: tuple[int, ...]
    process: multiprocessing.Process
    pipe: connection.Connection
    item: WorkItem | None = None


class ProcessPool:
    """One process for each device; on a CPU, each process has its own share of the cores.

    A process that dies is replaced, and another one counts its work item again. The processes end
    together with
    this one, even after a kill: each waits on a pipe that only this process holds open.
    """

    def __init__(self, settings, names: list[str]):
        self._settings, self._context = settings, multiprocessing.get_context("spawn")
        self._workers = [self._start(name, cores) for name, cores in zip(names, _shares(names), strict=True)]
        self._retry: deque[WorkItem] = deque()

    def plan(self):
        """Measure the plan in one of the workers, under the conditions of the run."""
        self._send(self._workers[0], WorkItem("plan", ()))
        while True:
            for answer in self._answers():
                return answer
            yield

    def run(self, units, used) -> Iterator:
        units = iter(units)
        while True:
            for worker in self._workers:
                if worker.item is None and (item := self._next(units, used)):
                    self._send(worker, item)
            if all(worker.item is None for worker in self._workers):
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
        if self._retry:
            return self._retry.popleft()
        for unit, pixels in units:
            return WorkItem("count", (unit, pixels, used))
        return None

    def _start(self, device, cores):
        pipe, other = self._context.Pipe()
        arguments = (self._settings, device, cores, other)
        process = self._context.Process(target=_serve, args=arguments, daemon=True)
        process.start()
        other.close()
        return Worker(device, cores, process, pipe)

    def _send(self, worker, item):
        item.begin()
        worker.item = item
        with contextlib.suppress(OSError):  # it died: `_answers` will find its pipe closed
            worker.pipe.send((item.what, item.arguments))

    def _answers(self) -> list:
        """Answers that arrive within POLL seconds. Replaces dead workers and keeps their work items."""
        answers = []
        busy = {worker.pipe: worker for worker in self._workers if worker.item}
        for pipe in connection.wait(list(busy), timeout=POLL):
            worker = busy[pipe]
            try:
                kind, answer = pipe.recv()
            except (EOFError, OSError):
                self._replace(worker)
                continue
            worker.item = None
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
        lost, new = worker.item, self._start(worker.device, worker.cores)
        self._workers[self._workers.index(worker)] = new
        if lost.what == "plan":
            self._send(new, lost)
        else:
            self._retry.append(lost)


def _shares(names) -> list[tuple[int, ...]]:
    """The cores of each worker: an equal share if it counts on the CPU, otherwise all of them."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not cores or names[0] != "cpu":
        return [tuple(cores)] * len(names)
    if len(names) > len(cores):
        raise RsvizError(f"workers is {len(names)}; this machine lends {len(cores)} cores, one for each.")
    size = len(cores) // len(names)
    return [tuple(cores[index * size : (index + 1) * size]) for index in range(len(names))]


def _serve(settings, device, cores, pipe) -> None:
    """The main loop of a worker process: answer requests until the pipe closes."""
    os.environ |= IDLE_THREADS | os.environ  # before torch is imported
    if cores and device == "cpu":
        os.sched_setaffinity(0, cores)
    import signal
    import traceback

    import torch

    from rsviz.evaluation.counting import Counter
    from rsviz.programs import keep_memory

    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one handles Ctrl+C
    if cores and device == "cpu":
        torch.set_num_threads(len(cores))
    counter = None
    while True:
        try:
            what, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            counter = counter or Counter(replace(settings, device=device))
            answer = returned(getattr(counter, what)(*arguments))
            message = ("done", answer)
        except RsvizError as error:
            message = ("refused", str(error))
        except Exception:
            message = ("failed", traceback.format_exc())
        try:
            pipe.send(message)
        except OSError:
            return
