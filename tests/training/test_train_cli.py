"""python -m rsviz train and checkpoints: one JSON object on standard output, sentences on standard error."""

import dataclasses
import json

import pytest
from click.testing import CliRunner

from rsviz.checkpoints import load_checkpoint
from rsviz.cli import checkpoints as checkpoints_cli
from rsviz.cli import train as train_cli
from rsviz.cli.options import take_request_values
from rsviz.errors import RsvizError
from rsviz.tasks.train import TrainRequest
from rsviz.training import TrainingError, loop, measure
from rsviz.training.loop import Steps
from rsviz.training.records import RunRecord
from tests.pictures import write_pictures


@pytest.fixture
def quick_measuring(monkeypatch):
    """Twenty certificates in place of 500: the command is tested here, not the network."""
    monkeypatch.setattr(measure, "FINAL", dataclasses.replace(measure.FINAL, images=20))


def invoke(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_train_prints_the_card_and_saves_where_it_was_told(tmp_path, quick_measuring, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    out = tmp_path / "mine.safetensors"
    options = "--dataset digits --method gaussian --architecture digits-cnn --sigma 0.25 --epochs 1 --seed 4"
    run = invoke(train_cli.command, *options.split(), "--precision", "float32", "--out", out, "--json")
    assert run.exit_code == 0
    result = json.loads(run.stdout)
    assert (result["name"], result["folder"]) == ("mine", str(tmp_path))
    card = load_checkpoint(out)[1]
    assert card.model_dump(mode="json") == result["card"]
    assert (card.seed, card.scale, card.hyperparameters["epochs"]) == (4, 0.25, 1)
    assert "first 20 test images" in card.metrics["certified_accuracy"].how
    assert "training" in run.stderr and "certified accuracy" in run.stderr


SMALL = [
    "--architecture",
    "digits-cnn",
    "--sigma",
    "0.25",
    "--epochs",
    "2",
    "--batch",
    "16",
    "--precision",
    "float32",
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def test_the_same_command_goes_on_where_it_was_killed(tmp_path, monkeypatch, pictures):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)
    command = [train_cli.command, "--dataset", pictures, *SMALL]
    real, done = Steps._step, []

    def dies_after_five_steps(self, chosen):
        if self.step == 5 and not done:
            done.append(self.step)
            raise KeyboardInterrupt
        return real(self, chosen)

    monkeypatch.setattr(Steps, "_step", dies_after_five_steps)
    interrupted = invoke(*command)
    assert interrupted.exit_code != 0 and list((tmp_path / "checkpoints").glob("*")) == []
    finished = invoke(*command, "--json", "--save-run", tmp_path / "run.json")
    assert finished.exit_code == 0 and "resuming the run" in finished.stderr
    result = json.loads(finished.stdout)
    run = RunRecord.from_json((tmp_path / "run.json").read_text())
    assert (run.end.checkpoint, run.info.steps) == (result["name"], 8)
    assert [line.step for line in run.steps] == list(range(1, 9))
    # Once more: a new run, and a name of its own.
    again = invoke(*command, "--json")
    assert "resuming" not in again.stderr
    assert json.loads(again.stdout)["name"] == f"{result['name']}-2"


def test_a_name_that_is_taken_is_refused_before_anything_begins(tmp_path, monkeypatch, pictures):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    run = invoke(train_cli.command, "--dataset", pictures, *SMALL, "--name", "digits-plain")
    assert isinstance(run.exception, TrainingError) and "already is a checkpoint" in str(run.exception)
    assert not (tmp_path / "checkpoints").exists()


def test_an_estimate_trains_nothing(tmp_path, monkeypatch, pictures):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    run = invoke(train_cli.command, "--dataset", pictures, *SMALL, "--estimate", "--json")
    (row,) = json.loads(run.stdout)["estimates"]
    assert row["name"] == "folder-gaussian-0.25" and row["seconds"] > 0
    assert list(tmp_path.iterdir()) == []


def test_every_field_of_a_request_has_its_option():
    flags = {flag for option in train_cli.command.params for flag in option.opts}
    assert {flag for spec in TrainRequest.fields().values() for flag in spec.flags} - {
        "--parameters"
    } <= flags
    assert {"--set", "--batch", "--lr"} <= flags


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("0.5", 0.5), ("true", True), ("none", None), ("linf", "linf")]
)
def test_parameters_of_a_method_mean_what_they_say(text, value):
    assert take_request_values(TrainRequest, {"request_parameters": [f"name={text}"]}) == {
        "parameters": {"name": value}
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "magic"], "method"),
        (["--sigma", "0.5", "--set", "lbd=3"], "lbd"),
        (["--sigma", "0.5", "--set", "lbd"], "NAME=VALUE"),
        (["--zoo", "nothing"], "digits-plain"),
        (["--zoo", "all", "--epochs", "1"], "takes no settings"),
        (["--sigma", "0.5", "--out", "..safetensors"], "name"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    run = invoke(train_cli.command, *arguments)
    assert isinstance(run.exception, RsvizError) and words in str(run.exception)
    assert run.stdout == "" and list(tmp_path.iterdir()) == []


def test_list_show_and_verify_agree_about_the_shipped_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    cards = json.loads(invoke(checkpoints_cli.command, "list", "--json").stdout)["checkpoints"]
    names = [card["name"] for card in cards]
    assert "digits-gaussian-0.25" in names
    table = invoke(checkpoints_cli.command, "list").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["name", *names]
    assert json.loads(invoke(checkpoints_cli.command, "show", names[0], "--json").stdout) == cards[0]
    verdict = invoke(checkpoints_cli.command, "verify", "--json")
    assert verdict.exit_code == 0
    assert json.loads(verdict.stdout) == {
        "ok": True,
        "checkpoints": [{"name": name, "ok": True, "fault": None} for name in sorted(names)],
    }


def test_verify_names_the_checkpoint_that_was_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    from rsviz.checkpoints import save_checkpoint

    module, card = load_checkpoint("digits-plain")
    save_checkpoint(module, card.model_copy(update={"name": "mine"}))
    path = tmp_path / "checkpoints" / "mine.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    verdict = checkpoints_cli.command.main(["verify", "--json"], standalone_mode=False)
    assert verdict == 2
    assert (
        "mine: mine.safetensors does not have the SHA-256" in invoke(checkpoints_cli.command, "verify").stdout
    )
