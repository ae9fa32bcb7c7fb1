"""python -m rsviz.jobs.worker: the one process of an RSVIZ_HOME that runs jobs and touches the accelerator.

Up to RSVIZ_JOBS_ACTIVE (4) jobs take turns in slices of at most 200 ms. What a job has reached is stored
about every 200 ms; after a kill -9 the next worker goes on from there. A worker without a job ends after
RSVIZ_WORKER_IDLE (900) seconds.
"""

import faulthandler
import importlib
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import rsviz
from rsviz import files
from rsviz.errors import RsvizError
from rsviz.jobs import number_from, registry
from rsviz.jobs.database import StoreError
from rsviz.jobs.process import WorkerLock, open_log
from rsviz.jobs.store import KEEP_DAYS, Store, folder
from rsviz.programs import keep_memory

SLICE = 0.2
POLL, POLL_WHEN_QUIET, QUIET_AFTER = 0.05, 0.1, 60.0
HUNG_AFTER = 300.0  # a slice this long is a hang: the worker ends, with a traceback in the log
SLOWEST_SAVES = 2.0
TIDY_EVERY = 3600.0
PRELOAD = ["torch", "rsviz.tasks"]

log = logging.getLogger("rsviz.worker")


@dataclass
class Active:
    """A running job in this process: its generator, and what it has reached since the last save."""

    id: str
    runner: Generator
    progress: dict | None = None
    resume: dict | None = None
    saved: float = float("-inf")
    waiting: bool = False


class Worker:
    """The loop over active jobs. Everything that must not be lost is in the store."""

    def __init__(self, store: Store, lock: WorkerLock):
        self.store, self.lock = store, lock
        self.active: deque[Active] = deque()  # the next to run is the first
        self.places = number_from("RSVIZ_JOBS_ACTIVE", 4)
        self.idle_limit = number_from("RSVIZ_WORKER_IDLE", 900)
        self.save_every = SLICE
        self.preload = list(PRELOAD)
        self.tidied = float("-inf")
        self.code = code_version()
        self.stopping = False

    def stop(self, *_) -> None:
        """End after the current step (SIGTERM, SIGINT); running jobs are left to the next worker."""
        self.stopping = True

    def run(self) -> None:
        """Take up what the last worker left, then run jobs until told to stop or idle for long enough.

        It also ends when its home is removed, whatever it was doing at that moment, and never makes it anew.
        """
        try:
            self._run()
        except (StoreError, FileNotFoundError):
            if not self.lock.lost():
                raise

    def _run(self) -> None:
        if self.lock.suspect:
            log.warning("the last worker died at job %s", self.lock.suspect)
            self.store.blame(self.lock.suspect)
        self.active.extend(Active(job_id, runner(job_id, *rest)) for job_id, *rest in self.store.running())
        busy = time.monotonic()
        while not self.stopping and not self.lock.lost():
            self.admit()
            if self.active:
                busy = time.monotonic()
                self.slice(self.active.popleft())
                if self.active and all(job.waiting for job in self.active):
                    time.sleep(POLL)
            elif time.monotonic() - busy > self.idle_limit:
                break
            elif not self.tidy():
                time.sleep(POLL if time.monotonic() - busy < QUIET_AFTER else POLL_WHEN_QUIET)
        if not self.lock.lost():
            for job in self.active:
                self.save(job)
                self.close(job)

    def admit(self) -> None:
        """Take queued jobs while there are places. A new one goes first: somebody just pressed a button."""
        while len(self.active) < self.places and (claimed := self.store.claim()):
            if not self.active and code_version() != self.code:
                log.info("the code has changed: starting again")
                os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
            job_id, *rest = claimed
            self.let_go(job_id)
            self.active.appendleft(Active(job_id, runner(job_id, *rest)))

    def let_go(self, job_id: str) -> None:
        """Close the run of a job that was cancelled and resumed before this worker had noticed."""
        for job in [job for job in self.active if job.id == job_id]:
            self.active.remove(job)
            self.close(job)

    def slice(self, job: Active) -> None:
        """Give a job its turn, store what it has reached when it is time, and queue it for the next turn."""
        try:
            finished, result = self.advance(job)
            if finished:
                self.store.finish(job.id, result or {}, job.progress)
            elif time.monotonic() - job.saved < self.save_every or self.save(job):
                self.active.append(job)
            else:
                self.close(job)  # it was cancelled
        except BaseException as error:  # SystemExit too: no job ends the worker
            if not self.lock.lost():  # else the home was removed, and nobody asks what became of the job
                self.tell_failure(job, error)

    def tell_failure(self, job: Active, error: BaseException) -> None:
        if isinstance(error, StoreError):
            raise error  # not the job's fault: end, and let the next worker go on from what is stored
        if isinstance(error, RsvizError):
            self.fail(job, str(error))
            return
        redirect_to_log()
        log.error("job %s", job.id, exc_info=error)
        cause = f"an internal error ({type(error).__name__})"
        self.fail(job, f"The job stopped because of {cause}; the worker log has the details.")

    def advance(self, job: Active) -> tuple[bool, dict | None]:
        """Take steps while the next should fit in the slice; (whether the job is finished, its result)."""
        faulthandler.dump_traceback_later(HUNG_AFTER, exit=True, file=sys.stderr)
        self.lock.note(job.id)
        now = begun = time.monotonic()
        try:
            while True:
                before = now
                step = next(job.runner)
                now = time.monotonic()
                job.progress, job.waiting = step.progress, step.waiting
                job.resume = job.resume if step.resume is None else step.resume
                if step.waiting or self.stopping or now + (now - before) > begun + SLICE:
                    return False, None
        except StopIteration as end:
            return True, end.value
        finally:
            self.lock.note()
            faulthandler.cancel_dump_traceback_later()

    def save(self, job: Active) -> bool:
        """Store progress and resume together; False if the job is no longer running."""
        if job.progress is None:
            return True
        begun = time.monotonic()
        runs = self.store.save(job.id, job.progress, job.resume)
        job.progress = job.resume = None
        job.saved = time.monotonic()
        # On a slow disk less often, so that saving takes no more than a twentieth of the time.
        self.save_every = min(max(SLICE, 20 * (job.saved - begun)), SLOWEST_SAVES)
        return runs

    def fail(self, job: Active, sentence: str) -> None:
        self.store.fail(job.id, sentence)
        self.close(job)

    def close(self, job: Active) -> None:
        try:
            job.runner.close()
        except BaseException:
            log.exception("closing job %s", job.id)

    def tidy(self) -> bool:
        """With nothing to run, do one thing that would be in the way of jobs; False if none is due."""
        if self.preload:  # so that the first certificate does not pay for the import
            try:
                importlib.import_module(self.preload.pop())
            except Exception:
                log.exception("preloading")
            return True
        if time.monotonic() - self.tidied > TIDY_EVERY:
            self.tidied = time.monotonic()
            self.store.forget_old()
            files.forget_uploads(KEEP_DAYS)
            redirect_to_log()
            return True
        return False


def runner(job_id: str, kind: str, request: dict, resume: dict | None) -> Generator:
    """The generator of a job; finding its code is part of the first step: a failure there is the job's."""
    place = folder(job_id)
    for path in (place.parent, place):  # not its parents too: a home that was removed stays removed
        path.mkdir(exist_ok=True)
    return (yield from registry.load(registry.find(kind).run)(request, resume, place))


def code_version() -> int:
    """Changes when a source file does: a worker outlives the app, and must not run last week's code."""
    sources = Path(rsviz.__file__).parent.rglob("*.py")
    return hash(frozenset((str(source), source.stat().st_mtime_ns) for source in sources))


def redirect_to_log() -> None:
    """Standard output and error go to the log, a fresh one where it had grown too long."""
    with open_log(files.home()) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def main() -> None:
    """Run the worker, unless one is running, or the home was removed since this process was started."""
    try:
        lock = WorkerLock(files.home())
        if not lock.acquire() or lock.lost():
            return
        redirect_to_log()
    except FileNotFoundError:
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    keep_memory()
    files.leave_home_removed()
    os.nice(5)  # pages are drawn first where the worker would take every core
    try:
        worker = Worker(Store(create=False), lock)
        signal.signal(signal.SIGTERM, worker.stop)
        signal.signal(signal.SIGINT, worker.stop)
        worker.run()
    except RsvizError as error:
        log.error("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
