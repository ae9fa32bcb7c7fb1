"""Measuring a checkpoint that stands: its card and survey say what was found now, the weights stay."""

import pytest

from rsviz.checkpoints import load_card, load_checkpoint, load_survey, save_checkpoint
from rsviz.cli import main
from rsviz.errors import RsvizError
from rsviz.training import measure
from rsviz.training.measure import remeasure


def test_the_shell_writes_what_it_measures_now_into_the_card(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "REPORT_EVERY", 0.0)  # every batch is reported to the progress bar
    module, card = load_checkpoint("digits-plain")
    save_checkpoint(module, card.model_copy(update={"name": "mine", "metrics": {}}), tmp_path)
    before = load_card(tmp_path / "mine.json")
    with pytest.raises(SystemExit) as end:
        main(["checkpoints", "measure", str(tmp_path / "mine.safetensors"), "--device", "cpu"])
    after = load_card(tmp_path / "mine.json")
    assert end.value.code == 0
    assert capsys.readouterr().out == f"clean accuracy: {after.metrics['clean_accuracy'].value}\n"
    assert after.model_copy(update={"metrics": {}}) == before
    assert after.metrics["clean_accuracy"].value == pytest.approx(
        card.metrics["clean_accuracy"].value, abs=0.01
    )
    survey = load_survey(tmp_path / "mine.json")
    correct = [p == y for p, y in zip(survey["predicted"], survey["label"], strict=True)]
    assert sum(correct) / len(correct) == pytest.approx(after.metrics["clean_accuracy"].value, abs=1e-9)


def test_an_unknown_checkpoint_is_named():
    with pytest.raises(RsvizError, match="no checkpoint called nobody"):
        next(remeasure("nobody"))
