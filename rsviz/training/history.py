"""The recorded training runs on this machine, and the one that comes with rsviz. No torch."""

import contextlib
import functools
from pathlib import Path

from rsviz import files
from rsviz.checkpoints.card import parse_json
from rsviz.errors import short
from rsviz.training.records import (
    END,
    RUN,
    STEPS,
    VALIDATIONS,
    RunError,
    RunRecord,
    read_end,
    read_run,
    renamed,
)

MOST_RUNS = 100
"""Runs that are listed: the newest."""


def run_folders(limit: int = MOST_RUNS) -> list[Path]:
    """The folders of runs under RSVIZ_HOME, of jobs and of the command line, the newest first."""
    heads = []
    for place in ("jobs", "runs"):
        for head in (files.home() / place).glob(f"*/{RUN}"):
            with contextlib.suppress(FileNotFoundError):  # a folder may be removed meanwhile
                heads.append((head.stat().st_mtime, head.parent))
    return [folder for _, folder in sorted(heads, reverse=True)[:limit]]


def read_again(folder: Path) -> RunRecord:
    """As `read_run`, but unchanged files are not parsed again: pages ask twice a second."""
    return _read(folder, file_stamps(folder))


@functools.lru_cache(maxsize=32)
def _read(folder, stamps) -> RunRecord:
    return read_run(folder)


def file_stamps(folder) -> tuple:
    """Times and sizes of the files of a run, None for a file that does not exist."""
    return tuple(_stamp(folder / name) for name in (RUN, STEPS, VALIDATIONS, END))


def _stamp(path) -> tuple | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def recorded_runs(limit: int = MOST_RUNS) -> dict[str, RunRecord]:
    """The runs under RSVIZ_HOME without their steps and validations, by the name of their folder.

    The folder of a job has its id as its name. The newest run comes first; unreadable ones are left out.
    """
    runs = {}
    for folder in run_folders(limit):
        with contextlib.suppress(RunError):
            runs.setdefault(folder.name, _head(folder, (_stamp(folder / RUN), _stamp(folder / END))))
    return runs


@functools.lru_cache(maxsize=512)
def _head(folder, stamps) -> RunRecord:
    try:
        return RunRecord.of(renamed(parse_json((folder / RUN).read_bytes())) | {"end": read_end(folder)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise RunError(f"The training run in {folder} is damaged; delete that folder.") from None


def recorded_run(name: str) -> RunRecord:
    """One of `recorded_runs`, complete; RunError if it is no longer there."""
    for folder in run_folders():
        if folder.name == name:
            return read_again(folder)
    raise RunError(f"There is no training run {short(name)} on this machine.")


@functools.cache
def shipped_run() -> RunRecord:
    """The finished run that comes with rsviz; `train --save-run` wrote it."""
    return RunRecord.from_json((files.SHIPPED_CHECKPOINTS / "examples" / "train.json").read_text("utf-8"))
