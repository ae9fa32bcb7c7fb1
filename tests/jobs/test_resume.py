"""A cancelled or failed job can be taken up again: in the queue like a new one, and from where it was."""

import pytest
from conftest import until

from rsviz import jobs
from rsviz.jobs import JobLimitError, NotResumable, UnknownJob
from rsviz.jobs.worker import Active, Worker

MANY = {"per_session": 100, "total": 100}


def reached(job_id):
    """Steps that a toy `count` job has counted."""
    return (jobs.get(job_id).progress or {}).get("done", 0)


def test_a_resumed_job_goes_on_from_where_it_was_cancelled(home):
    steps = 400
    job_id = jobs.submit("count", {"steps": steps, "pause": 0.005}, session="a")
    until(lambda: reached(job_id) >= 20)
    jobs.cancel(job_id)
    at = reached(job_id)
    assert jobs.resume(job_id, session="a").state in ("queued", "running")
    job = jobs.wait(job_id, 60)
    assert job.result == {"total": sum(i * i for i in range(steps))}
    starts = [int(line) for line in (home / "jobs" / job_id / "starts").read_text().split()]
    assert starts == [0, at]


def test_a_failed_job_keeps_its_place_and_is_tried_again(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    jobs_store.save(job_id, {"done": 5}, {"done": 5})
    jobs_store.fail(job_id, "the disk was full")
    jobs_store.resume(job_id, "a", **MANY)
    again = jobs_store.get(job_id)
    assert (again.state, again.error, again.finished, again.progress) == ("queued", None, None, {"done": 5})
    assert jobs_store.claim() == (job_id, "count", {}, {"done": 5})


def test_deaths_before_do_not_count_after(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    for _ in range(3):
        jobs_store.blame(job_id)
    assert jobs_store.get(job_id).state == "failed"
    jobs_store.resume(job_id, "a", **MANY)
    jobs_store.claim()
    jobs_store.blame(job_id)
    assert jobs_store.get(job_id).state == "running"


def test_a_resumed_job_waits_behind_those_that_came_meanwhile(jobs_store):
    first, second = (jobs_store.insert("count", {}, "a", **MANY) for _ in range(2))
    jobs_store.cancel(first)
    jobs_store.resume(first, "a", **MANY)
    third = jobs_store.insert("count", {}, "a", **MANY)
    assert [jobs_store.get(job_id).position for job_id in (second, first, third)] == [0, 1, 2]
    assert [job.id for job in jobs_store.newest(3)] == [third, first, second]


def test_limits_hold_for_the_session_that_resumes(jobs_store):
    old = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.cancel(old)
    jobs_store.insert("count", {}, "b", **MANY)
    with pytest.raises(JobLimitError, match="You have 1 unfinished jobs and 1 are allowed"):
        jobs_store.resume(old, "b", per_session=1, total=100)
    with pytest.raises(JobLimitError, match="This machine has 1 unfinished jobs and 1 are allowed"):
        jobs_store.resume(old, "a", per_session=1, total=1)
    assert jobs_store.get(old).state == "cancelled"
    jobs_store.resume(old, "c", per_session=1, total=2)
    assert jobs_store.get(old).session == "c"


@pytest.mark.parametrize("state", ["queued", "running", "done"])
def test_what_goes_on_or_has_its_result_is_not_resumed(jobs_store, state):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    if state != "queued":
        jobs_store.claim()
    if state == "done":
        jobs_store.finish(job_id, {"total": 1})
    before = jobs_store.get(job_id)
    with pytest.raises(NotResumable, match=f"The job is {state}"):
        jobs_store.resume(job_id, "a", **MANY)
    assert jobs_store.get(job_id) == before


def test_an_unknown_job_is_not_resumed(jobs_store):
    for job_id in ("0" * 16, "../../etc/passwd"):
        with pytest.raises(UnknownJob):
            jobs_store.resume(job_id, "a", **MANY)


class Lock:
    """What a Worker needs of its lock where it is not run."""

    suspect = ""

    def lost(self):
        return False


def test_a_worker_lets_go_of_the_run_before_it_takes_the_job_up_again(jobs_store):
    """Cancelled and resumed before the worker's next save: two runs of one job would write one folder."""

    def run():
        try:
            yield
        finally:
            closed.append("first")

    closed = []
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    worker = Worker(jobs_store, Lock())
    worker.active.append(Active(job_id, run()))
    next(worker.active[0].runner)
    jobs_store.cancel(job_id)
    jobs_store.resume(job_id, "a", **MANY)
    worker.admit()
    assert closed == ["first"]
    assert [job.id for job in worker.active] == [job_id]
