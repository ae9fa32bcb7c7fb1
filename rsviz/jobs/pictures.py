"""The pictures of a job on one image: a file in its folder beside what the store keeps."""

from pathlib import Path
from typing import TypeVar

from rsviz.files import write_atomically
from rsviz.jobs.record import Job
from rsviz.jobs.store import folder
from rsviz.tasks.saved import SavedPictures, SavedProgress

PICTURES = "pictures.safetensors"

Progress = TypeVar("Progress", bound=SavedProgress)


def keep_pictures(place: Path, pictures: SavedPictures) -> None:
    """Store the pictures. place: the job's folder."""
    write_atomically(place / PICTURES, pictures.to_bytes())


def gathered(job: Job, model: type[Progress]) -> Progress:
    """What the job has gathered so far; Job.state says whether more will come."""
    try:
        pictures = model.PICTURES.from_bytes((folder(job.id) / PICTURES).read_bytes())
    except FileNotFoundError:
        pictures = None
    return model.gathered(model.REQUEST.make(**job.request), pictures, job.result or job.progress or {})
