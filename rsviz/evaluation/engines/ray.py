"""The engine of a Ray cluster: actors on its nodes count, and this process hands out the units.

The cluster is that of RAY_ADDRESS, or one that runs on this machine. A node needs Python and the packages of
requirements.txt and requirements-ray.txt. The driver sends the code of rsviz and the weights; each node
stores the weights once, under their SHA-256.
"""

import contextlib
import dataclasses
import os
import socket
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rsviz
from rsviz import files
from rsviz.checkpoints.storage import locate
from rsviz.errors import RsvizError
from rsviz.evaluation.engines import ATTEMPTS, POLL, Waiting, WorkItem
from rsviz.generators import returned
from rsviz.programs import IDLE_THREADS

PATIENCE = 300.0
"""The run is given up after this number of seconds without any worker."""


class Counting:
    """The code of an actor. It starts with the settings and the two files of the checkpoint."""

    def __init__(self, settings, checkpoint: dict[str, bytes], threads: int):
        import torch

        from rsviz.evaluation.counting import Counter
        from rsviz.programs import keep_memory

        keep_memory()
        torch.set_num_threads(threads)
        folder = Path(tempfile.gettempdir()) / f"rsviz-{settings.weights_sha256}"
        for name, content in checkpoint.items():
            files.write_atomically(folder / name, content)
        path = next(folder / name for name in checkpoint if name.endswith(".safetensors"))
        self._counter = Counter(dataclasses.replace(settings, checkpoint=str(path)))

    def ready(self) -> bool:
        """Return as soon as the network is loaded."""
        return True

    def plan(self):
        return returned(self._counter.plan())

    def count(self, unit, pixels, used):
        return returned(self._counter.count(unit, pixels, used))


@dataclass(eq=False)
class Worker:
    """One actor. asked: its pending answer, if any. item: the work item of that answer."""

    actor: object
    asked: object
    item: WorkItem | None = None
    ready: bool = False


class Cluster:
    """One actor for each GPU of the cluster, or each CPU where it has none or the settings name cpu.

    A unit goes only to an actor that has answered before, so that no unit waits for a lost node. The work
    item of a dead actor goes to another one.
    """

    def __init__(self, settings, workers: int | None):
        self._ray = _ray()
        self._owns = not self._ray.is_initialized()
        if self._owns:
            _connect(self._ray)
        resources = self._ray.cluster_resources()
        on_gpus = settings.device != "cpu" and resources.get("GPU", 0) >= 1
        settings = dataclasses.replace(settings, device="cuda" if on_gpus else "cpu")
        workers = workers or int(resources.get("GPU" if on_gpus else "CPU", 1))
        checkpoint = self._ray.put(_files(settings))
        kind = self._ray.remote(Counting).options(num_gpus=int(on_gpus), num_cpus=1)
        self._make = lambda: kind.remote(settings, checkpoint, 1)
        self._retry: deque[WorkItem] = deque()
        self._workers = [self._start() for _ in range(workers)]
        self._alive, self._stillborn = time.monotonic(), 0

    def plan(self):
        """Measure the plan in the first worker that is ready."""
        self._retry.append(WorkItem("plan", ()))
        while True:
            for answer in self._answers(lambda: None):
                return answer
            yield

    def run(self, units, used) -> Iterator:
        units = iter(units)

        def more():
            for unit, pixels in units:
                return WorkItem("count", (unit, pixels, used))
            return None

        while True:
            answers = self._answers(more)
            yield from answers
            if not answers:
                if not self._retry and all(worker.item is None for worker in self._workers):
                    return
                yield Waiting(0, elsewhere=True)

    def close(self) -> None:
        for worker in self._workers:
            with contextlib.suppress(Exception):  # it may be gone already
                self._ray.kill(worker.actor)
        if self._owns:
            self._ray.shutdown()

    def _start(self) -> Worker:
        actor = self._make()
        return Worker(actor, actor.ready.remote())

    def _answers(self, more) -> list:
        """Give work items to free workers, and collect the answers of the next POLL seconds."""
        for worker in self._workers:
            if worker.ready and worker.item is None and (item := self._next(more)):
                item.begin()
                worker.item = item
                worker.asked = getattr(worker.actor, item.what).remote(*item.arguments)
        asked = {worker.asked: worker for worker in self._workers if worker.item or not worker.ready}
        if any(worker.ready for worker in self._workers):
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > PATIENCE:
            raise RsvizError(f"no worker of the Ray cluster has answered for {PATIENCE:.0f} seconds.")
        finished, _ = self._ray.wait(list(asked), timeout=POLL) if asked else ([], [])
        return [answer for each in finished for answer in self._answer(asked[each])]

    def _next(self, more):
        return self._retry.popleft() if self._retry else more()

    def _answer(self, worker) -> list:
        """The answer of one worker; [] if it only became ready, or died."""
        exceptions = self._ray.exceptions
        item, worker.item = worker.item, None
        try:
            answer = self._ray.get(worker.asked)
        except (
            exceptions.ActorDiedError,
            exceptions.ActorUnavailableError,
            exceptions.ObjectLostError,
        ) as error:
            self._lost(item, error)
            self._workers[self._workers.index(worker)] = self._start()
            return []
        except exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, RsvizError) else error from None
        if not worker.ready:
            worker.ready, self._stillborn = True, 0
            return []
        return [answer]

    def _lost(self, item, error) -> None:
        """Keep the work item of a dead worker; give up if workers die before they are ready."""
        if item:
            self._retry.append(item)
            return
        self._stillborn += 1
        if self._stillborn > ATTEMPTS * len(self._workers):
            reason = str(error).strip().splitlines()[-1]
            raise RsvizError(f"the workers of the Ray cluster end as they start: {reason[:300]}")


def _ray():
    try:
        import ray
    except ImportError:
        raise RsvizError(
            "engine is 'ray', and Ray is not installed; install it with: "
            "uv pip install -r requirements-ray.txt."
        ) from None
    return ray


def _connect(ray) -> None:
    address = os.environ.get("RAY_ADDRESS") or "auto"
    environment = {"py_modules": [str(Path(rsviz.__file__).parent)], "env_vars": dict(IDLE_THREADS)}
    try:
        _reach(address)
        ray.init(address, runtime_env=environment, log_to_driver=False, logging_level="error")
    except (OSError, ValueError):
        raise RsvizError(
            f"there is no Ray cluster at {address!r}; start one with `ray start --head`, or name its address "
            "in RAY_ADDRESS."
        ) from None


def _reach(address: str) -> None:
    """Raise OSError at once if nothing listens; Ray itself would try for many minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=10).close()


def _files(settings) -> dict[str, bytes]:
    """Name and content of the two files of the checkpoint."""
    folder, name = locate(settings.checkpoint)
    return {
        f"{name}{suffix}": (folder / f"{name}{suffix}").read_bytes() for suffix in (".json", ".safetensors")
    }
