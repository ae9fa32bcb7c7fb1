"""Toy kinds of jobs, and a worker that knows them (run this file)."""

import os
import signal
import time

from pydantic import BaseModel, Field

from rsviz.errors import RsvizError
from rsviz.jobs import kinds, worker


class CountRequest(BaseModel):
    """Sum i*i for i < steps, `pause` seconds a step."""

    steps: int = Field(ge=0)
    pause: float = 0.01


class TroubleRequest(BaseModel):
    what: str


def count(request, resume, folder):
    done, total = (resume or {"done": 0, "total": 0}).values()
    with open(folder / "starts", "a") as file:
        file.write(f"{done}\n")
    while done < request["steps"]:
        time.sleep(request["pause"])
        total += done * done
        done += 1
        state = {"done": done, "total": total}
        yield kinds.Step(state, state)
    return {"total": total}


def trouble(request, resume, folder):
    yield kinds.Step({"done": 0})
    match request["what"]:
        case "refuse":
            raise RsvizError("The image is 3 pixels wide; at least 8 are needed.")
        case "raise":
            raise KeyError("secret detail")
        case "exit":
            raise SystemExit(1)
        case "not json":
            yield kinds.Step({"object": object()})
        case "not json at the end":
            return {"object": object()}
        case "die":
            with open(folder / "deaths", "a") as file:
                file.write("died\n")
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "wait":
            while True:
                yield kinds.Step({"waited": True}, waiting=True)


KINDS = {
    "count": kinds.Kind("toy_jobs:CountRequest.model_validate", "toy_jobs:count"),
    "trouble": kinds.Kind("toy_jobs:TroubleRequest.model_validate", "toy_jobs:trouble"),
    "missing": kinds.Kind("toy_jobs:CountRequest.model_validate", "toy_jobs:not_there"),
}

if __name__ == "__main__":
    kinds.KINDS.update(KINDS)
    worker.PRELOAD.clear()
    worker.HUNG_AFTER = 3.0
    worker.main()
