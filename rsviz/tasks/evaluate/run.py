"""The run of an evaluation: plan, units and votes into a file, from which a stopped run continues."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from rsviz import files
from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError, short
from rsviz.evaluation.engines import Waiting, make_engine
from rsviz.evaluation.units import CountingSettings, split
from rsviz.generators import mapped
from rsviz.lazy import lazy
from rsviz.noise import block_size
from rsviz.tasks.evaluate import votes
from rsviz.tasks.evaluate.request import EvaluateRequest, load_images
from rsviz.tasks.evaluate.result import EvaluateResult, certificates, summary
from rsviz.tasks.evaluate.votes import EvaluationError, Header, StoredPlan
from rsviz.tasks.settings import AUTO

execution = lazy("rsviz.execution")

READING_SETTINGS = frozenset({"alpha", "procedure"})
"""How votes are read. Requests that differ in nothing else ask for the same votes."""
MEASURED_SETTINGS = ("precision", "batch")
"""What a request may leave open; the file then says what was measured."""


@dataclass(frozen=True)
class EvaluateProgress:
    """How far an evaluation has come.

    phase: "measuring" or "voting". votes: drawn so far, those of earlier runs included. total: votes of the
    whole evaluation. fresh: votes of this run. seconds: its time. elsewhere: this process only waits.
    result: at the end, what the votes prove.
    """

    phase: str
    votes: int
    total: int
    fresh: int
    seconds: float
    elsewhere: bool = False
    result: EvaluateResult | None = None


def default_path(request: EvaluateRequest) -> Path:
    """The file of an evaluation that names none: the same one for all requests of the same votes."""
    asked = request.model_dump_json(exclude=READING_SETTINGS)
    asked = asked.replace('"precision":"auto"', '"precision":null')  # as older versions wrote it
    digest = hashlib.sha256(asked.encode()).hexdigest()[:12]
    name = f"{Path(request.checkpoint).stem}-{request.dataset.rpartition('/')[2]}-{digest}.jsonl"
    return files.home() / "evaluations" / name


def run(
    request: EvaluateRequest,
    path: str | os.PathLike | None = None,
    *,
    resume: bool = False,
    engine: str | None = None,
    workers: int | None = None,
) -> Iterator[EvaluateProgress]:
    """Count the votes of a test set into a file, and read its certificates.

    The generator yields about every 0.1 s, and can be closed or killed at any moment.

    path: of the file; by default `default_path`. resume: continue an existing file, which must hold votes of
    the same request; without it, an existing file is refused. engine, workers: see
    rsviz.evaluation.engines.make_engine; the counts do not depend on them.
    Raises RsvizError: EvaluationError where the file is refused.
    """
    path = default_path(request) if path is None else Path(path)
    card = load_card(request.checkpoint)
    images = load_images(request, card)
    total = len(request.indices(len(images))) * request.votes_per_image
    with votes.locked(path), ExitStack() as stack:
        file = None
        if path.exists():
            if not resume:
                raise EvaluationError(
                    f"{short(path.name)} is there already; resume it, or choose another name."
                )
            file = stack.enter_context(closing(votes.resume(path)))
            _check_same_votes(file.header, request, card, len(images))
        counting = make_engine(_counting_settings(request, card, file and file.header.plan), engine, workers)
        stack.enter_context(closing(counting))
        if file is None:
            plan = yield from _measure_plan(counting, total)
            file = stack.enter_context(closing(votes.create(path, _header(request, card, images, plan))))
        progress = yield from _count_votes(request, images, file, counting, total)
        whole = votes.read_votes(path)
        proved = certificates(whole, request.alpha, request.procedure)
        yield replace(progress, result=summary(whole, proved))


def _counting_settings(request, card, plan: StoredPlan | None) -> CountingSettings:
    chosen = plan or request
    return CountingSettings(
        request.checkpoint,
        card.weights_sha256,
        request.noise,
        request.scale,
        request.seed,
        device=plan.device if plan and request.device in (None, AUTO) else request.device,
        precision=chosen.precision,
        batch=chosen.batch,
    )


def _measure_plan(engine, total):
    measuring = EvaluateProgress("measuring", 0, total, 0, 0.0)
    return (yield from mapped(lambda _: measuring, engine.plan()))


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


def _count_votes(request, images, file, engine, total):
    """Count the missing units, yielding progress; the last progress is returned and not yielded."""
    plan = execution.Plan(**dict(file.header.plan))
    units = split(request.indices(len(images)), request.n0, request.n, plan.batch, file.header.block)
    missing = [unit for unit in units if not file.has(unit)]
    stored = total - sum(unit.draws for unit in missing)
    began, finished = time.perf_counter(), 0

    def progress(drawn=0, elsewhere=False):
        fresh, seconds = finished + drawn, time.perf_counter() - began
        return EvaluateProgress("voting", stored + fresh, total, fresh, seconds, elsewhere)

    if missing:
        yield progress()
    for answer in engine.run(((unit, images.pixels(list(unit.images))) for unit in missing), plan):
        if isinstance(answer, Waiting):
            yield progress(answer.drawn, answer.elsewhere)
            continue
        file.add(answer, images.labels[list(answer.unit.images)])
        finished += answer.unit.draws
        if stored + finished < total:
            yield progress()
    return progress()


def _check_same_votes(header: Header, request: EvaluateRequest, card, size) -> None:
    """Raise RsvizError if the file holds other votes than the request asks for."""
    begun = header.request
    pairs = {
        name: (getattr(begun, name), getattr(request, name))
        for name in EvaluateRequest.model_fields
        if name not in {*READING_SETTINGS, *MEASURED_SETTINGS, "device"}
    }
    for name in MEASURED_SETTINGS:
        if (wanted := getattr(request, name)) not in (None, AUTO):
            pairs[name] = (getattr(header.plan, name), wanted)
    for name, (stored, wanted) in pairs.items():
        if stored != wanted:
            raise EvaluationError(
                f"the file was begun with {name} = {stored!r}, and {wanted!r} is asked for now."
            )
    if header.weights_sha256 != card.weights_sha256:
        raise EvaluationError(f"the file was begun with other weights of {card.name}.")
    if header.size != size:
        raise EvaluationError(f"the file is of a test part with {header.size} images; this one has {size}.")
    kind = (request.device or AUTO).split(":")[0]
    if kind not in (AUTO, header.plan.device):
        raise RsvizError(
            f"the file was begun on {header.plan.device}; on {kind} the remaining draws would be different."
        )
