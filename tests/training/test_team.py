"""Several processes that torchrun starts take the steps that one would take."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from rsviz.noise import NOISES
from rsviz.tasks.train import TrainRequest
from rsviz.training.distributed import Processes
from rsviz.training.loop import train
from rsviz.training.prepare import Images
from rsviz.training.records import read_run
from rsviz.training.train_step import PassSettings, Trainer
from tests.pictures import SETTINGS, write_pictures

CHECKOUT = Path(__file__).resolve().parents[2]

DRIVER = """
import sys, torch
from torch import nn
from rsviz.tasks.train import TrainRequest
from rsviz.training.loop import train
from rsviz.training.distributed import exit_process, init_distributed
nn.Dropout.forward = lambda self, x: x
out, run, request = sys.argv[1:]
processes = init_distributed()
for report in train(TrainRequest.model_validate_json(request), out, run=run, processes=processes):
    pass
if not processes.is_main_process:
    exit_process()
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def started(processes, *command):
    """Run a command of Python under torchrun on this machine, with a port that is free."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launcher += [f"--nproc-per-node={processes}", *map(str, command)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "RSVIZ_DEVICE": "cpu", "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(launcher, env=environment, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran


def test_two_processes_train_the_network_that_one_trains(tmp_path, dataset, monkeypatch):
    """60 images in batches of 25, 25 and 10, halved in two unequal parts where they are odd."""
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x)
    settings = {
        "dataset": dataset,
        "method": "plain",
        "sigma": 0.0,
        "optimizer": "sgd",
        "learning_rate": 0.05,
    }
    request = TrainRequest(**SETTINGS | settings | {"batch_size": 25, "epochs": 3})
    list(train(request, tmp_path / "one", run=tmp_path / "one-run"))
    (tmp_path / "driver.py").write_text(DRIVER)
    driver = (tmp_path / "driver.py", tmp_path / "two", tmp_path / "two-run", request.model_dump_json())
    started(2, *driver)
    one, two = (load_file(tmp_path / name / "toy.safetensors") for name in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-6)
    runs = [read_run(tmp_path / f"{name}-run") for name in ("one", "two")]
    for ours, theirs in zip(*(run.steps for run in runs), strict=True):
        assert theirs.step == ours.step and theirs.loss == pytest.approx(ours.loss, rel=1e-4)
    assert [look.epoch for look in runs[1].validations] == [1, 2, 3]


def test_torchrun_runs_the_command_and_only_the_main_process_speaks(tmp_path, dataset):
    """Under noise, each process draws its own; it learns all the same."""
    command = [
        "-m",
        "rsviz",
        "train",
        "--dataset",
        dataset,
        "--architecture",
        "digits-cnn",
        "--sigma",
        "0.25",
    ]
    command += [
        "--epochs",
        "2",
        "--batch",
        "20",
        "--precision",
        "float32",
        "--out",
        tmp_path / "toy.safetensors",
    ]
    result = json.loads(started(2, *command, "--record", tmp_path / "run", "--json").stdout)
    assert result["name"] == "toy" and (tmp_path / "toy.json").exists()
    assert read_run(tmp_path / "run").end.state == "done"


def test_the_parts_of_a_batch_are_the_batch():
    for size in (1, 2, 3):
        rows = torch.arange(7)
        assert torch.equal(torch.cat([Processes(rank, size).part(rows) for rank in range(size)]), rows)
    assert len(Processes(1, 2).part(torch.arange(1))) == 0


def test_ranks_draw_noise_of_their_own():
    from rsviz.models import build

    request = TrainRequest(sigma=0.5)
    images, seen = Images(torch.zeros((4, 1, 8, 8)), torch.zeros(4, dtype=torch.int64)), []
    for rank in range(2):
        module = build("digits-cnn", num_classes=10, input_shape=(1, 8, 8), mean=(0.0,), std=(1.0,))
        module.normalize.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        prepared = SimpleNamespace(
            device=torch.device("cpu"), module=module, images=images, noise=NOISES["gaussian"](0.5)
        )
        trainer = Trainer(request, prepared, 10, PassSettings())
        trainer._processes = Processes(rank, 2)
        trainer.train_step(0, torch.arange(4))
    assert len(seen[0]) == len(seen[1]) == 2 and not torch.equal(*seen)
