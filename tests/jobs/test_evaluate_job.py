"""The job that certifies a test set: its steps, its end, and that stops and kills do not change it."""

import json
import os
import signal
import time

import pytest

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs.evaluate import VOTES, run_evaluate, votes_of
from rsviz.tasks.evaluate import read_votes
from tests.here import run_here

REQUEST = {
    "checkpoint": "digits-gaussian-0.25",
    "dataset": "digits",
    "limit": 40,
    "n0": 20,
    "n": 400,
    "batch": 64,
    "precision": "float32",
    "device": "cpu",
}


def run(job, until=None):
    return run_here(run_evaluate, job, None, until=until)


def submitted(**changes):
    return jobs.get(jobs.submit("evaluate", REQUEST | changes, session="a"))


def test_steps_are_json_and_the_result_says_what_was_found(still_home):
    job = submitted()
    assert votes_of(job) is None
    steps, result = run(job)
    json.dumps([[step.progress, step.resume] for step in steps] + [result])
    assert steps[0].progress["phase"] == "loading"
    assert steps[-1].progress["votes"] == steps[-1].progress["total"] == 40 * 420
    assert result["images"] == 40
    assert votes_of(job).complete.all()


def test_a_stopped_job_goes_on_from_its_file(still_home):
    whole, stopped = submitted(), submitted()
    _, expected = run(whole)
    _, result = run(stopped, until=lambda step: step.progress.get("fresh", 0) > 5000)
    assert result is None
    part = votes_of(stopped)
    assert 0 < len(part.idx) < 40
    steps, result = run(stopped)
    assert steps[1].progress["votes"] >= part.drawn.sum()
    assert votes_of(stopped).counts.tobytes() == votes_of(whole).counts.tobytes()
    assert {**result, "seconds": 0} == {**expected, "seconds": 0}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dataset": "folder:/etc"}, "a job takes one of digits"),
        ({"checkpoint": "../digits-gaussian-0.25.safetensors"}, "name of a checkpoint"),
        ({"dataset": "mnist"}, "mnist|MNIST"),
        ({"n": -1}, "n is -1"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_job_may_not_ask_for(still_home, change, sentence):
    with pytest.raises(RsvizError, match=sentence):
        submitted(**change)


@pytest.mark.timeout(600)  # two workers start, which takes a busy machine minutes
def test_a_killed_worker_costs_nothing(tmp_path, monkeypatch):
    """Through the real worker: kill -9 in mid-run, and the next one finishes with the same counts."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setenv("RSVIZ_WORKER_IDLE", "60")
    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_STARTS", 0.2)
    monkeypatch.setattr(jobs, "_last_start", float("-inf"))
    job_id = jobs.submit("evaluate", REQUEST | {"limit": 60, "n": 1000}, session="a")
    lock, votes = tmp_path / "worker.lock", jobs.folder(job_id) / VOTES
    try:
        until(lambda: votes.exists() and votes.read_bytes().count(b"\n") > 5)
        os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)
        job = jobs.wait(job_id, timeout=300)
        assert (job.state, job.error) == ("done", None)
        counts = votes_of(job).counts
    finally:
        if jobs.worker_alive():
            os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)
    assert job.result["images"] == 60
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    for _ in run_evaluate(job.request, None, undisturbed):
        pass
    assert read_votes(undisturbed / VOTES).counts.tobytes() == counts.tobytes()


def until(condition, seconds=240.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
