"""A training run from request to checkpoint: an objective goes in, progress comes out.

Every random number of step k is a pure function of (seed, k), and the order of the images in an epoch of
(seed, epoch): the same request on the same kind of machine gives the same weights, however often the run was
killed and went on.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import torch

from rsviz.checkpoints import load_card, save_checkpoint, save_survey, stored_module
from rsviz.checkpoints.storage import own_folder
from rsviz.execution import keep_memory, synchronize
from rsviz.training.looks import Watch, criterion
from rsviz.training.measure import measure
from rsviz.training.objectives import TrainingError
from rsviz.training.prepare import Preparation, make_card, prepare
from rsviz.training.recorder import Recorder, check_name, free_name
from rsviz.training.request import TrainRequest
from rsviz.training.runs import About, End
from rsviz.training.speed import LAYOUTS, TRIALS, Clock, Way, chosen_way
from rsviz.training.step import Trainer, noise_of
from rsviz.training.steps import Steps
from rsviz.training.team import Team


def train(request: TrainRequest, folder=None, *, run=None, replace=False, team=None):
    """Train as the request says, measure, and save; a generator of progress.

    folder: where the checkpoint goes; the user's own if None. run: the run's folder (rsviz.training.runs),
    where it is recorded, and from which an unfinished run goes on as if it had never stopped; None records
    nothing that stays. replace: a checkpoint of the request's name in `folder` may be replaced; otherwise
    the name must be free. team: the processes that torchrun started, rsviz.training.team; alone if None.

    Yields dictionaries about every 0.1 s (a step of a costly objective may take longer): at first, where
    precision is to be measured, with phase "prepare" and what, done and total; then with phase "train" and
    step, steps, epoch, epochs, loss, terms, accuracy (means since the last report), images_per_second,
    remaining (seconds, about) and saved (the step from which a restart would go on), and with phase "look"
    and the same while it looks at the network after an epoch; then phase "measure" with what, done and
    total; at last phase "done" with name, folder and the card. Processes of a team that do not lead report
    the same of their own part, and end before the measurements.

    Closing the generator ends the run; what it had reached is saved in `run`, and no checkpoint is written.
    Raises TrainingError where the name is taken or the loss is not finite, DataError where the dataset is
    not there, RunError where the run folder is in use or holds another request's run.
    """
    team = team or Team()
    folder = Path(folder) if folder is not None else own_folder()
    with ExitStack() as stack:
        if run is None:
            run = stack.enter_context(tempfile.TemporaryDirectory(prefix="rsviz-run-"))
        recorder = Recorder(run, request, writes=team.leads)
        stack.callback(recorder.close)
        end = recorder.run and recorder.run.end
        if end and end.state == "done":
            yield _done(end.checkpoint, folder)
            return
        if recorder.run is None and not replace:
            check_name(request, folder)
        try:
            yield from _run(request, folder, recorder, replace, team)
        except TrainingError as error:
            recorder.end(End("failed", sentence=str(error)))
            raise


def estimate(request: TrainRequest):
    """Measure how long the run of a request takes here; a generator of progress that returns seconds.

    It times some steps of the run and one look, and counts how many there are: an estimate, not a promise.
    """
    keep_memory()
    prepared = prepare(request)
    way = yield from chosen_way(request, prepared.module, prepared.images)
    prepared.module.to(memory_format=LAYOUTS[way.layout])
    watch, about = _watch(request, prepared), make_about(request, prepared, way, request.chosen_name)
    trainer = Trainer(request, prepared.module, way.precision, about.steps, Team())
    clock = Clock.of(request, about, watch, prepared.test)
    batch = torch.arange(min(request.batch_size, len(prepared.images)), device=prepared.device)
    for number in range(1 + TRIALS):
        began = time.perf_counter()
        trainer.step(number, prepared.images, batch)
        synchronize(prepared.device)
        if number:  # the first step pays for what is set up once
            clock.step_seconds += time.perf_counter() - began
            clock.timed_steps += 1
        yield {"phase": "prepare", "what": "timing steps", "done": number + 1, "total": 1 + TRIALS}
    began, clock.timed_looks = time.perf_counter(), 1
    for _ in watch.look(prepared.module, way.precision):
        yield {"phase": "prepare", "what": "timing a look", "done": 0, "total": 1}
    clock.look_seconds = time.perf_counter() - began
    return clock.remaining(0, 0)


def _run(request, folder, recorder, replace, team):
    keep_memory()
    prepared = prepare(request)
    about = recorder.run and recorder.run.about
    if about is None and team.leads:
        about = yield from _settle(request, prepared, folder, replace)
    about = team.leaders(about)
    prepared.module.to(memory_format=LAYOUTS[about.layout])
    recorder.begin(about)
    steps = Steps(request, prepared, about, _watch(request, prepared), recorder, team)
    yield from steps.run()
    team.disband()
    if team.leads:
        yield from _finish(request, folder, recorder, replace, prepared, about, steps.tally.seconds)


def _settle(request, prepared: Preparation, folder, replace):
    """What is to stay the same during the run, decided before its first step; a generator of progress."""
    way = yield from chosen_way(request, prepared.module, prepared.images)
    name = request.chosen_name if replace else free_name(request.chosen_name, folder)
    return make_about(request, prepared, way, name)


def make_about(request, prepared: Preparation, way: Way, name: str) -> About:
    """What stays the same during the run of a request."""
    noise = noise_of(request)
    return About(
        name=name,
        steps=-(-len(prepared.images) // request.batch_size) * request.epochs,
        epochs=request.epochs,
        images=len(prepared.images),
        held_out=request.held_out,
        criterion=criterion(request.held_out, noise),
        device=str(prepared.device),
        precision=way.precision,
        layout=way.layout,
        classes=prepared.classes,
        noise=noise.key if noise else None,
        scale=request.sigma,
        look_every=request.chosen_look_every,
        **_watch(request, prepared).about(),
    )


def _watch(request, prepared) -> Watch:
    return Watch(prepared.test, noise_of(request), prepared.device, prepared.held_out)


def _finish(request, folder, recorder, replace, prepared, about, seconds):
    """Measure what was trained, and write the checkpoint; a generator of progress."""
    card = make_card(request, prepared, about, recorder.id, seconds)
    network = stored_module(prepared.module, card, request.stored)
    metrics, survey = yield from measure(network, card, prepared.test, prepared.device)
    # Another run may have taken the name meanwhile; its own checkpoint a run may write again after a kill.
    name = card.name if replace else free_name(card.name, folder, recorder.id)
    card = card.model_copy(update={"name": name, "metrics": metrics})
    card = save_checkpoint(prepared.module, card, folder, request.stored)
    save_survey(folder, card.name, survey | {"weights_sha256": card.weights_sha256})
    recorder.end(End("done", card.name, request.epochs))
    yield _done(card.name, folder)


def _done(name, folder) -> dict:
    card = load_card(folder / f"{name}.safetensors")
    return {"phase": "done", "name": name, "folder": str(folder), "card": card.model_dump(mode="json")}
