"""Measuring a checkpoint that stands: its card and survey say what was found now, the weights stay."""

from collections import deque

import pytest

from rsviz.checkpoints import load_card, load_checkpoint, load_survey, save_checkpoint
from rsviz.errors import RsvizError
from rsviz.training.measure import remeasure


def test_a_card_gets_what_is_measured_now(tmp_path):
    module, card = load_checkpoint("digits-plain")
    save_checkpoint(module, card.model_copy(update={"name": "mine", "metrics": {}}), tmp_path)
    before = load_card(tmp_path / "mine.json")
    deque(remeasure(str(tmp_path / "mine.safetensors"), "cpu"), maxlen=0)
    after = load_card(tmp_path / "mine.json")
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
