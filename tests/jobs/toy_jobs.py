"""Toy kinds of jobs, and a worker that knows them (run this file)."""

import os
import signal
import time

from pydantic import BaseModel, Field

from rsviz import files
from rsviz.errors import RsvizError
from rsviz.jobs import registry, worker


class CountRequest(BaseModel):
    """Sum i * i for i < steps, `pause` seconds a step."""

    steps: int = Field(ge=0)
    pause: float = 0.01


class TroubleRequest(BaseModel):
    what: str


def count(request, resume, folder):
    resume = resume or {"done": 0, "total": 0}
    done, total = resume["done"], resume["total"]
    with open(folder / "starts", "a") as file:
        file.write(f"{done}\n")
    while done < request["steps"]:
        if held(done):
            yield registry.Step({"done": done, "total": total}, waiting=True)
            continue
        time.sleep(request["pause"])
        total += done * done
        done += 1
        reached = {"done": done, "total": total}
        yield registry.Step(reached, reached)
    return {"total": total}


def held(done) -> bool:
    """Whether a test holds the job here: the file `hold` in the home says after how many steps."""
    try:
        return done >= int((files.home() / "hold").read_text())
    except FileNotFoundError:
        return False


def trouble(request, resume, folder):
    with open(folder / "starts", "a") as file:
        file.write("started\n")
    yield registry.Step({"done": 0}, waiting=True)  # ends the slice, so that this is stored
    match request["what"]:
        case "refuse":
            raise RsvizError("The image is 3 pixels wide; at least 8 are needed.")
        case "raise":
            raise KeyError("secret detail")
        case "exit":
            raise SystemExit(1)
        case "progress that is not JSON":
            yield registry.Step({"object": object()})
        case "result that is not JSON":
            return {"object": object()}
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "wait":
            while True:
                yield registry.Step({"waited": True}, waiting=True)
        case "refuse to close":
            while True:
                try:
                    yield registry.Step({"done": 1})
                    time.sleep(0.01)
                except GeneratorExit:
                    pass


def write(request, resume, folder):
    """Write a file again and again."""
    while True:
        files.write_atomically(folder / "written", b"")
        time.sleep(0.02)  # most of the time it is not at a file, and a slice holds several steps
        yield registry.Step({"written": True})


KINDS = {
    "write": registry.Kind("toy_jobs:write", "toy_jobs:CountRequest.model_validate"),
    "count": registry.Kind("toy_jobs:count", "toy_jobs:CountRequest.model_validate"),
    "trouble": registry.Kind("toy_jobs:trouble", "toy_jobs:TroubleRequest.model_validate"),
    "missing": registry.Kind("toy_jobs:not_there", "toy_jobs:CountRequest.model_validate"),
}

if __name__ == "__main__":
    registry.KINDS.update(KINDS)
    worker.PRELOAD.clear()
    if (files.home() / "impatient").exists():
        worker.HUNG_AFTER = 2.0
    worker.code_version = (files.home() / "new code").exists
    worker.main()
