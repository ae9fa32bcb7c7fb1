"""Runs that are made part by part: the finished parts stand in a file of the job's folder."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rsviz.files import write_atomically
from rsviz.jobs.kinds import Step


def finished(path: Path) -> dict:
    """The parts that stand in the file; none where it is not there yet."""
    return json.loads(path.read_bytes()) if path.exists() else {}


def keep(path: Path, run: Iterable, *names: str) -> Iterator[Step]:
    """A Step for each of the run's, which has done, new, parts and `names`; a new `done` is kept."""
    for reached in run:
        if reached.new:
            write_atomically(path, json.dumps(reached.done).encode())
        count = len(reached.done) - 1  # "plans" is no part
        shown = {name: getattr(reached, name) for name in names}
        yield Step(shown | {"finished": count, "parts": reached.parts})
