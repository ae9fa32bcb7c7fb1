"""What a list of runs says of every task: from its requests, from what its jobs store, and in few words."""

import dataclasses

import pytest

from rsviz.checkpoints import load_card
from rsviz.jobs.listing import run_of
from rsviz.jobs.store import Job
from rsviz.tasks import TASKS, attack, certify, evaluate, population
from rsviz.tasks.download import DownloadResult
from rsviz.tasks.estimate import EstimateResult
from rsviz.tasks.robustness import RobustnessCurve, RobustnessResult
from rsviz.tasks.train import TrainResult
from tests.tasks.samples import SAMPLES

CARD = load_card("digits-gaussian-0.25")
CURVE = RobustnessCurve("a", 0.25, None, [0.0, 1.5], [0.9, 0.452], [0.0, 0.1], [0.1, 0.448], None, None)
VOTES = evaluate.shipped_votes()["digits-gaussian-0.25"]

# As the job of each task stores it, and words of it that a person looks for
RESULTS = {
    "certify": ({"certificate": certify.shipped_example().result.to_json()}, "5, ℓ₂ radius ≥ 1.67"),
    "attack": (attack.shipped_example().stored(), " at ℓ₂ distance "),
    "robustness": (RobustnessResult((CURVE,)).to_json(), "0.45 right under attacks of size 1.5"),
    "evaluate": (evaluate.summary(VOTES, evaluate.certificates(VOTES)).to_json(), "certified 0.9"),
    "population": (population.shipped_example()[1].to_json(), "mean loss "),
    "train": (TrainResult("mine", "folder", CARD).to_json(), "0.99 right without noise"),
    "estimate": (EstimateResult(150.0).to_json(), "about 2 min"),
    "download": (DownloadResult(dataset="mnist", sizes={"test": 10_000}).model_dump(), "10,000 test images"),
    "import": (CARD.model_dump(mode="json"), "checkpoint digits-gaussian-0.25"),
}
PROGRESS = {
    "certify": ({"counts": [300, 200], "counts0": [], "top": 0, "history": []}, "500 of 100,000 votes"),
    "attack": ({"phase": "attacking", "step": 3, "steps": 20}, "step 3 of at most 20"),
    "robustness": ({"what": "clean", "finished": 1, "parts": 4, "step": 2, "steps": 9}, "clean, step 2 of 9"),
    "evaluate": ({"phase": "voting", "votes": 5_000, "total": 20_000}, "5,000 of 20,000 votes"),
    "population": ({"what": "unmoved images", "finished": 1, "parts": 4}, "unmoved images"),
    "train": ({"phase": "train", "step": 9, "steps": 60, "epoch": 3, "epochs": 20}, "epoch 3 of 20"),
    "estimate": ({"phase": "prepare", "what": "reading", "done": 1, "total": 4}, "reading"),
    "download": ({"what": "images.gz", "done": 1, "total": 4}, "images.gz"),
    "import": ({"what": "reading the weights"}, "reading the weights"),
}


def job_of(kind, **values):
    nothing = dict.fromkeys(field.name for field in dataclasses.fields(Job))
    fixed = {"id": "0" * 16, "kind": kind, "session": "a", "created": 0.0, "updated": 100.0}
    return Job(**nothing | fixed | {"request": SAMPLES[kind]} | values)


@pytest.mark.parametrize("kind", TASKS)
def test_a_finished_run_says_its_key_result(kind):
    result, words = RESULTS[kind]
    run = run_of(job_of(kind, state="done", result=result, finished=100.0))
    assert run.state == "finished"
    assert words in run.says
    assert len(run.says) < 90
    assert run.title == TASKS[kind].title
    assert run.what
    assert run.age(now=100.0 + 185) == "3 min ago"


@pytest.mark.parametrize("kind", TASKS)
def test_a_run_under_way_says_how_far_it_is(kind):
    progress, words = PROGRESS[kind]
    run = run_of(job_of(kind, state="running", progress=progress, started=50.0))
    assert words in run.says
    assert 0 <= run.share < 1
    assert run.age(now=80.0) == "for 30 s"
    begun = run_of(job_of(kind, state="running", started=50.0))
    assert begun.share == 0 and begun.says


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize(
    ("state", "values", "says"),
    [
        ("queued", {"position": 2}, "2 before it"),
        ("queued", {"position": 0}, "next"),
        ("failed", {"error": "The image is 3 pixels wide."}, "The image is 3 pixels wide."),
        ("cancelled", {}, ""),
        ("done", {"result": {}}, None),
    ],
)
def test_every_other_state_is_told_without_a_result(kind, state, values, says):
    run = run_of(job_of(kind, state=state, **values))
    assert run.share is None
    if says is not None:
        assert run.says == says


def test_a_run_of_a_checkpoint_that_is_gone_or_of_an_unknown_kind_is_still_listed():
    gone = run_of(job_of("certify", state="done", request={"checkpoint": "gone"}, result={}))
    assert (gone.title, gone.network) == (TASKS["certify"].title, "")
    unknown = job_of("certify", state="done", result={})
    assert run_of(dataclasses.replace(unknown, kind="of tomorrow")).title == "of tomorrow"


def test_a_certified_class_that_is_not_the_label_is_said_to_be_so():
    stored = certify.shipped_example().result.to_json() | {"label": 3, "label_name": "3"}
    run = run_of(job_of("certify", state="done", result={"certificate": stored}))
    assert run.says.endswith("; the label is 3")
