"""What a job can be: for each kind, who runs it; imported when first needed.

A runner is a generator `run(request, resume, folder)`: it yields a Step after at most about 200 ms of work
and returns the result, a dictionary.
request: as `validated` returned it. resume: what the last stored Step carried, None at the first start.
folder: the job's own folder, for artifacts.
The worker may close a runner at any yield: the job was cancelled, or the worker ends and the next one resumes
it. So what `resume` refers to has to stay. Steps and results are JSON. An RsvizError fails the job with its
sentence.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from rsviz.errors import RsvizError, first_fault
from rsviz.jobs.record import today_kind


@dataclass(frozen=True)
class Step:
    """What a runner has reached: `progress` for the page, `resume` to go on from (None: as stored before).

    waiting: it waits for something other than the device (the network), so others may have its turn.
    """

    progress: dict
    resume: dict | None = None
    waiting: bool = False


@dataclass(frozen=True)
class Kind:
    """Code that is imported when it is first needed, each as "module:name".

    run: the runner. validate: a mapping -> a pydantic model; by default the check of the task of this key.
    """

    run: str
    validate: str = ""


KINDS = {
    "certify": Kind("rsviz.jobs.certify:run_certify"),
    "evaluate": Kind("rsviz.jobs.evaluate:run_evaluate"),
    "download": Kind("rsviz.jobs.transfers:run_download"),
    "train": Kind("rsviz.jobs.train:run_train"),
    "estimate": Kind("rsviz.jobs.estimate:run_estimate"),
    "attack": Kind("rsviz.jobs.attack:run_attack"),
    "robustness": Kind("rsviz.jobs.attack:run_robustness"),
    "population": Kind("rsviz.jobs.population:run_population"),
    "import": Kind("rsviz.jobs.transfers:run_import"),
}
"""Every kind of job by its key, which is the key of its task in rsviz.tasks.TASKS."""


class RequestError(RsvizError):
    """The request of a job is not what its kind allows."""


def find(kind: str) -> Kind:
    """The kind of this key, or of the key under which an older version stored it; else RequestError."""
    key = today_kind(kind)
    if key not in KINDS:
        raise RequestError(f"There is no kind of job {str(kind)[:40]!r}; there are {', '.join(KINDS)}.")
    return KINDS[key]


def load(name: str) -> Callable:
    """The callable that "module:name" names; the name may have dots."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def validated(kind: str, request: Mapping | BaseModel) -> dict[str, Any]:
    """The request as its kind's check leaves it, ready for JSON; RsvizError where it is refused."""
    if name := find(kind).validate:
        validate = load(name)
    else:
        from rsviz.tasks import TASKS  # imported late: it takes a second

        validate = TASKS[today_kind(kind)].request.for_job
    try:
        checked = validate(request.model_dump() if isinstance(request, BaseModel) else request)
    except ValidationError as error:
        raise RequestError(f"{first_fault(error)}.") from error
    return checked.model_dump(mode="json")
