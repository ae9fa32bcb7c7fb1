"""Runs that are made part by part: the finished parts stand in a file of the job's folder.

Each line is a dictionary of parts; a later part replaces an earlier one of the same name. So a part costs
its own length to keep, however many there are. What a kill left of a line is passed over.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from rsviz.files import write_atomically
from rsviz.jobs.registry import Step


def finished(path: Path) -> dict:
    """The parts that stand in the file; none where it is not there yet."""
    done = {}
    with suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with suppress(json.JSONDecodeError):  # only the last can be cut off
                done |= json.loads(line)
    return done


def keep(path: Path, run: Callable, *names: str) -> Iterator[Step]:
    """A Step for each of what run(parts that are finished) reaches; what is new in its `done` is kept.

    That has done, new, parts and `names`. `done` keeps a part as it is, so another object is another part.
    """
    known = finished(path)
    write_atomically(path, _line(known))  # whole, and without the rest of a line
    for reached in run(known):
        if reached.new:
            fresh = {name: part for name, part in reached.done.items() if part is not known.get(name)}
            with path.open("ab") as file:
                file.write(_line(fresh))
            known = reached.done
        count = len(reached.done) - 1  # "plans" is no part
        shown = {name: getattr(reached, name) for name in names}
        yield Step(shown | {"finished": count, "parts": reached.parts})


def _line(parts) -> bytes:
    return json.dumps(parts).encode() + b"\n"
