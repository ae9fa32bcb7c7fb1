"""A home of its own for each test, toy kinds of jobs, and workers that know them."""

import os
import signal
import sys
import time

import pytest
import toy_jobs

from rsviz import jobs
from rsviz.jobs import registry
from rsviz.jobs.store import Store


def worker_pid(home) -> int:
    return int((home / "worker.lock").read_text().split()[0])


def until(condition, seconds=30.0):
    """Wait for a condition and return its value; `seconds` are many, so that a busy machine passes."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    for variable in ("RSVIZ_JOBS_PER_SESSION", "RSVIZ_JOBS_TOTAL", "RSVIZ_JOBS_ACTIVE", "RSVIZ_WORKER_IDLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(registry, "KINDS", registry.KINDS | toy_jobs.KINDS)
    monkeypatch.setattr(jobs, "WORKER_COMMAND", [sys.executable, toy_jobs.__file__])
    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_STARTS", 0.5)
    monkeypatch.setattr(jobs, "_last_start", float("-inf"))
    yield tmp_path
    if jobs._last is not None and jobs._last.poll() is None:
        jobs._last.kill()
        jobs._last.wait()
    while jobs.worker_alive():  # one that another process started
        os.kill(worker_pid(tmp_path), signal.SIGKILL)
        time.sleep(0.02)


@pytest.fixture
def jobs_store(tmp_path, monkeypatch):
    """The store of a home of its own."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    return Store()


@pytest.fixture
def no_worker(home, monkeypatch):
    """A home whose workers end at once, without having taken the lock."""
    monkeypatch.setattr(jobs, "WORKER_COMMAND", [sys.executable, "-c", ""])
    return home
