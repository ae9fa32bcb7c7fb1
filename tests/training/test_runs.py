"""Run folders: read while they are written, whole or half; schedules, tallies and the words for a NaN."""

import json
import math
from types import SimpleNamespace

import pytest
import torch

from rsviz.generators import mapped, returned
from rsviz.tasks.train import TrainRequest
from rsviz.training.distributed import ALONE
from rsviz.training.estimate import estimate
from rsviz.training.loop import train
from rsviz.training.measure import Validator
from rsviz.training.objectives.base import outcome
from rsviz.training.records import STEP_RECORDS, STEPS, VALIDATIONS, RunError, RunRecord, read_run
from rsviz.training.schedule import learning_rate
from rsviz.training.train_step import RunningMeans, why_not_finite
from tests.pictures import SETTINGS, write_pictures


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    dataset = write_pictures(tmp_path_factory.mktemp("pictures"))
    return lambda **values: TrainRequest(**SETTINGS | {"dataset": dataset} | values)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, request_of):
    """The folder of a finished run with held-out images."""
    folder = tmp_path_factory.mktemp("recorded")
    assert returned(train(request_of(held_out=8), folder / "out", run=folder / "run")).name == "toy"
    return folder / "run"


def test_a_run_tells_its_lines_looks_and_end(recorded):
    run = read_run(recorded)
    steps = [line.step for line in run.steps]
    # 52 of 60 images are trained on, in batches of 16.
    assert (run.info.images, run.info.steps, steps) == (52, 16, list(range(1, 17)))
    assert [line.epoch for line in run.steps] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    for line in run.steps:
        assert set(line.terms) == {"cross-entropy"} and line.loss == line.terms["cross-entropy"]
        assert line.learning_rate == learning_rate(
            "one-cycle", run.request["learning_rate"], line.step - 1, 16
        )
    assert [look.epoch for look in run.validations] == [1, 2, 3, 4]
    for look in run.validations:
        assert all(sum(counts) == run.info.n for counts in look.votes)
        assert len(look.votes) == len(run.info.shown) == len(run.info.labels) == 8
        assert len(look.certified) == len(run.info.radii)
        assert list(look.certified) == sorted(look.certified, reverse=True)
    # 8 held-out images with 8 draws each.
    assert all((64 * look.score) == pytest.approx(round(64 * look.score)) for look in run.validations)
    assert "8 training images that were held out" in run.info.criterion
    assert (run.end.state, run.end.checkpoint) == ("done", "toy")


def test_the_votes_of_a_look_are_those_of_the_smoothed_classifier(request_of, tmp_path):
    from rsviz.checkpoints import load_checkpoint
    from rsviz.data import load
    from rsviz.noise import NOISES
    from rsviz.smoothing import SmoothedClassifier

    request = request_of(epochs=1)
    list(train(request, tmp_path, run=tmp_path / "run"))
    module, card = load_checkpoint(tmp_path / "toy.safetensors")
    run, test = read_run(tmp_path / "run"), load(request.dataset, "test", (1, 8, 8))
    g = SmoothedClassifier(module, NOISES["gaussian"](0.25), card.num_classes)
    terms = {"n0": run.info.n0, "n": run.info.n, "alpha": run.info.alpha, "procedure": "cohen"}
    certificates = [g.certify(test.image(i), seed=i, **terms) for i in range(12)]
    look = run.validations[-1]
    for shown, counts in zip(run.info.shown, look.votes, strict=True):
        assert list(counts) == pytest.approx(certificates[shown].counts, abs=1)  # ties within rounding
    proved = [c.radius if c.predicted == y else -1 for c, y in zip(certificates, test.labels, strict=True)]
    for radius, share in zip(run.info.radii, look.certified, strict=True):
        assert share == pytest.approx(sum(r >= radius for r in proved) / 12, abs=1 / 12 + 1e-9)


def test_a_half_written_last_line_is_not_read(recorded, tmp_path):
    for name in ("run.json", STEPS, VALIDATIONS):
        (tmp_path / name).write_bytes((recorded / name).read_bytes())
    whole = read_run(tmp_path)
    assert whole.end is None
    content = (tmp_path / STEPS).read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in (last, last + 1, len(content) - 2, len(content) - 1):
        (tmp_path / STEPS).write_bytes(content[:cut])
        assert read_run(tmp_path).steps == whole.steps[:-1]
    (tmp_path / STEPS).unlink()
    assert read_run(tmp_path).steps == ()


def test_a_run_as_one_json_is_the_run_to_six_digits(recorded):
    run = read_run(recorded)
    text = run.to_json()
    again = RunRecord.from_json(text)
    assert (again.info.name, again.end, again.id) == (run.info.name, run.end, run.id)
    assert [line.step for line in again.steps] == [line.step for line in run.steps]
    assert again.steps[3].terms == pytest.approx(run.steps[3].terms, rel=1e-5)
    assert again.validations[-1].votes == run.validations[-1].votes and again.best.epoch == run.best.epoch
    assert RunRecord.from_json(again.to_json()) == again


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "id": NaN}', "\x00"])
def test_what_is_no_run_is_refused(text):
    with pytest.raises(RunError, match=r"\.$"):
        RunRecord.from_json(text)


def test_a_run_of_another_format_and_a_folder_without_one_are_refused(recorded, tmp_path):
    with pytest.raises(RunError, match="No training run has begun"):
        read_run(tmp_path)
    head = json.loads((recorded / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(head | {"format": 3}))
    with pytest.raises(RunError, match="format 3"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        read_run(tmp_path)


def test_a_long_run_has_about_a_thousand_lines_and_at_most_a_hundred_looks(recorded):
    info = read_run(recorded).info
    assert math.ceil(123_456 / -(-123_456 // STEP_RECORDS)) <= STEP_RECORDS
    assert TrainRequest(sigma=0.25, epochs=300).chosen_validate_every == 3
    assert TrainRequest(sigma=0.25, epochs=100).chosen_validate_every == 1
    values = info.__dict__ | {"epochs": 300, "validate_every": 7}
    many = type(info)(**values)
    assert [many.validations_by(epoch) for epoch in (0, 6, 7, 299, 300)] == [0, 0, 1, 42, 43]


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 33, 1000])
def test_the_one_cycle_schedule_is_that_of_torch_bit_for_bit(steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.003)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.003, total_steps=steps + 1, cycle_momentum=False
    )
    for step in range(steps):
        assert learning_rate("one-cycle", 0.003, step, steps) == optimizer.param_groups[0]["lr"]
        optimizer.step()
        theirs.step()


def test_the_other_schedules_are_what_they_are_called():
    def rates(schedule):
        return [learning_rate(schedule, 0.5, step, 90) for step in range(90)]

    assert set(rates("constant")) == {0.5}
    cosine = rates("cosine")
    assert cosine[0] == 0.5 and cosine[45] == pytest.approx(0.25) and cosine == sorted(cosine, reverse=True)
    assert rates("step") == pytest.approx([0.5] * 30 + [0.05] * 30 + [0.005] * 30)


def test_a_tally_weights_by_images_and_goes_on_exactly():
    tally, again = (RunningMeans(torch.device("cpu"), ALONE) for _ in range(2))
    logits = torch.eye(3)
    tally.add(outcome(logits, a=torch.tensor(1.0), b_c=torch.tensor(0.1)), torch.tensor([0, 1, 1]), 3)
    again.restore(json.loads(json.dumps(tally.to_json())))
    for one in (tally, again):
        one.add(outcome(logits[:1], a=torch.tensor(2.0), b_c=torch.tensor(0.3)), torch.tensor([0]), 1)
    terms, accuracy = tally.take("line")
    assert terms == pytest.approx({"a": 5 / 4, "b-c": 0.15}) and accuracy == pytest.approx(3 / 4)
    assert again.take("line") == (terms, accuracy)


LOST = {"cross-entropy": math.nan, "stability": math.nan}


@pytest.mark.parametrize(
    ("method", "terms", "step", "words"),
    [
        ("gaussian", {"cross-entropy": math.nan}, 55, ["epoch 5 of 10", "learning rate 0.002"]),
        ("stn", {"cross-entropy": 1.0, "stability": math.inf}, 7, ["epoch 1", "gamma = 1"]),
        ("stn", LOST, 1, ["a parameter of the method"]),
        ("stn", LOST, 70, ["the learning rate"]),
        ("gaussian", {"cross-entropy": math.inf}, 1, ["the images", "bfloat16"]),
    ],
)
def test_a_loss_that_is_no_number_names_the_epoch_and_the_likely_cause(method, terms, step, words):
    info = SimpleNamespace(epochs=10, steps=110, precision="bfloat16")
    sentence = why_not_finite(terms, TrainRequest(sigma=0.25, method=method), info, step)
    assert all(word in sentence for word in words) and sentence.endswith(".") and "\n" not in sentence
    assert why_not_finite({"cross-entropy": 1.0}, TrainRequest(sigma=0.25), info, step) is None


def test_a_look_changes_neither_the_network_nor_its_mode(request_of):
    from rsviz.data import load
    from rsviz.models import build
    from rsviz.noise import NOISES

    module = build("cifar_resnet20", num_classes=3, input_shape=(3, 32, 32), mean=(0.5,) * 3, std=(0.2,) * 3)
    before = {name: tensor.clone() for name, tensor in module.train().state_dict().items()}
    test = load(request_of().dataset, "test", (3, 32, 32))
    list(Validator(test, NOISES["gaussian"](0.5), torch.device("cpu")).validate(module, "float32", 1, 1))
    assert module.training
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_an_estimate_counts_steps_looks_and_measurements(request_of):
    def seconds(epochs):
        phases = []
        found = returned(
            mapped(lambda progress: phases.append(progress.phase), estimate(request_of(epochs=epochs)))
        )
        assert set(phases) == {"prepare"}
        return found

    # Ten thousand times the steps and a hundred looks: however noisy the machine, it must show.
    assert 0 < seconds(1) < seconds(10_000)
