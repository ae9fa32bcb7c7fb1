"""How long a run would take on this machine, from some of its steps and one validation."""

import time
from collections.abc import Generator

import torch

from rsviz.execution import synchronize
from rsviz.training.loop import Clock, run_info
from rsviz.training.measure import Validator
from rsviz.training.prepare import prepare
from rsviz.training.records import StageProgress
from rsviz.training.train_step import TRIALS, Trainer, choose_passes


def estimate(request) -> Generator[StageProgress, None, float]:
    """Seconds until the checkpoint of a request's run would be saved: an estimate.

    It times some steps of the run and one validation, and counts how many there are.
    """
    prepared = prepare(request)
    passes = yield from choose_passes(request, prepared.module, prepared.images)
    validator = Validator(prepared.test, prepared.noise, prepared.device, prepared.held_out)
    info = run_info(request, prepared, passes, validator, request.chosen_name)
    trainer = Trainer(request, prepared, info.steps, passes)
    clock = Clock(info, trainer.passes, validator)
    batch = torch.arange(min(request.batch_size, len(prepared.images)), device=prepared.device)
    for number in range(1 + TRIALS):
        began = time.perf_counter()
        trainer.train_step(number, batch)
        synchronize(prepared.device)
        if number:  # the first step also sets up what later steps reuse
            clock.add_step(time.perf_counter() - began)
        yield StageProgress("prepare", "timing steps", number + 1, 1 + TRIALS)
    began, clock.timed_validations = time.perf_counter(), 1
    for _ in validator.validate(prepared.module, passes.precision, 0, 0):
        yield StageProgress("prepare", "timing a validation", 0, 1)
    clock.validation_seconds = time.perf_counter() - began
    return clock.remaining(0, 0)
