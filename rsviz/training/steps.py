"""The steps of a run: lines and looks on the way, the best epoch, and a state from which to go on."""

import copy
import time

from rsviz.checkpoints import Metric, save_checkpoint
from rsviz.training.data import order
from rsviz.training.objectives import TrainingError
from rsviz.training.prepare import Preparation, make_card
from rsviz.training.recorder import Recorder
from rsviz.training.runs import BEST, LINES, About, Line, Look
from rsviz.training.speed import Clock
from rsviz.training.state import load_state, save_state
from rsviz.training.step import Trainer
from rsviz.training.tally import Tally, why_not_finite
from rsviz.training.team import Team

EVERY = 0.1
"""Seconds between two reports: half of the slice after which a job gives the device to another."""

SAVE_EVERY, SAVING_SHARE = 10.0, 20
"""Seconds between two saved states; more where saving would take over a twentieth of the time."""


class Steps:
    """Trains prepared.module from where the recorder's state has it, or from fresh weights.

    step: steps done. looked: the epoch of the last look. best: epoch and score of the best look so far; the
    weights of that epoch stand in the run folder, or in _unsaved until the state is saved next.
    """

    def __init__(self, request, prepared: Preparation, about: About, watch, recorder: Recorder, team: Team):
        self.request, self.prepared, self.about = request, prepared, about
        self.watch, self.recorder, self.team = watch, recorder, team
        self.trainer = Trainer(request, prepared.module, about.precision, about.steps, team)
        self.tally = Tally(prepared.device, team)
        self.steps_an_epoch = about.steps // about.epochs
        self.line_every = -(-about.steps // LINES)
        self.step, self.looked, self.best, self._unsaved = 0, 0, {"epoch": 0, "score": -1.0}, None
        self._go_on(load_state(recorder.state, self.trainer))
        self._saved = (self.step, self.looked)
        self._saved_at, self._save_every = time.perf_counter(), SAVE_EVERY
        self._last = {"loss": None, "terms": {}, "accuracy": None, "images_per_second": None}
        self.clock = Clock.of(request, about, watch, prepared.test)

    def run(self):
        """All steps that are left; a generator of progress. What was reached is saved when it is closed."""
        try:
            yield from self._run()
        except GeneratorExit:
            self._save()
            raise

    def _run(self):
        shuffled = None
        while True:
            epoch, position = divmod(self.step, self.steps_an_epoch)
            if position == 0:
                shuffled = None
                if self._look_is_due(epoch):
                    yield from self._look(epoch)
            if self.step == self.about.steps:
                break
            if shuffled is None:
                shuffled = order(self.request.seed, epoch, self.about.images, self.prepared.device)
            first = position * self.request.batch_size
            began = time.perf_counter()
            self._step(shuffled[first : first + self.request.batch_size])
            told = self._progress() if self._must_tell() else None
            self._count_time(time.perf_counter() - began)
            if time.perf_counter() - self._saved_at > self._save_every:
                self._save()
            if told:
                yield told
        self._save()

    def _step(self, chosen):
        """One step on the images whose rows are `chosen`, and the line that is due after it."""
        self.tally.add(*self.trainer.step(self.step, self.prepared.images, chosen))
        self.step += 1
        if self.step == 1 or self.step % self.line_every == 0 or self.step % self.steps_an_epoch == 0:
            self._line()

    def _count_time(self, seconds):
        self.tally.seconds += seconds
        self.clock.step_seconds += seconds
        self.clock.timed_steps += 1

    def _line(self):
        """Tell the means since the last line; TrainingError where they are no longer numbers."""
        terms, accuracy = self.tally.take("line")
        self._check(terms)
        epoch = -(-self.step // self.steps_an_epoch)
        rate = self.trainer.learning_rate
        self.recorder.add(Line(self.step, epoch, terms, accuracy, rate, round(self.tally.seconds, 2)))

    def _check(self, terms):
        sentence = why_not_finite(terms, self.request, self.about, self.step)
        if sentence:
            raise TrainingError(sentence)

    def _must_tell(self) -> bool:
        return self.tally.due(EVERY) or self.step == self.about.steps

    def _progress(self, phase="train") -> dict:
        """What a page shows while it waits for the next line."""
        self._last = self.tally.report() or self._last
        self._check(self._last["terms"])
        return {
            "phase": phase,
            "step": self.step,
            "steps": self.about.steps,
            "epoch": -(-self.step // self.steps_an_epoch),
            "epochs": self.about.epochs,
            **self._last,
            "remaining": self.clock.remaining(self.step, self.about.looks_by(self.looked)),
            "saved": self._saved[0],
        }

    # Looks and the best epoch

    def _look_is_due(self, epoch) -> bool:
        return epoch > self.looked and self.about.looks_by(epoch) > self.about.looks_by(epoch - 1)

    def _look(self, epoch):
        """Look at the network, write what is seen, keep it if it is the best; a generator of progress."""
        if self.team.leads:
            seen = yield from self._seen()
        _, accuracy = self.tally.take("epoch")  # of all processes, so all of them ask
        self.looked = epoch
        if not self.team.leads:
            return
        score = accuracy if seen.held_out is None else seen.held_out
        self.recorder.add(
            Look(
                epoch=epoch,
                step=self.step,
                clean_accuracy=seen.clean_accuracy,
                noisy_accuracy=seen.noisy_accuracy,
                votes=seen.votes,
                certified=seen.certified,
                score=score,
            )
        )
        if score > self.best["score"]:
            self.best = {"epoch": epoch, "score": score}
            self._unsaved = copy.deepcopy(self.prepared.module), self._card(epoch, seen)

    def _seen(self):
        """What a look sees; a generator of progress that returns it. Its time is a look's, not a step's."""
        looking = self.watch.look(self.prepared.module, self.about.precision)
        while True:
            began = time.perf_counter()
            try:
                next(looking)
            except StopIteration as end:
                self.clock.timed_looks += 1
                return end.value
            finally:
                self.clock.look_seconds += time.perf_counter() - began
            yield self._progress("look")

    def _card(self, epoch, seen):
        """The card of the network as it stands, with what a look has seen for metrics."""
        card = make_card(self.request, self.prepared, self.about, self.recorder.id, self.tally.seconds)
        how = f"after epoch {epoch} of {self.about.epochs}; {self.about.how}"
        values = {"clean_accuracy": seen.clean_accuracy}
        if seen.certified is not None:
            shares = zip(self.about.radii, seen.certified, strict=True)
            values["noisy_accuracy"] = seen.noisy_accuracy
            values["certified_accuracy"] = {f"{radius:.4g}": share for radius, share in shares}
        return card.model_copy(
            update={
                "hyperparameters": card.hyperparameters | {"epoch": epoch, "chosen_by": self.about.criterion},
                "metrics": {name: Metric(value=value, how=how) for name, value in values.items()},
            }
        )

    # Saving and going on

    def _save(self):
        """Write the best network, if it is new, and then the state: what it says is there, is there."""
        reached = (self.step, self.looked)
        if not self.team.leads or reached == self._saved:
            return
        began = time.perf_counter()
        if self._unsaved:
            save_checkpoint(*self._unsaved, self.recorder.folder / BEST, self.request.stored)
            self._unsaved = None
        save_state(
            self.recorder.state,
            self.trainer,
            {"step": self.step, "looked": self.looked, "best": self.best, "tally": self.tally.to_json()},
        )
        self._saved, self._saved_at = reached, time.perf_counter()
        self._save_every = max(SAVE_EVERY, SAVING_SHARE * (self._saved_at - began))

    def _go_on(self, state: dict | None):
        """Take up the counters of a saved state, and drop the lines that were written after it."""
        if state:
            self.step, self.looked, self.best = state["step"], state["looked"], state["best"]
            self.tally.restore(state["tally"])
        self.recorder.rewind(self.step, self.looked)
