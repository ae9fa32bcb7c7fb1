"""An evaluation from request to file: plan, units, votes, and going on after a stop."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError, short
from rsviz.evaluation import store
from rsviz.evaluation.counting import CountingSettings
from rsviz.evaluation.engines import Waiting, make_engine
from rsviz.evaluation.request import EvaluateRequest, load_images
from rsviz.evaluation.store import EvaluationError, Header, StoredPlan
from rsviz.evaluation.units import split
from rsviz.execution import Plan
from rsviz.noise import block_size

READING_SETTINGS = ("alpha", "procedure")
"""How votes are read; two requests that differ in nothing else ask for the same votes."""


@dataclass(frozen=True)
class EvaluateProgress:
    """How far an evaluation has come.

    phase: measuring or voting. votes: that are drawn, of `total`, those of earlier runs included. fresh,
    seconds: votes of this run, and the time it took. elsewhere: this process only waits.
    """

    phase: str
    votes: int
    total: int
    fresh: int
    seconds: float
    elsewhere: bool = False


def evaluate(
    request: EvaluateRequest,
    path,
    *,
    resume: bool = False,
    engine: str | None = None,
    workers: int | None = None,
) -> Iterator[EvaluateProgress]:
    """Count the votes of a test set into the file `path`; a generator of EvaluateProgress, about every 0.1 s.

    It can be closed, or killed, at any moment. resume: go on with a file that is there, which must be of the
    same votes; without it, a file that is there is refused. engine, workers: see make_engine; the counts are
    the same with all of them. Read the file with rsviz.evaluation.read_votes.
    """
    path = Path(path)
    card = load_card(request.checkpoint)
    images = load_images(request, card)
    total = len(request.indices(len(images))) * request.votes_per_image
    with store.locked(path), ExitStack() as stack:
        file = None
        if path.exists():
            if not resume:
                raise EvaluationError(
                    f"{short(path.name)} is there already; resume it, or choose another name."
                )
            file = stack.enter_context(closing(store.resume(path)))
            _same_votes(file.header, request, card, len(images))
        counting = make_engine(settings_of(request, card, file and file.header.plan), engine, workers)
        stack.enter_context(closing(counting))
        if file is None:
            plan = yield from _planned(counting, total)
            file = stack.enter_context(closing(store.create(path, _header(request, card, images, plan))))
        yield from _voting(request, images, file, counting, total)


def settings_of(request, card, plan: StoredPlan | None) -> CountingSettings:
    chosen = plan or request
    return CountingSettings(
        request.checkpoint,
        card.weights_sha256,
        request.noise,
        request.scale,
        request.seed,
        device=plan.device if plan and request.device in (None, "auto") else request.device,
        precision=chosen.precision,
        batch=chosen.batch,
    )


def _planned(engine, total):
    measuring = engine.plan()
    while True:
        try:
            next(measuring)
        except StopIteration as end:
            return end.value
        yield EvaluateProgress("measuring", 0, total, 0, 0.0)


def _header(request, card, images, plan) -> Header:
    return Header(
        request=request,
        name=card.name,
        weights_sha256=card.weights_sha256,
        classes=card.classes,
        shape=card.input_shape,
        size=len(images),
        block=block_size(card.input_shape),
        plan=StoredPlan(device=plan.device.split(":")[0], precision=plan.precision, batch=plan.batch),
    )


def _voting(request, images, file, engine, total):
    plan = file.header.plan
    used = Plan(plan.device, plan.precision, plan.batch)
    units = split(request.indices(len(images)), request.n0, request.n, plan.batch, file.header.block)
    missing = [unit for unit in units if not file.has(unit)]
    stored = total - sum(unit.draws for unit in missing)
    began, finished = time.perf_counter(), 0

    def progress(drawn=0, elsewhere=False):
        fresh = finished + drawn
        return EvaluateProgress(
            "voting", stored + fresh, total, fresh, time.perf_counter() - began, elsewhere
        )

    yield progress()
    for answer in engine.run(((unit, images.pixels(list(unit.images))) for unit in missing), used):
        if isinstance(answer, Waiting):
            yield progress(answer.drawn, answer.elsewhere)
            continue
        file.add(answer, images.labels[list(answer.unit.images)])
        finished += answer.unit.draws
        yield progress()


def _same_votes(header: Header, request: EvaluateRequest, card, size) -> None:
    """Refuse to go on with a file of other votes."""
    was, wanted = header.request, request
    for name in EvaluateRequest.model_fields:
        one, other = getattr(was, name), getattr(wanted, name)
        if name in (*READING_SETTINGS, "device", "precision", "batch") or one == other:
            continue
        raise EvaluationError(f"the file was begun with {name} = {one!r}, and {other!r} is asked for now.")
    for name in ("precision", "batch"):
        one, other = getattr(header.plan, name), getattr(wanted, name)
        if other is not None and one != other:
            raise EvaluationError(
                f"the file was begun with {name} = {one!r}, and {other!r} is asked for now."
            )
    if header.weights_sha256 != card.weights_sha256:
        raise EvaluationError(f"the file was begun with other weights of {card.name}.")
    if header.size != size:
        raise EvaluationError(f"the file is of a test part with {header.size} images; this one has {size}.")
    kind = (wanted.device or "auto").split(":")[0]
    if kind not in ("auto", header.plan.device):
        raise RsvizError(
            f"the file was begun on {header.plan.device}; on {kind} the draws of the rest would be others."
        )
