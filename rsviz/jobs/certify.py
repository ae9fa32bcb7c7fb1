"""The job that certifies one image: votes stored as they arrive, pictures beside them."""

import io
from pathlib import Path

import numpy as np

from rsviz.certification import CertifyRequest, prepare
from rsviz.files import write_atomically
from rsviz.jobs.kinds import Step

EXAMPLES = 8
"""Noisy copies kept for display: the first estimating draws."""

MAX_POINTS = 400
"""Points kept of the path of votes; beyond that every other one goes."""


def run_certify(request: dict, resume: dict | None, folder: Path):
    """Yield Steps with phase, counts0, counts, drawn, top and history; return certificate and history.

    history: rows [votes drawn, votes for the top class]. In `folder`: pictures.npz with the input x, the
    noisy copies and the votes on them.
    """
    from rsviz.smoothing import Votes

    request = CertifyRequest(**request)
    yield Step({"phase": "loading"})
    votes = Votes.from_json(resume["votes"]) if resume else None
    history = list(resume["history"]) if resume else []
    run = prepare(request, votes)
    if votes is None:
        for _ in run.smoothed.planning(run.x.shape):
            yield Step({"phase": "measuring"})
    noisy, noisy_votes = run.smoothed.examples(run.x, EXAMPLES, request.seed)
    _store_pictures(folder / "pictures.npz", run.x, noisy, noisy_votes)
    for snapshot in run.stream(votes):
        if snapshot.top is not None:
            history.append([snapshot.votes.drawn, snapshot.votes.counts[snapshot.top]])
            if len(history) > MAX_POINTS:
                history = history[:-1:2] + history[-1:]
        yield Step(
            {
                "phase": "selecting" if snapshot.top is None else "estimating",
                "counts0": snapshot.votes.counts0,
                "counts": snapshot.votes.counts,
                "drawn": snapshot.votes.drawn,
                "top": snapshot.top,
                "history": history,
            },
            resume={"votes": snapshot.votes.to_json(), "history": history},
        )
    return {"certificate": run.describe(snapshot.certificate), "history": history}


def _store_pictures(path, x, noisy, votes):
    content = io.BytesIO()
    np.savez(content, x=x, noisy=noisy.astype(np.float16), votes=votes)
    write_atomically(path, content.getvalue())
