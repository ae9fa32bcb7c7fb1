"""Real worker processes: jobs are finished, whatever is killed, and no job stands in the way of another."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
import toy_jobs
from conftest import until, worker_pid

from rsviz import jobs
from rsviz.files import write_atomically
from rsviz.jobs import process
from rsviz.jobs.store import Store

STEPS = 150  # of 10 ms each
TOTAL = sum(i * i for i in range(STEPS))


def starts(job_id):
    return (jobs.folder(job_id) / "starts").read_text().split()


def running_past(job_id, done):
    return until(lambda: (jobs.get(job_id).progress or {}).get("done", 0) >= done)


def hold(home, done):
    """Let counting jobs go no further than this for now, however fast the machine is."""
    write_atomically(home / "hold", str(done).encode())


def start_worker():
    return subprocess.Popen(jobs.WORKER_COMMAND, env=os.environ | {"PYTHONPATH": str(jobs.ROOT)})


def kill_worker(home, how=signal.SIGKILL):
    pid = worker_pid(home)
    os.kill(pid, how)
    until(lambda: not jobs.worker_alive() or worker_pid(home) != pid)


def test_a_job_runs_to_its_result_and_says_how_far_it_is(home):
    job_id = jobs.submit("count", {"steps": STEPS}, session="a")
    seen = set()
    until(lambda: seen.add((jobs.get(job_id).progress or {}).get("done")) or not jobs.get(job_id).unfinished)
    job = jobs.get(job_id)
    assert (job.state, job.result, job.error) == ("done", {"total": TOTAL}, None)
    assert job.created <= job.started <= job.updated == job.finished
    assert len(seen - {None, STEPS}) >= 2
    assert starts(job_id) == ["0"]


def test_a_job_survives_a_killed_worker_with_the_same_result(home):
    hold(home, 20)
    job_id = jobs.submit("count", {"steps": STEPS}, session="a")
    for reached in (20, 60):
        hold(home, reached)
        running_past(job_id, reached)
        kill_worker(home)
        assert jobs.get(job_id).progress["done"] == reached
    hold(home, STEPS)
    job = jobs.wait(job_id, 30)
    assert (job.state, job.result) == ("done", {"total": TOTAL})
    assert starts(job_id) == ["0", "20", "60"]  # resumed, not begun again


def test_a_worker_told_to_end_leaves_its_jobs_to_the_next_without_blame(home):
    hold(home, 20)
    job_id = jobs.submit("count", {"steps": STEPS}, session="a")
    for _ in range(4):  # more often than a job may be blamed
        until(lambda: jobs.get(job_id).unfinished and jobs.worker_alive())
        kill_worker(home, signal.SIGTERM)
        assert (home / "worker.lock").read_text().split()[1:] == []
    hold(home, STEPS)
    assert jobs.wait(job_id, 30).result == {"total": TOTAL}


def test_a_job_survives_the_death_of_the_process_that_submitted_it(home):
    script = f"""
        import os, sys
        sys.path.insert(0, {os.path.dirname(toy_jobs.__file__)!r})
        import toy_jobs
        from rsviz import jobs
        jobs.registry.KINDS.update(toy_jobs.KINDS)
        jobs.WORKER_COMMAND[:] = [sys.executable, toy_jobs.__file__]
        print(jobs.submit("count", {{"steps": {STEPS}}}, session="a"), flush=True)
        os.kill(os.getpid(), 9)
    """
    server = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=jobs.ROOT, capture_output=True, text=True
    )
    assert server.returncode == -signal.SIGKILL
    store = Store()  # which, unlike jobs.get, starts no worker
    until(lambda: not store.get(server.stdout.strip()).unfinished)
    assert store.get(server.stdout.strip()).result == {"total": TOTAL}


def test_of_many_workers_that_start_at_once_one_lives(home):
    workers = [start_worker() for _ in range(4)]
    try:
        until(lambda: sum(worker.poll() is not None for worker in workers) == 3)
        (alive,) = [worker for worker in workers if worker.poll() is None]
        assert {worker.returncode for worker in workers if worker is not alive} == {0}
        assert worker_pid(home) == alive.pid
        assert jobs.worker_alive()
        assert jobs.wait(jobs.submit("count", {"steps": 3}, session="a"), 30).state == "done"
        assert jobs._last is None or jobs._last.poll() is not None  # submit saw it and started none
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def test_a_queued_job_is_cancelled_at_once_without_any_worker(no_worker):
    job_id = jobs.submit("count", {"steps": STEPS}, session="a")
    assert jobs.get(job_id).state == "queued"
    assert jobs.cancel(job_id).state == "cancelled"
    assert jobs.cancel(job_id).state == "cancelled"
    assert not jobs.folder(job_id).exists()


def test_a_running_job_is_cancelled_and_its_place_goes_to_the_next(home, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_ACTIVE", "1")
    job_id = jobs.submit("count", {"steps": 10_000}, session="a")
    next_id = jobs.submit("count", {"steps": 10_000}, session="a")
    running_past(job_id, 1)
    assert jobs.get(next_id).position == 0
    assert jobs.cancel(job_id).state == "cancelled"
    until(lambda: jobs.get(next_id).state == "running")
    done = jobs.get(job_id).progress["done"]
    assert done < 10_000  # it was interrupted, not waited for
    running_past(next_id, 30)
    job = jobs.get(job_id)
    assert (job.state, job.progress["done"], job.result) == ("cancelled", done, None)


def test_a_running_job_is_cancelled_though_its_worker_is_dead(home, monkeypatch):
    job_id = jobs.submit("count", {"steps": 10_000}, session="a")
    running_past(job_id, 1)
    monkeypatch.setattr(jobs, "WORKER_COMMAND", [sys.executable, "-c", ""])
    kill_worker(home)
    assert jobs.cancel(job_id).state == "cancelled"


def test_a_long_job_does_not_hold_up_a_short_one(home):
    long_id = jobs.submit("count", {"steps": 100_000}, session="a")
    running_past(long_id, 1)
    short = jobs.wait(jobs.submit("count", {"steps": 30}, session="b"), 30)
    assert short.state == "done"
    assert jobs.get(long_id).state == "running"


def test_jobs_take_turns(home):
    ids = [jobs.submit("count", {"steps": 100_000}, session="a") for _ in range(3)]
    for job_id in ids:
        running_past(job_id, 40)
    reached = [jobs.get(job_id).progress["done"] for job_id in ids]
    assert max(reached) - min(reached) < 80  # a slice is 20 steps


def test_a_job_that_waits_leaves_the_device_to_the_others(home):
    waiting = jobs.submit("trouble", {"what": "wait"}, session="a")
    until(lambda: jobs.get(waiting).progress == {"waited": True})
    assert jobs.wait(jobs.submit("count", {"steps": STEPS}, session="a"), 30).state == "done"
    assert jobs.get(waiting).state == "running"
    jobs.cancel(waiting)


def test_a_runner_that_raises_fails_its_job_alone(home):
    ids = {
        what: jobs.submit("trouble", {"what": what}, session=what)
        for what in ("refuse", "raise", "exit", "progress that is not JSON", "result that is not JSON")
    }
    ids["missing"] = jobs.submit("missing", {"steps": 1}, session="a")
    good = jobs.submit("count", {"steps": STEPS}, session="a")
    errors = {what: jobs.wait(job_id, 30).error for what, job_id in ids.items()}
    assert {jobs.get(job_id).state for job_id in ids.values()} == {"failed"}
    assert errors.pop("refuse") == "The image is 3 pixels wide; at least 8 are needed."
    names = {"raise": "KeyError", "exit": "SystemExit", "missing": "AttributeError"}
    for what, error in errors.items():
        name = names.get(what, "TypeError")
        assert error == (
            f"The job stopped because of an internal error ({name}); the worker log has the details."
        )
    log = (home / "worker.log").read_text()
    assert "secret detail" in log and ids["raise"] in log
    assert jobs.wait(good, 30).result == {"total": TOTAL}
    assert starts(good) == ["0"]


def test_a_job_that_kills_its_worker_is_given_up_and_the_others_finish(home):
    poison = jobs.submit("trouble", {"what": "die"}, session="a")
    good = jobs.submit("count", {"steps": STEPS}, session="b")
    job = jobs.wait(poison, 60)
    assert job.state == "failed"
    assert "died 3 times" in job.error
    assert starts(poison) == ["started"] * 3
    assert jobs.wait(good, 30).result == {"total": TOTAL}


def test_a_worker_that_hangs_ends_itself_and_says_where(home):
    (home / "impatient").touch()
    job_id = jobs.submit("trouble", {"what": "hang"}, session="a")
    until(lambda: jobs.get(job_id).progress)
    until(lambda: jobs.get(job_id).unfinished and len(starts(job_id)) == 2)
    jobs.cancel(job_id)
    log = (home / "worker.log").read_text()
    assert "Timeout" in log and "in trouble" in log
    assert jobs.wait(jobs.submit("count", {"steps": 3}, session="a"), 30).state == "done"


def test_a_runner_that_will_not_close_does_not_keep_the_worker(home):
    job_id = jobs.submit("trouble", {"what": "refuse to close"}, session="a")
    running_past(job_id, 1)
    jobs.cancel(job_id)
    assert jobs.wait(jobs.submit("count", {"steps": STEPS}, session="a"), 30).result == {"total": TOTAL}


def test_jobs_left_running_and_queued_are_all_taken_up(no_worker, monkeypatch):
    store = Store()
    limits = {"per_session": 99, "total": 99}
    ids = [store.insert("count", {"steps": 20, "pause": 0}, "a", **limits) for _ in range(9)]
    for _ in range(6):  # more than a worker takes at once
        store.claim()
    monkeypatch.setattr(jobs, "WORKER_COMMAND", [sys.executable, toy_jobs.__file__])
    assert {jobs.wait(job_id, 30).state for job_id in ids} == {"done"}


def test_a_worker_of_old_code_starts_again_before_the_next_job(home):
    assert jobs.wait(jobs.submit("count", {"steps": 3}, session="a"), 30).state == "done"
    (home / "new code").touch()
    job_id = jobs.submit("count", {"steps": 3}, session="a")
    assert jobs.wait(job_id, 30).result == {"total": 5}
    assert starts(job_id) == ["0"]
    assert (home / "worker.log").read_text().count("starting again") == 1


def test_an_idle_worker_ends(home, monkeypatch):
    monkeypatch.setenv("RSVIZ_WORKER_IDLE", "1")
    assert jobs.wait(jobs.submit("count", {"steps": 3}, session="a"), 30).state == "done"
    assert jobs._last.wait(30) == 0
    assert not jobs.worker_alive()


@pytest.mark.parametrize(("kind", "file"), [("count", "starts"), ("write", "written")])
def test_a_worker_whose_home_is_removed_ends_and_leaves_it_removed(home, kind, file):
    job_id = jobs.submit(kind, {"steps": 1}, session="a")  # `write` goes on writing
    until((jobs.folder(job_id) / file).exists)
    late = start_worker()  # as `get` starts one where the first is slow to take the lock
    moved = home.with_name(f"{home.name}-moved")
    os.rename(home, moved)
    assert late.wait(30) == 0
    assert jobs._last.wait(30) == 0
    until(lambda: not process.held(moved))
    assert not home.exists()


def test_a_log_that_has_grown_long_is_set_aside(home):
    (home / "worker.log").write_bytes(b"x" * 1_000_001)
    jobs.ensure_worker()
    until(jobs.worker_alive)
    assert (home / "worker.log.1").stat().st_size == 1_000_001
    assert (home / "worker.log").stat().st_size < 10_000
