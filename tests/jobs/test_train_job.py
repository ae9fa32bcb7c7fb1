"""Training as a job: checked before it is queued; goes on after a kill; cancelled, it keeps its best."""

import os
import signal

import pytest
from conftest import until, worker_pid

from rsviz import jobs
from rsviz.checkpoints import list_cards, load_card
from rsviz.errors import RsvizError
from rsviz.jobs import registry
from rsviz.jobs.store import Store
from rsviz.jobs.train import run_train
from rsviz.training import TrainingError, loop
from rsviz.training.records import STATE, read_run
from tests.pictures import SETTINGS, write_pictures


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    """Makes the requests of jobs that take moments."""
    dataset = write_pictures(tmp_path_factory.mktemp("pictures"))
    return lambda **values: registry.validated("train", SETTINGS | {"dataset": dataset} | values)


def begun(request):
    """The id of a job whose runner is run here, in place of a worker."""
    job_id = Store().insert("train", request, "a", 9, 9)
    Store().claim()
    return job_id


def test_a_run_that_cannot_begin_is_refused_before_it_is_queued(home, request_of):
    for values, words in (
        ({"name": "digits-plain"}, "already is a checkpoint called digits-plain"),
        ({"dataset": "fashion-mnist", "architecture": "li-mnist"}, "data download fashion-mnist"),
        ({"dataset": "folder:/nowhere"}, "not on this machine"),
        ({"epochs": 0}, "epochs is 0"),
    ):
        with pytest.raises(RsvizError, match=words) as caught:
            request_of(**values)
        assert "\n" not in str(caught.value)


def test_a_killed_worker_costs_a_training_run_nothing(home, request_of):
    job_id = jobs.submit("train", request_of(epochs=40, validate_every=40), session="a")
    until(lambda: (jobs.get(job_id).progress or {}).get("phase") in ("train", "validate", "measure"), 120)
    os.kill(worker_pid(home), signal.SIGKILL)
    job = until(lambda: (job := jobs.get(job_id)).state == "done" and job, 240)
    assert job.result["name"] == "toy" and "toy" in list_cards()
    run = read_run(jobs.folder(job_id))
    assert run.end.checkpoint == "toy"
    reached = [line.step for line in run.steps]
    assert reached == sorted(set(reached)) and reached[-1] == run.info.steps


def test_a_cancelled_job_keeps_its_best_epoch_and_may_be_resumed(no_worker, request_of, monkeypatch):
    monkeypatch.setattr(loop, "REPORT_EVERY", 0.0)
    job_id = begun(request_of())
    run = run_train(request_of(), None, jobs.folder(job_id))
    for step in run:
        if step.progress.get("epoch", 0) == 3:
            jobs.cancel(job_id)
            run.close()  # as the worker does when it next saves
    stopped = read_run(jobs.folder(job_id))
    assert (stopped.end.state, stopped.end.checkpoint) == ("stopped", "toy")
    assert load_card("toy").hyperparameters["epoch"] == stopped.best.epoch <= 2

    assert jobs.resume(job_id, session="a").state == "queued"
    Store().claim()
    reports = [step.progress for step in run_train(jobs.get(job_id).request, None, jobs.folder(job_id))]
    assert min(report["step"] for report in reports if "step" in report) > stopped.steps[-1].step
    assert read_run(jobs.folder(job_id)).end.checkpoint == "toy"
    assert "epoch" not in load_card("toy").hyperparameters


def test_a_worker_that_ends_keeps_nothing_but_the_state(no_worker, request_of):
    job_id = begun(request_of())
    run = run_train(request_of(), None, jobs.folder(job_id))
    for step in run:
        if step.progress.get("step", 0) > 2:
            run.close()  # the job is still running: the next worker takes it up
    stood = read_run(jobs.folder(job_id))
    assert stood.end is None and "toy" not in list_cards()
    assert (jobs.folder(job_id) / STATE).exists()


def test_a_run_whose_numbers_are_lost_fails_with_its_sentence(no_worker, request_of):
    request = request_of(optimizer="sgd", learning_rate=1e12)
    job_id = begun(request)
    with pytest.raises(TrainingError, match=r"in epoch \d of 4: .* learning rate 1e\+12 is too high"):
        list(run_train(request, None, jobs.folder(job_id)))
    end = read_run(jobs.folder(job_id)).end
    assert end.state == "failed" and "learning rate" in end.sentence
