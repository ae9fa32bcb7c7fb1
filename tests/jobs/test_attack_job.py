"""The job that attacks: what it stores, and that stops do not change its end."""

import numpy as np
import pytest

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs.attack import REACHED, curves_of, progress_of, run_attack, run_robustness
from rsviz.tasks.attack.result import PHASES
from tests.here import run_here, submitted
from tests.tasks.samples import QUICK

CW = {"attack": "cw", "parameters": {"steps": 10, "searches": 3, "draws": 8}}


def asked(**changes):
    return submitted("attack", QUICK["attack"] | CW | changes)


def run(job, resume=None, until=None):
    return run_here(run_attack, job, resume, until=until)


def test_phases_come_in_their_order_and_the_last_has_the_result(still_home):
    steps, result = run(asked())
    seen = list(dict.fromkeys(step.progress["phase"] for step in steps))
    assert seen == [phase for phase in PHASES if phase in seen]
    assert {"attacking", "judging", "certifying", "path", "done"} <= set(seen)
    assert result["result"]["verdict"] in ("changed", "abstained", "unchanged")


@pytest.mark.parametrize("phase", ["attacking", "judging", "certifying", "path"])
def test_a_killed_job_goes_on_to_the_same_end(still_home, monkeypatch, phase):
    monkeypatch.setattr("rsviz.jobs.attack.SAVE_EVERY", 0.0)
    whole, broken = asked(), asked()
    _, expected = run(whole)
    count = {"attacking": 7}.get(phase, 1)
    seen = []
    steps, _ = run(
        broken, until=lambda s: s.progress["phase"] == phase and (seen.append(s) or len(seen) == count)
    )
    resume = [step.resume for step in steps if step.resume][-1]
    _, result = run(broken, resume=resume)
    assert result["result"] == expected["result"]
    one, other = progress_of(whole).pictures, progress_of(broken).pictures
    np.testing.assert_array_equal(one.adversarial, other.adversarial)


def test_pictures_are_there_from_the_first_step(still_home):
    job = asked()
    run(job, until=lambda step: step.progress["phase"] == "attacking" and step.progress["step"] > 0)
    pictures = progress_of(job).pictures
    assert pictures.x.shape == (1, 8, 8)


def test_a_cancelled_job_has_no_result(still_home):
    job = asked()
    run(job, until=lambda step: step.progress["phase"] == "judging")
    jobs.cancel(job.id)
    gathered = progress_of(jobs.get(job.id))
    assert gathered.result is None


def test_what_stands_in_a_foreign_folder_is_not_taken_up(still_home):
    """Without a stored step the job begins anew, whatever lies there."""
    job = asked()
    place = jobs.folder(job.id)
    place.mkdir(parents=True)
    (place / REACHED).write_bytes(b"not ours")
    _, result = run(job)
    assert result["result"]["verdict"]


def test_a_bad_request_is_refused_before_it_is_queued(still_home):
    with pytest.raises(RsvizError, match="epsilon is 0"):
        asked(parameters={"epsilon": 0})
    with pytest.raises(RsvizError, match="a job takes"):
        asked(image={"kind": "file", "path": "/etc/passwd"})


CURVE_REQUEST = QUICK["robustness"] | {"images": 6, "parameters": {"steps": 4, "draws": 4}}


def run_curves(job, until=None):
    return run_here(run_robustness, job, until=until)


def test_curves_that_were_stopped_go_on_part_by_part(still_home):
    whole, broken = (jobs.get(jobs.submit("robustness", CURVE_REQUEST, session="a")) for _ in range(2))
    steps, expected = run_curves(whole)
    run_curves(broken, until=lambda step: step.progress.get("finished", 0) >= 4)
    some = curves_of(broken)
    assert 0 < sum(len(one.size) for one in some.curves) < sum(len(one["size"]) for one in expected["curves"])
    again, result = run_curves(broken)
    assert result == expected
    assert len(again) < len(steps)
    assert steps[-1].progress["finished"] == steps[-1].progress["parts"] == 7
