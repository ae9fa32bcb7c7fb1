"""The job that certifies a population: its steps, its end, and that stops do not change it."""

import json

import pytest

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs.population import PARTS, result_of, run_population
from rsviz.jobs.store import Store
from rsviz.tasks.population import PopulationResult
from tests.here import run_here, submitted
from tests.tasks.samples import QUICK


def asked(**changes):
    return submitted("population", QUICK["population"] | changes)


def test_steps_are_json_and_the_result_is_all_curves(still_home):
    job = asked()
    assert result_of(job).curves == []
    steps, result = run_here(run_population, job)
    json.dumps([[step.progress, step.resume] for step in steps] + [result])
    assert steps[0].progress == {"what": "loading"}
    assert steps[-1].progress["finished"] == steps[-1].progress["parts"] == 7
    assert [one["scale"] for one in result["curves"]] == [0.0, 0.25]
    assert result_of(job).to_json() == result
    assert PopulationResult.from_json(result) == result_of(job)


def test_a_stopped_job_shows_what_it_has_and_goes_on_to_the_same_end(still_home):
    whole, stopped = asked(), asked()
    _, expected = run_here(run_population, whole)
    _, result = run_here(run_population, stopped, until=lambda step: step.progress.get("finished", 0) >= 4)
    assert result is None
    assert [one.scale for one in result_of(stopped).curves] == [0.0]
    steps, result = run_here(run_population, stopped, resume=None)
    assert result == expected
    assert min(step.progress["finished"] for step in steps[1:]) >= 4


def test_the_worker_runs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setenv("RSVIZ_WORKER_IDLE", "1")
    job = jobs.wait(jobs.submit("population", QUICK["population"], session="a"), 120)
    assert (job.state, job.error) == ("done", None)
    assert len(job.result["curves"]) == 2


def test_a_bad_request_is_refused_when_it_is_sent(still_home):
    with pytest.raises(RsvizError, match="gammas"):
        asked(gammas=[-1.0])
    with pytest.raises(RsvizError, match="name of a checkpoint"):
        asked(checkpoints=["/etc/passwd"])


def test_a_job_of_an_older_version_is_read_and_run(still_home):
    old = Store().insert(
        "distribution", QUICK["population"] | {"precision": None}, "a", per_session=9, total=9
    )
    assert jobs.get(old).kind == "population"
    assert Store().claim()[:2] == (old, "population")
    _, result = run_here(run_population, jobs.get(old))
    for curve in result["curves"]:
        for point in curve["points"]:
            assert "bare_loss" in point  # the name that stored results have


def test_parts_of_an_older_version_are_read(still_home):
    job = asked()
    _, result = run_here(run_population, job)
    path = jobs.folder(job.id) / PARTS
    path.write_text(path.read_text().replace('"noiseless"', '"bare"'))
    assert result_of(job).to_json() == result
