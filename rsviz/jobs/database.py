"""The SQLite file of the jobs: its schema, its connections, and what is said where it cannot be used.

Rollback journal, `synchronous = FULL`, every write in BEGIN IMMEDIATE: what a caller was told has happened
survives a kill -9 of anybody. A connection lives for one call: Streamlit has many threads.
"""

import sqlite3
import threading
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from rsviz import files
from rsviz.errors import RsvizError

VERSION = 1

SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    session TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL, started REAL, updated REAL NOT NULL, finished REAL,
    deaths INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    request TEXT NOT NULL,
    progress TEXT,
    result TEXT,
    resume TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, number);
CREATE INDEX jobs_by_session ON jobs (session, number);
"""
INDEX_OF_OLDER_HOMES = "CREATE INDEX IF NOT EXISTS jobs_by_session ON jobs (session, number)"

# Processes wait for each other by sleeping and trying again. A class that presses a button at once, which is
# many threads of one server, is served four times faster in a queue.
_writing = threading.Lock()


class StoreError(RsvizError):
    """The store cannot be read or written."""


class Database:
    """The table of jobs in `path`.

    create: whether folder and file are created where they are missing. The worker creates neither: a home
    that somebody removes under it stays removed.
    """

    def __init__(self, path: Path | None = None, create: bool = True):
        self.path, self._create = Path(path or files.home() / "jobs.sqlite"), create

    @property
    def _missing(self) -> bool:
        return not self._create and not self.path.exists()

    @contextmanager
    def _connection(self, write: bool = False):
        try:
            if self._create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with (
                _writing if write else nullcontext(),
                closing(
                    sqlite3.connect(self._address, timeout=20, isolation_level=None, uri=True)
                ) as connection,
            ):
                self._check_version(connection)
                if write:
                    connection.execute("PRAGMA synchronous = FULL")
                    connection.execute("BEGIN IMMEDIATE")
                yield connection
                if write:
                    connection.execute("COMMIT")
        except OSError as error:
            raise StoreError(
                f"rsviz cannot write under {self.path.parent} ({error.strerror or error}); "
                "set RSVIZ_HOME to a folder that you may write to."
            ) from error
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise StoreError(
                f"The job store {self.path} cannot be used ({error}); free the file or its disk, "
                "or set RSVIZ_HOME to a folder that you may write to."
            ) from error

    @property
    def _address(self) -> str:
        return f"{self.path.absolute().as_uri()}?mode={'rwc' if self._create else 'rw'}"

    def _check_version(self, connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            # Somebody else may have created it between the first look and the lock.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in SCHEMA.strip().split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                version = VERSION
            connection.execute("COMMIT")
        if version > VERSION:
            raise StoreError(
                f"The job store {self.path} was written by a newer rsviz (format {version}, this one reads "
                f"{VERSION}); update rsviz or set RSVIZ_HOME to another folder."
            )
