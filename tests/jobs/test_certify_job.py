"""The job that certifies: what it stores, how it is stopped, and that kills do not change its end."""

import functools
import os
import signal
import time

import pytest

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs.certify import progress_of, run_certify, stop
from rsviz.tasks.certify import CertifyProgress, CertifyRequest
from tests.here import run_here, submitted
from tests.tasks.samples import QUICK


def asked(**changes):
    return submitted("certify", QUICK["certify"] | changes)


def run(job, resume=None, until=None):
    return run_here(run_certify, job, resume, until=until)


def voting(step):
    return sum(step.progress.get("counts", ())) > 0


def came_further(before, step):
    return voting(step) and len(step.progress["history"]) > before


def test_a_stopped_job_keeps_what_is_proved(still_home):
    job = asked(n=1_000_000, stoppable=True)
    _, result = run(job, until=lambda step: voting(step) and stop(job) is None and False)
    certificate = result["certificate"]
    assert certificate["ended"] == "by hand"
    assert 0 < sum(certificate["counts"]) == certificate["n"] < 1_000_000
    assert certificate["radius"] > 0
    assert certificate["procedure"] == "anytime"


def test_a_wish_to_stop_outlives_the_worker(still_home):
    """The worker is killed between the wish and the next votes; the next one ends with the votes stored."""
    job = asked(n=1_000_000, stoppable=True)
    steps, _ = run(job, until=voting)
    stop(job)
    _, result = run(job, resume=steps[-1].resume)
    assert result["certificate"]["ended"] == "by hand"
    assert result["counts"] == steps[-1].progress["counts"]


def test_a_job_that_was_not_announced_as_one_cannot_be_stopped(still_home):
    job = asked(stoppable=False)
    with pytest.raises(RsvizError, match="not announced"):
        stop(job)


def test_what_was_stored_says_what_may_be_claimed_at_that_moment(still_home):
    job = asked(stoppable=True)
    steps, result = run(job)
    for step in filter(voting, steps):
        drawn, top, other, p_a_lower, p_b_upper = step.progress["history"][-1]
        assert drawn == sum(step.progress["counts"])
        assert (top, other) == tuple(sorted(step.progress["counts"])[:-3:-1])
        assert 0 <= p_a_lower <= top / drawn
        assert 1 >= p_b_upper >= other / drawn
    gathered = CertifyProgress.gathered(CertifyRequest.make(**job.request), None, result)
    assert gathered.limits == (result["certificate"]["p_a_lower"], result["certificate"]["p_b_upper"])


@pytest.mark.parametrize("rule", [{"until_radius": 0.3}, {"within": 15}])
def test_a_rule_ends_the_job_after_the_same_votes_however_often_it_is_killed(still_home, rule):
    undisturbed = run(asked(n=50_000, **rule))[1]
    job, resume, kills = asked(n=50_000, **rule), None, 0
    result = None
    while result is None:
        before = 0 if resume is None else len(resume["progress"]["history"])
        steps, result = run(job, resume, until=functools.partial(came_further, before))
        resume, kills = steps[-1].resume or resume, kills + (result is None)
    assert kills >= 2
    assert undisturbed["certificate"]["ended"] != "complete"
    for name in ("n", "counts", "radius", "ended"):
        assert result["certificate"][name] == undisturbed["certificate"][name]


def test_a_real_worker_is_killed_and_the_stopped_job_still_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "_last_start", float("-inf"))
    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_STARTS", 0.5)
    job_id = jobs.submit("certify", QUICK["certify"] | {"n": 10_000_000, "stoppable": True}, session="a")
    try:
        deadline = time.monotonic() + 120
        while not progress_of(jobs.get(job_id)).counts:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(int((tmp_path / "worker.lock").read_text().split()[0]), signal.SIGKILL)
        stop(jobs.get(job_id))
        job = jobs.wait(job_id, 120)
        assert job.state == "done"
        assert job.result["certificate"]["ended"] == "by hand"
        assert progress_of(job).result.n < 10_000_000
    finally:
        if jobs.worker_alive():
            os.kill(int((tmp_path / "worker.lock").read_text().split()[0]), signal.SIGKILL)


def test_a_job_of_the_first_version_is_still_drawn(still_home):
    later = ("ended", "n_planned", "alpha_spent", "radius_cohen")
    _, result = run(asked())
    old = {name: value for name, value in result["certificate"].items() if name not in later}
    history = [row[:2] for row in result["history"]]
    request = CertifyRequest.make(**QUICK["certify"] | {"decide": None})
    gathered = CertifyProgress.gathered(request, None, result | {"history": history, "certificate": old})
    assert gathered.history == []
    assert gathered.result.ended == "complete"
    assert gathered.result.n_planned == gathered.result.n
    assert gathered.result.radius_cohen is None
