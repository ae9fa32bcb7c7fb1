"""The job that certifies one image: votes stored as they arrive, pictures beside them."""

from pathlib import Path

from rsviz.certification import make_request, prepare
from rsviz.evidence import Evidence, Pictures, pictures_of, record
from rsviz.files import write_atomically
from rsviz.jobs.kinds import Step
from rsviz.jobs.store import Job, folder

PICTURES = "pictures.safetensors"


def run_certify(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the progress of Evidence and a phase; the result is progress and certificate."""
    from rsviz.smoothing import Votes

    stored = resume["progress"] if resume else {}
    yield Step(stored | {"phase": "loading"})
    votes = Votes.from_json(resume["votes"]) if resume else None
    run = prepare(make_request(**request), votes)
    if votes is None:
        for _ in run.smoothed.planning(run.x.shape):
            yield Step({"phase": "measuring"})
    pictures = pictures_of(run)
    write_atomically(folder / PICTURES, pictures.to_bytes())
    for evidence, reached in record(run, pictures, votes, stored.get("history", ())):
        stored = evidence.progress()
        yield Step(stored | {"phase": "voting"}, resume={"votes": reached.to_json(), "progress": stored})
    return stored | {"certificate": evidence.certificate}


def evidence_of(job: Job) -> Evidence:
    """What the job has gathered so far; see Job.state for whether more will come."""
    gathered = dict(job.result or job.progress or {})
    gathered.pop("phase", None)
    try:
        pictures = Pictures.from_bytes((folder(job.id) / PICTURES).read_bytes())
    except FileNotFoundError:
        pictures = None
    return Evidence(make_request(**job.request), pictures, **gathered)
