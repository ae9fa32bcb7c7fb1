"""What pages and the command line see of jobs: at once, in one sentence, without torch."""

import io
import itertools
import json
import subprocess
import sys
import time

import pytest
from conftest import until
from toy_jobs import CountRequest

from rsviz import jobs
from rsviz.cli import main
from rsviz.data import DataError
from rsviz.errors import RsvizError
from rsviz.jobs import owners, registry, transfers
from rsviz.jobs.record import FORMER_KINDS
from rsviz.tasks import TASKS


def test_reading_jobs_loads_neither_torch_nor_streamlit_nor_pydantic(tmp_path):
    script = (
        "import sys, rsviz.jobs\n"
        "assert rsviz.jobs.list_jobs() == [] and not rsviz.jobs.worker_alive()\n"
        "print(sorted({'torch', 'streamlit', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(jobs.ROOT), "RSVIZ_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_a_submitted_job_can_be_read_at_once(no_worker):
    request = CountRequest(steps=5)
    job_id = jobs.submit("count", request, session="a")
    job = jobs.get(job_id)
    assert (job.kind, job.session, job.state, job.position) == ("count", "a", "queued", 0)
    assert job.request == {"steps": 5, "pause": 0.01}
    assert (job.progress, job.result, job.error, job.started, job.finished) == (None,) * 5
    assert jobs.list_jobs() == [job]
    assert jobs.folder(job_id).parent == no_worker / "jobs"


def test_ids_do_not_repeat(no_worker, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "30")
    assert len({jobs.submit("count", {"steps": 1}, session="a") for _ in range(30)}) == 30


@pytest.mark.parametrize(
    ("kind", "request_", "sentence"),
    [
        ("rob a bank", {}, "There is no kind of job 'rob a bank'; there are certify, "),
        ("count", {"steps": -1}, "steps is -1: input should be greater than or equal to 0."),
        ("count", {}, "steps is missing."),
        ("count", "five", "input should be a valid dictionary"),
        (
            "download",
            {"dataset": "digits"},
            "'digits' cannot be downloaded; mnist, fashion-mnist, cifar10 can.",
        ),
        ("download", {"name": "digits"}, "'digits' cannot be downloaded"),  # as older versions stored it
        ("import", {"upload": "weights.pt"}, "There is no uploaded file 'weights.pt'; upload it first."),
        ("import", {"upload": "../jobs.sqlite"}, "There is no uploaded file '../jobs.sqlite'"),
        ("import", {"upload": ".."}, "There is no uploaded file '..'"),
        ("import", {"upload": "a\0b"}, "There is no uploaded file"),
    ],
)
def test_a_bad_request_is_refused_in_one_sentence_and_not_stored(no_worker, kind, request_, sentence):
    with pytest.raises(RsvizError) as caught:
        jobs.submit(kind, request_, session="a")
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    assert jobs.list_jobs() == []


def test_caps_come_from_the_environment_and_count_what_is_unfinished(no_worker, monkeypatch):
    ids = [jobs.submit("count", {"steps": 1}, session="a") for _ in range(4)]
    with pytest.raises(jobs.JobLimitError, match="4 unfinished jobs and 4 are allowed"):
        jobs.submit("count", {"steps": 1}, session="a")
    jobs.cancel(ids[0])
    jobs.submit("count", {"steps": 1}, session="a")
    monkeypatch.setenv("RSVIZ_JOBS_TOTAL", "4")
    with pytest.raises(jobs.JobLimitError, match="This machine has 4 unfinished jobs"):
        jobs.submit("count", {"steps": 1}, session="b")
    monkeypatch.setenv("RSVIZ_JOBS_TOTAL", "many")
    with pytest.raises(RsvizError, match="RSVIZ_JOBS_TOTAL is 'many'; it must be a whole number"):
        jobs.submit("count", {"steps": 1}, session="b")


def test_a_home_that_cannot_be_written_is_said_in_one_sentence(tmp_path, monkeypatch, no_worker):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "file" / "home"))
    calls = (
        lambda: jobs.submit("count", {"steps": 1}, session="a"),
        lambda: jobs.get("0" * 16),
        jobs.list_jobs,
        jobs.ensure_worker,
    )
    for call in calls:
        with pytest.raises(jobs.StoreError, match="folder that you may write to") as caught:
            call()
        assert "\n" not in str(caught.value)
    assert not jobs.worker_alive()


def test_polling_an_unfinished_job_starts_workers_but_not_without_pause(no_worker, monkeypatch):
    started = []
    start = jobs._start_worker
    monkeypatch.setattr(jobs, "_start_worker", lambda: started.append(time.monotonic()) or start())
    job_id = jobs.submit("count", {"steps": 1}, session="a")
    until(lambda: jobs.get(job_id) and len(started) == 3)
    assert min(later - sooner for sooner, later in itertools.pairwise(started)) >= 0.5
    jobs.cancel(job_id)
    jobs.get(job_id)
    time.sleep(0.6)
    jobs.get(job_id)
    assert len(started) == 3


def test_waiting_ends_at_its_timeout(no_worker):
    assert jobs.wait(jobs.submit("count", {"steps": 1}, session="a"), 0.2).state == "queued"


def run_cli(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["jobs", *arguments])
    return ended.value.code


def test_the_command_line_lists_shows_and_cancels(no_worker, capsys):
    ids = [jobs.submit("count", {"steps": i}, session="a") for i in range(2)]
    assert run_cli("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [job["id"] for job in listed["jobs"]] == ids[::-1]
    assert listed["worker_alive"] is False
    assert run_cli("cancel", ids[0], "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "cancelled"
    assert run_cli("show", ids[1]) == 0
    assert "queued" in capsys.readouterr().out
    assert run_cli("list") == 0
    assert capsys.readouterr().out.count("\n") == 2
    theirs = jobs.submit("count", {"steps": 1}, session="b")
    assert run_cli("list", "--owner", owners.mark("b")) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{theirs}  {owners.mark('b')}  waiting")
    assert run_cli("show", "no such job") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "rsviz: 'no such job' is not a job id; a job id is 16 hexadecimal digits.\n"


def test_a_download_reports_progress_and_its_name(tmp_path, monkeypatch):
    def download(name, progress):
        for done in (1, 2):
            progress(done, 2, "images")
            time.sleep(0.05)

    monkeypatch.setattr("rsviz.data.download", download)
    run = transfers.run_download({"dataset": "mnist"}, None, tmp_path)
    steps = []
    with pytest.raises(StopIteration) as end:
        while True:
            steps.append(next(run))
            time.sleep(0.01)
    assert end.value.value["dataset"] == "mnist"
    assert all(step.waiting for step in steps[:-1])
    assert {"done": 1, "total": 2, "what": "images"} in [step.progress for step in steps]


def test_a_download_without_a_network_fails_with_its_sentence(tmp_path, monkeypatch):
    def download(name, progress):
        raise DataError("There is no network.")

    monkeypatch.setattr("rsviz.data.download", download)
    with pytest.raises(DataError, match="There is no network"):
        for _ in transfers.run_download({"dataset": "mnist"}, None, tmp_path):
            time.sleep(0.01)


def test_closing_a_download_ends_it(tmp_path, monkeypatch):
    calls = []

    def download(name, progress):
        while True:
            progress(len(calls), None, "images")
            calls.append(name)
            time.sleep(0.01)

    monkeypatch.setattr("rsviz.data.download", download)
    run = transfers.run_download({"dataset": "mnist"}, None, tmp_path)
    next(run)
    until(lambda: calls)
    run.close()
    time.sleep(0.1)
    reached = len(calls)
    time.sleep(0.1)
    assert len(calls) == reached


def test_uploaded_weights_become_a_checkpoint_that_can_be_loaded(home):
    import torch

    from rsviz.checkpoints import load_checkpoint
    from rsviz.models import build

    network = build("digits-cnn", num_classes=10, input_shape=(1, 8, 8), mean=(0.5,), std=(0.25,))
    content = io.BytesIO()
    torch.save({"state_dict": network.state_dict(), "arch": "digits-cnn"}, content)
    (home / "uploads").mkdir()
    (home / "uploads" / "weights.pt").write_bytes(content.getvalue())
    request = {"upload": "weights.pt", "architecture": "digits-cnn", "dataset": "digits", "name": "mine"}
    job = jobs.wait(jobs.submit("import", request, session="a"), 60)
    assert (job.state, job.error) == ("done", None)
    loaded, card = load_checkpoint("mine")
    assert job.result["weights_sha256"] == card.weights_sha256
    x = torch.rand(3, 1, 8, 8)
    assert torch.equal(loaded(x), network.eval()(x))


def test_broken_uploaded_weights_fail_the_job_with_one_sentence(home):
    (home / "uploads").mkdir()
    (home / "uploads" / "weights.pt").write_bytes(b"no weights")
    request = {"upload": "weights.pt", "architecture": "digits-cnn", "dataset": "digits", "name": "mine"}
    job = jobs.wait(jobs.submit("import", request, session="a"), 60)
    assert job.state == "failed"
    assert "internal error" not in job.error and "\n" not in job.error
    assert not (home / "checkpoints").exists() or not list((home / "checkpoints").iterdir())


def test_every_kind_names_code_that_exists():
    for kind in registry.KINDS.values():
        assert callable(registry.load(kind.run))
        assert not kind.validate or callable(registry.load(kind.validate))


def test_kinds_are_tasks_under_their_names_of_today():
    assert set(TASKS) <= set(registry.KINDS)
    assert set(FORMER_KINDS.values()) <= set(TASKS)
    assert not set(FORMER_KINDS) & set(registry.KINDS)
