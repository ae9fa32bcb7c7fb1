"""The worker as others see it: the lock that makes it the only one, what it notes there, and its log."""

import fcntl
import os
import time
from pathlib import Path
from typing import BinaryIO

LOG_LIMIT = 1_000_000


def held(home: Path) -> bool:
    """Whether a worker holds the lock of this home; the system releases it however a process ends."""
    try:
        handle = os.open(home / "worker.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        # Shared, so that two who ask do not see each other.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


class WorkerLock:
    """Held by the one worker of a home. Its file says its process id and the job it is at.

    suspect: the job that the last worker was at when it ended; empty if it was between jobs.
    Raises FileNotFoundError where there is no home: clients create it, a worker never does.
    """

    def __init__(self, home: Path):
        self.path = home / "worker.lock"
        self.suspect = ""
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)

    def acquire(self, seconds: float = 1.0) -> bool:
        """Take the lock; False if another worker has it. Tries for a while: `held` takes it for moments."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.suspect = self._noted()
                self.note()
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.05)

    def lost(self) -> bool:
        """Whether the path holds another file or none: the home was removed while the worker ran."""
        try:
            return os.stat(self.path).st_ino != os.fstat(self.handle).st_ino
        except FileNotFoundError:
            return True

    def note(self, job_id: str = "") -> None:
        """Note the job about to run, or none: a death has a suspect. The page cache outlives a kill."""
        os.pwrite(self.handle, f"{os.getpid():<10} {job_id:16}\n".encode(), 0)

    def _noted(self) -> str:
        return os.pread(self.handle, 64, 0).decode(errors="replace")[11:].strip()


def open_log(home: Path) -> BinaryIO:
    """The worker's log, opened to append; beyond LOG_LIMIT bytes it first becomes worker.log.1.

    Raises FileNotFoundError where there is no home.
    """
    path = home / "worker.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        os.replace(path, home / "worker.log.1")
    return open(path, "ab", buffering=0)
