"""The jobs that attack: one image, or test images for a curve. What they reach stands in their folders."""

import time
from functools import partial
from pathlib import Path

from rsviz.attacks import curve_request
from rsviz.attacks.evidence import Evidence, Pictures
from rsviz.attacks.request import make_request
from rsviz.files import write_atomically
from rsviz.jobs.partial_results import finished, keep
from rsviz.jobs.registry import Step
from rsviz.jobs.store import Job, folder

REACHED, PICTURES, CURVE = "reached", "pictures.safetensors", "curve.json"
SAVE_EVERY = 2.0
"""Seconds between two copies of what was reached."""
SHOW_EVERY = 0.4
"""Seconds between two pictures of the present image, while the attack runs."""


def run_attack(request: dict, resume: dict | None, folder: Path):
    """The runner: Steps with the progress of Evidence; the result is that of the last, with what was found.

    `resume` only says whether there is something to go on from: it stands in the folder.
    """
    from rsviz.attacks.run import Reached, prepare, record

    asked = make_request(**request)
    reached = Reached.from_bytes((folder / REACHED).read_bytes(), asked) if resume else None
    yield Step(reached.evidence.progress() if reached else {"phase": "loading"})
    run = prepare(asked, reached.plans if reached else None)
    phase, saved, shown = None, 0.0, 0.0
    for moment in record(run, reached):
        evidence, now, resumable = moment.evidence, time.monotonic(), None
        new = evidence.phase != phase
        if new or (evidence.phase == "attacking" and now > shown + SHOW_EVERY):
            write_atomically(folder / PICTURES, run.pictures(moment).to_bytes())
            shown = now
        if moment.plans and (new or now > saved + SAVE_EVERY):
            write_atomically(folder / REACHED, moment.to_bytes())
            saved, resumable = now, {"saved": evidence.phase}
        phase = evidence.phase
        yield Step(evidence.progress(), resumable)
    return evidence.progress()


def evidence_of(job: Job) -> Evidence:
    """What the job has gathered so far; see Job.state for whether more will come."""
    try:
        pictures = Pictures.from_bytes((folder(job.id) / PICTURES).read_bytes())
    except FileNotFoundError:
        pictures = None
    gathered = job.result or job.progress or {}
    return Evidence(make_request(**job.request), pictures, **gathered)


def run_curve(request: dict, resume: dict | None, folder: Path):
    """The runner of curves: finished parts stand in the folder; the result is `curves` of all of them."""
    from rsviz.attacks.curve import curve

    asked, path = curve_request.make_request(**request), folder / CURVE
    yield Step({"what": "loading"})
    yield from keep(path, partial(curve, asked), "what", "step", "steps")
    return {"curves": curve_request.curves(asked, finished(path))}


def curves_of(job: Job) -> list[dict]:
    """What the job has finished so far; see rsviz.attacks.curve_request.curves."""
    if job.result:
        return job.result["curves"]
    asked = curve_request.make_request(**job.request)
    return curve_request.curves(asked, finished(folder(job.id) / CURVE))
