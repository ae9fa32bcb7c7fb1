"""python -m rsviz train and checkpoints: one JSON object on standard output, sentences on standard error."""

import json

import pytest
from click.testing import CliRunner

from rsviz.checkpoints import load_checkpoint
from rsviz.cli import checkpoints as checkpoints_cli
from rsviz.cli import train as train_cli
from rsviz.training import TrainingError, measure


@pytest.fixture
def quick_measuring(monkeypatch):
    """Twenty certificates in place of 500: the command is tested here, not the network."""
    monkeypatch.setattr(measure, "CERTIFIED_IMAGES", 20)


def invoke(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_train_prints_the_card_and_saves_where_it_was_told(tmp_path, quick_measuring):
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "magic"], "method"),
        (["--sigma", "0.5", "--set", "lbd=3"], "lbd"),
        (["--sigma", "0.5", "--set", "lbd"], "NAME=VALUE"),
        (["--zoo", "nothing"], "digits-plain"),
        (["--zoo", "all", "--epochs", "1"], "stands alone"),
        (["--sigma", "0.5", "--out", "..safetensors"], "name"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    run = invoke(train_cli.command, *arguments)
    assert isinstance(run.exception, TrainingError) and words in str(run.exception)
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
