"""A job as the store returns it, and the names of kinds that older versions stored."""

from dataclasses import dataclass

FORMER_KINDS = {"attack-curve": "robustness", "distribution": "population"}
"""Kinds in the homes of older versions, and what they are called today."""


def today_kind(kind: str) -> str:
    """The key of a kind in rsviz.jobs.registry; older versions stored some under other names."""
    return FORMER_KINDS.get(kind, kind)


def stored_kinds(kind: str) -> list[str]:
    """The names under which jobs of a kind of today may be stored."""
    return [kind, *(former for former, today in FORMER_KINDS.items() if today == kind)]


@dataclass(frozen=True)
class Asked:
    """What a job was asked for, and whether it has ended; as in Job."""

    id: str
    session: str
    state: str
    created: float
    started: float | None
    finished: float | None
    request: dict


@dataclass(frozen=True)
class Job:
    """A job as it stood when it was read; times are seconds since 1970.

    state: "queued", "running", "done", "failed" or "cancelled".
    position: how many wait before it in the queue; None unless it is queued.
    progress: the last that was saved, also of a job that failed or was cancelled.
    result: of a job that is done. error: one sentence, of a job that failed.
    """

    id: str
    kind: str
    session: str
    state: str
    created: float
    started: float | None
    updated: float
    finished: float | None
    error: str | None
    request: dict
    progress: dict | None
    result: dict | None
    position: int | None

    @property
    def unfinished(self) -> bool:
        return self.state in ("queued", "running")
