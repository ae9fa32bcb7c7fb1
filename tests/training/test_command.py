"""The command that a page shows asks for the same training run again."""

import shlex

import pytest

import rsviz.cli.train as cli
from rsviz.checkpoints import load_card
from rsviz.tasks.spellings import command_line
from rsviz.tasks.train import TrainRequest, TrainResult
from rsviz.training import METHODS

REQUESTS = [
    {"dataset": "digits", "method": "plain", "epochs": 3},
    {"method": "gaussian", "sigma": 0.25, "flip": True, "shift": 2, "name": "mine", "seed": 7},
    {"method": "nal", "sigma": 0.1, "parameters": {"K": 2, "eta1": 0.25, "noise_in_cost": False}},
    {"method": "pgd-at", "parameters": {"norm": "l2", "epsilon": 1.5, "random_start": False}},
    {"method": "adre", "sigma": 0.5, "parameters": {"k": 4, "lam": 0.3}, "optimizer": "sgd", "momentum": 0.5},
    {"dataset": "mnist", "method": "stn", "sigma": 0.7, "schedule": "cosine", "learning_rate": 1e-4},
    {"method": "gaussian", "sigma": 1e-05, "held_out": 100, "batch_size": 32, "weight_decay": 0.0},
]


def meaning(request):
    """All that the request says, whether a parameter came as a word or as a number."""
    return request.model_dump() | {"parameters": METHODS[request.method].parameters(**request.parameters)}


@pytest.mark.parametrize("values", REQUESTS, ids=lambda values: values["method"])
def test_the_command_gives_the_request_again(values, monkeypatch):
    asked = []

    def train(request, *_, **__):
        asked.append(request)
        return TrainResult("digits-plain", "", load_card("digits-plain"))

    monkeypatch.setattr(cli, "_train", train)
    request = TrainRequest.make(**values)
    words = shlex.split(command_line(request))
    assert words[:4] == ["python", "-m", "rsviz", "train"]
    cli.command(words[4:], standalone_mode=False)
    assert meaning(asked[0]) == meaning(request)
