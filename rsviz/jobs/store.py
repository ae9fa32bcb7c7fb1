"""Jobs on disk: one SQLite file under RSVIZ_HOME that outlives every process which reads or writes it."""

import json
import re
import secrets
import shutil
import time
from pathlib import Path

from rsviz import files
from rsviz.errors import RsvizError
from rsviz.jobs.database import INDEX_OF_OLDER_HOMES, Database
from rsviz.jobs.record import Asked, Job, stored_kinds, today_kind

DEATHS_ALLOWED = 3
KEEP_DAYS, KEEP_JOBS = 30, 5_000

# `resume` is the last column: SQLite reads a row from the left, and get() does not need this large one.
COLUMNS = "id, kind, session, state, created, started, updated, finished, error, request, progress, result"
POSITION = (
    "CASE state WHEN 'queued' THEN (SELECT count(*) FROM jobs AS ahead"
    " WHERE ahead.state = 'queued' AND ahead.number < jobs.number) END"
)
SELECT = f"SELECT {COLUMNS}, {POSITION} FROM jobs"


class UnknownJob(RsvizError):
    """No job has this id."""


class JobLimitError(RsvizError):
    """As many jobs are waiting or running as are allowed."""


class NotResumable(RsvizError):
    """The job cannot be resumed: it goes on already, or has its result."""


def _job(row) -> Job:
    job_id, kind, *plain, request, progress, result, position = row
    texts = (text and json.loads(text) for text in (request, progress, result))
    return Job(job_id, today_kind(kind), *plain, *texts, position)


def _for_worker(row) -> tuple[str, str, dict, dict | None]:
    job_id, kind, request, resume = row
    return job_id, today_kind(kind), json.loads(request), resume and json.loads(resume)


def checked(job_id: str) -> str:
    """`job_id`, if it has the form of one; UnknownJob otherwise. It is also the name of a folder."""
    if not (isinstance(job_id, str) and re.fullmatch(r"[0-9a-f]{16}", job_id)):
        raise UnknownJob(f"{str(job_id)[:40]!r} is not a job id; a job id is 16 hexadecimal digits.")
    return job_id


def folder(job_id: str) -> Path:
    """Where the artifacts of a job lie; the worker creates it before the job starts."""
    return files.home() / "jobs" / checked(job_id)


class Store(Database):
    """The table of jobs: what clients and the worker ask of it. See Database for the arguments."""

    # What clients call

    def insert(self, kind: str, request: dict, session: str, per_session: int, total: int) -> str:
        """Queue a job and return its id; JobLimitError where the session or the machine has its fill."""
        job_id, now = secrets.token_hex(8), time.time()
        with self._connection(write=True) as connection:
            _check_limits(connection, session, per_session, total)
            connection.execute(
                "INSERT INTO jobs (id, kind, session, state, created, updated, request)"
                " VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                (job_id, kind, session, now, now, json.dumps(request)),
            )
        return job_id

    def get(self, job_id: str) -> Job:
        with self._connection() as connection:
            row = connection.execute(f"{SELECT} WHERE id = ?", (checked(job_id),)).fetchone()
        if row is None:
            raise UnknownJob(f"There is no job {job_id} on this machine.")
        return _job(row)

    def newest(
        self, limit: int, session: str | None = None, kind: str | None = None, unfinished: bool = False
    ) -> list[Job]:
        """The newest jobs first: of a session, of a kind, or only unfinished ones, where that is asked."""
        kinds = [] if kind is None else stored_kinds(kind)
        wanted = {
            "session = ?": [] if session is None else [session],
            f"kind IN ({', '.join('?' * len(kinds))})": kinds,
            "state IN (?, ?)": ["queued", "running"] if unfinished else [],
        }
        conditions = [condition for condition, values in wanted.items() if values]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [value for values in wanted.values() for value in values]
        with self._connection() as connection:
            rows = connection.execute(
                f"{SELECT} {where} ORDER BY number DESC LIMIT ?", (*values, limit)
            ).fetchall()
        return [_job(row) for row in rows]

    def asked(self, kind: str, limit: int) -> list[Asked]:
        """What the newest jobs of a kind were asked for, the newest first; cheaper than the jobs."""
        kinds = stored_kinds(kind)
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, session, state, created, started, finished, request FROM jobs"
                f" WHERE kind IN ({', '.join('?' * len(kinds))}) ORDER BY number DESC LIMIT ?",
                (*kinds, limit),
            ).fetchall()
        return [Asked(*row[:-1], json.loads(row[-1])) for row in rows]

    def check_room(self, session: str, per_session: int, total: int) -> None:
        """JobLimitError where `insert` would raise it."""
        with self._connection() as connection:
            _check_limits(connection, session, per_session, total)

    def cancel(self, job_id: str) -> None:
        """Cancel an unfinished job at once; the worker, if it is at it, notices when it next saves."""
        self._end(checked(job_id), "cancelled")

    def resume(self, job_id: str, session: str, per_session: int, total: int) -> None:
        """Queue a cancelled or failed job again, behind all others, as the session's own.

        It goes on from what its last Step carried. Raises UnknownJob, NotResumable, or JobLimitError as for a
        new job.
        """
        with self._connection(write=True) as connection:
            row = connection.execute("SELECT state FROM jobs WHERE id = ?", (checked(job_id),)).fetchone()
            if row is None:
                raise UnknownJob(f"There is no job {job_id} on this machine.")
            if row[0] not in ("cancelled", "failed"):
                raise NotResumable(f"The job is {row[0]}; a cancelled or a failed one can be resumed.")
            _check_limits(connection, session, per_session, total)
            connection.execute(
                "UPDATE jobs SET state = 'queued', session = ?, updated = ?, finished = NULL, error = NULL,"
                " deaths = 0, number = (SELECT max(number) + 1 FROM jobs) WHERE id = ?",
                (session, time.time(), job_id),
            )

    def forget(self, job_id: str) -> bool:
        """Remove a job that is not unfinished, with its folder; False if there is no such job."""
        with self._connection(write=True) as connection:
            cursor = connection.execute(
                "DELETE FROM jobs WHERE id = ? AND state NOT IN ('queued', 'running')", (checked(job_id),)
            )
        if cursor.rowcount:
            self._remove_folder(job_id)
        return cursor.rowcount == 1

    def change_session(self, old: str, new: str) -> None:
        """Jobs of one session are another's from now on."""
        with self._connection(write=True) as connection:
            connection.execute("UPDATE jobs SET session = ? WHERE session = ?", (new, old))

    # What the worker calls

    def claim(self) -> tuple[str, str, dict, dict | None] | None:
        """Move the oldest queued job to running; its id, kind, request and resume, None if none is queued."""
        if self._missing:
            return None
        oldest = "SELECT id, kind, request, resume FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1"
        with self._connection() as connection:  # mostly nothing is: look before taking the lock
            if connection.execute(oldest).fetchone() is None:
                return None
        with self._connection(write=True) as connection:
            row = connection.execute(oldest).fetchone()
            if row is None:
                return None
            now = time.time()
            connection.execute(
                "UPDATE jobs SET state = 'running', started = ?, updated = ? WHERE id = ?", (now, now, row[0])
            )
        return _for_worker(row)

    def running(self) -> list[tuple[str, str, dict, dict | None]]:
        """The same of every running job, oldest first: what a worker that died has left."""
        if self._missing:
            return []
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, kind, request, resume FROM jobs WHERE state = 'running' ORDER BY number"
            ).fetchall()
        return [_for_worker(row) for row in rows]

    def save(self, job_id: str, progress: dict, resume: dict | None) -> bool:
        """Store what a running job has reached, in one transaction; False if it was cancelled meanwhile.

        resume None leaves the stored one. One that differs from the stored one clears the count of deaths.
        """
        text = None if resume is None else json.dumps(resume)
        with self._connection(write=True) as connection:
            cursor = connection.execute(
                "UPDATE jobs SET progress = :progress, updated = :now,"
                " deaths = CASE WHEN :resume IS NULL OR :resume IS resume THEN deaths ELSE 0 END,"
                " resume = coalesce(:resume, resume)"
                " WHERE id = :id AND state = 'running'",
                {"progress": json.dumps(progress), "resume": text, "now": time.time(), "id": job_id},
            )
        return cursor.rowcount == 1

    def finish(self, job_id: str, result: dict, progress: dict | None = None) -> None:
        self._end(job_id, "done", result=json.dumps(result), progress=progress and json.dumps(progress))

    def fail(self, job_id: str, error: str) -> None:
        self._end(job_id, "failed", error=error)

    def blame(self, job_id: str) -> None:
        """Count a death of the worker on a job; the third without progress in between fails the job."""
        with self._connection(write=True) as connection:
            connection.execute(
                "UPDATE jobs SET deaths = deaths + 1 WHERE id = ? AND state = 'running'", (job_id,)
            )
            row = connection.execute("SELECT deaths FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row and row[0] >= DEATHS_ALLOWED:
            self.fail(
                job_id,
                f"The worker process died {row[0]} times in a row at this job, so it is not tried again; "
                "the worker log may say why.",
            )

    def forget_old(self) -> None:
        """Remove finished jobs older than KEEP_DAYS or beyond the newest KEEP_JOBS, with their folders."""
        if self._missing:
            return
        with self._connection() as connection:
            connection.execute(INDEX_OF_OLDER_HOMES)
            rows = connection.execute(
                "SELECT id FROM jobs WHERE finished < ?"
                " UNION SELECT * FROM (SELECT id FROM jobs WHERE finished IS NOT NULL"
                " ORDER BY number DESC LIMIT -1 OFFSET ?)",
                (time.time() - KEEP_DAYS * 86_400, KEEP_JOBS),
            ).fetchall()
        if not rows:
            return
        # Folders first: after a kill in between the row is still there to try again.
        for (job_id,) in rows:
            self._remove_folder(job_id)
        with self._connection(write=True) as connection:
            connection.executemany("DELETE FROM jobs WHERE id = ?", rows)

    def _remove_folder(self, job_id: str) -> None:
        shutil.rmtree(self.path.parent / "jobs" / job_id, ignore_errors=True)

    def _end(self, job_id: str, state: str, error=None, result=None, progress=None) -> None:
        now = time.time()
        with self._connection(write=True) as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, error = ?, result = ?, progress = coalesce(?, progress),"
                " resume = CASE WHEN ? THEN NULL ELSE resume END,"
                " updated = ?, finished = ? WHERE id = ? AND state IN ('queued', 'running')",
                (state, error, result, progress, state == "done", now, now, job_id),
            )


def _check_limits(connection, session, per_session, total) -> None:
    """JobLimitError where the session or the machine has as many unfinished jobs as are allowed."""
    unfinished, own = connection.execute(
        "SELECT count(*), coalesce(sum(session = ?), 0) FROM jobs WHERE state IN ('queued', 'running')",
        (session,),
    ).fetchone()
    if own >= per_session:
        raise JobLimitError(
            f"You have {own} unfinished jobs and {per_session} are allowed; "
            "wait until one is finished or cancel one."
        )
    if unfinished >= total:
        raise JobLimitError(
            f"This machine has {unfinished} unfinished jobs and {total} are allowed; try again later."
        )
