"""Who counts the units of an evaluation: this process, processes on this machine, or a Ray cluster.

An engine is made for a Task and has

    plan()            generator that returns a Plan, measured where the units will be counted
    run(units, used)  generator: UnitVotes as units finish, in any order, and Waiting between them
    close()           ends what it started

units: an iterator of (Unit, pixels), drawn from as workers fall free, so that few images are in memory. What
a worker is lost with is counted again. All engines give the same counts, because a unit is always counted as
a whole in the same batches.
"""

import os
from dataclasses import dataclass

from rsviz.errors import RsvizError

NAMES = ("local", "ray")

POLL = 0.1
"""Seconds for which an engine waits for its workers before it reports."""

ATTEMPTS = 3
"""Work that cost so many workers their lives is not given to another."""


@dataclass(frozen=True)
class Waiting:
    """Still counting. drawn: votes of unfinished units. elsewhere: this process has nothing to do itself."""

    drawn: int
    elsewhere: bool = False


@dataclass
class Given:
    """A piece of work for a worker. what: plan or count. arguments: of count, (unit, pixels, plan)."""

    what: str
    arguments: tuple
    attempts: int = 0

    def begin(self) -> None:
        """It is given to a worker, once more. Raises RsvizError where that has cost too many already."""
        if self.attempts == ATTEMPTS:
            where = (
                f"at image {self.arguments[0].images[0]}"
                if self.arguments
                else "as they measured the network"
            )
            raise RsvizError(
                f"{ATTEMPTS} worker processes died {where}, one after the other; the machine may be short of "
                "memory: try a smaller batch."
            )
        self.attempts += 1


def make_engine(task, name: str | None = None, workers: int | None = None):
    """The engine called `name`, or RSVIZ_ENGINE, or local.

    workers: processes; by default one for each device that the task allows. With one, this process counts.
    """
    name = name or os.environ.get("RSVIZ_ENGINE") or "local"
    if workers is not None and workers < 1:
        raise RsvizError(f"workers is {workers}; it must be at least 1.")
    if name == "local":
        from rsviz.evaluation.engines.local import Alone, Team, devices

        names = devices(task.device, workers)
        return Alone(task, names[0]) if len(names) == 1 and workers is None else Team(task, names)
    if name == "ray":
        from rsviz.evaluation.engines.ray import Cluster

        return Cluster(task, workers)
    raise RsvizError(f"engine is {name!r}; it must be one of {', '.join(NAMES)}.")
