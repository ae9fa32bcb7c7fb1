"""What is here of a request that somebody asks for: a job of an equal one, or its time. No torch."""

import functools
from collections.abc import Collection, Iterator

from rsviz.checkpoints import Card, load_card, locate
from rsviz.errors import RsvizError
from rsviz.jobs.record import Asked
from rsviz.jobs.store import Store
from rsviz.tasks import TASKS, Request
from rsviz.tasks.certify import shipped_example
from rsviz.tasks.evaluate import shipped_votes
from rsviz.tasks.same import UNSEEN, changed

MOST_SEARCHED = 1_000
"""Jobs of a kind that are compared, the newest."""
MOST_TIMED, AMONG = 5, 200
"""The newest jobs of a kind by which the speed of a network is judged, and among how many they are sought."""
TIMED = ("certify", "evaluate")
"""Kinds by which it is: all that they do is to count votes."""


def job_of_equal(request: Request, owner: str, unseen: Collection[str] = ()) -> Asked | None:
    """The newest job of an equal request that has its result or is on the way to it; None if there is none.

    Else the owner's newest one that was cancelled or failed. A job on an upload is shown to its owner only.
    A checkpoint that was written after the job is another one.
    owner: who asks. unseen: names of fields that may differ, beside those that never count.
    """
    image = getattr(request, "image", None)
    private = image is not None and image.kind not in ("sample", "dataset")
    ended = None
    for asked in _equal(request, unseen):
        if private and asked.session != owner:
            continue
        if asked.state in ("done", "queued", "running"):
            return asked
        if ended is None and asked.session == owner:
            ended = asked
    return ended


def _equal(request, unseen) -> Iterator[Asked]:
    plain, written = request.model_dump(mode="json"), None
    for asked in Store().asked(request.TASK, MOST_SEARCHED):
        if not _may_be_equal(plain, asked.request, unseen):
            continue
        try:
            other = type(request).make(**asked.request)
            written = _written(request) if written is None else written
        except RsvizError:
            continue
        if not changed(other, request, unseen) and asked.created > written:
            yield asked


def _may_be_equal(one, other, unseen) -> bool:
    """A quick look at what both say; a dictionary, or None, may mean the same in other words."""
    for name in one.keys() & other.keys() - UNSEEN - set(unseen):
        mine, theirs = one[name], other[name]
        if isinstance(mine, dict) or isinstance(theirs, dict) or mine is None or theirs is None:
            continue
        if mine != theirs:
            return False
    return True


def _written(request) -> float:
    """When the newest of its checkpoints was written, in seconds since 1970; 0 where it has none."""
    times = [0.0]
    for checkpoint in networks(request):
        folder, name = locate(checkpoint)
        times.append((folder / f"{name}.safetensors").stat().st_mtime)
    return max(times)


def networks(request: Request) -> tuple[str, ...]:
    """The checkpoints that a request names."""
    return tuple(getattr(request, "checkpoints", ())) or (
        (request.checkpoint,) if hasattr(request, "checkpoint") else ()
    )


def seconds(request: Request, shipped: bool = True) -> float | None:
    """How long a run of the request will take on this machine; None where nothing tells.

    It is judged by the votes that its networks gave here in a second, at their fastest.
    shipped: whether those of shipped results for the same architecture, which another machine made, count
    where there are none yet.
    """
    names = networks(request)
    if request.passes is None or not names:
        return None
    paces = [_pace(name, shipped) for name in names]
    return None if None in paces else request.passes / min(paces)


def _pace(checkpoint, shipped) -> float | None:
    """Images per second through the network."""
    found = [pace for kind in TIMED for pace in _timed(kind, checkpoint)]
    if found or not shipped:
        return max(found, default=None)
    try:
        return _shipped_paces().get(load_card(checkpoint).architecture)
    except RsvizError:
        return None


def _timed(kind, checkpoint) -> Iterator[float]:
    model, count = TASKS[kind].request, 0
    for asked in Store().asked(kind, AMONG):
        if asked.state != "done" or asked.request.get("checkpoint") != checkpoint:
            continue
        try:
            request = model.make(**asked.request)
        except RsvizError:
            continue
        if request.has_rule or not request.passes or not asked.started:
            continue
        yield _counted(asked.id) or request.passes / max(asked.finished - asked.started, 1e-3)
        count += 1
        if count == MOST_TIMED:
            return


def _counted(job_id) -> float | None:
    """Votes in a second as a certificate says it: a short run takes most of its time to load the network."""
    result = Store().get(job_id).result or {}
    return (result.get("certificate") or {}).get("votes_per_second")


@functools.cache
def _shipped_paces() -> dict[str, float]:
    """Images per second in shipped results, by architecture."""
    certificate = shipped_example().result
    paces = {_architecture(certificate.checkpoint): certificate.votes_per_second}
    for votes in shipped_votes().values():
        pace = votes.drawn.sum() / votes.seconds.sum()
        name = _architecture(votes.header.request.checkpoint)
        paces[name] = max(float(pace), paces.get(name, 0.0))
    return paces


def _architecture(checkpoint) -> str:
    card: Card = load_card(checkpoint)
    return card.architecture
