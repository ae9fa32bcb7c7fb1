"""The job that certifies one image: votes are stored as they arrive, with the pictures beside them."""

from pathlib import Path

from rsviz.errors import RsvizError
from rsviz.jobs.pictures import gathered, keep_pictures
from rsviz.jobs.record import Job
from rsviz.jobs.registry import Step
from rsviz.jobs.store import folder
from rsviz.tasks.certify import CertifyProgress, CertifyRequest, run

STOP = "stop"
"""A file of this name in the job's folder: end with what is proved. It outlives the process that wrote it."""


def run_certify(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the changing part of CertifyProgress and its phase; at last the certificate."""
    from rsviz.smoothing import CertifyVotes

    stored = resume["progress"] if resume else {}
    votes = CertifyVotes.from_json(resume["votes"]) if resume else None
    certifying = run(
        CertifyRequest.make(**request),
        stop=lambda snapshot: (folder / STOP).exists(),
        votes=votes,
        history=stored.get("history", ()),
    )
    for progress in certifying:
        if progress.votes is None:
            if progress.pictures is not None:
                keep_pictures(folder, progress.pictures)
            yield Step(stored | {"phase": progress.phase})
            continue
        stored = progress.changing()
        yield Step(
            stored | {"phase": "voting"}, resume={"votes": progress.votes.to_json(), "progress": stored}
        )
    return stored | {"certificate": progress.result.to_json()}


def stop(job: Job) -> None:
    """Ask an unfinished job to end with what is proved; it does after the next votes."""
    if not CertifyRequest.make(**job.request).stoppable:
        raise RsvizError(
            f"The job {job.id} was not announced as one that may be stopped, so its votes prove nothing "
            "before all are drawn; it can be cancelled."
        )
    place = folder(job.id)
    place.mkdir(parents=True, exist_ok=True)
    (place / STOP).touch()


def progress_of(job: Job) -> CertifyProgress:
    """What the job has gathered so far; Job.state says whether more will come."""
    return gathered(job, CertifyProgress)
