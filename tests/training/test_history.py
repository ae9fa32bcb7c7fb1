"""How long a run will take is judged by what stands on this machine, and by passes through the network."""

import json
import os
from dataclasses import asdict, fields

import pytest
import torch

from rsviz.noise import NOISES
from rsviz.tasks.estimate import estimate_from_past as estimate
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS
from rsviz.training.history import read_again, recorded_run, recorded_runs, run_folders
from rsviz.training.records import (
    END,
    FORMAT,
    RUN,
    STEPS,
    VALIDATIONS,
    RunEnd,
    RunError,
    RunInfo,
    StepRecord,
    Validation,
)

OTHER_PARAMETERS = {
    "adre": {"k": 3},
    "smoothadv": {"m": 2, "steps": 3},
    "adre-adv": {"k": 3, "steps": 1},
    "nal": {"K": 2, "r": 3},
    "wrm": {"K": 3},
    "trades": {"steps": 2},
    "pgd-at": {"steps": 3},
}


INFO = dict.fromkeys(field.name for field in fields(RunInfo)) | {
    "name": "a",
    "noise": "gaussian",
    "scale": 0.25,
    "validate_every": 1,
    **dict.fromkeys(("classes", "radii", "shown", "labels"), ()),
}


class Counting(torch.nn.Module):
    """A linear network that counts the images that go through it."""

    def __init__(self):
        super().__init__()
        self.layer, self.images = torch.nn.Linear(4, 3), 0

    def forward(self, x):
        self.images += len(x)
        return self.layer(x.flatten(1))


@pytest.mark.parametrize("changed", [{}, OTHER_PARAMETERS], ids=["defaults", "others"])
@pytest.mark.parametrize("method", METHODS)
def test_passes_are_those_that_the_objective_makes(method, changed):
    objective, f = METHODS[method], Counting()
    parameters = objective.parameters(**changed.get(method, {}))
    noise = NOISES["gaussian"](0.25) if objective.needs_noise else None
    x, y = torch.rand(5, 1, 2, 2), torch.randint(3, (5,))
    objective.loss(f, x, y, noise=noise, parameters=parameters, generator=torch.Generator().manual_seed(0))
    assert f.images == 5 * parameters.passes


def write_run(folder, request, *, step_seconds=0.1, looking=3.0, measuring=5.0, end="done", begun=1000.0):
    """A made-up run of 11 steps and a validation per epoch, in the files and at the times of a real one."""
    steps, epochs = 11 * request.epochs, request.epochs
    info = INFO | {"steps": steps, "epochs": epochs}
    line = StepRecord(steps, epochs, {"cross-entropy": 1.0}, 0.5, 0.1, steps * step_seconds)
    validations = [
        Validation(epoch, 11 * epoch, 0.5, None, None, None, 0.5) for epoch in range(1, epochs + 1)
    ]
    folder.mkdir(parents=True)
    trained = begun + line.seconds + looking
    for name, rows, time in (
        (RUN, [{"format": FORMAT, "id": "0" * 16, "request": request.model_dump(), "info": info}], begun),
        (STEPS, [asdict(line)], trained),
        (VALIDATIONS, [asdict(validation) for validation in validations], trained),
        (END, [asdict(RunEnd(end, "a", epochs))], trained + measuring),
    ):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        os.utime(folder / name, (time, time))
    return folder


def request(**values):
    return TrainRequest.make(**{"method": "gaussian", "sigma": 0.25, "epochs": 3} | values)


@pytest.fixture
def jobs_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    return tmp_path / "jobs"


def test_a_run_like_one_that_stands_here_takes_as_long(jobs_folder):
    write_run(jobs_folder / "a", request())
    known = estimate(request())
    assert known.like is None
    assert known.seconds == pytest.approx(33 * 0.1 + 3 + 5)


def test_twice_the_epochs_take_twice_the_steps_and_looks_and_are_measured_once(jobs_folder):
    write_run(jobs_folder / "a", request())
    assert estimate(request(epochs=6)).seconds == pytest.approx(2 * (33 * 0.1 + 3) + 5)


def test_sigma_and_seed_make_no_difference_and_the_fastest_counts(jobs_folder):
    write_run(jobs_folder / "a", request(sigma=0.5, seed=7))
    write_run(jobs_folder / "b", request(), looking=86_400.0)  # it was cancelled, and resumed the next day
    known = estimate(request())
    assert known.like is None
    assert known.seconds == pytest.approx(33 * 0.1 + 3 + 5)


def test_another_method_is_judged_by_its_passes(jobs_folder):
    write_run(jobs_folder / "a", request())
    known = estimate(request(method="smoothadv", parameters={"m": 2, "steps": 3}))
    assert known.like == "gaussian"
    assert known.seconds == pytest.approx(8 * 33 * 0.1 + 3 + 5)
    write_run(jobs_folder / "b", request(method="smoothadv", parameters={"m": 2, "steps": 3}), step_seconds=2)
    known = estimate(request(method="smoothadv", parameters={"m": 2, "steps": 3}))
    assert known.like is None
    assert known.seconds == pytest.approx(2 * 33 + 3 + 5)


@pytest.mark.parametrize(
    "other", [{"method": "plain", "sigma": 0.0}, {"dataset": "mnist"}, {"held_out": 100}], ids=str
)
def test_what_cannot_be_compared_is_not_estimated(jobs_folder, other):
    assert estimate(request()) is None
    write_run(jobs_folder / "a", request(**other))
    assert estimate(request()) is None


def test_a_run_that_did_not_end_well_tells_nothing(jobs_folder):
    write_run(jobs_folder / "a", request(), end="stopped")
    (write_run(jobs_folder / "b", request()) / END).unlink()
    (write_run(jobs_folder / "c", request()) / RUN).write_text("{")
    assert estimate(request()) is None


def test_runs_of_jobs_and_of_the_command_line_are_found_newest_first(jobs_folder):
    write_run(jobs_folder / "a", request(), begun=1000.0)
    write_run(jobs_folder.parent / "runs" / "b", request(), begun=3000.0)
    write_run(jobs_folder / "c", request(), begun=2000.0)
    (jobs_folder / "d").mkdir()
    (write_run(jobs_folder / "e", request(), begun=4000.0) / RUN).write_text("{}")
    assert [folder.name for folder in run_folders()] == ["e", "b", "c", "a"]
    runs = recorded_runs()
    assert list(runs) == ["b", "c", "a"]
    assert (runs["b"].request, runs["b"].end.state, runs["b"].steps) == (request().model_dump(), "done", ())
    assert len(recorded_run("b").validations) == 3
    with pytest.raises(RunError, match="There is no training run 'z'"):
        recorded_run("z")


def test_a_run_is_read_anew_when_a_line_has_come(jobs_folder):
    folder = write_run(jobs_folder / "a", request())
    first = read_again(folder)
    assert read_again(folder) is first
    with (folder / STEPS).open("a") as file:
        file.write(json.dumps(asdict(StepRecord(34, 4, {"cross-entropy": 0.5}, 0.6, 0.1, 4.0))) + "\n")
    assert len(read_again(folder).steps) == len(first.steps) + 1
