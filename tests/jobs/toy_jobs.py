"""Toy kinds of jobs, and a worker that knows them (run this file)."""

import os
import signal
import time

from pydantic import BaseModel, Field

from rsviz import files
from rsviz.errors import RsvizError
from rsviz.jobs import kinds, worker


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
            yield kinds.Step({"done": done, "total": total}, waiting=True)
            continue
        time.sleep(request["pause"])
        total += done * done
        done += 1
        reached = {"done": done, "total": total}
        yield kinds.Step(reached, reached)
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
    yield kinds.Step({"done": 0}, waiting=True)  # ends the slice, so that this is stored
    match request["what"]:
        case "refuse":
            raise RsvizError("The image is 3 pixels wide; at least 8 are needed.")
        case "raise":
            raise KeyError("secret detail")
        case "exit":
            raise SystemExit(1)
        case "progress that is not JSON":
            yield kinds.Step({"object": object()})
        case "result that is not JSON":
            return {"object": object()}
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "wait":
            while True:
                yield kinds.Step({"waited": True}, waiting=True)
        case "refuse to close":
            while True:
                try:
                    yield kinds.Step({"done": 1})
                    time.sleep(0.01)
                except GeneratorExit:
                    pass


KINDS = {
    "count": kinds.Kind("toy_jobs:CountRequest.model_validate", "toy_jobs:count"),
    "trouble": kinds.Kind("toy_jobs:TroubleRequest.model_validate", "toy_jobs:trouble"),
    "missing": kinds.Kind("toy_jobs:CountRequest.model_validate", "toy_jobs:not_there"),
}

if __name__ == "__main__":
    kinds.KINDS.update(KINDS)
    worker.PRELOAD.clear()
    if (files.home() / "impatient").exists():
        worker.HUNG_AFTER = 2.0
    worker.code_version = (files.home() / "new code").exists
    worker.main()
