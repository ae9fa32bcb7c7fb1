"""A whole test set: counts are those of each image alone, whatever stops, kills or shares the work."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rsviz import data
from rsviz.checkpoints import load_checkpoint
from rsviz.errors import RsvizError
from rsviz.evaluation import units
from rsviz.evaluation.engines import Waiting, local, make_engine
from rsviz.generators import returned
from rsviz.noise import Gaussian
from rsviz.smoothing import SmoothedClassifier
from rsviz.tasks.evaluate import EvaluateRequest, EvaluationError, certificates, read_votes
from rsviz.tasks.evaluate import run as evaluate
from rsviz.tasks.evaluate.votes import locked

CHECKOUT = Path(__file__).resolve().parents[2]
CHECKPOINT = "digits-gaussian-0.25"
SMALL = {
    "checkpoint": CHECKPOINT,
    "dataset": "digits",
    "device": "cpu",
    "precision": "float32",
    "batch": 64,
    "skip": 3,
    "limit": 40,
    "n0": 20,
    "n": 150,
    "seed": 5,
}


def run(path, *, settings=None, **how):
    steps = list(evaluate(EvaluateRequest.make(**SMALL | (settings or {})), path, **how))
    assert steps[-1].votes == steps[-1].total
    return read_votes(path)


def same_counts(one, other):
    for field in ("idx", "label", "counts0", "counts", "drawn"):
        mine, its = getattr(one, field), getattr(other, field)
        assert mine.tobytes() == its.tobytes(), field


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The path of an evaluation that nothing disturbed."""
    path = tmp_path_factory.mktemp("whole") / "votes.jsonl"
    run(path)
    return path


def test_every_row_is_what_certifying_that_image_alone_gives(whole):
    votes = read_votes(whole)
    network, card = load_checkpoint(CHECKPOINT)
    g = SmoothedClassifier(network, Gaussian(card.scale), card.num_classes, batch=64)
    images = data.load("digits")
    proved = certificates(votes, alpha=0.01, procedure="cohen")
    assert votes.idx.tolist() == list(range(0, 120, 3))
    assert votes.label.tolist() == images.labels[votes.idx].tolist()
    differing = 0
    for row, index in enumerate(votes.idx):
        alone = g.certify(images.image(index), n0=20, n=150, alpha=0.01, seed=5 + int(index))
        differing += np.abs(votes.counts[row] - alone.counts).sum() // 2
        if tuple(votes.counts[row]) == alone.counts and tuple(votes.counts0[row]) == alone.counts0:
            assert proved.predicted[row] == alone.predicted
            assert {key: radii[row] for key, radii in proved.radii.items()} == alone.radii
    assert differing <= 1  # only logits that tie within rounding: 1 vote in 10,000


def test_closed_at_any_moment_and_resumed_it_gives_the_same_bytes_of_counts(whole, tmp_path):
    path, stops = tmp_path / "votes.jsonl", 0
    while True:
        steps = evaluate(EvaluateRequest.make(**SMALL), path, resume=True)
        for step in steps:
            if step.fresh > 1020:  # a unit of six images is stored, another begun
                break
        done = step.votes == step.total
        steps.close()
        if done:
            break
        stops += 1
    assert stops >= 2
    same_counts(read_votes(path), read_votes(whole))


def test_a_file_cut_at_any_byte_is_taken_up_again(whole, tmp_path):
    content = whole.read_bytes()
    header = content.index(b"\n") + 1
    for cut in np.linspace(header, len(content) - 1, 7).astype(int):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(content[:cut])
        read_votes(path)
        same_counts(run(path, resume=True), read_votes(whole))


SCRIPT = """
import sys
from rsviz.tasks.evaluate import EvaluateRequest, run
if __name__ == "__main__":
    for step in run(EvaluateRequest.make(**{settings}), sys.argv[1], resume=True, workers={workers}):
        print(step.fresh, flush=True)
"""


@pytest.mark.parametrize("workers", [None, 2])
def test_killed_with_minus_nine_and_resumed_it_gives_the_same_bytes_of_counts(workers, tmp_path):
    settings = SMALL | {"limit": 30, "n": 1500, "skip": 1}
    path = tmp_path / "votes.jsonl"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(settings=settings, workers=workers))
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, script, path], env=environment, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if int(line) > 5000:
            break
    children = child_processes(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()
    before = read_votes(path)
    assert 0 < before.complete.sum() < 30
    assert len(children) >= (workers or 0)
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() and not zombie(child) for child in children):
        assert time.monotonic() < deadline, "worker processes outlive the one that started them"
        time.sleep(0.1)
    after = run(path, settings=settings, resume=True)
    same_counts(after, run(tmp_path / "undisturbed.jsonl", settings=settings))


def child_processes(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_team_of_processes_one_of_which_is_killed_gives_the_same_counts(whole, tmp_path, monkeypatch):
    killed = []
    send = local.ProcessPool._send

    def send_and_kill(pool, worker, item):
        send(pool, worker, item)
        if item.what == "count" and not killed:
            os.kill(worker.process.pid, signal.SIGKILL)
            killed.append(worker.process.pid)

    monkeypatch.setattr(local.ProcessPool, "_send", send_and_kill)
    votes = run(tmp_path / "votes.jsonl", workers=1)
    assert killed
    same_counts(votes, read_votes(whole))


def test_work_that_kills_every_worker_is_given_up_with_a_sentence(tmp_path, monkeypatch):
    send = local.ProcessPool._send

    def send_and_kill(pool, worker, item):
        send(pool, worker, item)
        if item.what == "count":
            os.kill(worker.process.pid, signal.SIGKILL)

    monkeypatch.setattr(local.ProcessPool, "_send", send_and_kill)
    with pytest.raises(RsvizError, match=r"3 worker processes died at image 0, .* smaller batch"):
        run(tmp_path / "votes.jsonl", workers=1)


def test_images_with_many_draws_are_cut_into_parts_of_whole_blocks():
    parts = list(units.split(range(2), 100, 10_000, batch=64, block=4096))
    assert [(part.images, part.start, part.stop) for part in parts] == [
        ((index,), start, stop)
        for index in range(2)
        for start, stop in ((0, 4096), (4096, 8192), (8192, 10_000))
    ]
    assert sum(part.draws for part in parts) == 2 * 10_100


@pytest.mark.parametrize(
    ("n0", "n", "batch"), [(100, 1000, 64), (100, 1000, 4096), (1, 1, 1), (100, 99_999, 8)]
)
def test_units_cover_every_draw_of_every_image_once(n0, n, batch):
    indices = range(3, 90, 4)
    drawn = {index: [] for index in indices}
    for unit in units.split(indices, n0, n, batch, block=256):
        for index in unit.images:
            drawn[index].append((unit.start, unit.stop))
    for spans in drawn.values():
        assert spans[0][0] == 0
        assert spans[-1][1] == n
        assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_an_image_in_several_parts_has_the_counts_of_one_run(tmp_path):
    settings = SMALL | {"limit": 2, "n": 9000, "batch": 32}
    votes = run(tmp_path / "votes.jsonl", settings=settings)
    lines = (tmp_path / "votes.jsonl").read_text().splitlines()[1:]
    assert len(lines) == 6
    assert votes.complete.all()
    network, card = load_checkpoint(CHECKPOINT)
    g = SmoothedClassifier(network, Gaussian(card.scale), card.num_classes, batch=32)
    alone = g.certify(data.load("digits").image(3), n0=20, n=9000, seed=8)
    assert np.abs(votes.counts[1] - alone.counts).sum() // 2 <= 1
    (tmp_path / "part.jsonl").write_text(
        "\n".join((tmp_path / "votes.jsonl").read_text().splitlines()[:3]) + "\n"
    )
    part = read_votes(tmp_path / "part.jsonl")
    assert part.drawn.tolist() == [8192]
    assert not part.complete.any()
    assert len(certificates(part).idx) == 0


def test_repeated_lines_count_once(whole, tmp_path):
    header, *lines = whole.read_text().splitlines()
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([header, *lines, *lines[:5]]) + "\n")
    same_counts(read_votes(path), read_votes(whole))


def test_a_file_that_is_there_is_never_overwritten(whole):
    before = whole.read_bytes()
    with pytest.raises(EvaluationError, match="is there already"):
        run(whole)
    assert whole.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n": 151}, "begun with n = 150, and 151"),
        ({"seed": 6}, "seed = 5"),
        ({"limit": 41}, "limit = 40"),
        ({"scale": 0.5}, "scale = 0.25"),
        ({"noise": "laplace"}, "noise = 'gaussian'"),
        ({"batch": 128}, "batch = 64"),
        ({"precision": "bfloat16"}, "precision = 'float32'"),
        ({"checkpoint": "digits-gaussian-0.50", "scale": 0.25}, "checkpoint = 'digits-gaussian-0.25'"),
    ],
)
def test_a_file_of_other_votes_is_not_gone_on_with(whole, change, sentence):
    before = whole.read_bytes()
    with pytest.raises(EvaluationError, match=sentence):
        run(whole, settings=change, resume=True)
    assert whole.read_bytes() == before


def test_alpha_and_procedure_may_change_without_a_vote(whole):
    before = whole.read_bytes()
    steps = list(
        evaluate(EvaluateRequest.make(**SMALL | {"alpha": 0.05, "procedure": "cohen"}), whole, resume=True)
    )
    assert [step.fresh for step in steps] == [0]
    assert whole.read_bytes() == before


def test_two_processes_do_not_write_one_file(whole):
    with locked(whole), pytest.raises(EvaluationError, match="another process"):
        run(whole, resume=True)


DAMAGE = {
    "no header": ("", "no header"),
    "another format": ('{"format": "something"}\n', "no evaluation that can be read"),
    "an image": ("\x89PNG\n", "no evaluation that can be read"),
}


@pytest.mark.parametrize(("content", "sentence"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_no_evaluation_is_refused(tmp_path, content, sentence):
    path = tmp_path / "votes.jsonl"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(EvaluationError, match=sentence):
        read_votes(path)
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_votes(tmp_path / "nowhere.jsonl")


@pytest.mark.parametrize(
    "change",
    [
        {"index": 10**9},
        {"index": -1},
        {"label": 10},
        {"draws": [0, 151]},
        {"draws": [0]},
        {"counts": {"3": 149}},
        {"counts": {"3": 151, "4": -1}},
        {"counts": {"10": 150}},
        {"counts": [150]},
        {"counts0": {}},
        {"seconds": None},
        {"seconds": -1},
    ],
)
def test_a_damaged_line_is_named(whole, tmp_path, change):
    header, first, *rest = whole.read_text().splitlines()
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([header, first, json.dumps(json.loads(rest[0]) | change), *rest[1:]]) + "\n")
    with pytest.raises(EvaluationError, match=r"line 3 of 'votes\.jsonl' is damaged"):
        read_votes(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"skip": 0}, "skip is 0"),
        ({"limit": 0}, "limit is 0"),
        ({"n": 0}, "n is 0"),
        ({"alpha": 1.5}, "alpha is 1.5"),
        ({"procedure": "magic"}, "magic"),
        ({"noise": "pink"}, "noise"),
        ({"seed": 2**63}, "seed is"),
        ({"dataset": "nothing"}, "nothing"),
        ({"dataset": "mnist", "checkpoint": CHECKPOINT}, "mnist|MNIST"),
        ({"checkpoint": "nobody"}, "nobody"),
        ({"scale": None, "checkpoint": "digits-plain"}, "without noise"),
    ],
)
def test_absurd_requests_are_refused_in_one_sentence(tmp_path, change, sentence):
    with pytest.raises(RsvizError, match=sentence) as caught:
        run(tmp_path / "votes.jsonl", settings=change)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "votes.jsonl").exists()


def test_engines_and_workers_that_do_not_exist_are_refused(tmp_path):
    for how, sentence in (({"engine": "steam"}, "engine is 'steam'"), ({"workers": 0}, "workers is 0")):
        with pytest.raises(RsvizError, match=sentence):
            run(tmp_path / "votes.jsonl", **how)
    with pytest.raises(RsvizError, match=r"lends .* cores"):
        run(tmp_path / "votes.jsonl", workers=10_000)


def test_an_engine_draws_pixels_only_as_it_needs_them():
    """The driver's memory does not grow with the number of images."""
    from rsviz.evaluation.units import CountingSettings
    from rsviz.execution import Plan

    request = EvaluateRequest.make(**SMALL)
    card = load_checkpoint(CHECKPOINT)[1]
    settings = CountingSettings(CHECKPOINT, card.weights_sha256, "gaussian", 0.25, 0, "cpu", "float32", 64)
    images, drawn = data.load("digits"), []

    def work():
        for unit in units.split(request.indices(500), 10, 20, 64, 4096):
            drawn.append(unit)
            yield unit, images.pixels(list(unit.images))

    engine = make_engine(settings)
    assert returned(engine.plan()) == Plan("cpu", "float32", 64)
    finished = 0
    for answer in engine.run(work(), Plan("cpu", "float32", 64)):
        if not isinstance(answer, Waiting):
            finished += 1
        assert len(drawn) - finished <= 1
    engine.close()
    assert finished == len(drawn) > 1


def test_progress_is_plain_values_that_only_grow(tmp_path):
    steps = list(evaluate(EvaluateRequest.make(**SMALL), tmp_path / "votes.jsonl"))
    votes = [step.votes for step in steps if step.phase == "voting"]
    assert votes == sorted(votes)
    assert votes[0] == 0
    json.dumps([dataclasses.asdict(step) for step in steps])
