"""The job that certifies one image: votes stored as they arrive, pictures beside them."""

from pathlib import Path

from rsviz.certification import make_request, prepare
from rsviz.errors import RsvizError
from rsviz.evidence import Evidence, Pictures, pictures_of, record
from rsviz.files import write_atomically
from rsviz.jobs.kinds import Step
from rsviz.jobs.store import Job, folder

PICTURES = "pictures.safetensors"
STOP = "stop"
"""A file of this name in the job's folder: end with what is proved. It outlives whoever asked for it."""


def run_certify(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the progress of Evidence and a phase; the result is progress and certificate."""
    from rsviz.smoothing import CertifyVotes

    stored = resume["progress"] if resume else {}
    yield Step(stored | {"phase": "loading"})
    votes = CertifyVotes.from_json(resume["votes"]) if resume else None
    run = prepare(make_request(**request), votes)
    if votes is None:
        for _ in run.smoothed.planning(run.x.shape):
            yield Step({"phase": "measuring"})
    pictures = pictures_of(run)
    write_atomically(folder / PICTURES, pictures.to_bytes())
    path = stored.get("history", ())
    for evidence, reached in record(run, pictures, votes, path, lambda snapshot: (folder / STOP).exists()):
        stored = evidence.progress()
        yield Step(stored | {"phase": "voting"}, resume={"votes": reached.to_json(), "progress": stored})
    return stored | {"certificate": evidence.certificate}


def stop(job: Job) -> None:
    """Ask an unfinished job to end with what is proved; it does after the next votes."""
    if not make_request(**job.request).stoppable:
        raise RsvizError(
            f"The job {job.id} was not announced as one that may be stopped, so its votes prove nothing "
            "before all are drawn; it can be cancelled."
        )
    place = folder(job.id)
    place.mkdir(parents=True, exist_ok=True)
    (place / STOP).touch()


def evidence_of(job: Job) -> Evidence:
    """What the job has gathered so far; see Job.state for whether more will come."""
    gathered = _as_of_now(dict(job.result or job.progress or {}))
    gathered.pop("phase", None)
    try:
        pictures = Pictures.from_bytes((folder(job.id) / PICTURES).read_bytes())
    except FileNotFoundError:
        pictures = None
    return Evidence(make_request(**job.request), pictures, **gathered)


def _as_of_now(gathered: dict) -> dict:
    """What a job of the first version stored: every run went to n, and its path had no limits."""
    if history := gathered.get("history"):
        gathered["history"] = [row for row in history if len(row) == 5]
    if (certificate := gathered.get("certificate")) and "ended" not in certificate:
        gathered["certificate"] = certificate | {
            "n_planned": certificate["n"],
            "ended": "complete",
            "alpha_spent": certificate["alpha"],
            "radius_cohen": None,
        }
    return gathered
