"""A run that was killed ends with the same weights, records and validations as one that nobody disturbed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rsviz.checkpoints import load_card
from rsviz.generators import returned
from rsviz.tasks.train import TrainRequest
from rsviz.training import loop
from rsviz.training.loop import train
from rsviz.training.records import RUN, STATE, STEPS, VALIDATIONS, RunError, read_run
from rsviz.training.run_folder import clear_ended, keep_best
from tests.pictures import SETTINGS, write_pictures

DRIVER = """
import sys
from pathlib import Path
from rsviz.tasks.train import TrainRequest
from rsviz.training import loop
loop.SAVE_EVERY = loop.SAVING_SHARE = loop.REPORT_EVERY = 0.0
out, run, request = sys.argv[1:]
for report in loop.train(TrainRequest.model_validate_json(request), out, run=run):
    print(report.phase, getattr(report, "step", 0), flush=True)
"""


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    """Makes requests that take moments."""
    dataset = write_pictures(tmp_path_factory.mktemp("pictures"))
    return lambda **values: TrainRequest(**SETTINGS | {"dataset": dataset} | values)


def weights(folder, name="toy"):
    return load_file(folder / f"{name}.safetensors")


def same_weights(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def without_times(run):
    lines = [(line.step, line.epoch, line.terms, line.accuracy, line.learning_rate) for line in run.steps]
    return lines, run.validations, run.end


def finished(request, folder, run):
    """The card of the checkpoint that the run saves."""
    return returned(train(request, folder, run=run))


@pytest.fixture
def saves_at_once(monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)
    monkeypatch.setattr(loop, "REPORT_EVERY", 0.0)


def test_kill_9_at_any_moment_changes_nothing(tmp_path, request_of):
    request = request_of(epochs=5, shift=1, flip=True, clip=1.0, held_out=9)
    finished(request, tmp_path / "calm", tmp_path / "calm-run")
    command = [sys.executable, "-c", DRIVER, tmp_path / "out", tmp_path / "run", request.model_dump_json()]
    reached = []
    # In the middle of an epoch, during a validation, and while the finished network is measured.
    for phase, step in (("train", 6), ("validate", 16), ("measure", 0)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
            for line in process.stdout:
                seen, at = line.split()
                reached.append(int(at))
                if seen == phase and int(at) >= step:
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "out" / "toy.json").exists()
    finished(request, tmp_path / "out", tmp_path / "run")  # here: a process of its own loads torch again
    assert same_weights(weights(tmp_path / "calm"), weights(tmp_path / "out"))
    calm, killed = read_run(tmp_path / "calm-run"), read_run(tmp_path / "run")
    assert without_times(calm) == without_times(killed)
    assert reached.count(1) == 1  # it went on, and did not begin again


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "learning_rate": 0.05, "schedule": "cosine"},
        {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.0, "schedule": "step"},
        {"optimizer": "adam", "schedule": "constant"},
        {"method": "nal", "parameters": {"K": 1, "r": 2}},
        {"precision": "bfloat16"},
    ],
)
def test_a_run_that_is_closed_again_and_again_ends_the_same(tmp_path, request_of, saves_at_once, settings):
    request = request_of(epochs=2, **settings)
    finished(request, tmp_path / "calm", tmp_path / "calm-run")
    closings = 0
    while True:
        run, closed = train(request, tmp_path / "out", run=tmp_path / "run"), False
        for number, last in enumerate(run):
            if number == 3 and last.phase in ("train", "validate"):
                run.close()
                closed = True
        if not closed:
            break
        closings += 1
    assert closings >= 2
    assert same_weights(weights(tmp_path / "calm"), weights(tmp_path / "out"))
    assert without_times(read_run(tmp_path / "calm-run")) == without_times(read_run(tmp_path / "run"))


def test_batch_statistics_go_on_too(tmp_path, request_of, saves_at_once):
    """With a network that has batch normalisation, whose running means are no parameters."""
    request = request_of(architecture="cifar_resnet20", epochs=1, batch_size=32)
    calm = tmp_path / "calm-run"
    for place, stops in ((calm, ()), (tmp_path / "run", (1,))):
        for stop in (*stops, 2):
            run = train(request, tmp_path / "out", run=place)
            for report in run:
                if report.phase == "train" and report.step == stop:
                    run.close()
    one, other = load_file(calm / STATE), load_file(tmp_path / "run" / STATE)
    assert same_weights(one, other)
    assert one["module.network.bn1.num_batches_tracked"] == 2


def test_a_killed_save_of_the_checkpoint_is_made_good_under_the_same_name(tmp_path, request_of, monkeypatch):
    """After a kill between the checkpoint and the word that the run is done."""
    from rsviz.training.run_folder import RunWriter

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    request = request_of(epochs=1)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunWriter, "end", die)
        list(train(request, run=tmp_path / "run"))
    assert load_card("toy").name == "toy"
    assert finished(request, None, tmp_path / "run").name == "toy"
    again = train(request, run=tmp_path / "run")  # asked once more, it only says what it did
    with pytest.raises(StopIteration) as done:
        next(again)
    assert done.value.value.name == "toy"


def test_a_name_that_was_taken_meanwhile_gets_a_number(tmp_path, request_of, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    slow = train(request_of(epochs=1), run=tmp_path / "slow")
    next(slow)
    finished(request_of(epochs=1, seed=1), None, tmp_path / "quick")
    assert returned(slow).name == "toy-2"
    assert (load_card("toy").seed, load_card("toy-2").seed) == (1, 0)


def test_a_stopped_run_leaves_its_best_epoch_as_a_checkpoint(
    tmp_path, request_of, monkeypatch, saves_at_once
):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    run = train(request_of(epochs=9), run=tmp_path / "run")
    for report in run:
        if report.epoch == 4:
            run.close()
    stood = read_run(tmp_path / "run")
    end = keep_best(tmp_path / "run")
    assert (end.state, end.checkpoint, end.epoch) == ("stopped", "toy", stood.best.epoch)
    card = load_card("toy")
    assert card.hyperparameters["epoch"] == max(stood.validations, key=lambda look: look.score).epoch
    assert card.metrics["clean_accuracy"].value == stood.best.clean_accuracy
    assert "after epoch" in card.metrics["certified_accuracy"].how
    assert keep_best(tmp_path / "run").checkpoint == "toy"  # its own name is not taken by itself
    # It can go on, and then replaces what it had left.
    assert finished(request_of(epochs=9), None, tmp_path / "run").name == "toy"
    assert "epoch" not in load_card("toy").hyperparameters


def test_a_run_folder_belongs_to_one_request_and_one_process(tmp_path, request_of):
    run = train(request_of(), tmp_path / "out", run=tmp_path / "run")
    next(run)
    with pytest.raises(RunError, match="Another process"):
        next(train(request_of(), tmp_path / "out", run=tmp_path / "run"))
    run.close()
    with pytest.raises(RunError, match="another request"):
        next(train(request_of(seed=5), tmp_path / "out", run=tmp_path / "run"))


def test_a_run_is_cleared_only_when_it_is_over(tmp_path, request_of):
    run = train(request_of(epochs=1), tmp_path / "out", run=tmp_path / "run")
    next(run)
    run.close()
    assert clear_ended(tmp_path / "run") and (tmp_path / "run" / RUN).exists()
    finished(request_of(epochs=1), tmp_path / "out", tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    assert not clear_ended(tmp_path / "run")
    assert (tmp_path / "run" / "notes.txt").exists()
    assert not (tmp_path / "run" / RUN).exists()


def test_a_run_that_an_older_version_began_is_read_and_resumed(tmp_path):
    """old_run was stopped in its second epoch; expected_*.jsonl is what the older version wrote then."""
    stored = Path(__file__).parent / "old_run"
    for name in (RUN, STEPS, VALIDATIONS, STATE):
        shutil.copy(stored / name, tmp_path / name)
    before = read_run(tmp_path)
    assert (before.info.validate_every, before.request["validate_every"]) == (1, 1)
    assert (len(before.steps), [validation.epoch for validation in before.validations]) == (16, [1])
    finished(TrainRequest(**before.request), tmp_path / "out", tmp_path)
    after = read_run(tmp_path)
    assert (after.id, after.end.checkpoint) == (before.id, "old")
    assert after.steps[:16] == before.steps and after.validations[0] == before.validations[0]
    expected = [json.loads(line) for line in (stored / "expected_steps.jsonl").read_text().splitlines()]
    assert [record.step for record in after.steps[16:]] == [record["step"] for record in expected]
    for record, old in zip(after.steps[16:], expected, strict=True):
        assert record.learning_rate == old["learning_rate"]
        assert record.loss == pytest.approx(old["terms"]["cross-entropy"], rel=1e-4)  # another processor
    expected = [json.loads(line) for line in (stored / "expected_looks.jsonl").read_text().splitlines()]
    for validation, old in zip(after.validations, expected, strict=True):
        assert validation.clean_accuracy == pytest.approx(old["clean_accuracy"], abs=0.01)
        assert validation.score == pytest.approx(old["score"], abs=0.03)
