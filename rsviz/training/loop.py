"""A training run from request to checkpoint, top to bottom: prepare, steps and validations, measure, save.

Every random number of step k is a pure function of (seed, k), and the order of the images in an epoch of
(seed, epoch): the same request on the same kind of machine gives the same weights, however often the run was
killed and resumed.
"""

import copy
import dataclasses
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

from rsviz.checkpoints import Card, Metric, load_card, save_checkpoint, save_survey, stored_module
from rsviz.checkpoints.storage import own_folder
from rsviz.training.distributed import ALONE, Processes
from rsviz.training.measure import Validator
from rsviz.training.prepare import Preparation, prepare
from rsviz.training.records import (
    BEST,
    STEP_RECORDS,
    RunEnd,
    RunInfo,
    StageProgress,
    StepProgress,
    StepRecord,
    TrainingError,
    Validation,
)
from rsviz.training.run_folder import RunWriter, checkpoint_name, free_name
from rsviz.training.train_step import PassSettings, Trainer, choose_passes, why_not_finite

Progress = StageProgress | StepProgress

REPORT_EVERY = 0.1
"""Seconds between two reports: half of the slice after which a job gives the device to another."""

SAVE_EVERY, SAVING_SHARE = 10.0, 20
"""Seconds between two saved states; more if saving would take over a twentieth of the time."""


def train(
    request, folder=None, *, run=None, replace: bool = False, processes: Processes = ALONE
) -> Generator[Progress, None, Card | None]:
    """Train as the request says, measure the network, and save it; a generator of progress.

    request: rsviz.tasks.train.TrainRequest.
    folder: of the checkpoint; the user's own if None.
    run: folder of the run's record (rsviz.training.records), from which an unfinished run resumes as if it
    had never stopped; None for a temporary one.
    replace: whether a checkpoint with the request's name in `folder` may be replaced; otherwise the name must
    be free.
    processes: those that torchrun has started, rsviz.training.distributed.

    Yields progress about every 0.1 s (one step of a costly objective may take longer), and returns the card
    of the checkpoint. Processes other than the main one report on their own part and return None.

    Closing the generator stops the run; its state is saved in `run`, and no checkpoint is written.
    Raises TrainingError if the name is taken or the loss is not finite, DataError if the dataset is not on
    this machine, RunError if the run folder is in use or holds another request's run.
    """
    folder = Path(folder) if folder is not None else own_folder()
    with ExitStack() as stack:
        if run is None:
            run = stack.enter_context(tempfile.TemporaryDirectory(prefix="rsviz-run-"))
        writer = stack.enter_context(RunWriter(run, request, writes=processes.is_main_process))
        if writer.checkpoint:
            return load_card(folder / f"{writer.checkpoint}.safetensors")
        name = writer.info.name if writer.info else checkpoint_name(request, folder, replace)
        try:
            return (yield from _train(request, name, folder, writer, replace, processes))
        except TrainingError as error:
            writer.end(RunEnd("failed", sentence=str(error)))
            raise


def _train(request, name, folder, writer, replace, processes):
    prepared = prepare(request)
    validator = Validator(prepared.test, prepared.noise, prepared.device, prepared.held_out)
    info = writer.info
    if info is None and processes.is_main_process:
        passes = yield from choose_passes(request, prepared.module, prepared.images)
        info = run_info(request, prepared, passes, validator, name)
    info = processes.broadcast(info)
    writer.begin(info)

    steps = Steps(request, prepared, info, validator, writer, processes)
    yield from steps.run()
    processes.close()
    if not processes.is_main_process:
        return None

    card = steps.card()
    network = stored_module(prepared.module, card, request.stored)
    metrics, survey = yield from validator.measure(network, card)

    # Another run may have taken the name meanwhile; after a kill, a run may write its own checkpoint again.
    name = info.name if replace else free_name(info.name, folder, writer.id)
    card = card.model_copy(update={"name": name, "metrics": metrics})
    card = save_checkpoint(prepared.module, card, folder, request.stored)
    save_survey(folder, name, survey | {"weights_sha256": card.weights_sha256})
    writer.end(RunEnd("done", name, info.epochs))
    return card


def run_info(
    request, prepared: Preparation, passes: PassSettings, validator: Validator, name: str
) -> RunInfo:
    """What stays the same during the run of a request, decided before its first step."""
    return RunInfo(
        name=name,
        steps=-(-len(prepared.images) // request.batch_size) * request.epochs,
        epochs=request.epochs,
        images=len(prepared.images),
        held_out=request.held_out,
        device=str(prepared.device),
        precision=passes.precision,
        layout=passes.layout,
        classes=prepared.card.classes,
        noise=prepared.card.noise,
        scale=request.sigma,
        validate_every=request.chosen_validate_every,
        **validator.settings(),
    )


class Steps:
    """The steps of a run with records and validations between them, from its saved state if there is one.

    step: steps done. validated: the epoch of the last validation. best: epoch and score of the best
    validation so far; the weights of that epoch are in the run folder, or in _unsaved until the state is
    saved next.
    """

    def __init__(
        self,
        request,
        prepared: Preparation,
        info: RunInfo,
        validator: Validator,
        writer: RunWriter,
        processes: Processes,
    ):
        self.request, self.prepared, self.info = request, prepared, info
        self.validator, self.writer, self.processes = validator, writer, processes
        settings = PassSettings(info.precision, info.layout)
        self.trainer = Trainer(request, prepared, info.steps, settings, processes, writer.state)
        self.means, counters = self.trainer.means, self.trainer.counters
        self.step, self.validated = counters.get("step", 0), counters.get("validated", 0)
        self.best = counters.get("best", {"epoch": 0, "score": -1.0})
        writer.rewind(self.step, self.validated)
        self.clock = Clock(info, self.trainer.passes, validator)
        self._saved, self._unsaved = (self.step, self.validated), None
        self._saved_at, self._save_every = time.perf_counter(), SAVE_EVERY
        self._reported = {"loss": None, "terms": {}, "accuracy": None, "images_per_second": None}

    @property
    def epoch(self) -> int:
        """The epoch of the last step, 1, 2, ..."""
        return -(-self.step // self.info.steps_per_epoch)

    def run(self) -> Generator[StepProgress, None, None]:
        """All steps that are left. Closing the generator saves the state."""
        try:
            yield from self._run()
        except GeneratorExit:
            self._save()
            raise

    def _run(self):
        batches = self.prepared.images.batches(self.request.seed, self.request.batch_size, self.step)
        while True:
            epoch, position = divmod(self.step, self.info.steps_per_epoch)
            if position == 0 and self._validation_is_due(epoch):
                yield from self._validate(epoch)
            if self.step == self.info.steps:
                break
            began = time.perf_counter()
            self._step(next(batches))
            is_due = self.means.seconds_since_report() >= REPORT_EVERY or self.step == self.info.steps
            progress = self._progress("train") if is_due else None
            seconds = time.perf_counter() - began
            self.means.seconds += seconds
            self.clock.add_step(seconds)
            if time.perf_counter() - self._saved_at > self._save_every:
                self._save()
            if progress:
                yield progress
        self._save()

    def _step(self, rows):
        """One step on the images with these row indices, and the record that is due after it."""
        self.trainer.train_step(self.step, rows)
        self.step += 1
        record_every = -(-self.info.steps // STEP_RECORDS)
        ends_epoch = self.step % self.info.steps_per_epoch == 0
        if self.step == 1 or self.step % record_every == 0 or ends_epoch:
            terms, accuracy = self.means.take("line")
            self._check(terms)
            seconds = round(self.means.seconds, 2)
            rate = self.trainer.learning_rate
            self.writer.add(StepRecord(self.step, self.epoch, terms, accuracy, rate, seconds))

    def _check(self, terms):
        sentence = why_not_finite(terms, self.request, self.info, self.step)
        if sentence:
            raise TrainingError(sentence)

    def _progress(self, phase) -> StepProgress:
        self._reported = self.means.report() or self._reported
        self._check(self._reported["terms"])
        return StepProgress(
            phase=phase,
            step=self.step,
            steps=self.info.steps,
            epoch=self.epoch,
            epochs=self.info.epochs,
            **self._reported,
            remaining=self.clock.remaining(self.step, self.validated),
            saved=self._saved[0],
        )

    # Validations and the best epoch

    def _validation_is_due(self, epoch) -> bool:
        is_new = epoch > self.validated
        return is_new and self.info.validations_by(epoch) > self.info.validations_by(epoch - 1)

    def _validate(self, epoch):
        """Validate the network, write the result, and keep the network if it is the best so far."""
        if self.processes.is_main_process:
            validation = yield from self._timed_validation(epoch)
        _, accuracy = self.means.take("epoch")  # summed over all processes, so all of them take it
        self.validated = epoch
        if not self.processes.is_main_process:
            return
        if validation.score is None:
            validation = dataclasses.replace(validation, score=accuracy)
        self.writer.add(validation)
        if validation.score > self.best["score"]:
            self.best = {"epoch": epoch, "score": validation.score}
            self._unsaved = copy.deepcopy(self.prepared.module), self.card(validation)

    def _timed_validation(self, epoch):
        """The Validation; its time counts as a validation's, not as a step's."""
        validating = self.validator.validate(self.prepared.module, self.info.precision, epoch, self.step)
        while True:
            began = time.perf_counter()
            try:
                next(validating)
            except StopIteration as end:
                self.clock.timed_validations += 1
                return end.value
            finally:
                self.clock.validation_seconds += time.perf_counter() - began
            yield self._progress("validate")

    def card(self, validation: Validation | None = None) -> Card:
        """The card of the network as it is now; with the results of a validation, or without metrics."""
        info = self.info
        run = {"precision": info.precision, "layout": info.layout}
        run |= {"seconds": round(self.means.seconds, 1), "run": self.writer.id}
        metrics = {}
        if validation is not None:
            run |= {"epoch": validation.epoch, "chosen_by": info.criterion}
            values = {"clean_accuracy": validation.clean_accuracy}
            if validation.certified is not None:
                shares = zip(info.radii, validation.certified, strict=True)
                values["noisy_accuracy"] = validation.noisy_accuracy
                values["certified_accuracy"] = {f"{radius:.4g}": share for radius, share in shares}
            how = f"after epoch {validation.epoch} of {info.epochs}; {info.how}"
            metrics = {name: Metric(value=value, how=how) for name, value in values.items()}
        card = self.prepared.card
        hyperparameters = card.hyperparameters | run
        return card.model_copy(
            update={"name": info.name, "hyperparameters": hyperparameters, "metrics": metrics}
        )

    # Saving

    def _save(self):
        """Write the best network, if it is new, and then the state, which refers to it."""
        reached = (self.step, self.validated)
        if not self.processes.is_main_process or reached == self._saved:
            return
        began = time.perf_counter()
        if self._unsaved:
            save_checkpoint(*self._unsaved, self.writer.folder / BEST, self.request.stored)
            self._unsaved = None
        counters = {"step": self.step, "validated": self.validated, "best": self.best}
        self.trainer.save_state(self.writer.state, counters)
        self._saved, self._saved_at = reached, time.perf_counter()
        self._save_every = max(SAVE_EVERY, SAVING_SHARE * (self._saved_at - began))


@dataclasses.dataclass
class Clock:
    """What steps and validations have cost in this process, and how long the rest takes at that rate.

    step_passes: images that go through the network in a step.
    """

    info: RunInfo
    step_passes: int
    validator: Validator
    step_seconds: float = 0.0
    timed_steps: int = 0
    validation_seconds: float = 0.0
    timed_validations: int = 0

    def add_step(self, seconds: float) -> None:
        self.step_seconds += seconds
        self.timed_steps += 1

    def remaining(self, step: int, validated: int) -> float | None:
        """Seconds until the checkpoint is saved, after this step and the validation of this epoch.

        None before the first step.
        """
        if not self.timed_steps:
            return None
        step_seconds = self.step_seconds / self.timed_steps
        validation_passes = self.validator.validation_passes
        if self.timed_validations:
            pass_seconds = self.validation_seconds / (self.timed_validations * validation_passes)
        else:  # forward and backward cost about three times as much as forward
            pass_seconds = step_seconds / self.step_passes / 3
        validations = self.info.validations_by(self.info.epochs) - self.info.validations_by(validated)
        passes = validations * validation_passes + self.validator.measuring_passes
        return (self.info.steps - step) * step_seconds + passes * pass_seconds
