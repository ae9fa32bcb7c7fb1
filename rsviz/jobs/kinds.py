"""What a job can be: for each kind, who checks its request and who runs it, imported when first needed.

A runner is a generator `run(request, resume, folder)`: it yields a Step after at most about 200 ms of work
and returns the result, a dictionary. `request` is the checked request; `resume` what the last stored Step
carried, None at the first start; `folder` the job's own, for artifacts. It may be closed at any yield (the
job was cancelled, or the worker ends and the next one resumes it), so what `resume` refers to has to stay.
What it yields and returns is JSON. An RsvizError fails the job with its sentence.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from rsviz.errors import RsvizError, first_fault


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
    """Validator (a mapping -> a pydantic model) and runner, each as "module:name"."""

    validate: str
    run: str


KINDS = {
    "certify": Kind("rsviz.tasks.certify:CertifyRequest.for_job", "rsviz.jobs.certify:run_certify"),
    "evaluate": Kind("rsviz.tasks.evaluate:EvaluateRequest.for_job", "rsviz.jobs.evaluate:run_evaluate"),
    "download": Kind("rsviz.tasks.download:DownloadRequest.for_job", "rsviz.jobs.transfers:run_download"),
    "train": Kind("rsviz.jobs.train:TrainJob.model_validate", "rsviz.jobs.train:run_train"),
    "estimate": Kind("rsviz.training:TrainRequest.model_validate", "rsviz.jobs.estimate:run_estimate"),
    "attack": Kind("rsviz.attacks.request:check_job", "rsviz.jobs.attack:run_attack"),
    "attack-curve": Kind("rsviz.attacks.curve_request:check_job", "rsviz.jobs.attack:run_curve"),
    "distribution": Kind("rsviz.distributional:check_job", "rsviz.jobs.distribution:run_distribution"),
    "import": Kind("rsviz.tasks.import_weights:ImportRequest.for_job", "rsviz.jobs.transfers:run_import"),
}


class RequestError(RsvizError):
    """The request of a job is not what its kind allows."""


def find(kind: str) -> Kind:
    if kind not in KINDS:
        raise RequestError(f"There is no kind of job {str(kind)[:40]!r}; there are {', '.join(KINDS)}.")
    return KINDS[kind]


def load(name: str) -> Callable:
    """The callable that "module:name" names; the name may have dots."""
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def validated(kind: str, request) -> dict:
    """`request`, a mapping or a pydantic model, as its kind's validator leaves it, ready for JSON."""
    validate = load(find(kind).validate)
    if isinstance(request, BaseModel):
        request = request.model_dump()
    try:
        request = validate(request)
    except ValidationError as error:
        raise RequestError(f"{first_fault(error)}.") from error
    return request.model_dump(mode="json")
