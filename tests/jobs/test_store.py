"""What stands in the job store stays there, whoever writes and whoever dies."""

import sqlite3
import subprocess
import sys
import time

import pytest

from rsviz.jobs import ROOT, JobLimitError, StoreError, UnknownJob, folder, store
from rsviz.jobs.record import FORMER_KINDS
from rsviz.jobs.store import Store

MANY = {"per_session": 10_000, "total": 10_000}


def test_the_store_is_a_rollback_journal_that_is_synchronised_in_full(jobs_store):
    jobs_store.insert("count", {}, "a", **MANY)
    with jobs_store._connection(write=True) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_jobs_are_claimed_in_the_order_they_came(jobs_store):
    ids = [jobs_store.insert("count", {"steps": i}, "a", **MANY) for i in range(3)]
    assert [jobs_store.get(job_id).position for job_id in ids] == [0, 1, 2]
    assert jobs_store.claim() == (ids[0], "count", {"steps": 0}, None)
    assert [jobs_store.get(job_id).position for job_id in ids] == [None, 0, 1]
    jobs_store.cancel(ids[1])
    assert jobs_store.get(ids[2]).position == 0
    assert jobs_store.claim()[0] == ids[2]
    assert jobs_store.claim() is None


def test_a_finished_job_changes_no_more(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    jobs_store.finish(job_id, {"total": 7}, {"done": 3})
    done = jobs_store.get(job_id)
    assert (done.state, done.result, done.progress) == ("done", {"total": 7}, {"done": 3})
    jobs_store.cancel(job_id)
    jobs_store.fail(job_id, "too late")
    assert not jobs_store.save(job_id, {"done": 4}, None)
    assert jobs_store.get(job_id) == done


def test_a_cancelled_job_keeps_its_progress_and_takes_no_result(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    assert jobs_store.save(job_id, {"done": 5}, {"done": 5})
    jobs_store.cancel(job_id)
    assert not jobs_store.save(job_id, {"done": 6}, {"done": 6})
    jobs_store.finish(job_id, {"total": 1})
    job = jobs_store.get(job_id)
    assert (job.state, job.progress, job.result) == ("cancelled", {"done": 5}, None)
    assert job.finished is not None


def test_progress_without_resume_leaves_the_stored_one(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    jobs_store.save(job_id, {"done": 5}, {"counts": [1, 2]})
    jobs_store.save(job_id, {"done": 6}, None)
    assert jobs_store.running() == [(job_id, "count", {}, {"counts": [1, 2]})]
    assert jobs_store.get(job_id).progress == {"done": 6}


def test_three_deaths_without_progress_fail_a_job_and_progress_forgives(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    jobs_store.claim()
    for reached in range(4):
        jobs_store.blame(job_id)
        jobs_store.blame(job_id)
        assert jobs_store.get(job_id).state == "running"
        jobs_store.save(job_id, {}, {"done": reached})
    jobs_store.blame(job_id)
    jobs_store.save(job_id, {}, {"done": 3})  # where it was before: no progress
    jobs_store.blame(job_id)
    jobs_store.blame(job_id)
    job = jobs_store.get(job_id)
    assert job.state == "failed"
    assert "3 times" in job.error


def test_limits_count_unfinished_jobs_only(jobs_store):
    ids = [jobs_store.insert("count", {}, "a", per_session=2, total=3) for _ in range(2)]
    with pytest.raises(JobLimitError, match="You have 2 unfinished jobs and 2 are allowed"):
        jobs_store.insert("count", {}, "a", per_session=2, total=3)
    jobs_store.insert("count", {}, "b", per_session=2, total=3)
    with pytest.raises(JobLimitError, match="This machine has 3 unfinished jobs and 3 are allowed"):
        jobs_store.insert("count", {}, "c", per_session=2, total=3)
    jobs_store.cancel(ids[0])
    jobs_store.insert("count", {}, "a", per_session=2, total=3)


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        "x",
        "../../etc/passwd",
        "' OR 1=1 --",
        "0" * 15,
        "0" * 17,
        "0" * 15 + "G",
        "0" * 16 + "\n",
        "٣" * 16,
        None,
        7,
    ],
)
def test_what_is_no_job_id_is_refused_in_one_sentence(jobs_store, job_id):
    for call in (jobs_store.get, jobs_store.cancel, folder):
        with pytest.raises(UnknownJob, match="16 hexadecimal digits") as caught:
            call(job_id)
        assert "\n" not in str(caught.value)


def test_an_id_of_no_job_is_refused_in_one_sentence(jobs_store):
    jobs_store.insert("count", {}, "a", **MANY)
    with pytest.raises(UnknownJob, match="There is no job 0000000000000000 on this machine"):
        jobs_store.get("0" * 16)


def test_newest_lists_one_session_or_all(jobs_store):
    ids = [jobs_store.insert("count", {}, session, **MANY) for session in "abab"]
    assert [job.id for job in jobs_store.newest(3)] == ids[:0:-1]
    assert [job.id for job in jobs_store.newest(9, "a")] == [ids[2], ids[0]]


def test_old_and_surplus_finished_jobs_go_with_their_folders(jobs_store, monkeypatch):
    monkeypatch.setattr(store, "KEEP_JOBS", 3)
    ids = [jobs_store.insert("count", {}, "a", **MANY) for _ in range(7)]
    for job_id in ids:
        folder(job_id).mkdir(parents=True)
    for job_id in ids[1:]:
        jobs_store.cancel(job_id)
    long_ago = time.time() - 31 * 86_400
    with jobs_store._connection(write=True) as connection:
        connection.execute("UPDATE jobs SET finished = ? WHERE id = ?", (long_ago, ids[5]))
        connection.execute("UPDATE jobs SET created = ? WHERE id = ?", (long_ago, ids[0]))
    jobs_store.forget_old()
    left = {ids[0], ids[4], ids[6]}  # the unfinished one, and two of the newest three
    assert {job.id for job in jobs_store.newest(99)} == left
    assert {path.name for path in folder(ids[0]).parent.iterdir()} == left


def test_a_store_of_a_newer_rsviz_is_refused_in_one_sentence(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    with sqlite3.connect(jobs_store.path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StoreError, match=r"newer rsviz \(format 2, this one reads 1\); update"):
        jobs_store.get(job_id)


@pytest.mark.parametrize("content", [b"this is no database, but it is long enough to look at" * 40, b"short"])
def test_a_store_that_is_no_database_is_refused_in_one_sentence(jobs_store, content):
    jobs_store.path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        jobs_store.insert("count", {}, "a", **MANY)
    assert "\n" not in str(caught.value)
    assert jobs_store.path.read_bytes() == content


def test_eight_processes_write_at_once_and_none_finds_it_locked(jobs_store):
    script = (
        "from rsviz.jobs.store import Store\n"
        "store = Store()\n"
        "for i in range(25):\n"
        "    job_id = store.insert('count', {'i': i}, 'a', per_session=10_000, total=10_000)\n"
        "    store.claim()\n"
        "    store.get(job_id)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    assert [writer.communicate(timeout=120)[1] for writer in writers] == [""] * 8
    jobs = jobs_store.newest(1_000)
    assert len({job.id for job in jobs}) == 200
    assert {job.state for job in jobs} == {"running"}  # each claim found a job, and none was claimed twice


@pytest.mark.parametrize(("then", "today"), FORMER_KINDS.items())
def test_jobs_of_an_older_home_are_read_under_the_kinds_of_today(jobs_store, then, today):
    job_id = jobs_store.insert(then, {"n": 3}, "a", **MANY)
    assert (jobs_store.get(job_id).kind, jobs_store.newest(1)[0].kind) == (today, today)
    assert jobs_store.claim() == (job_id, today, {"n": 3}, None)
    assert jobs_store.running() == [(job_id, today, {"n": 3}, None)]


def test_a_store_that_creates_nothing_leaves_a_removed_home_removed(tmp_path):
    reader = Store(tmp_path / "gone" / "jobs.sqlite", create=False)
    assert (reader.claim(), reader.running(), reader.forget_old()) == (None, [], None)
    with pytest.raises(StoreError):
        reader.fail("0" * 16, "too late")
    assert not (tmp_path / "gone").exists()


def finished(jobs_store, kind="count", session="a"):
    job_id = jobs_store.insert(kind, {}, session, **MANY)
    jobs_store.cancel(job_id)
    place = jobs_store.path.parent / "jobs" / job_id
    place.mkdir(parents=True)
    (place / "votes").touch()
    return job_id, place


def test_a_list_is_of_one_session_of_one_kind_or_of_what_is_unfinished(jobs_store):
    ids = [jobs_store.insert(kind, {}, who, **MANY) for kind in ("x", "y") for who in ("a", "b")]
    jobs_store.cancel(ids[0])

    def found(**asked):
        return [job.id for job in jobs_store.newest(10, **asked)]

    assert found() == ids[::-1]
    assert found(session="a") == [ids[2], ids[0]]
    assert found(session="a", kind="x") == [ids[0]]
    assert found(session="a", unfinished=True) == [ids[2]]
    assert found(kind="x", unfinished=True) == [ids[1]]
    assert found(session="nobody") == []


def test_a_kind_is_found_under_the_name_of_an_older_version_too(jobs_store):
    job_id = jobs_store.insert("attack-curve", {}, "a", **MANY)
    assert [job.id for job in jobs_store.newest(5, kind="robustness")] == [job_id]


def test_what_is_forgotten_is_gone_with_its_files_and_nothing_else(jobs_store):
    (gone, place), (kept, other) = finished(jobs_store), finished(jobs_store)
    assert jobs_store.forget(gone)
    assert not place.exists() and other.exists()
    assert [job.id for job in jobs_store.newest(5)] == [kept]
    assert not jobs_store.forget(gone)


def test_an_unfinished_job_is_not_forgotten(jobs_store):
    job_id = jobs_store.insert("count", {}, "a", **MANY)
    assert not jobs_store.forget(job_id)
    assert jobs_store.get(job_id).state == "queued"


def test_a_session_can_take_over_the_jobs_of_another(jobs_store):
    mine, theirs = (jobs_store.insert("count", {}, who, **MANY) for who in ("a", "b"))
    jobs_store.change_session("a", "c")
    assert [jobs_store.get(job_id).session for job_id in (mine, theirs)] == ["c", "b"]


def test_an_older_home_gets_the_index_that_lists_need(jobs_store):
    jobs_store.insert("count", {}, "a", **MANY)
    with jobs_store._connection(write=True) as connection:
        connection.execute("DROP INDEX jobs_by_session")
    jobs_store.forget_old()
    with jobs_store._connection() as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT id FROM jobs WHERE session = 'a'").fetchall()
    assert "jobs_by_session" in str(plan)
