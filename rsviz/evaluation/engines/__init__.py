"""Engines that count the units of an evaluation: this process, a pool of processes, or a Ray cluster.

An engine takes CountingSettings and has

    plan()            generator that returns a Plan, measured where the units will be counted
    run(units, used)  generator: UnitVotes as units finish, in any order, and Waiting between them
    close()           ends the processes that it started

units: an iterator of (Unit, pixels); an engine takes the next one when a worker is free, so that few
images are in memory. The unit of a lost worker is counted again by another one. All engines give the same
counts, because a unit is always counted as a whole and in the same batches.
"""

import os
from dataclasses import dataclass

from rsviz.errors import RsvizError

NAMES = ("local", "ray")

POLL = 0.1
"""Seconds for which an engine waits for its workers before it reports."""

ATTEMPTS = 3
"""A work item is given up after this number of dead workers."""


@dataclass(frozen=True)
class Waiting:
    """The units are still being counted.

    drawn: votes of unfinished units. elsewhere: only other processes count, and this one waits.
    """

    drawn: int
    elsewhere: bool = False


@dataclass
class WorkItem:
    """One request to a worker. what: "plan" or "count". arguments: for count, (unit, pixels, plan)."""

    what: str
    arguments: tuple
    attempts: int = 0

    def begin(self) -> None:
        """Count one more attempt. Raises RsvizError after ATTEMPTS dead workers."""
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


def make_engine(settings, name: str | None = None, workers: int | None = None):
    """Make the engine `name`; without a name, the one of RSVIZ_ENGINE, or local.

    workers: number of processes; by default one for each device that the settings allow. If that is one, this
    process counts by itself.
    Raises RsvizError for an unknown engine, for workers below 1, and for more workers than cores.
    """
    name = name or os.environ.get("RSVIZ_ENGINE") or "local"
    if workers is not None and workers < 1:
        raise RsvizError(f"workers is {workers}; it must be at least 1.")
    if name == "local":
        from rsviz.evaluation.engines.local import InProcess, ProcessPool, devices

        names = devices(settings.device, workers)
        if len(names) == 1 and workers is None:
            return InProcess(settings, names[0])
        return ProcessPool(settings, names)
    if name == "ray":
        from rsviz.evaluation.engines.ray import Cluster

        return Cluster(settings, workers)
    raise RsvizError(f"engine is {name!r}; it must be one of {', '.join(NAMES)}.")
