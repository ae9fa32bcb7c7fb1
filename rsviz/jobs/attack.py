"""The jobs that attack: one image, or test images for curves. What they reach is stored in their folders."""

import time
from pathlib import Path

from rsviz.files import write_atomically
from rsviz.jobs.partial_results import finished, keep
from rsviz.jobs.pictures import gathered, keep_pictures
from rsviz.jobs.record import Job
from rsviz.jobs.registry import Step
from rsviz.jobs.store import folder
from rsviz.tasks import attack, robustness
from rsviz.tasks.attack import AttackProgress, AttackRequest
from rsviz.tasks.robustness import RobustnessRequest, RobustnessResult

REACHED, CURVE = "reached", "curve.json"
SAVE_EVERY = 2.0
"""Seconds between two copies of what was reached."""
SHOW_EVERY = 0.4
"""Seconds between two pictures of the present image, while the attack runs."""


def run_attack(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with what AttackProgress stores; the result is that of the last.

    resume: says only whether there is a file of the folder to go on from.
    """
    asked = AttackRequest.make(**request)
    earlier = AttackProgress.from_bytes((folder / REACHED).read_bytes(), asked) if resume else None
    phase, saved, shown = None, 0.0, 0.0
    for progress in attack.run(asked, resume=earlier):
        now, resumable, new = time.monotonic(), None, progress.phase != phase
        showing = new or (progress.phase == "attacking" and now > shown + SHOW_EVERY)
        if showing and progress.pictures is not None:
            keep_pictures(folder, progress.pictures)
            shown = now
        if progress.plans and (new or now > saved + SAVE_EVERY):
            write_atomically(folder / REACHED, progress.to_bytes())
            saved, resumable = now, {"saved": progress.phase}
        phase = progress.phase
        yield Step(progress.stored(), resumable)
    return progress.stored()


def progress_of(job: Job) -> AttackProgress:
    """What the job has gathered so far; Job.state says whether more will come."""
    return gathered(job, AttackProgress)


def run_robustness(request: dict, resume: dict | None, folder: Path):
    """The runner of curves: finished parts are stored in the folder; the result is made of all of them."""
    asked, path = RobustnessRequest.make(**request), folder / CURVE
    yield Step({"what": "loading"})
    yield from keep(path, lambda done: robustness.run(asked, done=done), "what", "step", "steps")
    return RobustnessResult.of_parts(asked, finished(path)).to_json()


def curves_of(job: Job) -> RobustnessResult:
    """The curves as far as the job has made them."""
    if job.result:
        return RobustnessResult.from_json(job.result)
    return RobustnessResult.of_parts(RobustnessRequest.make(**job.request), finished(folder(job.id) / CURVE))
